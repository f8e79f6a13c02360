//! How a foreign repository is reached, and who we are to it.

use chandlery_core::Secret;
use serde::{Deserialize, Serialize};

use super::{Code, Failure, Stage};
use crate::outbound::{self, TlsSettings};

/// How to reach a repository. Nothing in it is secret. The default fits most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Access {
    /// Certificate authorities to trust besides the system's, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_authorities: Option<String>,
    /// Trust whoever answers. Shown as a warning wherever the repository is.
    pub skip_verification: bool,
    /// Whether TLS is spoken, where the URL does not tell (`s3://`, `oci://`): `None` by the rules of the kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<bool>,
    /// The region of a bucket; `None` reads it from the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Whether the bucket stands in the path and not in the host name; `None` is yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_style: Option<bool>,
    /// A branch, tag or commit of a git repository, before the one in the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// A folder of a git repository, below the one in the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_path: Option<String>,
    /// Whether each tag of a git repository that is a version is read, and not one commit.
    pub tags_as_versions: bool,
    /// Whether every known tag of a registry is asked for its digest at each sync: one request for each tag. Without it
    /// a tag that was moved is noticed when its package is fetched.
    pub check_moved_tags: bool,
    /// Token servers of a registry, as `HOST` or `HOST:PORT`, that may see the credentials though they are not in the
    /// registry's own domain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub token_servers: Vec<String>,
}

/// Who we are to a repository. `Debug` shows no secret; serde does, so that it can be sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Credentials {
    /// How to log in; anonymous without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// A certificate chain and its private key, PEM, one after the other.
    #[serde(with = "optional_secret", skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<Secret>,
}

/// How to log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind", deny_unknown_fields)]
pub enum Login {
    /// A user name and a password; for git hosts also any name and a token.
    Basic {
        /// The user name.
        user: String,
        /// The password.
        #[serde(with = "secret")]
        password: Secret,
    },
    /// A token.
    Bearer {
        /// The token.
        #[serde(with = "secret")]
        token: Secret,
    },
    /// The key of an object store.
    AccessKey {
        /// The public half.
        id: String,
        /// The secret half.
        #[serde(with = "secret")]
        secret: Secret,
        /// The token of a session that the key belongs to.
        #[serde(with = "optional_secret", default, skip_serializing_if = "Option::is_none")]
        session_token: Option<Secret>,
    },
    /// The `config.json` that `docker login` or `helm registry login` writes.
    DockerConfig {
        /// The text of the file.
        #[serde(with = "secret")]
        json: Secret,
    },
}

impl Credentials {
    /// A user name and a password.
    #[must_use]
    pub fn basic(user: impl Into<String>, password: impl Into<String>) -> Self {
        let password = Secret::new(password.into());
        Self { login: Some(Login::Basic { user: user.into(), password }), client_certificate: None }
    }

    /// A token.
    #[must_use]
    pub fn bearer(token: impl Into<String>) -> Self {
        Self { login: Some(Login::Bearer { token: Secret::new(token.into()) }), client_certificate: None }
    }

    /// An access key and its secret.
    #[must_use]
    pub fn access_key(id: impl Into<String>, secret: impl Into<String>) -> Self {
        let secret = Secret::new(secret.into());
        let login = Login::AccessKey { id: id.into(), secret, session_token: None };
        Self { login: Some(login), client_certificate: None }
    }

    /// What goes into the header of an HTTP request to `host` (with its port where it is not the usual one).
    pub(super) fn for_http(&self, host: &str) -> Result<Option<outbound::Credentials>, Failure> {
        Ok(match &self.login {
            None => None,
            Some(Login::Basic { user, password }) => {
                Some(outbound::Credentials::Basic { user: user.clone(), password: password.clone() })
            }
            Some(Login::Bearer { token }) => Some(outbound::Credentials::Bearer(token.clone())),
            Some(Login::AccessKey { .. }) => {
                return Err(misfit(
                    "an access key opens object stores only",
                    "Give a user and password, or a token.",
                ));
            }
            Some(Login::DockerConfig { json }) => from_docker_config(json.expose(), host)?,
        })
    }
}

fn misfit(cause: &str, advice: &str) -> Failure {
    Failure::new(Stage::Url, Code::UrlFormat, cause, advice)
}

