//! Checks of the package itself, and of how it renders.

use std::io::Read;

use bytes::Bytes;
use chandlery_core::Digest;
use serde_json::Map;

use super::Settings;
use super::bounded::{LONGEST_NAME, cut};
use super::finding::Findings;
use super::rendering::{Attempt, Facts, Problem, Variation};
use super::report::{Check, Finding, Outcome, PackageFacts, Severity};
use crate::chart::Chart;
use crate::contents::is_readme;
use crate::lint::{self, LintOptions, LintSource, lint};
use crate::render::check_dependencies;
use crate::version::{Constraint, Version};

/// A package that could be read.
pub(super) struct Loaded {
    pub(super) package: PackageFacts,
    pub(super) chart: Chart,
    pub(super) attempt: Attempt,
}

/// Reads all bytes of a package.
pub(super) fn read_bytes(reader: impl Read, settings: &Settings) -> Result<Bytes, Problem> {
    // Packing makes nothing much larger.
    let most = settings.archive_limits.total_bytes;
    let mut bytes = Vec::new();
    let read = reader.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|error| Problem::not_run(format!("cannot read the package: {error}")))?;
    if bytes.len() as u64 > most {
        return Err(Problem::failed(format!("the package has more than {most} bytes")));
    }
    Ok(bytes.into())
}

impl Loaded {
    pub(super) fn read(package: &[u8], settings: &Settings) -> Result<Self, Problem> {
        let chart = Chart::read(package, &settings.archive_limits)?;
        chart.metadata.to_yaml().map_err(|error| Problem::failed(error.to_string()))?;
        Ok(Self::of(package, chart, settings))
    }

    pub(super) fn of(package: &[u8], chart: Chart, settings: &Settings) -> Self {
        let metadata = &chart.metadata;
        let facts = PackageFacts {
            name: cut(&metadata.name, LONGEST_NAME),
            version: cut(&metadata.version, LONGEST_NAME),
            app_version: cut(&metadata.app_version, LONGEST_NAME),
            ..describe(package)
        };
        let attempt = Attempt::make(&chart, settings);
        Self { package: facts, chart, attempt }
    }
}

/// What is known of any bytes.
pub(super) fn describe(package: &[u8]) -> PackageFacts {
    PackageFacts {
        digest: Digest::of(package).to_hex(),
        size: package.len() as u64,
        ..PackageFacts::default()
    }
}

pub(super) fn check_package(loaded: Result<&Loaded, &Problem>) -> Check {
    const ID: &str = "package";
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(problem) => return Check::stopped(ID, "unreadable", problem),
    };
    let mut findings = Findings::default();
    if loaded.chart.metadata.deprecated {
        findings
            .push(Finding::warning("deprecated", "the chart says that it is deprecated").at("Chart.yaml"));
    }
    if !loaded.chart.files.iter().any(|file| is_readme(&file.path)) {
        findings.push(Finding::info("no_readme", "there is no README.md"));
    }
    let facts = &loaded.package;
    Check::of(ID, &format!("{} {} can be read", facts.name, facts.version), findings)
}

pub(super) fn check_lint(package: &[u8], loaded: Option<&Loaded>, settings: &Settings) -> Check {
    const ID: &str = "lint";
    if let Some(problem) = loaded.and_then(|loaded| loaded.attempt.facts.as_ref().err())
        && problem.outcome == Outcome::NotRun
    {
        // It would take as long again, to no other end.
        return Check::not_run(ID, &problem.reason);
    }
    let options = LintOptions {
        namespace: settings.release.namespace.clone(),
        capabilities: settings.capabilities.clone(),
        compat: settings.compat,
        skip_schema: false,
        limits: settings.template_limits.clone(),
    };
    let source = match LintSource::of_package(package, "", &settings.archive_limits) {
        Ok(source) => source,
        Err(reason) => return Check::not_run(ID, &reason),
    };
    let findings = lint(&source, &Map::new(), &options).into_iter().map(|finding| {
        let severity = match finding.severity {
            lint::Severity::Info => Severity::Info,
            lint::Severity::Warning => Severity::Warning,
            lint::Severity::Error => Severity::Error,
        };
        Finding::new(severity, "lint", finding.message).at(&finding.path)
    });
    Check::of(ID, "helm lint has nothing to say", findings.collect::<Findings>())
}

