//! The rules for `values.yaml`.

use serde_json::{Map, Value};

use super::source::LintSource;
use super::{Findings, LintOptions, Severity};
use crate::render::{coalesce, floats, schema};

const FILE: &str = "values.yaml";

pub(super) fn check(
    findings: &mut Findings,
    source: &LintSource,
    values: &Map<String, Value>,
    options: &LintOptions,
) {
    let verdict = source.values.as_ref().map(drop).ok_or_else(|| "file does not exist".to_owned());
    if findings.check(Severity::Info, FILE, verdict) {
        findings.check(Severity::Error, FILE, check_values(source, values, options));
    }
}

/// Only the chart's own values are merged here, without those of its subcharts.
fn check_values(
    source: &LintSource,
    values: &Map<String, Value>,
    options: &LintOptions,
) -> Result<(), String> {
    let text = source.values.as_deref().unwrap_or_default();
    let read = chandlery_yaml::from_slice(text, &crate::yaml_options());
    let mut defaults = match read {
        Ok(Value::Object(map)) => map,
        Ok(Value::Null) => Map::new(),
        Ok(other) => {
            let found = crate::render::go::json_kind(&other);
            return Err(format!(
                "unable to parse YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into \
                 Go value of type common.Values"
            ));
        }
        Err(error) => return Err(format!("unable to parse YAML: error converting YAML to JSON: {error}")),
    };
    let Some(schema) = source.schema.as_deref().filter(|schema| !schema.is_empty()) else { return Ok(()) };
    if options.skip_schema {
        return Ok(());
    }
    floats(&mut defaults);
    let merged = coalesce::merge_two(values, &defaults, options.compat).map_err(|error| error.to_string())?;
    schema::validate_one(schema, &Value::Object(merged), &mut Vec::new())
}
