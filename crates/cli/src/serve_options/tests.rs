use chandlery_core::RepositorySettings;
use clap::{Args as _, FromArgMatches as _};

use super::*;

/// Resolves with a home directory, so that there is a default place for the data.
fn layers(flags: &[&str], environment: &[(&str, &str)], file: Option<&str>) -> Layers {
    let command = SettingFlags::augment_args(clap::Command::new("serve").no_binary_name(true));
    let matches = command.try_get_matches_from(flags).unwrap();
    let home = [("HOME", "/home/someone")];
    Layers {
        flags: SettingFlags::from_arg_matches(&matches).unwrap(),
        environment: home
            .iter()
            .chain(environment)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        file: file.map(|text| (PathBuf::from("chandlery.yaml"), text.to_owned())),
        without_data: false,
    }
}

fn resolve(flags: &[&str], environment: &[(&str, &str)], file: Option<&str>) -> Resolved {
    layers(flags, environment, file).resolve().unwrap()
}

fn refusal(flags: &[&str], environment: &[(&str, &str)], file: Option<&str>) -> String {
    format!("{:#}", layers(flags, environment, file).resolve().unwrap_err())
}

/// Flags, variables, file; the address that results and who set it.
type SourceCase<'a> = (&'a [&'a str], Vec<(&'a str, &'a str)>, Option<&'a str>, &'a str, &'a str);

#[test]
fn the_stronger_layer_wins() {
    let file = Some("listen: 127.0.0.5:5");
    let ours = ("CHANDLERY_LISTEN", "127.0.0.3:3");
    let theirs = [("LISTEN_HOST", "127.0.0.4"), ("PORT", "4")];
    let preset = ("CHANDLERY_PRESET_LISTEN", "127.0.0.6:6");
    let cases: [SourceCase<'_>; 7] = [
        (
            &["--listen", "127.0.0.1:1", "--port", "2"],
            [&[ours][..], &theirs].concat(),
            file,
            "127.0.0.1:1",
            "--listen",
        ),
        (&["--port", "2"], vec![ours], file, "0.0.0.0:2", "--port"),
        (&[], [&[ours][..], &theirs].concat(), file, "127.0.0.3:3", "CHANDLERY_LISTEN"),
        (&[], [&[preset][..], &theirs].concat(), file, "127.0.0.4:4", "PORT"),
        (&[], vec![preset], file, "127.0.0.5:5", "listen in the file"),
        (&[], vec![preset], None, "127.0.0.6:6", "CHANDLERY_PRESET_LISTEN"),
        (&[], vec![], None, "127.0.0.1:8080", "default"),
    ];
    for (flags, environment, file, listen, source) in cases {
        let resolved = resolve(flags, &environment, file);
        let setting = resolved.settings.iter().find(|one| one.setting.name == "listen").unwrap();
        assert_eq!(resolved.config.listen.to_string(), listen);
        assert_eq!(setting.source.to_string(), source);
    }
}

