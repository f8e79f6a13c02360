//! ChartMuseum's flags and variables, and what each means here. One table: `config env` prints it, the translation
//! follows it, docs/CHARTMUSEUM.md explains it. Source: chartmuseum.md section 3 (v0.16.5).

use std::collections::BTreeMap;

use super::values::read_switch;

/// Where the differences and the way over are described.
pub(crate) const GUIDE: &str = "docs/CHARTMUSEUM.md";

/// What one of ChartMuseum's options means here.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meaning {
    /// The same as a setting of ours, same value.
    Same(&'static str),
    /// The same as a switch of ours when true.
    SameSwitch(&'static str),
    /// Read together with others; the text says what becomes of it.
    Part(&'static str),
    /// Accepted; nothing to do here, for this reason.
    Needless(&'static str),
    /// Accepted with a warning: this is different.
    Differs(&'static str),
    /// Not accepted, for this reason.
    Refused(&'static str),
}

/// One of ChartMuseum's options.
#[derive(Debug)]
pub(crate) struct Alias {
    /// The flag without `--`.
    pub(crate) flag: &'static str,
    /// Whether it takes true or false.
    pub(crate) switch: bool,
    /// What it means here.
    pub(crate) meaning: Meaning,
}

impl Alias {
    /// `STORAGE_LOCAL_ROOTDIR`.
    pub(crate) fn variable(&self) -> String {
        match self.flag {
            "cors-alloworigin" => "CORS_ALLOW_ORIGIN".to_owned(),
            flag => flag.to_ascii_uppercase().replace('-', "_"),
        }
    }

    /// The meaning as one line of text.
    pub(crate) fn explanation(&self) -> String {
        match self.meaning {
            Meaning::Same(setting) | Meaning::SameSwitch(setting) => format!("--{setting}"),
            Meaning::Part(text) => text.to_owned(),
            Meaning::Needless(text) => format!("no effect: {text}"),
            Meaning::Differs(text) => format!("warning: {text}"),
            Meaning::Refused(text) => format!("refused: {text}"),
        }
    }
}

const fn text(flag: &'static str, meaning: Meaning) -> Alias {
    Alias { flag, switch: false, meaning }
}

const fn switch(flag: &'static str, meaning: Meaning) -> Alias {
    Alias { flag, switch: true, meaning }
}

const NO_JWT: &str =
    "JWTs of another issuer are not accepted; give each client a token of `chandlery token create`";
const OTHER_CLOUD: &str = "packages are kept in a folder or an S3-compatible bucket: set --blobs-url";
const NO_REDIS: &str = "the index is shared through the database; remove the Redis";
const SCAN: &str =
    "nothing is scanned; files put into the folder or bucket by hand are taken in by `chandlery import`";
const PAUSES: &str = "long transfers are not cut, only pauses are limited: --head-timeout, --body-timeout";

/// All of ChartMuseum's options.
pub(crate) const ALIASES: &[Alias] = &[
    text("port", Meaning::Part("--listen, with listen-host (0.0.0.0 unless given)")),
    text("listen-host", Meaning::Part("--listen, with port (8080 unless given)")),
    text("storage", Meaning::Part("local: --data-dir; amazon: --blobs-url; others are refused")),
    text("storage-local-rootdir", Meaning::Part("--data-dir ROOTDIR/.chandlery")),
    text(
        "storage-amazon-bucket",
        Meaning::Part("--blobs-url s3://BUCKET/PREFIX/.chandlery?region=…&endpoint=…"),
    ),
    text("storage-amazon-prefix", Meaning::Part("--blobs-url, with storage-amazon-bucket")),
    text("storage-amazon-region", Meaning::Part("--blobs-url, with storage-amazon-bucket")),
    text("storage-amazon-endpoint", Meaning::Part("--blobs-url, with storage-amazon-bucket")),
    text("storage-amazon-sse", Meaning::Differs("set encryption at rest as the default of the bucket")),
    switch("storage-amazon-force-path-style", Meaning::Part("false: --blobs-url with path_style=false")),
    text("basic-auth-user", Meaning::Part("--initial-account, if basic-auth-pass is set as well")),
    text("basic-auth-pass", Meaning::Part("CHANDLERY_INITIAL_PASSWORD, if basic-auth-user is set as well")),
    switch("auth-anonymous-get", Meaning::SameSwitch("default-repository-public")),
    text("context-path", Meaning::Same("context-path")),
    text("chart-url", Meaning::Same("public-url")),
    text("max-upload-size", Meaning::Same("max-upload-size")),
    switch("disable-api", Meaning::SameSwitch("disable-api")),
    switch("disable-delete", Meaning::SameSwitch("disable-delete")),
    switch("disable-force-overwrite", Meaning::SameSwitch("disable-force")),
    text("chart-post-form-field-name", Meaning::Same("chart-field")),
    text("prov-post-form-field-name", Meaning::Same("prov-field")),
    text("tls-cert", Meaning::Same("tls-cert")),
    text("tls-key", Meaning::Same("tls-key")),
    text("tls-ca-cert", Meaning::Same("tls-client-ca")),
    text("cors-alloworigin", Meaning::Same("cors-allow-origin")),
    switch("debug", Meaning::Part("--log-level debug")),
    switch("log-json", Meaning::Part("--log-format json")),
    switch("enable-metrics", Meaning::Part("--metrics open or, if false, off")),
    switch("allow-overwrite", Meaning::SameSwitch("new-repository-allow-overwrite")),
    text("per-chart-limit", Meaning::Same("new-repository-keep-versions")),
    text("max-storage-objects", Meaning::Same("new-repository-max-storage-objects")),
    text(
        "artifact-hub-repo-id",
        Meaning::Part("--default-repository-artifacthub-id; TENANT=ID is not taken over"),
    ),
    text("depth", Meaning::Part("0: the default repository; 2: WORKSPACE/REPOSITORY; others are refused")),
    switch(
        "depth-dynamic",
        Meaning::Differs("paths have no segments (default repository) or two (WORKSPACE/REPOSITORY)"),
    ),
    text("read-timeout", Meaning::Needless(PAUSES)),
    text("write-timeout", Meaning::Needless(PAUSES)),
    text("cache-interval", Meaning::Needless(SCAN)),
    text("index-limit", Meaning::Needless(SCAN)),
    text("storage-timestamp-tolerance", Meaning::Needless(SCAN)),
    switch("always-regenerate-chart-index", Meaning::Differs(SCAN)),
    switch("disable-statefiles", Meaning::Needless("there are none")),
    switch("disable-metrics", Meaning::Needless("it has none in ChartMuseum either")),
    switch("enforce-semver2", Meaning::Needless("it has none in ChartMuseum either")),
    switch("log-health", Meaning::Needless("probes are never logged")),
    switch("log-latency-integer", Meaning::Needless("latencies are logged as numbers")),
    switch(
        "json-index",
        Meaning::Differs("the index is YAML; it costs the server nothing and is sent compressed"),
    ),
    text("web-template-path", Meaning::Differs("there is no page to replace")),
    text("cache", Meaning::Differs(NO_REDIS)),
    text("cache-redis-addr", Meaning::Needless(NO_REDIS)),
    text("cache-redis-password", Meaning::Needless(NO_REDIS)),
    text("cache-redis-db", Meaning::Needless(NO_REDIS)),
    switch("gen-index", Meaning::Refused("use `chandlery index DIR`")),
    switch("bearer-auth", Meaning::Refused(NO_JWT)),
    text("auth-realm", Meaning::Needless(NO_JWT)),
    text("auth-service", Meaning::Needless(NO_JWT)),
    text("auth-cert-path", Meaning::Needless(NO_JWT)),
    text("auth-actions-search-path", Meaning::Needless(NO_JWT)),
    text("storage-google-bucket", Meaning::Needless(OTHER_CLOUD)),
    text("storage-google-prefix", Meaning::Needless(OTHER_CLOUD)),
    text("storage-microsoft-container", Meaning::Needless(OTHER_CLOUD)),
    text("storage-microsoft-prefix", Meaning::Needless(OTHER_CLOUD)),
    text("storage-alibaba-bucket", Meaning::Needless(OTHER_CLOUD)),
    text("storage-alibaba-prefix", Meaning::Needless(OTHER_CLOUD)),
    text("storage-alibaba-endpoint", Meaning::Needless(OTHER_CLOUD)),
    text("storage-alibaba-sse", Meaning::Needless(OTHER_CLOUD)),
    text("storage-openstack-container", Meaning::Needless(OTHER_CLOUD)),
    text("storage-openstack-prefix", Meaning::Needless(OTHER_CLOUD)),
    text("storage-openstack-region", Meaning::Needless(OTHER_CLOUD)),
    text("storage-openstack-cacert", Meaning::Needless(OTHER_CLOUD)),
    text("storage-openstack-auth", Meaning::Needless(OTHER_CLOUD)),
    text("storage-oracle-bucket", Meaning::Needless(OTHER_CLOUD)),
    text("storage-oracle-prefix", Meaning::Needless(OTHER_CLOUD)),
    text("storage-oracle-region", Meaning::Needless(OTHER_CLOUD)),
    text("storage-oracle-compartmentid", Meaning::Needless(OTHER_CLOUD)),
    text("storage-baidu-bucket", Meaning::Needless(OTHER_CLOUD)),
    text("storage-baidu-prefix", Meaning::Needless(OTHER_CLOUD)),
    text("storage-baidu-endpoint", Meaning::Needless(OTHER_CLOUD)),
    text("storage-tencent-bucket", Meaning::Needless(OTHER_CLOUD)),
    text("storage-tencent-prefix", Meaning::Needless(OTHER_CLOUD)),
    text("storage-tencent-endpoint", Meaning::Needless(OTHER_CLOUD)),
    text("storage-etcd-endpoint", Meaning::Needless(OTHER_CLOUD)),
    text("storage-etcd-cafile", Meaning::Needless(OTHER_CLOUD)),
    text("storage-etcd-certfile", Meaning::Needless(OTHER_CLOUD)),
    text("storage-etcd-keyfile", Meaning::Needless(OTHER_CLOUD)),
    text("storage-etcd-prefix", Meaning::Needless(OTHER_CLOUD)),
];

/// ChartMuseum's options as somebody set them: flag name to how it was spelled and its value.
pub(crate) type Given = BTreeMap<&'static str, GivenValue>;

/// One option that was set.
#[derive(Clone, Debug)]
pub(crate) struct GivenValue {
    /// `--port` or `PORT`, for messages.
    pub(crate) spelling: String,
    /// Its value.
    pub(crate) value: String,
    /// Whether it was a flag (stronger than a variable).
    pub(crate) is_flag: bool,
}

/// What the given options come to.
#[derive(Debug, Default)]
pub(crate) struct Translation {
    /// Settings of ours: name, value, the spelling it came from, whether that was a flag.
    pub(crate) settings: Vec<TranslatedSetting>,
    /// What the operator should know.
    pub(crate) warnings: Vec<String>,
    /// Why the server does not start like this: the message, and the setting of ours that makes it moot.
    pub(crate) refusals: Vec<(String, Option<&'static str>)>,
}

/// One setting of ours that stems from ChartMuseum's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TranslatedSetting {
    /// Our name.
    pub(crate) name: &'static str,
    /// Our value.
    pub(crate) value: String,
    /// What it was called there.
    pub(crate) spelling: String,
    /// Whether it was a flag.
    pub(crate) is_flag: bool,
}

/// Says what ChartMuseum's options mean here.
pub(crate) fn translate(given: &Given) -> Translation {
    let mut translator = Translator { given, result: Translation::default() };
    for alias in ALIASES {
        if let Some(value) = given.get(alias.flag) {
            translator.single(alias, value);
        }
    }
    translator.address();
    translator.storage();
    translator.login();
    translator.logging_and_metrics();
    translator.artifact_hub();
    translator.depth();
    translator.result
}

struct Translator<'a> {
    given: &'a Given,
    result: Translation,
}

impl Translator<'_> {
    fn set(&mut self, name: &'static str, value: impl Into<String>, from: &GivenValue) {
        self.result.settings.push(TranslatedSetting {
            name,
            value: value.into(),
            spelling: from.spelling.clone(),
            is_flag: from.is_flag,
        });
    }

    fn warn(&mut self, from: &GivenValue, text: &str) {
        self.result.warnings.push(format!("{}={}: {text} (see {GUIDE})", from.spelling, from.value));
    }

    fn refuse(&mut self, from: &GivenValue, text: &str, unless: Option<&'static str>) {
        let message = format!("{}={}: {text} (see {GUIDE})", from.spelling, from.value);
        self.result.refusals.push((message, unless));
    }

    /// The value of a switch: nothing if it was not set, or not to anything that means true or false.
    fn switch(&mut self, flag: &'static str) -> Option<(bool, GivenValue)> {
        let value = self.given.get(flag)?.clone();
        match read_switch(&value.value) {
            Ok(on) => Some((on, value)),
            Err(error) => {
                self.warn(&value, &format!("ignored, {error}"));
                None
            }
        }
    }

    fn single(&mut self, alias: &Alias, value: &GivenValue) {
        if value.value.is_empty() {
            return;
        }
        let on = !alias.switch || self.switch(alias.flag).is_some_and(|(on, _)| on);
        match alias.meaning {
            Meaning::Part(_) | Meaning::Needless(_) => {}
            _ if !on => {}
            Meaning::Same(setting) => self.set(setting, value.value.clone(), value),
            Meaning::SameSwitch(setting) => self.set(setting, "true", value),
            Meaning::Differs(text) => self.warn(value, text),
            Meaning::Refused(text) => self.refuse(value, text, None),
        }
    }

    fn address(&mut self) {
        let port = self.given.get("port");
        let host = self.given.get("listen-host");
        let Some(from) = port.or(host) else { return };
        let host = host.map_or("0.0.0.0", |host| host.value.as_str());
        let host =
            if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
        let port = port.map_or("8080", |port| port.value.as_str());
        self.set("listen", format!("{host}:{port}"), from);
    }

    fn storage(&mut self) {
        let Some(storage) = self.given.get("storage") else { return };
        match storage.value.as_str() {
            "local" => self.local_storage(storage),
            "amazon" => self.amazon_storage(storage),
            _ => self.refuse(storage, OTHER_CLOUD, Some("blobs-url")),
        }
        if !self.given.contains_key("basic-auth-user") {
            self.result.warnings.push(format!(
                "ChartMuseum without BASIC_AUTH_USER lets everybody push and pull; here pushing always needs an account, \
                 and pulling does unless AUTH_ANONYMOUS_GET=true (see {GUIDE})"
            ));
        }
    }

    fn local_storage(&mut self, storage: &GivenValue) {
        let Some(root) = self.given.get("storage-local-rootdir").filter(|root| !root.value.is_empty()) else {
            let text = "STORAGE_LOCAL_ROOTDIR is missing: set it, or --data-dir instead of both";
            self.refuse(storage, text, Some("data-dir"));
            return;
        };
        let root_directory = root.value.trim_end_matches('/');
        self.set("data-dir", format!("{root_directory}/.chandlery"), root);
        self.warn(
            root,
            &format!(
                "packages that are in this folder already are taken in by \
                 `chandlery import {} --to default/charts` while the server runs",
                root.value
            ),
        );
    }

    fn amazon_storage(&mut self, storage: &GivenValue) {
        let value = |flag: &str| self.given.get(flag).map_or("", |given| given.value.as_str());
        let bucket = value("storage-amazon-bucket");
        if bucket.is_empty() {
            let text = "STORAGE_AMAZON_BUCKET is missing: set it, or --blobs-url instead of both";
            self.refuse(storage, text, Some("blobs-url"));
            return;
        }
        let prefix = value("storage-amazon-prefix").trim_matches('/');
        let source =
            if prefix.is_empty() { format!("s3://{bucket}") } else { format!("s3://{bucket}/{prefix}") };
        let mut query = Vec::new();
        for (key, flag) in [("region", "storage-amazon-region"), ("endpoint", "storage-amazon-endpoint")] {
            if !value(flag).is_empty() {
                query.push(format!("{key}={}", escape_query(value(flag))));
            }
        }
        if self.switch("storage-amazon-force-path-style").is_some_and(|(on, _)| !on) {
            query.push("path_style=false".to_owned());
        }
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        self.set("blobs-url", format!("{source}/.chandlery{query}"), storage);
        self.warn(
            storage,
            &format!(
                "packages that are in the bucket already are taken in by `chandlery import '{source}{query}' --to \
                 default/charts` while the server runs; the database needs a place that lasts: --data-dir or --database-url"
            ),
        );
    }

    fn login(&mut self) {
        match (self.given.get("basic-auth-user"), self.given.get("basic-auth-pass")) {
            (Some(user), Some(password)) => {
                self.set("initial-account", user.value.clone(), user);
                self.set("initial-password", password.value.clone(), password);
            }
            (None, None) => {}
            (user, password) => {
                let lone = user.or(password).map_or("", |given| given.spelling.as_str());
                self.result.warnings.push(format!(
                    "{lone} alone has no effect: set BASIC_AUTH_USER and BASIC_AUTH_PASS for an account that may push"
                ));
            }
        }
    }

    fn logging_and_metrics(&mut self) {
        if let Some((true, from)) = self.switch("debug") {
            self.set("log-level", "debug", &from);
        }
        if let Some((true, from)) = self.switch("log-json") {
            self.set("log-format", "json", &from);
        }
        if let Some((on, from)) = self.switch("enable-metrics") {
            self.set("metrics", if on { "open" } else { "off" }, &from);
        }
    }

    fn artifact_hub(&mut self) {
        let Some(id) = self.given.get("artifact-hub-repo-id").filter(|id| !id.value.is_empty()) else {
            return;
        };
        match id.value.split_once('=') {
            None => self.set("default-repository-artifacthub-id", id.value.clone(), id),
            Some((_, of_tenant)) => {
                let command = format!(
                    "set it once: `chandlery repo update WORKSPACE/REPOSITORY --artifacthub-repository-id {of_tenant}`"
                );
                self.warn(id, &command);
            }
        }
    }

    fn depth(&mut self) {
        let Some(depth) = self.given.get("depth") else { return };
        match depth.value.as_str() {
            "" | "0" => {}
            "2" => self.warn(
                depth,
                "repositories are created before they are used: `chandlery repo create WORKSPACE/REPOSITORY`",
            ),
            "1" | "3" | "4" | "5" | "6" | "7" | "8" | "9" => self.refuse(
                depth,
                "paths have no segments (default repository) or two (WORKSPACE/REPOSITORY); remove it and use either",
                None,
            ),
            _ => self.warn(depth, "ignored, it is not a number of path segments"),
        }
    }
}

/// Escapes what would end a query value.
fn escape_query(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~:/".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
