//! Single files out of a package, without reading it as a chart.

use std::io::Read;

use bytes::Bytes;

use super::{ArchiveError, Budget, File, Limits, read_entries};

/// A chart's own templates and its values file.
#[derive(Clone, Debug, Default)]
pub struct TemplatesAndValues {
    /// The files under `templates/` in the order of the archive; those of subcharts are not among them.
    pub templates: Vec<File>,
    /// `values.yaml` with its comments, or `None` if there is none.
    pub values: Option<Bytes>,
}

/// The files of the package whose path `wanted` accepts.
fn select(
    mut reader: impl Read,
    limits: &Limits,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<File>, ArchiveError> {
    let mut files = Vec::new();
    read_entries(&mut reader, 0, &mut Budget::new(limits), &mut |entry, budget| {
        if wanted(entry.path) {
            files.push(entry.file(budget)?);
        }
        Ok(())
    })?;
    Ok(files)
}

/// The content of one file by its path below the top directory, or `None`.
///
/// # Errors
/// An [`ArchiveError`] when the package does not unpack.
pub fn read_file(reader: impl Read, path: &str, limits: &Limits) -> Result<Option<Bytes>, ArchiveError> {
    Ok(select(reader, limits, |candidate| candidate == path)?.pop().map(|file| file.data))
}

/// The content of `values.yaml` as it stands in the package, or `None`.
///
/// # Errors
/// An [`ArchiveError`] when the package does not unpack.
pub fn read_values(reader: impl Read, limits: &Limits) -> Result<Option<Bytes>, ArchiveError> {
    read_file(reader, "values.yaml", limits)
}

/// The templates of the chart itself, and its values file.
///
/// # Errors
/// An [`ArchiveError`] when the package does not unpack.
pub fn read_templates(reader: impl Read, limits: &Limits) -> Result<TemplatesAndValues, ArchiveError> {
    let wanted = |path: &str| path == "values.yaml" || path.starts_with("templates/");
    let (values, templates): (Vec<_>, Vec<_>) =
        select(reader, limits, wanted)?.into_iter().partition(|file| file.path == "values.yaml");
    Ok(TemplatesAndValues { templates, values: values.into_iter().next().map(|file| file.data) })
}
