//! What a reviewer should know of a package before it is passed: checks, evidence, and what changed.
//!
//! Bytes in, a [`Report`] out: nothing is asked of the network, of a cluster or of the clock, and the report of the same
//! bytes with the same [`Settings`] is the same, but for keys and signatures that expire. Whatever a package holds, the
//! report stays small, and a check that could not be made says so.

mod bounded;
mod change;
mod compare;
mod facts;
mod finding;
mod manifest;
mod package;
mod rendering;
mod report;
mod secrets;
mod signature;

use std::io::Read;

use jiff::Timestamp;

use self::bounded::LONGEST_NAME;
use self::compare::Side;
use self::package::Loaded;
use self::rendering::{Facts, Problem, Variation};
use crate::archive::{ArchiveError, Limits};
use crate::chart::Chart;
use crate::render::{Capabilities, Compat, Release, TemplateLimits};

pub use self::bounded::Capped;
pub use self::report::{
    CHECKS, Change, Check, Comparison, Engine, FORMAT, Finding, ImageFacts, ObjectDifference, ObjectFacts,
    Outcome, PackageFacts, Report, Right, Scope, Severity, Signature, ValueChange,
};

/// For what a package is rendered, and what that may cost.
#[derive(Clone, Debug)]
pub struct Settings {
    /// When the report is made. Templates see a fixed time.
    pub now: Timestamp,
    /// The release. Its namespace should be one that no chart names: what names another one is reported.
    pub release: Release,
    /// The cluster. The version of Kubernetes decides which APIs are outdated.
    pub capabilities: Capabilities,
    /// The Helm whose rules hold.
    pub compat: Compat,
    /// How much may be unpacked.
    pub archive_limits: Limits,
    /// How much each of at most five renders may use: of the package for its facts, for lint, and for what differs in
    /// another run; of the released package.
    pub template_limits: TemplateLimits,
}

impl Settings {
    /// The defaults: the newest Helm and the Kubernetes it knows, the release `release-name` in `release-namespace`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        /// A quarter of what the engine allows: a release is stored in 1 MiB, compressed.
        const OUTPUT_BYTES: u64 = 16 << 20;
        Self {
            now,
            release: Release::install("release-name", "release-namespace"),
            capabilities: Capabilities::offline(Compat::default()),
            compat: Compat::default(),
            archive_limits: Limits::default(),
            template_limits: TemplateLimits { output_bytes: OUTPUT_BYTES, ..TemplateLimits::default() },
        }
    }
}

/// What a package is examined with.
#[derive(Clone, Debug)]
pub struct Options<'o> {
    /// The package of the version that is released now, if one is.
    pub released: Option<&'o [u8]>,
    /// The provenance file of the package, if it has one.
    pub provenance: Option<&'o [u8]>,
    /// The keys that may sign: binary, armored, or GnuPG's keybox.
    pub keyring: Option<&'o [u8]>,
    /// For what it is rendered.
    pub settings: Settings,
}

impl Options<'_> {
    /// A first version, unsigned, with the default settings.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { released: None, provenance: None, keyring: None, settings: Settings::new(now) }
    }
}

/// Examines a package. There is always a report: what is wrong with the package is in it.
pub fn examine(package: impl Read, options: &Options<'_>) -> Report {
    let settings = &options.settings;
    let bytes = package::read_bytes(package, settings);
    let loaded = bytes.as_ref().map_err(Clone::clone).and_then(|bytes| Loaded::read(bytes, settings));
    let mut report = empty(settings);
    if let Ok(bytes) = &bytes {
        report.package = package::describe(bytes);
    }
    match &loaded {
        Ok(loaded) => fill(&mut report, loaded, bytes.as_deref().unwrap_or_default(), options),
        Err(problem) => refuse(&mut report, problem, bytes.as_deref().ok(), settings),
    }
    let place = |check: &Check| CHECKS.iter().position(|id| *id == check.id);
    report.checks.sort_by_key(place);
    report
}

/// Compares two packages, each rendered with its defaults.
///
/// # Errors
/// One of them cannot be read. One that cannot be rendered is compared as far as possible.
pub fn compare(before: &[u8], after: &[u8], settings: &Settings) -> Result<Comparison, ArchiveError> {
    let load = |package: &[u8]| -> Result<Loaded, ArchiveError> {
        let chart = Chart::read(package, &settings.archive_limits)?;
        Ok(Loaded::of(package, chart, settings))
    };
    let (before, after) = (load(before)?, load(after)?);
    Ok(compare::compare(&Side::of(&before), &Side::of(&after), &settings.release.namespace))
}