pub(super) fn check_schema(loaded: &Loaded) -> Check {
    const ID: &str = "schema";
    const FILE: &str = "values.schema.json";
    match &loaded.attempt.schema {
        Err(problem) => Check::stopped(ID, "refused", problem),
        Ok(()) if loaded.chart.schema.is_none() => {
            let message = "there is no values.schema.json: nobody is told of wrong values";
            Check::of(ID, "", Finding::warning("no_schema", message).at(FILE))
        }
        Ok(()) => Check::of(ID, "values.yaml meets values.schema.json", Findings::default()),
    }
}

pub(super) fn check_render(loaded: &Loaded, settings: &Settings) -> Check {
    const ID: &str = "render";
    let Loaded { chart, attempt, .. } = loaded;
    let facts = match &attempt.facts {
        Ok(facts) => facts,
        Err(problem) => return Check::stopped(ID, "not_rendered", problem),
    };
    let mut findings: Findings = refusals(chart, settings).into_iter().collect();
    if let Err(problem) = &attempt.schema {
        findings.push(Finding::error("schema", &problem.reason));
    }
    findings.extend(attempt.warnings.iter().map(|warning| Finding::info("helm_warning", warning)));
    let count = facts.objects.len();
    if count == 0 && findings.is_empty() {
        findings.push(Finding::warning("no_objects", "with its defaults the chart makes no object"));
    }
    Check::of(ID, &format!("the defaults make {count} objects"), findings)
}

/// Why Helm would refuse to install the chart whatever it renders to.
fn refusals(chart: &Chart, settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    let kind = chart.metadata.kind.as_str();
    if !matches!(kind, "" | "application") {
        findings.push(Finding::error("not_installable", format!("a {kind} chart cannot be installed")));
    }
    if let Err(error) = check_dependencies(chart) {
        findings.push(Finding::error("missing_dependency", error.to_string()));
    }
    let (wanted, version) = (&chart.metadata.kube_version, &settings.capabilities.kube_version);
    let fits = match (wanted.parse::<Constraint>(), version.normalized.parse::<Version>()) {
        (Ok(constraint), Ok(version)) => constraint.matches(&version),
        _ => false,
    };
    if !wanted.is_empty() && !fits {
        let message = format!("the chart wants Kubernetes {wanted}, not {}", version.version);
        findings.push(Finding::error("kube_version", message));
    }
    findings
}

/// Functions that ask the network, which get no answer here.
const NETWORK_FUNCTIONS: [&str; 1] = ["getHostByName"];

pub(super) fn check_reproducible(facts: &Facts, variation: &Result<Variation, Problem>) -> Check {
    const ID: &str = "reproducible";
    let variation = match variation {
        Ok(variation) => variation,
        Err(problem) => return Check::not_run(ID, &problem.reason),
    };
    let differs = variation
        .files
        .iter()
        .map(|file| Finding::warning("differs", "every run makes something else").at(file));
    let lookups = facts.rendered.lookups.iter().map(|[api_version, kind, namespace, name]| {
        let place = if namespace.is_empty() { String::new() } else { format!(" in {namespace:?}") };
        let message =
            format!("depends on what is in the cluster: looks up {kind} of {api_version} {name:?}{place}");
        Finding::warning("lookup", message)
    });
    let functions = facts.rendered.varying_functions.iter().filter(|name| **name != "lookup").map(|name| {
        match NETWORK_FUNCTIONS.contains(name) {
            true => Finding::warning("network", format!("asks the network with {name}")),
            false => Finding::info("function", format!("calls {name}, which depends on chance or the clock")),
        }
    });
    Check::of(ID, "every run makes the same", differs.chain(lookups).chain(functions).collect::<Findings>())
}
