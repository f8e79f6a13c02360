//! The flags that describe the source of an external repository.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use chandlery_api::{
    CacheMode, CategoryOfPattern, ImportRule, ImportState, SourceCredentials, SourceKind, SourceRequest,
    SourceSettings,
};
use chandlery_core::CategoryName;

use crate::error::usage;
use crate::secret_file::read_secret_file;

/// Where packages come from, and how that is reached.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Source")]
pub(super) struct SourceArguments {
    /// What it is, where the URL does not tell.
    #[arg(long, value_name = "http|https|s3|git|oci", value_parser = read_word::<SourceKind>)]
    kind: Option<SourceKind>,
    /// Seconds between two looks; 0 looks only on demand, otherwise at least 180.
    #[arg(long, value_name = "SECONDS", default_value_t = SourceSettings::default().period)]
    period: u64,
    /// Speak TLS, or not, with a bucket or a registry.
    #[arg(long, value_name = "true|false")]
    tls: Option<bool>,
    /// The region of a bucket.
    #[arg(long)]
    region: Option<String>,
    /// Whether the bucket is in the path of the address and not in its host.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    path_style: Option<bool>,
    /// The branch, tag or commit of a git repository.
    #[arg(long = "ref", value_name = "NAME")]
    reference: Option<String>,
    /// The directory of a git repository that holds the charts.
    #[arg(long, value_name = "PATH")]
    sub_path: Option<String>,
    /// Every tag of a git repository is a version.
    #[arg(long)]
    tags_as_versions: bool,
    /// Ask a registry at every look what each known tag points at, to notice those that were moved.
    #[arg(long)]
    check_moved_tags: bool,
    /// A token server of a registry, outside of its domain, that may see the credentials; may be given several times.
    #[arg(long = "token-server", value_name = "HOST[:PORT]")]
    token_servers: Vec<String>,
    /// Certificates of authorities to trust besides the system's, PEM.
    #[arg(long, value_name = "FILE")]
    source_ca_file: Option<PathBuf>,
    /// Trust whoever answers. For tests of a set-up.
    #[arg(long)]
    skip_source_tls_verification: bool,
    /// Charts that are taken, by a pattern with * and ?; may be given several times.
    #[arg(long, value_name = "PATTERN")]
    include: Vec<String>,
    /// Charts that are not taken, by a pattern; may be given several times.
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Fetch packages with the first pull, or all of them after each look.
    #[arg(long, value_name = "on-demand|mirror", default_value = "on-demand", value_parser = read_word::<CacheMode>)]
    cache: CacheMode,
    /// How many bytes of packages are kept at most.
    #[arg(long, value_name = "BYTES")]
    cache_quota: Option<u64>,
    #[command(flatten)]
    import: ImportArguments,
    #[command(flatten)]
    credentials: CredentialArguments,
}

/// The apps that charts of the source become by themselves, in the workspace of the repository.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Apps by rule")]
struct ImportArguments {
    /// Make apps of the charts: their versions as drafts, or released into the store (for administrators).
    #[arg(long, value_name = "draft|active", value_parser = read_word::<ImportState>)]
    import: Option<ImportState>,
    /// How many of the newest versions of each chart are imported, at most 20.
    #[arg(long, value_name = "N", requires = "import", default_value_t = ImportRule::default().newest)]
    import_newest: u32,
    /// Versions such as 1.0.0-rc.1 count.
    #[arg(long, requires = "import")]
    import_prereleases: bool,
    /// Charts that become apps, by a pattern with * and ?; may be given several times.
    #[arg(long, value_name = "PATTERN", requires = "import")]
    import_include: Vec<String>,
    /// Charts that do not become apps, by a pattern; may be given several times.
    #[arg(long, value_name = "PATTERN", requires = "import")]
    import_exclude: Vec<String>,
    /// The category of new apps that no --map-category fits.
    #[arg(long, value_name = "CATEGORY", requires = "import")]
    category: Option<CategoryName>,
    /// The category of new apps whose chart name or one of whose keywords fits a pattern; may be given several times, the
    /// first that fits counts.
    #[arg(long, value_name = "PATTERN=CATEGORY", requires = "import", value_parser = read_mapping)]
    map_category: Vec<CategoryOfPattern>,
}

