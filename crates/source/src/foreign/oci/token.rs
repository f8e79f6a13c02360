//! How a registry lets us in: nothing, a password, or a token that another server gives out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use chandlery_core::Secret;
use http::header::{self, HeaderMap};
use reqwest::Url;
use serde::Deserialize;

use crate::foreign::{Code, Failure, Source, Stage, limits};
use crate::outbound::{Credentials, Outbound, Request};

/// The largest answer of a token server.
const LARGEST_TOKEN: u64 = 1 << 20;

/// The tokens of a registry by what they allow.
pub(super) struct Tokens {
    registry: Url,
    credentials: Option<Credentials>,
    token_servers: Vec<String>,
    own: Outbound,
    other: Outbound,
    /// What the last challenges of each scope were answered with.
    given: Mutex<HashMap<String, Credentials>>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(alias = "access_token")]
    token: Option<String>,
}

impl Tokens {
    /// For a registry that is asked by `own`.
    pub(super) fn new(
        source: &Source,
        registry: &Url,
        own: &Outbound,
        credentials: Option<Credentials>,
    ) -> Self {
        Self {
            registry: registry.clone(),
            credentials,
            token_servers: source.access.token_servers.clone(),
            own: own.clone(),
            other: source.other.clone(),
            given: Mutex::default(),
        }
    }

    /// What to send without being asked.
    pub(super) fn for_scope(&self, scope: &str) -> Option<Credentials> {
        let given = self.given.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let token = self.credentials.clone().filter(|own| matches!(own, Credentials::Bearer(_)));
        given.get(scope).cloned().or(token)
    }

    /// What to answer a challenge with; `None` if there is nothing that was not tried.
    pub(super) async fn answer(
        &self,
        headers: &HeaderMap,
        scope: &str,
    ) -> Result<Option<Credentials>, Failure> {
        let challenges =
            headers.get_all(header::WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let Some(challenge) = challenges.filter_map(Challenge::read).next() else { return Ok(None) };
        let answer = match challenge {
            Challenge::Basic => self.credentials.clone(),
            Challenge::Bearer { .. } if matches!(self.credentials, Some(Credentials::Bearer(_))) => None,
            Challenge::Bearer { realm, service } => Some(self.ask(&realm, &service, scope).await?),
        };
        if let Some(credentials) = &answer {
            let mut given = self.given.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            given.insert(scope.to_owned(), credentials.clone());
        }
        Ok(answer)
    }

    /// Asks a token server for a token.
    async fn ask(&self, realm: &str, service: &str, scope: &str) -> Result<Credentials, Failure> {
        let broken = |cause: String| {
            Failure::new(Stage::Auth, Code::NoAccess, cause, "Tell the owner of the registry.")
        };
        let mut url = Url::parse(realm)
            .map_err(|error| broken(format!("the registry names a token server that is none: {error}")))?;
        url.query_pairs_mut().append_pair("service", service).append_pair("scope", scope);
        let is_own = url.origin() == self.registry.origin();
        let is_trusted = is_own || is_trusted(&self.registry, &url, &self.token_servers);
        let credentials = self.credentials.clone().filter(|_| is_trusted);
        let withheld = self.credentials.is_some() && credentials.is_none();
        let request = Request::get(url.as_str()).limits(limits(LARGEST_TOKEN));
        let request = credentials.into_iter().fold(request, Request::credentials);
        let client = if is_own { &self.own } else { &self.other };
        let answer = client.send(request).await?.success().map_err(|error| match withheld {
            false => Failure { stage: Stage::Auth, ..error.into() },
            true => withheld_from(&url),
        })?;
        let answer: Answer = serde_json::from_slice(&answer.bytes().await?)
            .map_err(|_| broken("the token server does not answer with a token".to_owned()))?;
        let token = answer.token.ok_or_else(|| broken("the token server gives no token".to_owned()))?;
        Ok(Credentials::Bearer(Secret::new(token)))
    }
}

/// Whether a token server other than the registry itself may see the credentials: over TLS, if it is in the registry's
/// own domain (`auth.docker.io` for `registry-1.docker.io`) or if the options name it. A registry must not be able to have
/// them sent anywhere else.
fn is_trusted(registry: &Url, realm: &Url, listed: &[String]) -> bool {
    let (Some(own), Some(other)) = (registry.host_str(), realm.host_str()) else { return false };
    if realm.scheme() != "https" || registry.scheme() != "https" {
        return false;
    }
    let is_listed = listed.iter().any(|listed| *listed == crate::foreign::url::host_and_port(realm));
    is_listed || domain(own).is_some_and(|domain| other == domain || other.ends_with(&format!(".{domain}")))
}

/// What the hosts of one owner end with: the host without its first label, unless that leaves what strangers share (`io`,
/// `co.uk`). What this takes for strangers can be listed.
fn domain(host: &str) -> Option<&str> {
    if host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        return None;
    }
    let parent = host.split_once('.').and_then(|(_, parent)| Some((parent, parent.split_once('.')?)));
    match parent {
        Some((parent, (second, top))) if second.len() > 3 || top.len() > 2 => Some(parent),
        _ => Some(host),
    }
}

