//! Where external repositories come from.

use std::collections::BTreeMap;

use chandlery_core::{AppName, CategoryName, Digest, RepositoryPath};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// How a source is reached and what is made of it, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourceSettings {
    /// Where it is: `https://host/path`, `s3://host/bucket/prefix`, a bucket elsewhere by the URL of its service (`gs://`,
    /// `azblob://`, `oss://`, `cos://`, `obs://`, `swift://`), a git URL, or `oci://registry/namespace`. User information in
    /// it is taken for credentials.
    #[schema(max_length = 2048)]
    pub url: String,
    /// What the source is, where its URL does not tell: a URL with `https` may be a Helm repository or git.
    pub kind: Option<SourceKind>,
    /// Seconds between two looks; 0 for only on demand, otherwise at least 180.
    pub period: u64,
    /// Whether TLS is spoken with a bucket or a registry, whose URLs do not tell; absent for the usual: always, but for
    /// buckets of `s3://` on hosts that do not begin with `s3.`.
    pub tls: Option<bool>,
    /// The region of a bucket.
    pub region: Option<String>,
    /// Whether the bucket is in the path and not in the host; the address decides if it is not said.
    pub path_style: Option<bool>,
    /// The branch, tag or commit of a git repository; its default branch if it is not said.
    pub reference: Option<String>,
    /// The directory of a git repository that holds the charts.
    pub sub_path: Option<String>,
    /// Whether every tag of a git repository is a version, and not its branch.
    pub tags_as_versions: bool,
    /// Whether every look asks a registry what each known tag points at, one request for each. Without it a tag that was
    /// moved is noticed when its package is fetched.
    pub check_moved_tags: bool,
    /// Token servers of a registry, as `HOST` or `HOST:PORT`, that may see the credentials though they are not in the
    /// registry's own domain.
    pub token_servers: Vec<String>,
    /// Certificates of authorities to trust besides the system's, PEM.
    #[schema(max_length = 65536)]
    pub certificate_authority: Option<String>,
    /// Trust whoever answers. For tests of a set-up.
    pub skip_tls_verification: bool,
    /// Charts that are taken, by patterns with `*` and `?`; all if there are none.
    pub include: Vec<String>,
    /// Charts that are not taken.
    pub exclude: Vec<String>,
    /// When the bytes of packages are fetched.
    pub cache: CacheMode,
    /// How many bytes of packages are kept at most; what leaves is fetched again when it is asked for.
    pub cache_quota: Option<u64>,
    /// Makes apps of its charts, in the workspace of the repository; absent for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportRule>,
}

impl Default for SourceSettings {
    fn default() -> Self {
        const HOUR: u64 = 3600;
        Self {
            url: String::new(),
            kind: None,
            period: HOUR,
            tls: None,
            region: None,
            path_style: None,
            reference: None,
            sub_path: None,
            tags_as_versions: false,
            check_moved_tags: false,
            token_servers: Vec::new(),
            certificate_authority: None,
            skip_tls_verification: false,
            include: Vec::new(),
            exclude: Vec::new(),
            cache: CacheMode::default(),
            cache_quota: None,
            import: None,
        }
    }
}

/// Which charts of a source become apps by themselves, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImportRule {
    /// How far the versions come by themselves.
    pub state: ImportState,
    /// How many of the newest versions of each chart are imported. Those that were imported stay.
    #[schema(minimum = 1, maximum = 20)]
    pub newest: u32,
    /// Whether versions such as `1.0.0-rc.1` count.
    pub prereleases: bool,
    /// Charts that become apps, by patterns with `*` and `?`; all if there are none.
    pub include: Vec<String>,
    /// Charts that do not.
    pub exclude: Vec<String>,
    /// The category of a new app that no pattern has; `uncategorized` if it is not said.
    pub category: Option<CategoryName>,
    /// Categories of new apps, the first that fits. The category of an app that there is never changes by a rule.
    pub categories: Vec<CategoryOfPattern>,
}

