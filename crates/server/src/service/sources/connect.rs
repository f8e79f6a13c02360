//! From what is stored or asked for to a source that can be read.

use chandlery_api::{
    SourceCredentials, SourceKind, SourceRequest, SourceSettings, ValidationStage, ValidationView,
};
use chandlery_core::{Error, Result, Secret};
use chandlery_source::foreign::{
    self, Access, Credentials, Failure, Login, Outcome, Source, SourceUrl, StageReport, Validation,
};
use chandlery_store::sources::SourceRow;

use super::{check, history, settings_of, unseal};
use crate::app::App;

/// A request that can be: its URL in its usual form, its credentials apart.
pub(super) struct Checked {
    /// What it is, in the words of the API.
    pub(super) kind: String,
    /// With the URL in its usual form.
    pub(super) settings: SourceSettings,
    /// As given, those of the URL included.
    pub(super) credentials: Option<Option<SourceCredentials>>,
}

/// Checks what needs no network.
pub(super) fn checked(app: &App, request: SourceRequest) -> Result<Checked> {
    let SourceRequest { mut settings, mut credentials } = request;
    check(&settings)?;
    let (url, lifted) = parse(&settings).map_err(|failure| invalid_url(&failure))?;
    if let Some(Credentials { login: Some(Login::Basic { user, password }), .. }) = lifted {
        if credentials.is_some() {
            return Err(Error::invalid("url", "holds credentials, and there are others for it"));
        }
        credentials = Some(Some(SourceCredentials {
            username: Some(user),
            password: Some(password.expose().to_owned()),
            ..SourceCredentials::default()
        }));
    }
    settings.url = url.to_string();
    let given = credentials.clone().flatten().unwrap_or_default();
    if given.access_key_id.is_some() != given.secret_access_key.is_some() {
        return Err(Error::invalid("credentials", "an access key has an id and a secret: give both"));
    }
    Source::new(url.clone(), access_of(&settings), credentials_of(given)?, &app.outbound)
        .map_err(|failure| invalid(&failure))?;
    Ok(Checked { kind: kind_of(&url, &settings), settings, credentials })
}

fn parse(settings: &SourceSettings) -> Result<(SourceUrl, Option<Credentials>), Failure> {
    match settings.kind {
        None => SourceUrl::parse(&settings.url),
        Some(kind) => SourceUrl::parse_as(kind_name(kind), &settings.url),
    }
}

fn kind_name(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Http => "http",
        SourceKind::Https => "https",
        SourceKind::S3 => "s3",
        SourceKind::Git => "git",
        SourceKind::Oci => "oci",
    }
}

fn kind_of(url: &SourceUrl, settings: &SourceSettings) -> String {
    match url {
        SourceUrl::Http(_) if settings.url.starts_with("https:") => "https".to_owned(),
        other => other.kind().name().to_owned(),
    }
}

/// The scheme, host and port that credentials are bound to.
pub(super) fn origin(settings: &SourceSettings) -> Result<String> {
    let (url, _) = parse(settings).map_err(|failure| invalid_url(&failure))?;
    let line = |usual: bool| if settings.tls.unwrap_or(usual) { "" } else { ", not encrypted" };
    Ok(match url {
        SourceUrl::Http(url) => url.origin().ascii_serialization(),
        SourceUrl::Git(git) => git.remote.origin().ascii_serialization(),
        SourceUrl::S3(bucket) => {
            format!("{}://{}{}", bucket.store.scheme(), bucket.host, line(bucket.speaks_tls()))
        }
        SourceUrl::Oci(registry) => format!("oci://{}{}", registry.host, line(true)),
    })
}

fn invalid_url(failure: &Failure) -> Error {
    Error::invalid("url", format!("{}. {}", failure.cause, failure.advice))
}

fn invalid(failure: &Failure) -> Error {
    Error::invalid("source", format!("{}. {}", failure.cause, failure.advice))
}

fn access_of(settings: &SourceSettings) -> Access {
    Access {
        certificate_authorities: settings.certificate_authority.clone(),
        skip_verification: settings.skip_tls_verification,
        tls: settings.tls,
        region: settings.region.clone(),
        path_style: settings.path_style,
        reference: settings.reference.clone(),
        sub_path: settings.sub_path.clone(),
        tags_as_versions: settings.tags_as_versions,
        check_moved_tags: settings.check_moved_tags,
        token_servers: settings.token_servers.clone(),
    }
}