/// Who we are to the source. Secrets come from files, not from the command line, which others can see.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Credentials for the source")]
struct CredentialArguments {
    /// The user name.
    #[arg(long, value_name = "NAME", requires = "source_password_file")]
    source_username: Option<String>,
    /// A file with the password.
    #[arg(long, value_name = "FILE", requires = "source_username")]
    source_password_file: Option<PathBuf>,
    /// A file with a token.
    #[arg(long, value_name = "FILE")]
    source_token_file: Option<PathBuf>,
    /// The access key of a bucket.
    #[arg(long, value_name = "ID", requires = "secret_key_file")]
    access_key_id: Option<String>,
    /// A file with the secret of the access key.
    #[arg(long, value_name = "FILE", requires = "access_key_id")]
    secret_key_file: Option<PathBuf>,
    /// A file with the token that belongs to a temporary access key.
    #[arg(long, value_name = "FILE", requires = "access_key_id")]
    session_token_file: Option<PathBuf>,
    /// A file with a client certificate and its private key, PEM.
    #[arg(long, value_name = "FILE")]
    client_certificate_file: Option<PathBuf>,
    /// The config.json that `docker login` or `helm registry login` wrote.
    #[arg(long, value_name = "FILE")]
    docker_config_file: Option<PathBuf>,
    /// Be nobody there: forget the credentials that are stored.
    #[arg(long)]
    no_credentials: bool,
}

/// A word of the API.
fn read_word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

fn read_mapping(text: &str) -> Result<CategoryOfPattern, String> {
    let (pattern, category) = text.rsplit_once('=').ok_or("write PATTERN=CATEGORY")?;
    let category = category.parse().map_err(|error: chandlery_core::Error| error.to_string())?;
    Ok(CategoryOfPattern { pattern: pattern.to_owned(), category })
}

impl ImportArguments {
    fn into_rule(self) -> Option<ImportRule> {
        Some(ImportRule {
            state: self.import?,
            newest: self.import_newest,
            prereleases: self.import_prereleases,
            include: self.import_include,
            exclude: self.import_exclude,
            category: self.category,
            categories: self.map_category,
        })
    }
}

/// A rule in one line.
pub(super) fn told_rule(rule: &ImportRule) -> String {
    let ImportRule { state, newest, prereleases, include, exclude, category, categories } = rule;
    let lists = [("include", include), ("exclude", exclude)];
    let lists = lists.into_iter().filter(|(_, patterns)| !patterns.is_empty());
    let mappings = categories.iter().map(|mapping| format!("{}={}", mapping.pattern, mapping.category));
    let parts = [format!("{}, newest {newest}", state.as_str())]
        .into_iter()
        .chain(prereleases.then(|| "prereleases".to_owned()))
        .chain(lists.map(|(name, patterns)| format!("{name} {}", patterns.join(" "))))
        .chain(category.iter().map(|category| format!("category {category}")))
        .chain(mappings);
    parts.collect::<Vec<_>>().join(", ")
}

impl SourceArguments {
    /// The request that the flags make.
    ///
    /// # Errors
    /// A file cannot be read, or flags contradict each other.
    pub(super) fn into_request(self, url: String) -> Result<SourceRequest> {
        let certificate_authority = self.source_ca_file.map(|path| {
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        });
        let settings = SourceSettings {
            url,
            kind: self.kind,
            period: self.period,
            tls: self.tls,
            region: self.region,
            path_style: self.path_style,
            reference: self.reference,
            sub_path: self.sub_path,
            tags_as_versions: self.tags_as_versions,
            check_moved_tags: self.check_moved_tags,
            token_servers: self.token_servers,
            certificate_authority: certificate_authority.transpose()?,
            skip_tls_verification: self.skip_source_tls_verification,
            include: self.include,
            exclude: self.exclude,
            cache: self.cache,
            cache_quota: self.cache_quota,
            import: self.import.into_rule(),
        };
        Ok(SourceRequest { settings, credentials: self.credentials.into_credentials()? })
    }
}

impl CredentialArguments {
    /// `None` for none given, which keeps those there are.
    fn into_credentials(self) -> Result<Option<Option<SourceCredentials>>> {
        let secret = |path: Option<PathBuf>| path.map(|path| read_secret_file(&path)).transpose();
        let credentials = SourceCredentials {
            username: self.source_username,
            password: secret(self.source_password_file)?,
            token: secret(self.source_token_file)?,
            access_key_id: self.access_key_id,
            secret_access_key: secret(self.secret_key_file)?,
            session_token: secret(self.session_token_file)?,
            client_certificate: secret(self.client_certificate_file)?,
            docker_config: secret(self.docker_config_file)?,
        };
        match (credentials == SourceCredentials::default(), self.no_credentials) {
            (true, false) => Ok(None),
            (true, true) => Ok(Some(None)),
            (false, false) => Ok(Some(Some(credentials))),
            (false, true) => Err(usage("--no-credentials and credentials exclude each other")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_and_told() {
        let rule = ImportRule {
            newest: 3,
            exclude: vec!["old-*".to_owned(), "x".to_owned()],
            category: Some("other".parse().unwrap()),
            categories: vec![read_mapping("*sql*=database").unwrap()],
            ..ImportRule::default()
        };
        assert_eq!(told_rule(&rule), "draft, newest 3, exclude old-* x, category other, *sql*=database");
        for bad in ["database", "a=", "a=B C"] {
            assert!(read_mapping(bad).is_err(), "{bad}");
        }
    }
}
