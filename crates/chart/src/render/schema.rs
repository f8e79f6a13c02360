//! Values against the `values.schema.json` of each chart.
//!
//! The rules and the texts are those of the schema library in Helm 4.2 (santhosh-tekuri/jsonschema 6.0.2), which no
//! crate has: which keywords are still looked at after a failure, and how failures nest, differs between libraries.
//! The draft is that of `$schema`, else 2020-12. Unlike in Helm nothing is fetched, and the work is limited.

mod check;
mod compile;
mod documents;
mod draft;
mod failure;
mod formats;
mod pattern;

use std::sync::OnceLock;

use serde_json::Value;

use crate::chart::Chart;
use crate::render::go;
use crate::render::json;

use compile::{Compiled, compile};
use documents::Location;
use draft::Draft;
use failure::{Failure, quote};

/// The address under which the library knows the schema of a chart.
const SCHEMA_URL: &str = "file:///values.schema.json";

/// What does not fit, chart by chart, in Helm's form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SchemaError(String);

/// Checks the values of a chart and of its subcharts, each against its own schema.
///
/// # Errors
/// All that does not fit.
pub(crate) fn validate_values(
    chart: &Chart,
    values: &Value,
    warnings: &mut Vec<String>,
) -> Result<(), SchemaError> {
    let text = describe(chart, values, warnings);
    if text.is_empty() { Ok(()) } else { Err(SchemaError(text)) }
}

fn describe(chart: &Chart, values: &Value, warnings: &mut Vec<String>) -> String {
    let mut text = String::new();
    if let Some(file) = &chart.schema
        && let Err(error) = validate_one(&file.data, values, warnings)
    {
        text = format!("{}:\n{error}", chart.name());
    }
    for subchart in &chart.subcharts {
        match values.get(subchart.name()) {
            None | Some(Value::Null) => {}
            Some(values @ Value::Object(_)) => text += &describe(subchart, values, warnings),
            Some(other) => {
                let (name, got) = (subchart.name(), go::type_name(other));
                text += &format!("{name}:\ninvalid type for values: expected object (map), got {got}\n");
            }
        }
    }
    text
}

/// Checks values against one schema.
///
/// # Errors
/// What does not fit, a line each.
pub(crate) fn validate_one(schema: &[u8], values: &Value, warnings: &mut Vec<String>) -> Result<(), String> {
    let schema = parse(schema)?;
    let compiled = compile(SCHEMA_URL, &schema, false, &check_against_metaschema)?;
    for name in &compiled.unresolved {
        warnings.push(format!("unresolved URN reference ignored; using permissive schema urn={name}"));
    }
    match check::check(&compiled, values)? {
        None => Ok(()),
        Some(failure) => {
            let text = lines(failure);
            Err(format!("{}\n", text.strip_prefix('\n').unwrap_or(&text)))
        }
    }
}

fn parse(schema: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(schema).map_err(|_| "values.schema.json is not UTF-8".to_owned())?;
    let (value, end) = json::read_prefix(text).map_err(|error| match error.as_str() {
        "unexpected EOF" if text.trim().is_empty() => "EOF".to_owned(),
        _ => error,
    })?;
    if text[end..].trim().is_empty() {
        Ok(value)
    } else {
        Err("invalid character after top-level value".to_owned())
    }
}

fn lines(failure: Failure) -> String {
    let mut text = String::new();
    for cause in failure.into_causes() {
        cause.write(&mut text, 0);
    }
    text
}

/// The schema for schemas of a draft, made ready when the first schema of that draft is met.
fn metaschema(draft: Draft) -> &'static Compiled {
    static COMPILED: [OnceLock<Compiled>; Draft::COUNT] = [const { OnceLock::new() }; Draft::COUNT];
    COMPILED[draft as usize].get_or_init(|| {
        let document = draft::metaschema(draft.url()).expect("every draft has a schema");
        let compiled = compile(draft.url(), document, true, &|_, _, _| Ok(()));
        compiled.expect("the schemas for schemas are right")
    })
}

fn check_against_metaschema(draft: Draft, location: &Location, schema: &Value) -> Result<(), String> {
    if location.url.starts_with("http://json-schema.org/")
        || location.url.starts_with("https://json-schema.org/")
    {
        return Ok(());
    }
    match check::check(metaschema(draft), schema)? {
        None => Ok(()),
        Some(failure) => {
            let place = go::quote(&location.text());
            let metaschema = quote(&format!("{}#", draft.url()));
            let causes = lines(failure);
            Err(format!(
                "{place} is not valid against metaschema: jsonschema validation failed with {metaschema}{causes}"
            ))
        }
    }
}