/// The file of `docker login`.
#[derive(Deserialize)]
struct DockerConfig {
    #[serde(default)]
    auths: std::collections::BTreeMap<String, DockerLogin>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct DockerLogin {
    auth: String,
    username: String,
    password: String,
    registrytoken: String,
}

/// The login for `host` in a docker config; anonymous if it has none.
fn from_docker_config(json: &str, host: &str) -> Result<Option<outbound::Credentials>, Failure> {
    let advice = "Give the content of ~/.docker/config.json or of helm's registry/config.json.";
    let broken = |cause: &str| Failure::new(Stage::Url, Code::CredentialsNotJson, cause, advice);
    let config: DockerConfig = serde_json::from_str(json)
        .map_err(|_| broken("the docker config is not the JSON that docker writes"))?;
    let server = |key: &str| {
        let key = key.split_once("://").map_or(key, |(_, rest)| rest);
        key.split('/').next().unwrap_or(key).to_ascii_lowercase()
    };
    let Some((_, login)) = config.auths.iter().find(|(key, _)| server(key) == host) else { return Ok(None) };
    if !login.registrytoken.is_empty() {
        return Ok(Some(outbound::Credentials::Bearer(Secret::new(login.registrytoken.clone()))));
    }
    if login.auth.is_empty() {
        let is_empty = login.username.is_empty();
        return Ok(
            (!is_empty).then(|| outbound::Credentials::basic(login.username.clone(), login.password.clone()))
        );
    }
    use base64::Engine as _;
    let decoded = base64::engine::general_purpose::STANDARD.decode(login.auth.trim_end_matches('\0'));
    let decoded = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let (user, password) = decoded
        .as_deref()
        .and_then(|text| text.split_once(':'))
        .ok_or_else(|| broken("the docker config has a login that is not user:password in base64"))?;
    Ok(Some(outbound::Credentials::basic(user.to_owned(), password.to_owned())))
}

/// The TLS settings of a repository.
pub(super) fn tls_settings(access: &Access, credentials: &Credentials) -> TlsSettings {
    TlsSettings {
        authorities: access.certificate_authorities.as_ref().map(|pem| pem.clone().into_bytes()),
        identity: credentials.client_certificate.clone(),
        skip_verification: access.skip_verification,
    }
}

/// Secrets in serde, for what is sealed as a whole.
mod secret {
    use chandlery_core::Secret;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        String::deserialize(deserializer).map(Secret::new)
    }
}

mod optional_secret {
    use chandlery_core::Secret;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "the signature serde asks for")]
    pub(super) fn serialize<S: Serializer>(
        secret: &Option<Secret>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(Secret::expose).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Secret>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_sealed_and_not_shown() {
        for credentials in [
            Credentials::default(),
            Credentials::basic("u", "hunter2"),
            Credentials::bearer("hunter2"),
            Credentials::access_key("id", "hunter2"),
            Credentials { client_certificate: Some(Secret::new("hunter2".to_owned())), login: None },
        ] {
            assert!(!format!("{credentials:?}").contains("hunter2"));
            let sealed = serde_json::to_string(&credentials).unwrap();
            assert_eq!(serde_json::from_str::<Credentials>(&sealed).unwrap(), credentials, "{sealed}");
        }
    }

    #[test]
    fn docker_configs() {
        let config = r#"{"auths": {
            "https://index.docker.io/v1/": {"auth": "dTpw"},
            "registry.test:5000": {"username": "a", "password": "b"},
            "token.test": {"registrytoken": "t"}, "bad.test": {"auth": "?"}, "helper.test": {}
        }, "credsStore": "desktop"}"#;
        let read = |host| from_docker_config(config, host);
        let basic = |user: &str, password: &str| {
            Ok(Some(outbound::Credentials::basic(user.to_owned(), password.to_owned())))
        };
        assert_eq!(read("index.docker.io"), basic("u", "p"));
        assert_eq!(read("registry.test:5000"), basic("a", "b"));
        assert_eq!(read("token.test"), Ok(Some(outbound::Credentials::Bearer(Secret::new("t".to_owned())))));
        assert_eq!(read("helper.test"), Ok(None));
        assert_eq!(read("other.test"), Ok(None));
        assert_eq!(read("bad.test").unwrap_err().code, Code::CredentialsNotJson);
        assert_eq!(from_docker_config("[", "h").unwrap_err().code, Code::CredentialsNotJson);
    }
}
