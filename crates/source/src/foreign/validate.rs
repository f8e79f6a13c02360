//! Whether a repository works, stage by stage.

use std::collections::BTreeMap;
use std::time::Instant;

use chandlery_chart::Timestamp;
use chandlery_core::Digest;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::access::tls_settings;
use super::certificate::{Certificate, read_certificate};
use super::describe::describe;
use super::{
    Access, Code, Counts, Credentials, Failure, Fetched, Item, Known, Package, Skipped, Source, SourceUrl,
    Stage,
};
use crate::outbound::{Outbound, OutboundError, Request, TlsSettings};

/// So many skipped entries are shown.
const SHOWN: usize = 50;

/// The largest package that is fetched as a sample; Helm reads no larger one.
const LARGEST_SAMPLE: u64 = 100 << 20;

/// What became of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It works.
    Ok,
    /// It works, and somebody should look at it.
    Warning,
    /// It does not work; the stages behind it were not tried.
    Failed,
    /// It was not tried, or there is nothing to try.
    Skipped,
}

impl Outcome {
    /// The name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// One stage of a validation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageReport {
    /// Which one.
    pub stage: Stage,
    /// What became of it.
    pub outcome: Outcome,
    /// The number of the failure.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<Code>,
    /// What was found, or what happened.
    pub cause: String,
    /// What to do about it; empty where nothing is to be done.
    pub advice: String,
    /// How long it took.
    pub milliseconds: u64,
    /// The addresses of the host.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub addresses: Vec<String>,
    /// The status of the answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// The certificate that the server showed, trusted or not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub certificate: Option<Certificate>,
    /// How much there is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counts: Option<Counts>,
    /// The first entries that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub skipped: Vec<Skipped>,
}

impl StageReport {
    fn new(stage: Stage, outcome: Outcome, cause: impl Into<String>) -> Self {
        Self {
            stage,
            outcome,
            code: None,
            cause: cause.into(),
            advice: String::new(),
            milliseconds: 0,
            addresses: Vec::new(),
            status: None,
            certificate: None,
            counts: None,
            skipped: Vec::new(),
        }
    }

    /// What was learnt, by name: `milliseconds`, `addresses`, `status`, `subject`, `issuer`, `names`, `starts`, `expires`,
    /// `charts`, `versions`, `duplicates`, `unreachable`, `invalid`, `bytes`.
    #[must_use]
    pub fn details(&self) -> BTreeMap<String, String> {
        let mut details = BTreeMap::new();
        let mut add = |name: &str, text: String| drop(details.insert(name.to_owned(), text));
        if self.milliseconds > 0 {
            add("milliseconds", self.milliseconds.to_string());
        }
        if !self.addresses.is_empty() {
            add("addresses", self.addresses.join(" "));
        }
        if let Some(status) = self.status {
            add("status", status.to_string());
        }
        if let Some(certificate) = &self.certificate {
            let time = |seconds| Timestamp::from_unix(seconds, 0).as_str().to_owned();
            add("subject", certificate.subject.clone());
            add("issuer", certificate.issuer.clone());
            add("names", certificate.names.join(" "));
            add("starts", time(certificate.not_before));
            add("expires", time(certificate.not_after));
        }
        if let Some(counts) = &self.counts {
            let Counts { charts, versions, duplicates, unreachable, invalid, bytes } = *counts;
            for (name, count) in [
                ("charts", charts),
                ("versions", versions),
                ("duplicates", duplicates),
                ("unreachable", unreachable),
                ("invalid", invalid),
                ("bytes", bytes),
            ] {
                add(name, count.to_string());
            }
        }
        details
    }

    fn failed(failure: Failure) -> Self {
        let Failure { stage, code, cause, advice, status, .. } = failure;
        Self { code: Some(code), advice, status, ..Self::new(stage, Outcome::Failed, cause) }
    }

    fn warn(&mut self, cause: &str, advice: &str) {
        self.outcome = Outcome::Warning;
        cause.clone_into(&mut self.cause);
        advice.clone_into(&mut self.advice);
    }

    fn took(self, since: Instant) -> Self {
        Self { milliseconds: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX), ..self }
    }
}

/// Whether a repository works: all stages in order. Nothing is stored by finding out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// The stages, each once.
    pub stages: Vec<StageReport>,
}

impl Validation {
    /// Whether no stage failed.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.failure().is_none()
    }

    /// The stage that failed.
    #[must_use]
    pub fn failure(&self) -> Option<&StageReport> {
        self.stages.iter().find(|report| report.outcome == Outcome::Failed)
    }

    /// A report whose first stages are known: after a failure the others were not tried.
    fn of(mut known: Vec<StageReport>) -> Self {
        known.sort_by_key(|report| report.stage);
        let end = known.iter().find(|report| report.outcome == Outcome::Failed).map(|report| report.stage);
        let report = |stage: Stage| {
            let found = known.iter().find(|report| report.stage == stage).cloned();
            match (found, end) {
                (Some(report), Some(end)) if stage <= end => report,
                (Some(report), None) => report,
                (_, Some(end)) if stage > end => StageReport::new(stage, Outcome::Skipped, "not reached"),
                _ => StageReport::new(stage, Outcome::Ok, ""),
            }
        };
        Self { stages: Stage::ALL.map(report).into() }
    }
}