impl Default for ImportRule {
    fn default() -> Self {
        Self {
            state: ImportState::default(),
            newest: 1,
            prereleases: false,
            include: Vec::new(),
            exclude: Vec::new(),
            category: None,
            categories: Vec::new(),
        }
    }
}

/// How far imported versions come by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImportState {
    /// They are drafts of the workspace.
    #[default]
    Draft,
    /// They are released into the store, if they pass the checks that are required there.
    Active,
}

impl ImportState {
    /// The state's name, as the API and messages spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
        }
    }
}

/// The category of charts whose name or one of whose keywords fits a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryOfPattern {
    /// With `*` and `?`, whatever the case of letters.
    pub pattern: String,
    /// The category.
    pub category: CategoryName,
}

/// What a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// A Helm repository, not encrypted.
    Http,
    /// A Helm repository.
    Https,
    /// A bucket.
    S3,
    /// A git repository.
    Git,
    /// A registry.
    Oci,
}

/// When the bytes of an external repository's packages are fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CacheMode {
    /// With the first pull.
    #[default]
    OnDemand,
    /// All of them after each sync.
    Mirror,
}

/// Who we are to a source. Never given out again, and not shown by `Debug`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourceCredentials {
    /// The user name of a basic log-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Its password.
    #[schema(write_only)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// A bearer token, or the token of a git host.
    #[schema(write_only)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The access key of a bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    /// Its secret.
    #[schema(write_only)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_access_key: Option<String>,
    /// The token that belongs to temporary keys.
    #[schema(write_only)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_token: Option<String>,
    /// A client certificate and its private key, PEM, one after the other.
    #[schema(write_only)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<String>,
    /// The text of a `config.json` of docker.
    #[schema(write_only)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docker_config: Option<String>,
}

impl std::fmt::Debug for SourceCredentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SourceCredentials(…)")
    }
}

/// The source of a repository, with its secrets: to create or replace it, or to try it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceRequest {
    /// Where it is and how it is reached.
    pub settings: SourceSettings,
    /// Who we are there. Absent keeps what there is, as long as scheme, host and port stay; `null` removes it.
    #[schema(value_type = Option<SourceCredentials>)]
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Option<SourceCredentials>>,
}

/// Tries the source of a repository.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ValidateSource {
    /// What somebody would make of it; absent for what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceRequest>,
}

/// Tells a field that is `null` (`Some(None)`) from one that is absent (`None`, by `default`).
fn present<'de, D>(deserializer: D) -> Result<Option<Option<SourceCredentials>>, D::Error>
where
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// The source of an external repository, and how the last looks at it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceView {
    /// What it is: `http`, `https`, `s3`, `git` or `oci`.
    pub kind: String,
    /// Where it is and how it is reached.
    pub settings: SourceSettings,
    /// Whether there are credentials.
    pub has_credentials: bool,
    /// What somebody should know of these settings.
    pub warnings: Vec<String>,
    /// `never` looked at, `syncing`, `synced`, or `failed`: then what it had at the last good look is served.
    pub state: String,
    /// Why the last look failed.
    pub message: Option<String>,
    /// Looks that failed one after the other.
    pub failures: u32,
    /// When it was last looked at.
    pub checked_at: Option<Timestamp>,
    /// When what it had was last known to be what is served.
    pub synced_at: Option<Timestamp>,
    /// When it is looked at next.
    pub next_at: Option<Timestamp>,
    /// Packages whose bytes are here.
    pub cached_packages: u64,
    /// Their bytes.
    pub cached_bytes: u64,
    /// Versions that the source lists no more, and that can still be had because they are here.
    pub vanished_versions: u64,
    /// Versions for which the source names another digest than the first one, at most 100 of them.
    pub changed_digests: Vec<ChangedDigest>,
    /// Apps that were made of its charts by rule.
    pub imported_apps: u64,
    /// What the rule could not do so far, one line for each chart, at most 100 of them.
    pub import_problems: Vec<String>,
}

