//! What a provider says of somebody.

use std::collections::{BTreeSet, HashMap};

use chandlery_core::{AccountName, Error, Result};
use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::told;
use crate::config::OidcConfig;

/// Claims beside those that the library knows, whatever they are called.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct AllClaims(HashMap<String, Value>);

impl AdditionalClaims for AllClaims {}

/// The most groups that are kept of one person, and the longest name of one in bytes. What is beyond gives nothing.
const MOST_GROUPS: usize = 1000;
const LONGEST_GROUP: usize = 255;

/// The longest name or address that is kept, in characters.
const LONGEST_TEXT: usize = 150;

/// Somebody who logged in at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// Who this is for the provider, for ever; names and addresses change hands.
    pub(crate) subject: String,
    /// What the claim for names holds.
    pub(crate) name: Option<String>,
    /// What people call them; may be empty.
    pub(crate) display_name: String,
    /// Their address, unless the provider says that nobody has checked it; may be empty.
    pub(crate) email: String,
    /// Whether the provider says that the address is theirs.
    pub(crate) email_verified: bool,
    /// Their groups.
    pub(crate) groups: BTreeSet<String>,
}

impl Person {
    /// Reads what the operator wants of the claims.
    pub(super) fn new(config: &OidcConfig, subject: String, claims: &Map<String, Value>) -> Self {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let kept = |name: &str| told(text(name).unwrap_or_default()).chars().take(LONGEST_TEXT).collect();
        let verified = claims.get("email_verified").and_then(Value::as_bool);
        Self {
            subject,
            name: text(&config.name_claim).map(ToOwned::to_owned),
            display_name: kept("name"),
            email: if verified == Some(false) { String::new() } else { kept("email") },
            email_verified: verified == Some(true),
            groups: groups(claims.get(&config.groups_claim)),
        }
    }

    /// The login name that a new account gets: the claim in lower case, with `-` for what no login name may hold.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when there is no such claim, or nothing of it can be in a name.
    pub(crate) fn account_name(&self, claim: &str) -> Result<AccountName> {
        let Some(name) = &self.name else {
            return Err(Error::Forbidden(format!(
                "the identity provider does not send the claim {claim}, which gives the account its name: an operator sets oidc-name-claim and oidc-scopes"
            )));
        };
        login_name(name).parse().map_err(|_| {
            Error::Forbidden(format!(
                "{:?}, the claim {claim}, makes no login name: an operator sets oidc-name-claim",
                told(name)
            ))
        })
    }
}

fn login_name(text: &str) -> String {
    let text = text.to_lowercase();
    // One separator between two words is what a name may have.
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && !matches!(letter, '.' | '_'));
    let words = words.map(|word| word.trim_matches(['.', '_'])).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// A list of names; a single name is one.
fn groups(claim: Option<&Value>) -> BTreeSet<String> {
    let names: Vec<&str> = match claim {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let fits = |name: &&str| (1..=LONGEST_GROUP).contains(&name.len()) && !name.contains('\0');
    names.into_iter().filter(fits).take(MOST_GROUPS).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn person(claims: &Value) -> Person {
        let config = OidcConfig::new("https://id.example.org".to_owned(), "chandlery".to_owned());
        Person::new(&config, "subject".to_owned(), claims.as_object().unwrap())
    }

    #[test]
    fn names_of_accounts() {
        let cases = [
            ("jane", Some("jane")),
            ("Jane.Doe", Some("jane.doe")),
            ("Jane  Doe", Some("jane-doe")),
            ("jane@example.org", Some("jane-example.org")),
            ("CORP\\jane_doe", Some("corp-jane_doe")),
            ("--jane--", Some("jane")),
            ("..", None),
            ("王", None),
            ("a..b", None),
            ("x", Some("x")),
        ];
        for (text, expected) in cases {
            let person = person(&json!({ "preferred_username": text }));
            let name = person.account_name("preferred_username").ok();
            assert_eq!(name.as_ref().map(AccountName::as_str), expected, "{text}");
        }
        let nameless = person(&json!({ "preferred_username": 7 }));
        let error = nameless.account_name("preferred_username").unwrap_err().to_string();
        assert!(error.contains("oidc-name-claim"), "{error}");
    }

    #[test]
    fn groups_and_addresses() {
        let of = |claims: Value| {
            let person = person(&claims);
            (person.groups.into_iter().collect::<Vec<_>>(), person.email, person.email_verified)
        };
        let email = "jane@example.org";
        assert_eq!(of(json!({})), (vec![], String::new(), false));
        assert_eq!(
            of(json!({ "groups": ["b", "a", "b", 7, ""], "email": email, "email_verified": true })),
            (vec!["a".to_owned(), "b".to_owned()], email.to_owned(), true)
        );
        assert_eq!(
            of(json!({ "groups": "one", "email": email })),
            (vec!["one".to_owned()], email.to_owned(), false)
        );
        assert_eq!(of(json!({ "email": email, "email_verified": false })), (vec![], String::new(), false));
        assert_eq!(of(json!({ "groups": ["x".repeat(256), "a\0b"] })).0, Vec::<String>::new());
    }
}