/// Reads a URL as it was typed and tries the repository. `kind` is what was chosen beside the URL, if anything was; user
/// information in the URL counts where there are no other credentials.
pub async fn validate(
    kind: Option<&str>,
    url: &str,
    access: Access,
    credentials: Credentials,
    client: &Outbound,
) -> Validation {
    let read = match kind {
        Some(kind) => SourceUrl::parse_as(kind, url),
        None => SourceUrl::parse(url),
    };
    let source = read.and_then(|(url, own)| {
        let credentials = match (&credentials.login, own) {
            (None, Some(own)) => Credentials { login: own.login, ..credentials },
            _ => credentials,
        };
        Source::new(url, access, credentials, client)
    });
    match source {
        Ok(source) => source.validate().await,
        Err(failure) => Validation::of(vec![StageReport::failed(failure)]),
    }
}

impl Source {
    /// Tries everything: resolves, connects, lists the whole repository and fetches one package.
    pub async fn validate(&self) -> Validation {
        let mut reports = vec![StageReport::new(Stage::Url, Outcome::Ok, self.url.to_string())];
        let endpoint = match self.endpoint() {
            Ok(endpoint) => endpoint,
            Err(failure) => return Validation::of(vec![StageReport::failed(failure)]),
        };
        reports.push(self.look_up(&endpoint).await);
        reports.extend(self.probe(&endpoint).await);
        let who = match &self.credentials.login {
            Some(_) => "the credentials are accepted",
            None => "no credentials are needed",
        };
        reports.push(StageReport::new(Stage::Auth, Outcome::Ok, who));
        match self.try_listing().await {
            Ok(found) => reports.extend(found),
            Err(failure) => {
                // What the probe saw of the same stage (the certificate) stays in the report.
                let failed = StageReport::failed(failure);
                let seen = reports.iter().position(|report| report.stage == failed.stage);
                let seen = seen.map(|at| reports.swap_remove(at));
                reports.push(match seen {
                    Some(seen) => StageReport {
                        addresses: seen.addresses,
                        certificate: seen.certificate,
                        milliseconds: seen.milliseconds,
                        ..failed
                    },
                    None => failed,
                });
            }
        }
        Validation::of(reports)
    }

    /// The URL that is asked first.
    fn endpoint(&self) -> Result<Url, Failure> {
        let with = |tls: bool, host: &str, path: &str| {
            let scheme = if tls { "https" } else { "http" };
            Url::parse(&format!("{scheme}://{host}{path}")).map_err(|error| {
                let cause = format!("the URL cannot be used: {error}");
                Failure::new(
                    Stage::Url,
                    Code::UrlFormat,
                    cause,
                    "Compare it with the documentation of its kind.",
                )
            })
        };
        match &self.url {
            SourceUrl::Http(url) => Ok(url.clone()),
            SourceUrl::Git(git) => Ok(git.remote.clone()),
            SourceUrl::Oci(registry) => with(self.access.tls.unwrap_or(true), &registry.host, "/v2/"),
            SourceUrl::S3(bucket) => {
                with(self.access.tls.unwrap_or_else(|| bucket.speaks_tls()), &bucket.host, "/")
            }
        }
    }

    async fn look_up(&self, endpoint: &Url) -> StageReport {
        let since = Instant::now();
        let report = match self.own.addresses(endpoint).await {
            Ok(addresses) => {
                let addresses = addresses.iter().map(ToString::to_string).collect();
                StageReport {
                    addresses,
                    ..StageReport::new(Stage::Dns, Outcome::Ok, "the host has addresses")
                }
            }
            // Behind a proxy only the proxy may know the name; what is asked for tells.
            Err(OutboundError::Dns { .. }) => {
                StageReport::new(Stage::Dns, Outcome::Ok, "the name is known to the proxy only")
            }
            Err(error) => StageReport::new(Stage::Dns, Outcome::Ok, error.to_string()),
        };
        report.took(since)
    }