#[test]
fn every_setting_can_be_set_in_every_layer() {
    let examples = [
        ("data-dir", "/data"),
        ("listen", "127.0.0.1:1"),
        ("database-url", "postgres://a:b@c/d"),
        ("blobs-url", "s3://bucket/prefix"),
        ("public-url", "https://charts.example.org"),
        ("context-path", "/x"),
        ("default-repository", "team/charts"),
        ("default-repository-public", "true"),
        ("default-repository-artifacthub-id", "5a-id"),
        ("store-visibility", "private"),
        ("new-repository-allow-overwrite", "true"),
        ("new-repository-keep-versions", "7"),
        ("new-repository-max-storage-objects", "90"),
        ("max-upload-size", "5MiB"),
        ("admin-password-file", "/secret"),
        ("initial-account", "ci"),
        ("initial-password", "password"),
        ("tls-cert", "/cert"),
        ("tls-key", "/key"),
        ("tls-client-ca", "/ca"),
        ("metrics", "off"),
        ("cors-allow-origin", "*"),
        ("disable-api", "true"),
        ("disable-delete", "true"),
        ("disable-force", "true"),
        ("chart-field", "package"),
        ("prov-field", "signature"),
        ("head-timeout", "1s"),
        ("body-timeout", "2s"),
        ("drain-timeout", "3s"),
        ("encryption-key", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="),
        ("outbound-allow", "10.20.0.0/16, fd12::/16"),
        ("outbound-ca", "/dev/null"),
        ("outbound-timeout", "4s"),
        ("outbound-max-size", "6MiB"),
        ("log-format", "json"),
        ("log-level", "warn"),
        ("smtp-host", "relay.example.org"),
        ("smtp-port", "2525"),
        ("smtp-tls", "tls"),
        ("smtp-ca", "/dev/null"),
        ("smtp-user", "someone"),
        ("smtp-password", "password"),
        ("smtp-from", "Chandlery <chandlery@example.org>"),
        ("oidc-issuer", "https://id.example.org"),
        ("oidc-client-id", "chandlery"),
        ("oidc-client-secret", "secret"),
        ("oidc-ca", "/dev/null"),
        ("oidc-scopes", "profile, groups"),
        ("oidc-name-claim", "nickname"),
        ("oidc-groups-claim", "roles"),
        ("oidc-display-name", "Our log-in"),
        ("oidc-create-accounts", "false"),
        ("oidc-allowed-domains", "example.org"),
        ("oidc-required-group", "people"),
    ];
    assert_eq!(
        examples.map(|(name, _)| name).to_vec(),
        SETTINGS.iter().map(|setting| setting.name).collect::<Vec<_>>()
    );
    let file: String = examples.iter().map(|(name, value)| format!("{name}: {value:?}\n")).collect();
    let environment: Vec<_> = examples.iter().map(|(name, value)| (variable_of(name), *value)).collect();
    let environment: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let secrets = ["initial-password", "encryption-key", "smtp-password", "oidc-client-secret"];
    let only_variables: Vec<_> = environment
        .iter()
        .filter(|(name, _)| secrets.map(variable_of).iter().any(|one| one == name))
        .copied()
        .collect();
    let flags: Vec<String> = examples
        .iter()
        .filter(|(name, _)| !secrets.contains(name))
        .map(|(name, value)| format!("--{name}={value}"))
        .collect();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let results = [
        resolve(&[], &[], Some(&file)),
        resolve(&[], &environment, None),
        resolve(&flags, &only_variables, None),
    ];
    for resolved in &results {
        assert_eq!(format!("{:?}", resolved.config), format!("{:?}", results[0].config));
        assert_eq!(resolved.log, results[0].log);
        let config = &resolved.config;
        assert_eq!(config.max_upload_size, 5 << 20);
        assert_eq!(config.initial_account.as_ref().unwrap().1.expose(), "password");
        assert!(config.chartmuseum.disable_api && config.default_repository_public);
        let defaults = &config.repository_defaults;
        assert_eq!((defaults.keep_versions, defaults.max_storage_objects), (Some(7), Some(90)));
        assert_eq!(config.tls.as_ref().unwrap().client_authority, Some("/ca".into()));
        let (outbound, mail) = (&config.outbound, config.mail.as_ref().unwrap());
        assert_eq!(outbound.settings.limits.total, std::time::Duration::from_secs(4));
        assert_eq!(outbound.settings.allowed.to_string(), "10.20.0.0/16,fd12::/16");
        assert_eq!((mail.host.as_str(), mail.port), ("relay.example.org", Some(2525)));
        assert_eq!(resolved.warnings, Vec::<String>::new());
    }
}

#[test]
fn secrets_come_from_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("url");
    std::fs::write(&path, "postgres://a:b@c/d\n").unwrap();
    let path = path.to_str().unwrap();
    let expected = Some("postgres://a:b@c/d");
    let key = format!("database-url-file: {path}");
    for resolved in [
        resolve(&["--database-url-file", path], &[], None),
        resolve(&[], &[("CHANDLERY_DATABASE_URL_FILE", path)], None),
        resolve(&[], &[], Some(&key)),
    ] {
        assert_eq!(resolved.config.database_url.as_deref(), expected);
    }
    let both = [("CHANDLERY_DATABASE_URL_FILE", path), ("CHANDLERY_DATABASE_URL", "sqlite://x")];
    assert!(refusal(&[], &both, None).contains("both set"));
    assert!(refusal(&["--database-url-file", "/absent"], &[], None).contains("/absent"));
}

