//! Every setting of the server, once: its name is the flag, the variable and the key in the file. One table, hence its
//! length.

mod mail;
mod oidc;

use std::path::PathBuf;
use std::sync::LazyLock;

use anyhow::{Context as _, Result, bail};
use chandlery_core::AccountName;
use chandlery_server::{Access, AllowList, Config, MailSettings, Secret, TlsConfig};
use chandlery_store::{BlobsUrl, DatabaseUrl};

use super::values::{read_context_path, read_duration, read_limit, read_listen, read_size, read_switch};
use crate::logging::{LogFormat, LogOptions};

/// What kind of value a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text, named in the help by the word given here.
    Text(&'static str),
    /// True or false; the flag alone means true.
    Switch,
    /// A URL whose password is masked when shown; the setting named here is a file with it.
    SecretUrl(&'static str),
    /// A secret: never a flag, always masked; the setting named here is a file with it.
    Secret(&'static str),
}

impl Kind {
    /// The setting that names a file with the value: `…-file`, `…_FILE`, `--…-file`.
    pub(crate) fn file_setting(self) -> Option<&'static str> {
        match self {
            Self::Secret(file) | Self::SecretUrl(file) => Some(file),
            Self::Text(_) | Self::Switch => None,
        }
    }
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// `max-upload-size`: the flag without `--`, and the key in the file.
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) kind: Kind,
    /// The default in words.
    pub(crate) default: &'static str,
    /// What it does, one sentence.
    pub(crate) help: &'static str,
    /// Reads the text into the draft.
    pub(crate) apply: fn(&mut Draft, &str) -> Result<()>,
}

impl Setting {
    /// `CHANDLERY_MAX_UPLOAD_SIZE`.
    pub(crate) fn variable(&self) -> String {
        variable_of(self.name)
    }

    /// The setting of this name.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }
}

/// The variable of a setting: `CHANDLERY_MAX_UPLOAD_SIZE` for `max-upload-size`.
pub(crate) fn variable_of(name: &str) -> String {
    format!("CHANDLERY_{}", name.to_ascii_uppercase().replace('-', "_"))
}

/// A configuration under construction: parts that only mean something together wait here.
#[derive(Debug)]
pub(crate) struct Draft {
    config: Config,
    log: LogOptions,
    initial_account: Option<AccountName>,
    initial_password: Option<Secret>,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    tls_client_authority: Option<PathBuf>,
    mail: MailSettings,
    oidc: oidc::OidcDraft,
}

impl Draft {
    /// The defaults on a data directory.
    pub(crate) fn new(data_directory: PathBuf) -> Self {
        Self {
            config: Config::embedded(data_directory),
            log: LogOptions::default(),
            initial_account: None,
            initial_password: None,
            tls_certificate: None,
            tls_key: None,
            tls_client_authority: None,
            mail: MailSettings::default(),
            oidc: oidc::OidcDraft::default(),
        }
    }

    /// Checks what must come together and gives the whole.
    pub(crate) fn finish(mut self) -> Result<(Config, LogOptions)> {
        self.config.initial_account = match (self.initial_account, self.initial_password) {
            (Some(name), Some(password)) => Some((name, password)),
            (None, None) => None,
            (Some(_), None) => {
                bail!(
                    "initial-account is set without a password: set CHANDLERY_INITIAL_PASSWORD_FILE as well"
                )
            }
            (None, Some(_)) => bail!("initial-password is set without a name: set initial-account as well"),
        };
        self.config.tls = match (self.tls_certificate, self.tls_key) {
            (Some(certificate), Some(key)) => {
                Some(TlsConfig { certificate, key, client_authority: self.tls_client_authority })
            }
            (None, None) if self.tls_client_authority.is_some() => {
                bail!("tls-client-ca is set without tls-cert and tls-key: HTTPS needs both")
            }
            (None, None) => None,
            (Some(_), None) => bail!("tls-cert is set without tls-key: HTTPS needs both"),
            (None, Some(_)) => bail!("tls-key is set without tls-cert: HTTPS needs both"),
        };
        self.config.mail = mail::finish(self.mail)?;
        self.config.oidc = self.oidc.finish(&self.config)?;
        Ok((self.config, self.log))
    }
}

