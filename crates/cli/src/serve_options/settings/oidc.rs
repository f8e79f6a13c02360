//! The settings of login by an identity provider.

use anyhow::{Result, bail};
use chandlery_server::{Config, OidcConfig, Secret};

use super::{Kind, Setting, read_certificates, read_web_origin};
use crate::serve_options::values::read_switch;

/// A provider under construction.
#[derive(Debug)]
pub(super) struct OidcDraft {
    provider: OidcConfig,
    /// Whether anything was set.
    is_set: bool,
}

impl Default for OidcDraft {
    fn default() -> Self {
        Self { provider: OidcConfig::new(String::new(), String::new()), is_set: false }
    }
}

impl OidcDraft {
    /// Checks what must come together.
    pub(super) fn finish(self, config: &Config) -> Result<Option<OidcConfig>> {
        if !self.is_set {
            return Ok(None);
        }
        let needed = [
            ("oidc-issuer", self.provider.issuer.is_empty()),
            ("oidc-client-id", self.provider.client_id.is_empty()),
            ("public-url", config.public_url.is_none()),
        ];
        if let Some((missing, _)) = needed.iter().find(|(_, is_missing)| *is_missing) {
            bail!(
                "login by an identity provider needs {missing} as well, besides the other settings of oidc"
            );
        }
        Ok(Some(self.provider))
    }
}

/// Words with commas or white space between them.
fn read_words(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| letter == ',' || letter.is_whitespace());
    words.filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect()
}

fn read_name(text: &str) -> Result<String> {
    if text.trim().is_empty() {
        bail!("is empty");
    }
    Ok(text.to_owned())
}

/// A setting of the provider.
macro_rules! setting {
    ($name:literal, $kind:expr, $default:literal, $help:literal, |$provider:ident, $text:ident| $apply:expr) => {
        Setting {
            name: $name,
            kind: $kind,
            default: $default,
            help: $help,
            apply: |draft, $text| {
                draft.oidc.is_set = true;
                let $provider = &mut draft.oidc.provider;
                $apply;
                Ok(())
            },
        }
    };
}

/// Every one of them.
pub(super) const SETTINGS: &[Setting] = &[
    setting!(
        "oidc-issuer",
        Kind::Text("URL"),
        "no identity provider",
        "The identity provider by which people may log in, as it spells its issuer, such as https://id.example.org/realms/one",
        |provider, text| {
            read_web_origin(text)?;
            provider.issuer = text.to_owned();
        }
    ),
    setting!(
        "oidc-client-id",
        Kind::Text("ID"),
        "none",
        "The name of this server at the identity provider",
        |provider, text| provider.client_id = read_name(text)?
    ),
    setting!(
        "oidc-client-secret",
        Kind::Secret("oidc-client-secret-file"),
        "none: a public client",
        "The secret of this server at the identity provider",
        |provider, text| provider.client_secret = Some(Secret::new(text.to_owned()))
    ),
    setting!(
        "oidc-ca",
        Kind::Text("FILE"),
        "outbound-ca",
        "Certificate authorities to trust as well when the identity provider is asked, PEM",
        |provider, text| provider.authorities = Some(read_certificates(text)?)
    ),
    setting!(
        "oidc-scopes",
        Kind::Text("SCOPES"),
        "profile email",
        "What is asked of the identity provider beside openid; many want groups named for the list of groups",
        |provider, text| provider.scopes = read_words(text)
    ),
    setting!(
        "oidc-name-claim",
        Kind::Text("CLAIM"),
        "preferred_username",
        "The claim that gives a new account its login name",
        |provider, text| provider.name_claim = read_name(text)?
    ),
    setting!(
        "oidc-groups-claim",
        Kind::Text("CLAIM"),
        "groups",
        "The claim that lists the groups of somebody",
        |provider, text| provider.groups_claim = read_name(text)?
    ),
    setting!(
        "oidc-display-name",
        Kind::Text("TEXT"),
        "Single sign-on",
        "What the console's button for the identity provider says",
        |provider, text| provider.display_name = read_name(text)?
    ),
    setting!(
        "oidc-create-accounts",
        Kind::Switch,
        "true",
        "Whether somebody without an account gets one at the first login by the identity provider",
        |provider, text| provider.create_accounts = read_switch(text)?
    ),
    setting!(
        "oidc-allowed-domains",
        Kind::Text("DOMAINS"),
        "all",
        "Only people with a verified e-mail address of one of these domains may log in by the identity provider",
        |provider, text| provider.allowed_email_domains = read_words(&text.to_lowercase())
    ),
    setting!(
        "oidc-required-group",
        Kind::Text("GROUP"),
        "none",
        "Only members of this group may log in by the identity provider",
        |provider, text| provider.required_group = Some(read_name(text)?)
    ),
];