/// Flags, variables, file; a part of the message.
type RefusalCase<'a> = (&'a [&'a str], Vec<(&'a str, &'a str)>, Option<&'a str>, &'a str);

#[test]
fn wrong_values_name_their_place() {
    let cases: [RefusalCase<'_>; 22] = [
        (&["--listen", "nowhere"], vec![], None, "--listen"),
        (&[], vec![("CHANDLERY_METRICS", "everybody")], None, "CHANDLERY_METRICS"),
        (&[], vec![("PORT", "http")], None, "PORT"),
        (&[], vec![("CONTEXT_PATH", "/../x")], None, "CONTEXT_PATH"),
        (&[], vec![], Some("max-upload-size: much"), "max-upload-size in the file"),
        (&[], vec![], Some("max_upload_size: 5"), "write max-upload-size"),
        (&[], vec![], Some("no-such-key: 5"), "unknown key \"no-such-key\""),
        (&[], vec![], Some("listen: [1]"), "listen must be a plain value"),
        (&[], vec![], Some("listen: a\nlisten: b"), "chandlery.yaml"),
        (&[], vec![], Some("- listen"), "map of settings"),
        (&["--tls-cert", "c"], vec![], None, "tls-key"),
        (&["--tls-client-ca", "c"], vec![], None, "tls-cert"),
        (&["--initial-account", "ci"], vec![], None, "CHANDLERY_INITIAL_PASSWORD_FILE"),
        (&["--database-url", "mysql://x"], vec![], None, "--database-url"),
        (&["--log-level", "loud"], vec![], None, "--log-level"),
        (&["--default-repository", "api/x"], vec![], None, "reserved"),
        (&[], vec![("CHANDLERY_ENCRYPTION_KEY", "hunter2")], None, "openssl rand -base64 32"),
        (&["--outbound-allow", "0.0.0.0/0"], vec![], None, "too wide"),
        (&["--outbound-allow", "169.254.169.254"], vec![], None, "metadata service"),
        (&["--smtp-host", "relay"], vec![], None, "smtp-from"),
        (&["--smtp-from", "a@example.org"], vec![], None, "smtp-host"),
        (&["--smtp-tls", "yes"], vec![], None, "--smtp-tls"),
    ];
    for (flags, environment, file, part) in cases {
        let message = refusal(flags, &environment, file);
        assert!(message.contains(part), "{message} has no {part}");
    }
}

#[test]
fn an_empty_file_sets_nothing() {
    for file in ["", "# comment\n\n", "listen:\n"] {
        assert_eq!(resolve(&[], &[], Some(file)).config.listen.port(), 8080, "{file:?}");
    }
}

#[test]
fn the_data_has_a_place() {
    assert_eq!(
        resolve(&[], &[], None).config.data_directory,
        PathBuf::from("/home/someone/.local/share/chandlery")
    );
    let xdg = resolve(&[], &[("XDG_DATA_HOME", "/xdg")], None);
    assert_eq!(xdg.config.data_directory, PathBuf::from("/xdg/chandlery"));
    assert!(refusal(&[], &[("HOME", "")], None).contains("--data-dir"));
}

#[test]
fn misspelled_variables_are_noticed() {
    let environment = [
        ("CHANDLERY_LISTN", "x"),
        ("CHANDLERY_PORT", "tcp://10.0.0.1:80"),
        ("CHANDLERY_SERVICE_HOST", "10.0.0.1"),
        ("CHANDLERY_DATABASE_URL_FILE", ""),
        ("CHANDLERY_TOKEN", "x"),
    ];
    let warnings = resolve(&[], &environment, None).warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("CHANDLERY_LISTN "));
}