/// How to log in: one way of those that credentials offer.
fn credentials_of(given: SourceCredentials) -> Result<Credentials> {
    let SourceCredentials {
        username,
        password,
        token,
        access_key_id,
        secret_access_key,
        session_token,
        client_certificate,
        docker_config,
    } = given;
    let secret = |text: Option<String>| text.map(Secret::new);
    let basic = username.is_some() || password.is_some();
    let access_key = access_key_id.is_some() || secret_access_key.is_some() || session_token.is_some();
    let login = match (basic, token, access_key, docker_config) {
        (false, None, false, None) => None,
        (true, None, false, None) => Some(Login::Basic {
            user: username.unwrap_or_default(),
            password: secret(password).unwrap_or_else(|| Secret::new(String::new())),
        }),
        (false, Some(token), false, None) => Some(Login::Bearer { token: Secret::new(token) }),
        (false, None, true, None) => Some(Login::AccessKey {
            id: access_key_id.unwrap_or_default(),
            secret: Secret::new(secret_access_key.unwrap_or_default()),
            session_token: secret(session_token),
        }),
        (false, None, false, Some(json)) => Some(Login::DockerConfig { json: Secret::new(json) }),
        _ => {
            return Err(Error::invalid(
                "credentials",
                "are of several kinds: give a user name and password, or a token, or an access key, or a docker config",
            ));
        }
    };
    Ok(Credentials { login, client_certificate: secret(client_certificate) })
}

/// The source of a row.
pub(super) fn open(app: &App, row: &SourceRow) -> Result<Source, String> {
    let prepare = || -> Result<(SourceUrl, Access, Credentials)> {
        let settings = settings_of(row)?;
        let (url, _) = parse(&settings).map_err(|failure| invalid_url(&failure))?;
        let credentials = credentials_of(unseal(app, row)?.unwrap_or_default())?;
        Ok((url, access_of(&settings), credentials))
    };
    let (url, access, credentials) = prepare().map_err(|error| error.to_string())?;
    Source::new(url, access, credentials, &app.outbound).map_err(|failure| told(&failure))
}

/// A failure in one line.
pub(super) fn told(failure: &Failure) -> String {
    let stage = failure.stage.name();
    format!("{stage}: {} {} (code {})", sentence(&failure.cause), failure.advice, u16::from(failure.code))
}

fn sentence(text: &str) -> String {
    match text.ends_with(['.', '?', '!']) {
        true => text.to_owned(),
        false => format!("{text}."),
    }
}

/// Tries a source, stage by stage, and keeps nothing.
pub(super) async fn validate(
    app: &App,
    settings: SourceSettings,
    credentials: Option<SourceCredentials>,
) -> Result<ValidationView> {
    check(&settings)?;
    let credentials = credentials_of(credentials.unwrap_or_default())?;
    let kind = settings.kind.map(kind_name);
    let access = access_of(&settings);
    let validation = foreign::validate(kind, &settings.url, access, credentials, &app.outbound).await;
    Ok(validation_view(&validation))
}

/// What trying a source showed, in the form of the API.
#[must_use]
pub fn validation_view(validation: &Validation) -> ValidationView {
    let warnings = validation.stages.iter().filter(|report| report.outcome == Outcome::Warning);
    ValidationView {
        valid: validation.is_ok(),
        stages: validation.stages.iter().map(stage_view).collect(),
        warnings: warnings.map(|report| report.cause.clone()).collect(),
    }
}

fn stage_view(report: &StageReport) -> ValidationStage {
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    ValidationStage {
        stage: report.stage.name().to_owned(),
        outcome: report.outcome.name().to_owned(),
        code: report.code.map(u16::from),
        cause: given(&report.cause),
        advice: given(&report.advice),
        details: report.details(),
        skipped: report.skipped.iter().map(history::told_skipped).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Credentials that were given for an encrypted line do not go over one that everybody can read.
    #[test]
    fn what_credentials_are_bound_to() {
        let cases = [
            ("oci://h/a", None, "oci://h"),
            ("oci://h/a", Some(true), "oci://h"),
            ("oci://h/a", Some(false), "oci://h, not encrypted"),
            ("s3://s3.eu-west-1.amazonaws.com/b", None, "s3://s3.eu-west-1.amazonaws.com"),
            ("s3://minio:9000/b", None, "s3://minio:9000, not encrypted"),
            ("s3://minio:9000/b", Some(true), "s3://minio:9000"),
            ("gs://b", None, "gs://storage.googleapis.com"),
            ("https://h/a", Some(false), "https://h"),
        ];
        for (url, tls, expected) in cases {
            let settings = SourceSettings { url: url.to_owned(), tls, ..SourceSettings::default() };
            assert_eq!(origin(&settings).unwrap(), expected, "{url} {tls:?}");
        }
    }
}