fn withheld_from(realm: &Url) -> Failure {
    let host = crate::foreign::url::host_and_port(realm);
    let cause = format!("the registry sends to {host} for a token, which is not of its own domain");
    let advice = format!("If {host} may see the password, add it to the token servers of the repository.");
    Failure::new(Stage::Auth, Code::NoAccess, cause, advice)
}

/// What a registry asks for.
#[derive(Debug, PartialEq, Eq)]
enum Challenge {
    Basic,
    Bearer { realm: String, service: String },
}

impl Challenge {
    fn read(text: &str) -> Option<Self> {
        let (scheme, parameters) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        match scheme.to_ascii_lowercase().as_str() {
            "basic" => Some(Self::Basic),
            "bearer" => Some(Self::Bearer {
                realm: parameter(parameters, "realm")?,
                service: parameter(parameters, "service").unwrap_or_default(),
            }),
            _ => None,
        }
    }
}

/// The value of `name="value"`.
fn parameter(text: &str, name: &str) -> Option<String> {
    let mut rest = text;
    while let Some((key, after)) = rest.split_once('=') {
        let (value, remainder) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if key.trim_matches([',', ' ']).eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        rest = remainder;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges() {
        let bearer = |realm: &str, service: &str| {
            Some(Challenge::Bearer { realm: realm.to_owned(), service: service.to_owned() })
        };
        let cases = [
            ("Basic realm=\"x\"", Some(Challenge::Basic)),
            ("bearer realm=\"https://h/t\",service=\"s\",scope=\"a,b\"", bearer("https://h/t", "s")),
            (
                "Bearer scope=\"repository:a:pull,push\", service=s, realm=\"https://h/t\"",
                bearer("https://h/t", "s"),
            ),
            ("Bearer service=\"s\"", None),
            ("Negotiate", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Challenge::read(text), expected, "{text}");
        }
    }

    #[test]
    fn who_sees_the_password() {
        let cases = [
            ("https://registry-1.docker.io/v2/", "https://auth.docker.io/token", true),
            ("https://registry.gitlab.com/v2/", "https://gitlab.com/jwt/auth", true),
            ("https://registry.example.co.uk/v2/", "https://auth.example.co.uk/", true),
            ("https://example.co.uk/v2/", "https://evil.co.uk/", false),
            ("https://ghcr.io/v2/", "https://evil.io/token", false),
            ("https://registry.test:5000/v2/", "http://registry.test/token", false),
            ("http://registry.a.test/v2/", "https://auth.a.test/token", false),
            ("https://r.a.test/v2/", "https://auth.b.test/token", false),
            ("https://r.a.test/v2/", "https://listed.b.test:8443/token", true),
            ("https://10.0.0.1/v2/", "https://11.0.0.1/token", false),
        ];
        let listed = ["listed.b.test:8443".to_owned()];
        for (registry, realm, expected) in cases {
            let parse = |text| Url::parse(text).unwrap();
            assert_eq!(is_trusted(&parse(registry), &parse(realm), &listed), expected, "{registry} {realm}");
        }
    }
}