/// A ChartMuseum environment, the setting of ours it ends in, and that setting's text.
type AliasCase = (&'static [(&'static str, &'static str)], &'static str, &'static str);

#[test]
fn chartmuseum_variables_that_mean_the_same() {
    let cases: &[AliasCase] = &[
        (&[("PORT", "9")], "listen", "0.0.0.0:9"),
        (&[("LISTEN_HOST", "127.0.0.1")], "listen", "127.0.0.1:8080"),
        (&[("LISTEN_HOST", "::1"), ("PORT", "9")], "listen", "[::1]:9"),
        (&[("STORAGE", "local"), ("STORAGE_LOCAL_ROOTDIR", "/charts/")], "data-dir", "/charts/.chandlery"),
        (&[("STORAGE", "amazon"), ("STORAGE_AMAZON_BUCKET", "b")], "blobs-url", "s3://b/.chandlery"),
        (
            &[
                ("STORAGE", "amazon"),
                ("STORAGE_AMAZON_BUCKET", "b"),
                ("STORAGE_AMAZON_PREFIX", "/p/q/"),
                ("STORAGE_AMAZON_REGION", "us-east-1"),
                ("STORAGE_AMAZON_ENDPOINT", "http://s3.local:9000?x&y"),
            ],
            "blobs-url",
            "s3://b/p/q/.chandlery?region=us-east-1&endpoint=http://s3.local:9000%3Fx%26y",
        ),
        (&[("BASIC_AUTH_USER", "u"), ("BASIC_AUTH_PASS", "p")], "initial-account", "u"),
        (&[("BASIC_AUTH_USER", "u"), ("BASIC_AUTH_PASS", "p")], "initial-password", "p"),
        (&[("AUTH_ANONYMOUS_GET", "true")], "default-repository-public", "true"),
        (&[("ALLOW_OVERWRITE", "true")], "new-repository-allow-overwrite", "true"),
        (&[("PER_CHART_LIMIT", "3")], "new-repository-keep-versions", "3"),
        (&[("MAX_STORAGE_OBJECTS", "9")], "new-repository-max-storage-objects", "9"),
        (&[("ARTIFACT_HUB_REPO_ID", "id")], "default-repository-artifacthub-id", "id"),
        (&[("CONTEXT_PATH", "/x")], "context-path", "/x"),
        (&[("CHART_URL", "https://c.example")], "public-url", "https://c.example"),
        (&[("MAX_UPLOAD_SIZE", "5")], "max-upload-size", "5"),
        (&[("DISABLE_API", "1")], "disable-api", "true"),
        (&[("DISABLE_DELETE", "T")], "disable-delete", "true"),
        (&[("DISABLE_FORCE_OVERWRITE", "true")], "disable-force", "true"),
        (&[("CHART_POST_FORM_FIELD_NAME", "c")], "chart-field", "c"),
        (&[("PROV_POST_FORM_FIELD_NAME", "p")], "prov-field", "p"),
        (&[("TLS_CERT", "c"), ("TLS_KEY", "k")], "tls-cert", "c"),
        (&[("TLS_CERT", "c"), ("TLS_KEY", "k"), ("TLS_CA_CERT", "a")], "tls-client-ca", "a"),
        (&[("CORS_ALLOW_ORIGIN", "*")], "cors-allow-origin", "*"),
        (&[("DEBUG", "true")], "log-level", "debug"),
        (&[("LOG_JSON", "true")], "log-format", "json"),
        (&[("ENABLE_METRICS", "false")], "metrics", "off"),
    ];
    for (environment, name, value) in cases {
        let resolved = resolve(&[], environment, None);
        let setting = resolved.settings.iter().find(|one| one.setting.name == *name).unwrap();
        assert_eq!(setting.value.as_deref(), Some(*value), "{environment:?}");
        assert!(matches!(setting.source, Source::ForeignVariable(_)), "{environment:?}");
    }
}

#[test]
fn chartmuseum_variables_that_are_set_to_nothing_change_nothing() {
    let switched_off: Vec<_> = ALIASES
        .iter()
        .filter(|alias| alias.switch && alias.flag != "enable-metrics")
        .map(|alias| (alias.variable(), "false"))
        .collect();
    let environment: Vec<_> = switched_off.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let resolved = resolve(&[], &environment, None);
    assert!(resolved.settings.iter().all(|one| one.value.is_none()));
    assert_eq!(resolved.warnings, Vec::<String>::new());
}

#[test]
fn zero_is_no_limit() {
    let environment = [("PER_CHART_LIMIT", "0"), ("MAX_STORAGE_OBJECTS", "0")];
    let resolved = resolve(&[], &environment, None);
    assert_eq!(resolved.config.repository_defaults, RepositorySettings::default());
    assert_eq!(resolved.warnings, Vec::<String>::new());
    assert!(refusal(&[], &[("PER_CHART_LIMIT", "-1")], None).contains("PER_CHART_LIMIT"));
}

#[test]
fn chartmuseum_variables_that_differ_are_explained() {
    let cases = [
        ("ARTIFACT_HUB_REPO_ID", "org=id", "--artifacthub-repository-id id"),
        ("CACHE", "redis", "remove the Redis"),
        ("DEPTH", "2", "repo create"),
        ("DEPTH_DYNAMIC", "true", "two"),
        ("JSON_INDEX", "true", "YAML"),
        ("WEB_TEMPLATE_PATH", "/x", "page"),
        ("DEBUG", "express:*", "neither true nor false"),
        ("BASIC_AUTH_USER", "u", "BASIC_AUTH_PASS"),
    ];
    for (name, value, part) in cases {
        let warnings = resolve(&[], &[(name, value)], None).warnings.join("\n");
        assert!(warnings.contains(part), "{name}={value}: {warnings}");
    }
}

#[test]
fn chartmuseum_variables_that_cannot_mean_the_same_are_refused() {
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("DEPTH", "1")], "WORKSPACE/REPOSITORY"),
        (&[("BEARER_AUTH", "true")], "token create"),
        (&[("GEN_INDEX", "true")], "chandlery index"),
        (&[("STORAGE", "google")], "--blobs-url"),
        (&[("STORAGE", "local")], "STORAGE_LOCAL_ROOTDIR"),
        (&[("STORAGE", "amazon")], "STORAGE_AMAZON_BUCKET"),
    ];
    for (environment, part) in cases {
        let message = refusal(&[], environment, None);
        assert!(message.contains(part) && message.contains(chartmuseum::GUIDE), "{message}");
    }
    let moot = resolve(&["--blobs-url", "s3://b"], &[("STORAGE", "google")], None);
    assert_eq!(moot.config.blobs_url.as_deref(), Some("s3://b"));
}

#[test]
fn aliases_are_spelled_once_and_point_to_settings() {
    let mut variables: Vec<_> = ALIASES.iter().map(chartmuseum::Alias::variable).collect();
    variables.sort();
    let count = variables.len();
    variables.dedup();
    assert_eq!(variables.len(), count);
    for alias in ALIASES {
        if let chartmuseum::Meaning::Same(name) | chartmuseum::Meaning::SameSwitch(name) = alias.meaning {
            assert!(Setting::find(name).is_some(), "{}", alias.flag);
        }
    }
}
