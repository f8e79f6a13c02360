//! What an operator can set.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use chandlery_core::Secret;
use chandlery_core::{AccountName, RepositoryPath, RepositorySettings, Visibility};
pub use chandlery_source::mail::{MailSettings, MailTls};
pub use chandlery_source::outbound::{AllowList, Limits, OutboundSettings, Proxies, TlsSettings};
pub use chandlery_store::Keyring;

/// Everything the server needs to know before it starts. The command line, the environment and a file fill it.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the embedded database, the packages and temporary files are kept.
    pub data_directory: PathBuf,
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// `sqlite://PATH` or `postgres://…`; a SQLite file in the data directory unless set.
    pub database_url: Option<String>,
    /// `file:///DIR` or `s3://BUCKET/PREFIX?…`; a folder in the data directory unless set.
    pub blobs_url: Option<String>,
    /// The address clients see, such as `https://charts.example.org`: if set, index urls are absolute below it.
    pub public_url: Option<String>,
    /// A prefix of all paths, `""` or `/prefix` without a trailing slash.
    pub context_path: String,
    /// The repository that is also served at the root, created at the first start.
    pub default_repository: RepositoryPath,
    /// Whether the default repository is created public, so that everybody may pull from it.
    pub default_repository_public: bool,
    /// The id of the default repository for Artifact Hub, which it is created with.
    pub default_repository_artifacthub_id: Option<String>,
    /// Who may read the store when its repository is created, at the first start.
    pub store_visibility: Visibility,
    /// What every repository is created with where its creator says nothing.
    pub repository_defaults: RepositorySettings,
    /// The largest request body in bytes.
    pub max_upload_size: u64,
    /// A file with the password of the account `admin`, read at the first start; generated and printed if absent.
    pub admin_password_file: Option<PathBuf>,
    /// One more account with the right to push, made or updated at every start: its name and password.
    pub initial_account: Option<(AccountName, Secret)>,
    /// HTTPS instead of HTTP.
    pub tls: Option<TlsConfig>,
    /// Who may read `/metrics`.
    pub metrics: Access,
    /// The value of `Access-Control-Allow-Origin`, if browsers of another origin may call the API.
    pub cors_allow_origin: Option<String>,
    /// Which parts of the ChartMuseum API are offered.
    pub chartmuseum: ChartMuseumConfig,
    /// How long clients may take.
    pub timeouts: Timeouts,
    /// What seals the secrets that are kept for use; with an embedded database a key is made in the data directory
    /// unless this is set, with a shared one no such secrets are kept.
    pub encryption_keys: Option<Keyring>,
    /// How foreign servers are reached: receivers of webhooks, external repositories.
    pub outbound: OutboundConfig,
    /// The relay for mail; no mail is sent unless it is set.
    pub mail: Option<MailSettings>,
    /// The identity provider by which people may log in to the console, beside their passwords; needs `public_url`.
    pub oidc: Option<OidcConfig>,
}

/// How URLs that somebody else wrote are reached.
#[derive(Clone, Debug, Default)]
pub struct OutboundConfig {
    /// Which addresses may be reached, by which proxies, and the limits of a request that has none of its own.
    pub settings: OutboundSettings,
    /// Certificate authorities to trust besides the system's, PEM.
    pub authorities: Option<Vec<u8>>,
}

/// An identity provider that speaks OpenID Connect, and who of its people may log in.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    /// The issuer's URL, exactly as the provider spells it; its description is below `/.well-known`.
    pub issuer: String,
    /// Our name at the provider.
    pub client_id: String,
    /// What proves to the provider that we are this client; a public client has none.
    pub client_secret: Option<Secret>,
    /// Certificate authorities to trust for the provider besides the system's, PEM; those of [`OutboundConfig`] if
    /// absent.
    pub authorities: Option<Vec<u8>>,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that gives a new account its login name.
    pub name_claim: String,
    /// The claim that lists groups.
    pub groups_claim: String,
    /// What the button of the console says.
    pub display_name: String,
    /// Whether somebody without an account gets one at the first login.
    pub create_accounts: bool,
    /// If there are any: only verified addresses of these domains, in lower case, may log in.
    pub allowed_email_domains: Vec<String>,
    /// If set: only members of this group may log in.
    pub required_group: Option<String>,
}

impl OidcConfig {
    /// A provider with the usual scopes and claims, all of whose people may log in.
    #[must_use]
    pub fn new(issuer: String, client_id: String) -> Self {
        Self {
            issuer,
            client_id,
            client_secret: None,
            authorities: None,
            scopes: vec!["profile".to_owned(), "email".to_owned()],
            name_claim: "preferred_username".to_owned(),
            groups_claim: "groups".to_owned(),
            display_name: "Single sign-on".to_owned(),
            create_accounts: true,
            allowed_email_domains: Vec::new(),
            required_group: None,
        }
    }

    /// The claims that decide something: they are asked for elsewhere when the ID token has not all of them.
    pub(crate) fn wanted_claims(&self) -> impl Iterator<Item = &str> {
        let address = (!self.allowed_email_domains.is_empty()).then_some("email_verified");
        [self.name_claim.as_str(), self.groups_claim.as_str(), "email"].into_iter().chain(address)
    }
}

/// Who may use an operational endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody who reaches the port.
    Open,
    /// Every account.
    Account,
    /// Nobody: the path does not exist.
    Off,
}

/// Certificate files; they are read again when they change.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// The certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// If set, clients must show a certificate that one of these signed, PEM.
    pub client_authority: Option<PathBuf>,
}

/// The switches that ChartMuseum has.
#[derive(Clone, Debug, Default)]
pub struct ChartMuseumConfig {
    /// No `/api/…/charts` routes.
    pub disable_api: bool,
    /// No `DELETE`.
    pub disable_delete: bool,
    /// Ignore `?force`.
    pub disable_force: bool,
    /// One more form field name for packages, next to `chart`.
    pub chart_field: Option<String>,
    /// One more form field name for provenance, next to `prov`.
    pub provenance_field: Option<String>,
}

/// How long the server waits.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the whole head of a request, and for the next request on a kept connection.
    pub head: Duration,
    /// For the next bytes of a request body, and for a client to take the next bytes of an answer.
    pub body: Duration,
    /// For requests in flight to end after a signal to stop.
    pub drain: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { head: Duration::from_secs(10), body: Duration::from_secs(30), drain: Duration::from_secs(30) }
    }
}

impl Config {
    /// The configuration of an embedded server on its data directory: 127.0.0.1:8080, SQLite and files.
    #[must_use]
    pub fn embedded(data_directory: PathBuf) -> Self {
        Self {
            data_directory,
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database_url: None,
            blobs_url: None,
            public_url: None,
            context_path: String::new(),
            default_repository: RepositoryPath::new("default", "charts").expect("both are valid names"),
            default_repository_public: false,
            default_repository_artifacthub_id: None,
            store_visibility: Visibility::Internal,
            repository_defaults: RepositorySettings::default(),
            // 100 MiB: what a chart may be unpacked at most, so no valid package is larger.
            max_upload_size: 100 << 20,
            admin_password_file: None,
            initial_account: None,
            tls: None,
            metrics: Access::Open,
            cors_allow_origin: None,
            chartmuseum: ChartMuseumConfig::default(),
            timeouts: Timeouts::default(),
            encryption_keys: None,
            outbound: OutboundConfig::default(),
            mail: None,
            oidc: None,
        }
    }
}
