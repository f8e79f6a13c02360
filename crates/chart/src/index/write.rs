//! The text of an index, in parts that can be written and kept apart: document header, and per chart a header and one
//! item per version, then the document footer. Put together they are what Helm writes for the whole document.

use chandlery_yaml::{Dialect, Emitter};

use crate::metadata::{IndexFields, Metadata};

/// What one item of an index is made of.
#[derive(Clone, Copy, Debug)]
pub struct EntryFields<'a> {
    /// The chart's metadata.
    pub metadata: &'a Metadata,
    /// When the package came, as text in RFC 3339.
    pub created: &'a str,
    /// The sha256 of the package in hex, without a prefix; left out when empty.
    pub digest: &'a str,
    /// Where the package is, relative to the index or absolute; written as they are.
    pub urls: &'a [String],
    /// Whether the package was withdrawn.
    pub removed: bool,
}

/// The column of chart names.
const CHART_INDENT: usize = 2;

/// Writes the beginning of the document. With `has_charts` the charts follow (see [`write_chart_header`]), without it
/// the empty map is written.
pub fn write_document_header(out: &mut String, has_charts: bool) {
    out.push_str(if has_charts { "apiVersion: v1\nentries:\n" } else { "apiVersion: v1\nentries: {}\n" });
}

/// Writes the line that begins a chart; its items (see [`write_entry`]) follow, newest first. Charts stand in the order
/// of [`chandlery_yaml::compare_keys`].
///
/// # Errors
/// [`chandlery_yaml::Error`] when the name has a control character that Helm's YAML cannot hold.
pub fn write_chart_header(out: &mut String, name: &str) -> Result<(), chandlery_yaml::Error> {
    const LONGEST_PLAIN_KEY: usize = 128;
    if name.len() > LONGEST_PLAIN_KEY {
        // Helm would write `? name`, under which items cannot stand alone; a quoted key means the same.
        out.push_str(&format!("  {}:\n", serde_json::Value::from(name)));
        return Ok(());
    }
    append(out, |emitter| {
        emitter.begin_mapping();
        emitter.key(name);
        emitter.begin_sequence();
        emitter.end_sequence();
        emitter.end_mapping();
        Ok(())
    })?;
    let empty_list = " []\n";
    out.truncate(out.len() - empty_list.len());
    out.push('\n');
    Ok(())
}

/// Writes one version of a chart as an item of its list: `  - apiVersion: v2`, and the other keys in alphabetical order
/// below it.
///
/// # Errors
/// [`chandlery_yaml::Error`] when a text has a control character that Helm's YAML cannot hold; `out` is then as before.
pub fn write_entry(out: &mut String, fields: &EntryFields<'_>) -> Result<(), chandlery_yaml::Error> {
    append(out, |emitter| {
        emitter.begin_sequence();
        let index = IndexFields {
            created: fields.created,
            digest: fields.digest,
            removed: fields.removed,
            urls: fields.urls,
        };
        fields.metadata.write(emitter, Some(&index))?;
        emitter.end_sequence();
        Ok(())
    })
}

/// Writes the end of the document. `server_info` is the YAML of the value of that key on one line, as `{}`, which
/// ChartMuseum's clients expect and Helm leaves out.
pub fn write_document_footer(out: &mut String, generated: &str, server_info: Option<&str>) {
    out.push_str("generated: \"");
    out.push_str(generated);
    out.push_str("\"\n");
    if let Some(server_info) = server_info {
        out.push_str("serverInfo: ");
        out.push_str(server_info);
        out.push('\n');
    }
}

/// Runs an emitter over the end of `out`, at the column of chart names.
fn append(
    out: &mut String,
    write: impl FnOnce(&mut Emitter) -> Result<(), chandlery_yaml::Error>,
) -> Result<(), chandlery_yaml::Error> {
    let mut emitter = Emitter::at_indent(Dialect::Compact, String::new(), CHART_INDENT);
    write(&mut emitter)?;
    out.push_str(&emitter.finish()?);
    Ok(())
}