    /// Connects to see the certificate, without credentials but for a certificate of ours: a server that asks for one shows
    /// nothing to others. Whether it works is told by the listing.
    async fn probe(&self, endpoint: &Url) -> [StageReport; 2] {
        let since = Instant::now();
        let own = tls_settings(&self.access, &self.credentials);
        let careless = TlsSettings { skip_verification: true, ..own };
        let ask = || Request::head(endpoint.as_str());
        let answer = match self.own.send(ask()).await {
            Err(OutboundError::Tls { .. }) => match self.own.with_tls(&careless) {
                Ok(careless) => careless.send(ask()).await,
                Err(error) => Err(error),
            },
            outcome => outcome,
        };
        let connect = StageReport::new(Stage::Connect, Outcome::Ok, "the server answers").took(since);
        let mut tls = StageReport::new(Stage::Tls, Outcome::Ok, "the certificate is trusted");
        tls.certificate = answer.ok().and_then(|answer| read_certificate(answer.certificate()?));
        if endpoint.scheme() == "http" {
            tls = StageReport::new(Stage::Tls, Outcome::Skipped, "the connection is not encrypted");
            if self.credentials != Credentials::default() {
                tls.warn(
                    "the credentials go over the line as they are: the connection is not encrypted",
                    "Use https:// if the server has it.",
                );
            }
        } else if self.access.skip_verification {
            tls.warn(
                "the certificate is not verified, as the options say: whoever answers is trusted",
                "Give the certificate of the authority instead.",
            );
        }
        [connect, tls]
    }

    /// Lists everything and fetches one package.
    async fn try_listing(&self) -> Result<Vec<StageReport>, Failure> {
        let since = Instant::now();
        let fetched = self.fetch(None, Known::default()).await?;
        let status = StageReport::new(Stage::Status, Outcome::Ok, "the server answers with success");
        let content = StageReport::new(Stage::Content, Outcome::Ok, "the answer is whole").took(since);
        let Fetched::Changed(mut listing) = fetched else {
            return Err(Failure::internal("a repository is unchanged that was never read"));
        };
        let since = Instant::now();
        let (mut sample, mut skipped) = (None, Vec::new());
        while let Some(items) = listing.next().await? {
            for item in items {
                match item {
                    Item::Package(package) if sample.is_none() && package.location.is_ok() => {
                        sample = Some(package);
                    }
                    Item::Skipped(entry) if skipped.len() < SHOWN => skipped.push(entry),
                    _ => {}
                }
            }
        }
        let parse = StageReport::new(Stage::Parse, Outcome::Ok, "everything can be read").took(since);
        let counts = report_counts(listing.counts().unwrap_or_default(), skipped);
        let sample = self.try_sample(sample).await;
        Ok(vec![status, content, parse, counts, sample])
    }

    async fn try_sample(&self, package: Option<Box<Package>>) -> StageReport {
        let stage = Stage::SamplePackage;
        let Some(package) = package else {
            return StageReport::new(stage, Outcome::Skipped, "there is no package that could be fetched");
        };
        let since = Instant::now();
        let name = format!("{} {}", package.name, package.version);
        let report = match self.fetch_sample(&package).await {
            Err(failure) => {
                let cause = format!("{name} cannot be fetched: {}", failure.cause);
                StageReport::failed(Failure { stage, cause, ..failure })
            }
            Ok(length) => {
                let mut report = StageReport::new(stage, Outcome::Ok, format!("{name}: {length} bytes"));
                if package.digest.is_empty() {
                    let cause =
                        format!("{name}: {length} bytes, and the index has no digest to compare them with");
                    report.warn(&cause, "Make the index anew with `helm repo index`.");
                }
                report
            }
        };
        report.took(since)
    }

    /// Fetches a package and compares it with its entry; gives its length.
    async fn fetch_sample(&self, package: &Package) -> Result<usize, Failure> {
        let Ok(location) = &package.location else { return Ok(0) };
        let bytes = self.open(location, LARGEST_SAMPLE).await?.bytes().await?;
        let digest = Digest::of(&bytes).to_hex();
        let listed = package.digest.trim_start_matches("sha256:");
        let wrong = |cause: String, advice: &str| {
            Failure::new(Stage::SamplePackage, Code::NotARepository, cause, advice)
        };
        if !listed.is_empty() && !listed.eq_ignore_ascii_case(&digest) {
            return Err(wrong(
                format!("its sha256 is {digest} and the index says {listed}"),
                "The package was replaced without the index, or on the way.",
            ));
        }
        let length = bytes.len();
        let described = tokio::task::spawn_blocking(move || describe(&bytes)).await;
        match described.map_err(|_| Failure::internal("the package could not be read"))? {
            Ok(_) => Ok(length),
            Err(reason) => {
                Err(wrong(format!("it is no package: {reason}"), "Look what the URL answers with."))
            }
        }
    }
}

fn report_counts(counts: Counts, skipped: Vec<Skipped>) -> StageReport {
    let text = format!("{} charts in {} versions", counts.charts, counts.versions);
    let mut report = StageReport::new(Stage::Counts, Outcome::Ok, text.clone());
    let left_out = counts.invalid + counts.duplicates + counts.unreachable;
    if counts.versions == 0 {
        report.warn("there is no version of any chart", "Push a chart, or check the path.");
    } else if left_out > 0 {
        let cause = format!("{text}; {left_out} entries cannot be used");
        report.warn(&cause, "Helm cannot use them either; the others are not affected.");
    }
    StageReport { counts: Some(counts), skipped, ..report }
}
