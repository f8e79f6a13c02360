//! `chandlery repo validate`: whether a foreign repository works, tried from here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use chandlery_api::ValidationStage;
use chandlery_core::Secret;
use chandlery_server::validation_view;
use chandlery_source::foreign::{Access, Credentials, Login, validate};
use chandlery_source::outbound::{AllowList, Outbound, OutboundSettings, Proxies};

use crate::error::AlreadyReported;
use crate::output::{OutputArguments, Table, neutralise, say};
use crate::secret_file::read_secret_file;

/// Try a foreign repository from this machine, without a server: resolve, connect, read all of it, fetch one package.
///
/// Nothing is stored. Every address that this machine reaches is allowed; a server refuses those inside that its
/// operator does not list. Exit code 1 when a stage failed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery repo validate https://charts.example.org/stable\n  \
                  chandlery repo validate oci://registry.example.org/team --username ci --password-file secret\n  \
                  chandlery repo validate s3://s3.eu-west-1.amazonaws.com/charts --username KEY --password-file secret\n  \
                  chandlery repo validate https://github.com/kubevela/catalog/tree/master/addons -o json")]
pub(crate) struct ValidateArguments {
    /// Where it is: http://, https://, s3:// (or gs://, azblob://, oss://, cos://, obs://, swift://), oci://, git+https://,
    /// a URL that ends in .git, or a folder of a git host.
    #[arg(value_name = "URL")]
    url: String,
    /// The kind, where the URL does not tell: http, https, s3, git or oci.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// The user name, or the id of an access key.
    #[arg(long, value_name = "NAME", requires = "password_file")]
    username: Option<String>,
    /// A file with the password, or with the secret of an access key.
    #[arg(long, value_name = "FILE", requires = "username")]
    password_file: Option<PathBuf>,
    /// A file with a token.
    #[arg(long, value_name = "FILE", conflicts_with = "username")]
    token_file: Option<PathBuf>,
    /// A docker or helm registry config.json with the login.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["username", "token_file"])]
    registry_config: Option<PathBuf>,
    /// Certificate authorities to trust besides the system's, PEM.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// A client certificate with its private key, PEM, one after the other.
    #[arg(long, value_name = "FILE")]
    client_certificate_file: Option<PathBuf>,
    /// Trust whoever answers. For tests only.
    #[arg(long)]
    insecure_skip_tls_verify: bool,
    /// Speak TLS, or not, with a registry or an object store.
    #[arg(long, value_name = "true|false")]
    tls: Option<bool>,
    /// The region of a bucket.
    #[arg(long)]
    region: Option<String>,
    /// A branch, tag or commit of a git repository.
    #[arg(long = "ref", value_name = "REFERENCE")]
    reference: Option<String>,
    /// A folder of a git repository.
    #[arg(long, value_name = "FOLDER")]
    path: Option<String>,
    /// Read each tag of a git repository that is a version.
    #[arg(long)]
    tags: bool,
    /// A token server of a registry, outside of its domain, that may see the credentials; may be given several times.
    #[arg(long = "token-server", value_name = "HOST[:PORT]")]
    token_servers: Vec<String>,
    #[command(flatten)]
    output: OutputArguments,
}

impl ValidateArguments {
    pub(super) async fn run(self) -> Result<()> {
        let settings = OutboundSettings {
            allowed: AllowList::everything(),
            proxies: Proxies::from_environment(),
            ..OutboundSettings::default()
        };
        let client = Outbound::new(settings)?;
        let (access, credentials) = (self.access()?, self.credentials()?);
        let validation = validate(self.kind.as_deref(), &self.url, access, credentials, &client).await;
        let view = validation_view(&validation);
        self.output.print(&view, |view| Table::of(COLUMNS, &view.stages, cells))?;
        let skipped = validation.stages.iter().flat_map(|report| &report.skipped);
        for entry in skipped {
            say(&neutralise(&format!("left out: {} {}: {}", entry.name, entry.version, entry.reason)));
        }
        if view.valid { Ok(()) } else { Err(AlreadyReported.into()) }
    }

    fn access(&self) -> Result<Access> {
        let read = |path: &PathBuf| {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        };
        Ok(Access {
            certificate_authorities: self.ca_file.as_ref().map(read).transpose()?,
            skip_verification: self.insecure_skip_tls_verify,
            tls: self.tls,
            region: self.region.clone(),
            reference: self.reference.clone(),
            sub_path: self.path.clone(),
            tags_as_versions: self.tags,
            token_servers: self.token_servers.clone(),
            ..Access::default()
        })
    }

    fn credentials(&self) -> Result<Credentials> {
        let read = |path: &Option<PathBuf>| {
            path.as_deref().map(read_secret_file).transpose().map(|text| text.map(Secret::new))
        };
        let login = match (&self.username, read(&self.password_file)?) {
            (Some(user), Some(password)) => Some(Login::Basic { user: user.clone(), password }),
            _ => match (read(&self.token_file)?, read(&self.registry_config)?) {
                (Some(token), _) => Some(Login::Bearer { token }),
                (None, json) => json.map(|json| Login::DockerConfig { json }),
            },
        };
        Ok(Credentials { login, client_certificate: read(&self.client_certificate_file)? })
    }
}

const COLUMNS: [&str; 4] = ["STAGE", "OUTCOME", "WHAT", "ADVICE"];

fn cells(stage: &ValidationStage) -> [String; 4] {
    let code = stage.code.map(|code| format!(" ({code})")).unwrap_or_default();
    let shown = |text: &Option<String>| text.clone().unwrap_or_default();
    let cause = match shown(&stage.cause) {
        cause if stage.stage == "tls" && !stage.details.is_empty() => {
            format!("{cause} [{}]", certificate(&stage.details))
        }
        cause => cause,
    };
    [stage.stage.clone(), format!("{}{code}", stage.outcome), cause, shown(&stage.advice)]
}

/// What a person wants to see of a certificate.
fn certificate(details: &BTreeMap<String, String>) -> String {
    let wanted = ["subject", "issuer", "expires"].into_iter();
    let shown = wanted.filter_map(|name| details.get(name).map(|text| format!("{name} {text}")));
    shown.collect::<Vec<_>>().join(", ")
}
