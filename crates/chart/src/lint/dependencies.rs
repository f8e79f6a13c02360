//! The rules for what `Chart.yaml` declares and `charts/` has.

use std::collections::HashSet;

use super::source::LintSource;
use super::{Findings, Severity};
use crate::chart::Chart;

pub(super) fn check(findings: &mut Findings, source: &LintSource) {
    let chart = match &source.chart {
        Ok(chart) => chart,
        Err(error) => {
            findings.check(Severity::Error, "", Err(format!("unable to load chart\n\t{error}")));
            return;
        }
    };
    let place = source.place.as_str();
    findings.check(
        Severity::Error,
        place,
        tell("chart metadata is missing these dependencies", &undeclared(chart)),
    );
    findings.check(
        Severity::Error,
        place,
        tell("multiple dependencies with name or alias", &shadowing(chart)),
    );
    findings.check(
        Severity::Warning,
        place,
        tell("chart directory is missing these dependencies", &missing(chart)),
    );
}

fn tell(what: &str, names: &[&str]) -> Result<(), String> {
    if names.is_empty() { Ok(()) } else { Err(format!("{what}: {}", names.join(","))) }
}

fn undeclared(chart: &Chart) -> Vec<&str> {
    let declared: HashSet<&str> = chart.metadata.dependencies.iter().map(|one| one.name.as_str()).collect();
    chart.subcharts.iter().map(Chart::name).filter(|name| !declared.contains(name)).collect()
}

fn missing(chart: &Chart) -> Vec<&str> {
    let present: HashSet<&str> = chart.subcharts.iter().map(Chart::name).collect();
    let declared = chart.metadata.dependencies.iter().map(|one| one.name.as_str());
    declared.filter(|name| !present.contains(name)).collect()
}

fn shadowing(chart: &Chart) -> Vec<&str> {
    let mut seen = HashSet::new();
    let names = chart.metadata.dependencies.iter().map(|one| match one.alias.as_str() {
        "" => one.name.as_str(),
        alias => alias,
    });
    names.filter(|name| !seen.insert(*name)).collect()
}
