//! From findings to checks.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::bounded::{Capped, LONGEST_MESSAGE, LONGEST_NAME, MOST_ENTRIES, cut};
use super::rendering::Problem;
use super::report::{Check, Finding, Outcome, Severity};
use crate::render::ObjectReference;

/// The bytes of the findings of one check.
const FINDINGS_BYTES: usize = 24 << 10;

impl Finding {
    pub(super) fn new(severity: Severity, code: &str, message: impl AsRef<str>) -> Self {
        Self {
            severity,
            code: code.to_owned(),
            file: String::new(),
            object: String::new(),
            field: String::new(),
            message: cut(message.as_ref(), LONGEST_MESSAGE),
        }
    }

    pub(super) fn info(code: &str, message: impl AsRef<str>) -> Self {
        Self::new(Severity::Info, code, message)
    }

    pub(super) fn warning(code: &str, message: impl AsRef<str>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    pub(super) fn error(code: &str, message: impl AsRef<str>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// It is in a file.
    pub(super) fn at(mut self, file: &str) -> Self {
        self.file = cut(file, LONGEST_NAME);
        self
    }

    /// It is about an object.
    pub(super) fn of(self, object: &ObjectReference) -> Self {
        Self { object: title(object), ..self }.at(&object.path)
    }

    /// It is about a field.
    pub(super) fn field(mut self, field: impl AsRef<str>) -> Self {
        self.field = cut(field.as_ref(), LONGEST_NAME);
        self
    }
}

/// The name of an object as people write it: `KIND/NAME` or `KIND/NAMESPACE/NAME`.
pub(super) fn title(object: &ObjectReference) -> String {
    named(&object.kind, object.namespace.as_deref(), &object.name)
}

pub(super) fn named(kind: &str, namespace: Option<&str>, name: &str) -> String {
    let parts = [Some(kind), namespace, Some(name)];
    let parts: Vec<String> = parts.into_iter().flatten().map(|part| cut(part, LONGEST_NAME / 3)).collect();
    parts.join("/")
}

/// The word that an enum without content is in JSON.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The findings of one check: all are counted, of each severity the first are kept.
#[derive(Default)]
pub(super) struct Findings(BTreeMap<Reverse<Severity>, Group>);

#[derive(Default)]
struct Group {
    first: Vec<Finding>,
    count: usize,
}

impl Findings {
    pub(super) fn push(&mut self, finding: Finding) {
        let group = self.0.entry(Reverse(finding.severity)).or_default();
        group.count += 1;
        if group.first.len() < MOST_ENTRIES {
            group.first.push(finding);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn worst(&self) -> Option<Severity> {
        self.0.keys().next().map(|Reverse(severity)| *severity)
    }

    /// `2 errors, 1 warning`
    fn summary(&self) -> String {
        let counts = self.0.iter().map(|(Reverse(severity), group)| {
            let word = match severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "note",
            };
            format!("{} {word}{}", group.count, if group.count == 1 { "" } else { "s" })
        });
        counts.collect::<Vec<_>>().join(", ")
    }

    /// The worst first.
    fn into_list(self) -> Capped<Finding> {
        let total: usize = self.0.values().map(|group| group.count).sum();
        let mut list = Capped::collect(self.0.into_values().flat_map(|group| group.first), FINDINGS_BYTES);
        list.left_out = (total - list.items.len()) as u64;
        list
    }
}

impl Extend<Finding> for Findings {
    fn extend<I: IntoIterator<Item = Finding>>(&mut self, findings: I) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }
}

impl FromIterator<Finding> for Findings {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Self {
        let mut all = Self::default();
        all.extend(findings);
        all
    }
}

impl From<Finding> for Findings {
    fn from(finding: Finding) -> Self {
        Self::from_iter([finding])
    }
}

impl Check {
    /// A check that ended as its worst finding says; without any it passed, and says so in the given words.
    pub(super) fn of(id: &str, nothing: &str, findings: impl Into<Findings>) -> Self {
        let findings = findings.into();
        let outcome = match findings.worst() {
            Some(Severity::Error) => Outcome::Failed,
            Some(Severity::Warning) => Outcome::Warned,
            Some(Severity::Info) | None => Outcome::Passed,
        };
        let summary = if findings.is_empty() { nothing.to_owned() } else { findings.summary() };
        Self { id: id.to_owned(), outcome, summary, findings: findings.into_list() }
    }

    /// A check that did not run.
    pub(super) fn not_run(id: &str, reason: &str) -> Self {
        let summary = cut(reason, LONGEST_MESSAGE);
        Self { id: id.to_owned(), outcome: Outcome::NotRun, summary, findings: Capped::default() }
    }

    /// A check that ended as a problem says.
    pub(super) fn stopped(id: &str, code: &str, problem: &Problem) -> Self {
        match problem.outcome {
            Outcome::NotRun => Self::not_run(id, &problem.reason),
            _ => Self::of(id, "", Finding::error(code, &problem.reason)),
        }
    }

    /// The same with a sentence of its own.
    pub(super) fn saying(self, summary: impl AsRef<str>) -> Self {
        Self { summary: cut(summary.as_ref(), LONGEST_MESSAGE), ..self }
    }
}