/// What everybody who may read an external repository may know of its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceSummary {
    /// What it is: `http`, `https`, `s3`, `git` or `oci`.
    pub kind: String,
    /// `never` looked at, `syncing`, `synced`, or `failed`: then what it had at the last good look is served.
    pub state: String,
    /// When what it had was last known to be what is served.
    pub synced_at: Option<Timestamp>,
}

/// A version for which its source names another digest than the first one. The first one is what is served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedDigest {
    /// The chart.
    pub chart: String,
    /// The version.
    pub version: String,
    /// The first digest.
    pub digest: Digest,
    /// What the source names now.
    pub claimed: Digest,
}

/// Takes over what a source names now as the digest of a version.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptDigest {
    /// The chart.
    pub chart: String,
    /// The version.
    pub version: String,
    /// The digest that was looked at: another one is not taken over.
    pub digest: Digest,
}

/// One look at a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceRunView {
    /// Its number.
    pub id: i64,
    /// Why it happened: `created`, `changed`, `period`, `demand` or `hook`.
    pub cause: String,
    /// Who asked for it.
    pub actor: Option<String>,
    /// `synced`, `unchanged` or `failed`.
    pub outcome: String,
    /// Why it failed.
    pub message: Option<String>,
    /// What was skipped and what is suspicious, the first of them.
    pub problems: Vec<String>,
    /// Charts listed there.
    pub charts: u64,
    /// Versions listed there, without those skipped.
    pub versions: u64,
    /// Versions that were new here.
    pub added: u64,
    /// Versions that said something else than before.
    pub changed: u64,
    /// Versions that were listed there no more.
    pub vanished: u64,
    /// Entries that could not be used.
    pub skipped: u64,
    /// Versions that became versions of apps, or were released, by rule.
    pub imported: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// What trying a source showed, stage by stage. Nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ValidationView {
    /// Whether no stage failed.
    pub valid: bool,
    /// The stages in their order.
    pub stages: Vec<ValidationStage>,
    /// What somebody should know of these settings.
    pub warnings: Vec<String>,
}

/// One stage of trying a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ValidationStage {
    /// `url`, `dns`, `connect`, `tls`, `auth`, `status`, `content`, `parse`, `counts` or `sample-package`.
    pub stage: String,
    /// `ok`, `warning`, `failed` or `skipped`.
    pub outcome: String,
    /// The number that OpenPitrix and KubeSphere gave to this failure.
    pub code: Option<u16>,
    /// What went wrong.
    pub cause: Option<String>,
    /// What to do about it.
    pub advice: Option<String>,
    /// What was learnt: the HTTP status, the certificate, counts, bytes, milliseconds.
    pub details: BTreeMap<String, String>,
    /// Entries that are left out, the first of them.
    pub skipped: Vec<String>,
}

/// The secret address that has a source looked at. It is shown once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SourceHook {
    /// Where to send a `POST`, with any body: the address is the secret.
    pub secret: String,
}

/// What removing a repository would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemovalImpact {
    /// Charts that nobody could pull from it any more.
    pub charts: u64,
    /// Versions of them.
    pub versions: u64,
    /// Packages fetched from its source that would be removed, unless something else needs them; 0 for a hosted one.
    pub cached_packages: u64,
    /// Their bytes.
    pub cached_bytes: u64,
    /// Apps with a version whose package is one of these. They keep it.
    pub apps: u64,
    /// Apps that were made from it by rule, the first 100 by name. They stay, and nothing new comes to them. Only for
    /// those who may see the apps of its workspace.
    pub imported_apps: Vec<AppName>,
    /// The virtual repositories that it would be taken out of, those that the caller may read.
    pub virtual_repositories: Vec<RepositoryPath>,
    /// How many more there are that the caller may not read.
    pub hidden_virtual_repositories: u64,
}
