//! Texts that look like secrets. What was found is told, and where; never the text itself.

mod patterns;
mod walk;

use base64::Engine as _;
use serde_json::{Map, Value};

pub(super) use self::walk::{Path, Segment};
use self::walk::{walk, walk_from};
use super::finding::Findings;
use super::rendering::{Facts, Variation};
use super::report::{Finding, Severity};
use crate::archive::File;
use crate::chart::Chart;
use crate::contents::is_readme;
use crate::render::Object;

/// A text that looks like a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Secret {
    /// A stable word for its kind: `private_key`.
    pub(super) code: &'static str,
    /// The kind in English.
    pub(super) what: &'static str,
    /// Is there hardly a doubt?
    pub(super) is_certain: bool,
}

impl Secret {
    fn finding(self) -> Finding {
        let severity = if self.is_certain { Severity::Error } else { Severity::Warning };
        Finding::new(severity, self.code, format!("this looks like {}", self.what))
    }
}

/// What the value at a path looks like, by its text or by its key.
pub(super) fn recognise(path: &Path<'_>, value: &Value) -> Option<Secret> {
    let by_text = value.as_str().and_then(patterns::by_text);
    by_text.or_else(|| patterns::by_key(path.last_key()?, value)).or_else(|| {
        let is_sum = path.last_key().is_some_and(patterns::names_a_sum);
        value.as_str().filter(|_| !is_sum).and_then(patterns::by_chance)
    })
}

/// Whether anything in the value at a path looks like a secret, so that it must not be shown.
pub(super) fn holds_secret<'v>(path: &Path<'v>, value: &'v Value) -> bool {
    let mut found = false;
    walk_from(path.clone(), value, None, &mut |leaf| found |= recognise(leaf.path, leaf.value).is_some());
    found
}

/// The secrets among the defaults, in the files, and in what the templates made, as far as that is known.
pub(super) fn find(chart: &Chart, facts: Option<(&Facts, &Variation)>) -> Findings {
    let mut findings = Findings::default();
    in_chart(chart, "", &mut findings);
    if let Some((facts, variation)) = facts {
        let others = variation.objects.as_deref();
        for (index, object) in facts.objects.iter().enumerate() {
            in_object(object, others.map(|others| &others[index]), &mut findings);
        }
    }
    findings
}

fn in_chart(chart: &Chart, above: &str, findings: &mut Findings) {
    in_values(&chart.values, &format!("{above}values.yaml"), findings);
    for file in chart.templates.iter().chain(&chart.files).filter(|file| !is_readme(&file.path)) {
        in_file(file, above, findings);
    }
    for subchart in &chart.subcharts {
        in_chart(subchart, &format!("{above}charts/{}/", subchart.name()), findings);
    }
}

fn in_values(values: &Map<String, Value>, file: &str, findings: &mut Findings) {
    for (key, value) in values {
        walk_from(Path::of(key), value, None, &mut |leaf| {
            if let Some(secret) = recognise(leaf.path, leaf.value) {
                findings.push(secret.finding().at(file).field(leaf.path.text()));
            }
        });
    }
}

/// Looks for what is a secret beyond doubt.
fn in_file(file: &File, above: &str, findings: &mut Findings) {
    let Ok(text) = std::str::from_utf8(&file.data) else { return };
    if let Some((secret, line)) = patterns::in_lines(text) {
        let path = format!("{above}{}", file.path);
        findings.push(secret.finding().at(&path).field(format!("line {line}")));
    }
}

/// Looks through an object; what another run makes differently was generated, and is nobody's secret yet.
fn in_object(object: &Object, other: Option<&Object>, findings: &mut Findings) {
    // Definitions are large, and hold no values.
    if object.kind() == "CustomResourceDefinition" {
        return;
    }
    let is_secret = object.kind() == "Secret" && object.group().is_empty();
    let reference = object.reference();
    walk(&object.value, other.map(|other| &other.value), &mut |leaf| {
        if leaf.is_generated {
            return;
        }
        let found = if is_secret && leaf.path.first_key() == Some("data") {
            decoded(leaf.value).and_then(|value| recognise(leaf.path, &value))
        } else {
            recognise(leaf.path, leaf.value)
        };
        if let Some(secret) = found {
            findings.push(secret.finding().of(&reference).field(leaf.path.text()));
        }
    });
}

/// What a Secret holds is packed.
fn decoded(value: &Value) -> Option<Value> {
    let packed: String = value.as_str()?.split_ascii_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(packed).ok()?;
    String::from_utf8(bytes).ok().map(Value::String)
}

#[cfg(test)]
mod tests;
