//! The rules for `crds/`.

use super::decode::Object;
use super::documents::Documents;
use super::source::{LintSource, Presence};
use super::templates::extension;
use super::{Findings, Severity};
use crate::chart::Chart;

const DIRECTORY: &str = "crds/";

pub(super) fn check(findings: &mut Findings, source: &LintSource) {
    let verdict = match source.crds {
        Presence::Nothing => return,
        Presence::Directory => Ok(()),
        Presence::File => Err("not a directory".to_owned()),
    };
    if !findings.check(Severity::Error, DIRECTORY, verdict) {
        return;
    }
    match &source.chart {
        Err(error) => drop(findings.check(Severity::Error, DIRECTORY, Err(error.clone()))),
        Ok(chart) => {
            let mut files = Vec::new();
            collect(chart, &mut files);
            check_files(findings, &files);
        }
    }
}

/// The files with their paths below their own charts, the root's first.
fn collect<'a>(chart: &'a Chart, files: &mut Vec<(&'a str, &'a [u8])>) {
    let own = chart.files.iter().filter(|file| is_definition(&file.path));
    files.extend(own.map(|file| (file.path.as_str(), &file.data[..])));
    chart.subcharts.iter().for_each(|subchart| collect(subchart, files));
}

fn is_definition(path: &str) -> bool {
    let extension = extension(path).to_ascii_lowercase();
    path.starts_with(DIRECTORY) && matches!(extension.as_str(), ".yaml" | ".yml" | ".json")
}

fn check_files(findings: &mut Findings, files: &[(&str, &[u8])]) {
    for (path, data) in files {
        let text = String::from_utf8_lossy(data);
        for document in Documents::new(&text) {
            match document.and_then(|value| Object::decode(&value)) {
                Ok(None) => {}
                Ok(Some(object)) => check_object(findings, path, &object),
                Err(error) => {
                    findings.check(Severity::Error, path, Err(format!("unable to parse YAML: {error}")));
                    return;
                }
            }
        }
    }
}

fn check_object(findings: &mut Findings, path: &str, object: &Object) {
    if !object.api_version.starts_with("apiextensions.k8s.io") {
        let text = "apiVersion is not in 'apiextensions.k8s.io'";
        findings.check(Severity::Error, path, Err(text.to_owned()));
    }
    if object.kind != "CustomResourceDefinition" {
        let text = "object kind is not 'CustomResourceDefinition'";
        findings.check(Severity::Error, path, Err(text.to_owned()));
    }
}