fn read_certificates(file: &str) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {file}"))
}

fn read_access(text: &str) -> Result<Access> {
    match text {
        "open" => Ok(Access::Open),
        "account" => Ok(Access::Account),
        // YAML reads a bare `off` as false.
        "off" | "false" => Ok(Access::Off),
        _ => bail!("{text:?} is not one of open, account, off"),
    }
}

fn read_web_origin(text: &str) -> Result<String> {
    let url = reqwest::Url::parse(text).with_context(|| format!("{text:?} is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
        bail!(
            "{text:?} is not an address of this server: write https://HOST, with a port or path if need be"
        );
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Every setting, in the order of the help.
pub(crate) static SETTINGS: LazyLock<Vec<Setting>> =
    LazyLock::new(|| [GENERAL, mail::SETTINGS, oidc::SETTINGS].concat());

/// All but those of single subjects.
const GENERAL: &[Setting] = &[
    Setting {
        name: "data-dir",
        kind: Kind::Text("DIR"),
        default: "$XDG_DATA_HOME/chandlery or ~/.local/share/chandlery",
        help: "Where the embedded database, the packages and temporary files are kept",
        apply: |draft, text| {
            draft.config.data_directory = PathBuf::from(text);
            Ok(())
        },
    },
    Setting {
        name: "listen",
        kind: Kind::Text("ADDR:PORT"),
        default: "127.0.0.1:8080",
        help: "The address to listen on; port 0 takes a free one",
        apply: |draft, text| {
            draft.config.listen = read_listen(text)?;
            Ok(())
        },
    },
    Setting {
        name: "database-url",
        kind: Kind::SecretUrl("database-url-file"),
        default: "a SQLite file in the data directory",
        help: "sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME",
        apply: |draft, text| {
            text.parse::<DatabaseUrl>()?;
            draft.config.database_url = Some(text.to_owned());
            Ok(())
        },
    },
    Setting {
        name: "blobs-url",
        kind: Kind::SecretUrl("blobs-url-file"),
        default: "a folder in the data directory",
        help: "file:///DIR or s3://BUCKET/PREFIX?region=R&endpoint=URL",
        apply: |draft, text| {
            text.parse::<BlobsUrl>()?;
            draft.config.blobs_url = Some(text.to_owned());
            Ok(())
        },
    },
    Setting {
        name: "public-url",
        kind: Kind::Text("URL"),
        default: "urls in the index are relative",
        help: "The address clients see, such as https://charts.example.org; urls in the index are absolute below it",
        apply: |draft, text| {
            draft.config.public_url = Some(read_web_origin(text)?);
            Ok(())
        },
    },
    Setting {
        name: "context-path",
        kind: Kind::Text("PATH"),
        default: "none",
        help: "A prefix of all paths, such as /charts",
        apply: |draft, text| {
            draft.config.context_path = read_context_path(text)?;
            Ok(())
        },
    },
    Setting {
        name: "default-repository",
        kind: Kind::Text("WORKSPACE/REPOSITORY"),
        default: "default/charts",
        help: "The repository that is also served at the root, created at the first start",
        apply: |draft, text| {
            draft.config.default_repository = text.parse()?;
            Ok(())
        },
    },
    Setting {
        name: "default-repository-public",
        kind: Kind::Switch,
        default: "false",
        help: "Create the default repository public, so that everybody may pull from it",
        apply: |draft, text| {
            draft.config.default_repository_public = read_switch(text)?;
            Ok(())
        },
    },
    Setting {
        name: "default-repository-artifacthub-id",
        kind: Kind::Text("ID"),
        default: "none",
        help: "Create the default repository with this id for Artifact Hub",
        apply: |draft, text| {
            draft.config.default_repository_artifacthub_id = Some(text.to_owned());
            Ok(())
        },
    },
    Setting {
        name: "store-visibility",
        kind: Kind::Text("public|internal|private"),
        default: "internal",
        help: "Who may read the store, set at the first start",
        apply: |draft, text| {
            draft.config.store_visibility = text.parse()?;
            Ok(())
        },
    },
    Setting {
        name: "new-repository-allow-overwrite",
        kind: Kind::Switch,
        default: "false",
        help: "Create repositories, the default one too, in which a version that exists may be uploaded again",
        apply: |draft, text| {
            draft.config.repository_defaults.allow_overwrite = read_switch(text)?;
            Ok(())
        },
    },
    Setting {
        name: "new-repository-keep-versions",
        kind: Kind::Text("N"),
        default: "0: all",
        help: "Create repositories, the default one too, that keep the last N uploads of each chart",
        apply: |draft, text| {
            draft.config.repository_defaults.keep_versions = read_limit(text)?;
            Ok(())
        },
    },
    Setting {
        name: "new-repository-max-storage-objects",
        kind: Kind::Text("N"),
        default: "0: no limit",
        help: "Create repositories, the default one too, for at most N packages and provenance files",
        apply: |draft, text| {
            draft.config.repository_defaults.max_storage_objects = read_limit(text)?;
            Ok(())
        },
    },
    Setting {
        name: "max-upload-size",
        kind: Kind::Text("SIZE"),
        default: "100MiB",
        help: "The largest request body",
        apply: |draft, text| {
            draft.config.max_upload_size = read_size(text)?;
            Ok(())
        },
    },
    Setting {
        name: "admin-password-file",
        kind: Kind::Text("FILE"),
        default: "a password is generated and printed once",
        help: "A file with the password of the account admin, read at the first start",
        apply: |draft, text| {
            draft.config.admin_password_file = Some(PathBuf::from(text));
            Ok(())
        },
    },
    Setting {
        name: "initial-account",
        kind: Kind::Text("NAME"),
        default: "none",
        help: "One more account with the right to push, made or updated at every start",
        apply: |draft, text| {
            draft.initial_account = Some(text.parse()?);
            Ok(())
        },
    },
    Setting {
        name: "initial-password",
        kind: Kind::Secret("initial-password-file"),
        default: "none",
        help: "The password of the initial account",
        apply: |draft, text| {
            draft.initial_password = Some(Secret::new(text.to_owned()));
            Ok(())
        },
    },
    Setting {
        name: "tls-cert",
        kind: Kind::Text("FILE"),
        default: "plain HTTP",
        help: "The certificate chain for HTTPS, PEM; read again when it changes",
        apply: |draft, text| {
            draft.tls_certificate = Some(PathBuf::from(text));
            Ok(())
        },
    },
    Setting {
        name: "tls-key",
        kind: Kind::Text("FILE"),
        default: "plain HTTP",
        help: "The private key of the certificate, PEM",
        apply: |draft, text| {
            draft.tls_key = Some(PathBuf::from(text));
            Ok(())
        },
    },
    Setting {
        name: "tls-client-ca",
        kind: Kind::Text("FILE"),
        default: "no client certificates",
        help: "Clients must show a certificate that one of these signed, PEM",
        apply: |draft, text| {
            draft.tls_client_authority = Some(PathBuf::from(text));
            Ok(())
        },
    },
    Setting {
        name: "metrics",
        kind: Kind::Text("WHO"),
        default: "open",
        help: "Who may read /metrics: open, account or off",
        apply: |draft, text| {
            draft.config.metrics = read_access(text)?;
            Ok(())
        },
    },
    Setting {
        name: "cors-allow-origin",
        kind: Kind::Text("ORIGIN"),
        default: "none",
        help: "The value of Access-Control-Allow-Origin, if browsers of another origin may call the API",
        apply: |draft, text| {
            if text.is_empty() || text.bytes().any(|byte| byte.is_ascii_control() || byte == b' ') {
                bail!("{text:?} is not an origin: write * or https://HOST");
            }
            draft.config.cors_allow_origin = Some(text.to_owned());
            Ok(())
        },
    },
    Setting {
        name: "disable-api",
        kind: Kind::Switch,
        default: "false",
        help: "Offer no ChartMuseum API (/api/…/charts)",
        apply: |draft, text| {
            draft.config.chartmuseum.disable_api = read_switch(text)?;
            Ok(())
        },
    },
    Setting {
        name: "disable-delete",
        kind: Kind::Switch,
        default: "false",
        help: "Offer no DELETE in the ChartMuseum API",
        apply: |draft, text| {
            draft.config.chartmuseum.disable_delete = read_switch(text)?;
            Ok(())
        },
    },
    Setting {
        name: "disable-force",
        kind: Kind::Switch,
        default: "false",
        help: "Ignore ?force in the ChartMuseum API",
        apply: |draft, text| {
            draft.config.chartmuseum.disable_force = read_switch(text)?;
            Ok(())
        },
    },
    Setting {
        name: "chart-field",
        kind: Kind::Text("NAME"),
        default: "chart",
        help: "One more form field name for packages, next to chart",
        apply: |draft, text| {
            draft.config.chartmuseum.chart_field = Some(text.to_owned());
            Ok(())
        },
    },
    Setting {
        name: "prov-field",
        kind: Kind::Text("NAME"),
        default: "prov",
        help: "One more form field name for provenance, next to prov",
        apply: |draft, text| {
            draft.config.chartmuseum.provenance_field = Some(text.to_owned());
            Ok(())
        },
    },
    Setting {
        name: "head-timeout",
        kind: Kind::Text("TIME"),
        default: "10s",
        help: "How long a client may take for the head of a request, and for its next request",
        apply: |draft, text| {
            draft.config.timeouts.head = read_duration(text)?;
            Ok(())
        },
    },
    Setting {
        name: "body-timeout",
        kind: Kind::Text("TIME"),
        default: "30s",
        help: "How long a client may pause inside a request body or while it takes an answer",
        apply: |draft, text| {
            draft.config.timeouts.body = read_duration(text)?;
            Ok(())
        },
    },
    Setting {
        name: "drain-timeout",
        kind: Kind::Text("TIME"),
        default: "30s",
        help: "How long requests in flight may take to end after a signal to stop",
        apply: |draft, text| {
            draft.config.timeouts.drain = read_duration(text)?;
            Ok(())
        },
    },
    Setting {
        name: "encryption-key",
        kind: Kind::Secret("encryption-key-file"),
        default: "one is made in the data directory of an embedded server",
        help: "The keys that stored secrets are encrypted with: base64 of 32 bytes a line, the first one encrypts",
        apply: |draft, text| {
            draft.config.encryption_keys = Some(text.parse()?);
            Ok(())
        },
    },
    Setting {
        name: "outbound-allow",
        kind: Kind::Text("RANGES"),
        default: "public addresses only",
        help: "Private address ranges that webhooks and repositories may lead to, such as 10.20.0.0/16,fd12:3456::/32",
        apply: |draft, text| {
            draft.config.outbound.settings.allowed = text.parse::<AllowList>()?;
            Ok(())
        },
    },
    Setting {
        name: "outbound-ca",
        kind: Kind::Text("FILE"),
        default: "the system's authorities only",
        help: "Certificate authorities to trust as well when foreign servers are asked, PEM",
        apply: |draft, text| {
            draft.config.outbound.authorities = Some(read_certificates(text)?);
            Ok(())
        },
    },
    Setting {
        name: "outbound-timeout",
        kind: Kind::Text("TIME"),
        default: "60s",
        help: "How long a foreign server may take for an answer, its redirects included",
        apply: |draft, text| {
            draft.config.outbound.settings.limits.total = read_duration(text)?;
            Ok(())
        },
    },
    Setting {
        name: "outbound-max-size",
        kind: Kind::Text("SIZE"),
        default: "16MiB",
        help: "The largest answer of a foreign server where nothing else says how large it may be",
        apply: |draft, text| {
            draft.config.outbound.settings.limits.body = read_size(text)?;
            Ok(())
        },
    },
    Setting {
        name: "log-format",
        kind: Kind::Text("FORMAT"),
        default: "text on a terminal, json elsewhere",
        help: "The form of log lines: text or json",
        apply: |draft, text| {
            draft.log.format = Some(text.parse::<LogFormat>()?);
            Ok(())
        },
    },
    Setting {
        name: "log-level",
        kind: Kind::Text("LEVEL"),
        default: "info",
        help: "error, warn, info, debug or trace, or a filter such as info,chandlery_store=debug",
        apply: |draft, text| draft.log.set_level(text),
    },
];
