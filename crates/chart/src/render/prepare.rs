//! All steps from a chart and the user's values to the values of its templates.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::chart::Chart;
use crate::render::coalesce::{Merger, Nulls, floats};
use crate::render::compat::Compat;
use crate::render::dependencies::process_dependencies;
use crate::render::error::RenderError;
use crate::render::schema::validate_values;

/// How values are prepared.
#[derive(Clone, Debug, Default)]
pub struct PrepareOptions {
    /// The Helm whose rules hold.
    pub compat: Compat,
    /// Do not look at `values.schema.json`.
    pub skip_schema: bool,
}

/// A chart that is ready to be rendered.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The chart with the subcharts that take part, under their aliases. The values of each chart are the merged
    /// defaults, imports included: what a release record keeps.
    pub chart: Chart,
    /// The values of the root chart's templates. Those of a subchart are the map under its name.
    pub values: Map<String, Value>,
    /// What Helm would log, each text once.
    pub warnings: Vec<String>,
}

/// Selects the subcharts, merges all values and checks them against the schemas.
///
/// The user's values must have the form of [`floats`] where they were read from files; numbers of `--set` are integers.
///
/// # Errors
/// [`RenderError`]; the text is that of Helm.
pub fn prepare(
    mut chart: Chart,
    user: &Map<String, Value>,
    options: &PrepareOptions,
) -> Result<Prepared, RenderError> {
    let mut warnings = Vec::new();
    make_floats(&mut chart);
    process_dependencies(&mut chart, user, options.compat, &mut warnings)?;
    let mut merger = Merger::new(options.compat, &mut warnings);
    let merged = merger.chart_values(&chart, user, Nulls::Remove)?;
    let values = Value::Object(merger.finish(merged)?);
    if !options.skip_schema {
        validate_values(&chart, &values, &mut warnings)?;
    }
    let Value::Object(values) = values else { unreachable!("it was made of a map") };
    // The same values are merged several times on the way.
    let mut seen = BTreeSet::new();
    warnings.retain(|warning| seen.insert(warning.clone()));
    Ok(Prepared { chart, values, warnings })
}

fn make_floats(chart: &mut Chart) {
    floats(&mut chart.values);
    chart.subcharts.iter_mut().for_each(make_floats);
}