fn empty(settings: &Settings) -> Report {
    let compat = match settings.compat {
        Compat::Helm3 => "helm3",
        Compat::Helm40 => "helm4.1",
        Compat::Helm42 => "helm4.2",
        Compat::Helm43 => "helm4.3",
    };
    Report {
        format: FORMAT,
        examined_at: settings.now.to_string(),
        engine: Engine {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            compat: compat.to_owned(),
            helm_version: settings.capabilities.helm_version.clone(),
        },
        kube_version: settings.capabilities.kube_version.version.clone(),
        namespace: settings.release.namespace.clone(),
        package: PackageFacts::default(),
        checks: Vec::new(),
        images: Capped::default(),
        objects: Capped::default(),
        rights: Capped::default(),
        values_read: Capped::default(),
        manifest_digest: None,
        signature: None,
        diff: None,
    }
}

/// The report of what is no chart.
fn refuse(report: &mut Report, problem: &Problem, bytes: Option<&[u8]>, settings: &Settings) {
    report.checks.push(package::check_package(Err(problem)));
    report.checks.extend(bytes.map(|bytes| package::check_lint(bytes, None, settings)));
    for id in CHECKS {
        if report.check(id).is_none() {
            report.checks.push(Check::not_run(id, "the package cannot be read"));
        }
    }
}

fn fill(report: &mut Report, loaded: &Loaded, bytes: &[u8], options: &Options<'_>) {
    let settings = &options.settings;
    report.package = loaded.package.clone();
    report.checks.extend([
        package::check_package(Ok(loaded)),
        package::check_lint(bytes, Some(loaded), settings),
        package::check_schema(loaded),
        package::check_render(loaded, settings),
    ]);
    let reason =
        loaded.attempt.facts.as_ref().err().map(|problem| format!("nothing to look at: {}", problem.reason));
    let facts = loaded.attempt.facts.as_ref().map_err(|_| reason.as_deref().unwrap_or_default());
    let variation = facts.ok().map(|facts| facts.vary(settings));
    report.checks.push(match (facts, &variation) {
        (Ok(facts), Some(variation)) => package::check_reproducible(facts, variation),
        (facts, _) => Check::not_run("reproducible", facts.err().unwrap_or_default()),
    });
    report.checks.extend(manifest::checks(facts));
    report.checks.push(check_secrets(&loaded.chart, facts, variation.as_ref()));
    let file_name = loaded.chart.metadata.file_name();
    let (signature, check) = signature::check(bytes, &file_name, options.provenance, options.keyring);
    report.signature = signature;
    report.checks.push(check);
    if let Ok(facts) = facts {
        fill_facts(report, facts);
    }
    compare_with_released(report, loaded, options);
}

fn fill_facts(report: &mut Report, facts: &Facts) {
    /// What each list may take in JSON; with the findings of all checks and the difference that is less than 1 MiB.
    const LIST_BYTES: usize = 96 << 10;
    const VALUES_BYTES: usize = 64 << 10;
    report.images = Capped::collect(facts::images(facts), LIST_BYTES);
    report.objects = Capped::collect(facts::objects(facts), LIST_BYTES);
    report.rights = Capped::collect(facts::rights(facts), LIST_BYTES);
    let paths = facts.rendered.values_read.iter().map(|path| bounded::cut(path, LONGEST_NAME));
    report.values_read = Capped::collect(paths, VALUES_BYTES);
    report.manifest_digest = Some(chandlery_core::Digest::of(facts.text().as_bytes()).to_hex());
}

fn check_secrets(
    chart: &Chart,
    facts: Result<&Facts, &str>,
    variation: Option<&Result<Variation, Problem>>,
) -> Check {
    const ID: &str = "secrets";
    let rendered = match (facts, variation) {
        (Ok(facts), Some(Ok(variation))) => Some((facts, variation)),
        _ => None,
    };
    let findings = secrets::find(chart, rendered);
    let check = Check::of(ID, "nothing looks like a secret", findings);
    if rendered.is_some() || check.outcome == Outcome::Failed {
        return check;
    }
    let reason = "what the templates make could not be looked through";
    Check { outcome: Outcome::NotRun, ..check.saying(reason) }
}

fn compare_with_released(report: &mut Report, loaded: &Loaded, options: &Options<'_>) {
    let Some(released) = options.released else {
        report.checks.push(change::first());
        return;
    };
    let settings = &options.settings;
    match Loaded::read(released, settings) {
        Err(problem) => {
            let reason = format!("the released package cannot be read: {}", problem.reason);
            report.checks.push(Check::not_run("diff", &reason));
        }
        Ok(released) => {
            let namespace = &settings.release.namespace;
            let comparison = compare::compare(&Side::of(&released), &Side::of(loaded), namespace);
            report.checks.push(change::check(&comparison));
            report.diff = Some(comparison);
        }
    }
}
