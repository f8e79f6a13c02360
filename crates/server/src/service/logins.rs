//! Login by the identity provider: who may, and as whom.
//!
//! An account belongs to a subject of an issuer and to nothing else: names and addresses are no proof of anything. What
//! the groups of somebody give holds from one login to the next, beside what their account has by hand.

use std::collections::BTreeSet;

use chandlery_api::{LoginMethods, OidcLogin};
use chandlery_core::{AccountName, Error, PLATFORM_REGULAR, Result};
use chandlery_store::accounts::{self, AccountChange, AccountRow, NewAccount};
use chandlery_store::{Transaction, groups, identities};
use jiff::Timestamp;

use super::accounts::refuse_robot_names;
use super::sessions;
use super::trail::{self, Change};
use crate::app::{App, OidcLogins};
use crate::config::OidcConfig;
use crate::oidc::{Person, told};

/// Where a login by the identity provider begins.
pub(crate) const BEGIN: &str = "/login/oidc";

/// What the provider sends back with the browser.
#[derive(Debug, Default)]
pub(crate) struct Callback {
    /// What the login began with.
    pub(crate) state: Option<String>,
    /// What is traded for who this is.
    pub(crate) code: Option<String>,
    /// Why there is no code.
    pub(crate) error: Option<String>,
    /// The same for people.
    pub(crate) error_description: Option<String>,
    /// Who sends it (RFC 9207).
    pub(crate) iss: Option<String>,
}

/// A login that has come to its end.
pub(crate) struct LoggedIn {
    /// The session's secret.
    pub(crate) secret: String,
    /// How long its cookie lives, in seconds.
    pub(crate) seconds: i64,
    /// Where the browser goes.
    pub(crate) return_to: String,
}

/// The ways to log in.
pub(crate) fn methods(app: &App) -> LoginMethods {
    let oidc = app.oidc.as_ref().map(|logins| OidcLogin {
        display_name: logins.provider.config().display_name.clone(),
        url: format!("{}{BEGIN}", app.config.context_path),
    });
    LoginMethods { password: true, oidc }
}

fn provider(app: &App) -> Result<&OidcLogins> {
    app.oidc.as_ref().ok_or_else(|| Error::not_found("an identity provider"))
}

/// Begins a login. Returns where the browser goes, and what it has to bring back.
pub(crate) async fn begin(app: &App, return_to: Option<String>) -> Result<(String, String)> {
    let logins = provider(app)?;
    let return_to = return_to.unwrap_or_else(|| format!("{}/", app.config.context_path));
    check_local(&return_to)?;
    let begun = logins.provider.begin(return_to).await?;
    Ok((begun.url, logins.attempts.write(&begun.attempt)))
}

/// Refuses what a browser could take for another server's address.
fn check_local(path: &str) -> Result<()> {
    let strange = |letter: char| letter == '\\' || letter.is_control() || letter.is_whitespace();
    if path.starts_with('/') && !path.starts_with("//") && !path.contains(strange) && path.len() <= 1024 {
        return Ok(());
    }
    Err(Error::invalid("return_to", "is not a path of this server, such as /apps"))
}

/// Ends a login: `attempt` is what the browser brought back.
pub(crate) async fn finish(app: &App, callback: Callback, attempt: Option<&str>) -> Result<LoggedIn> {
    let logins = provider(app)?;
    let attempt = attempt.and_then(|value| logins.attempts.read(value, Timestamp::now()));
    let same = attempt.filter(|attempt| callback.state.as_ref() == Some(&attempt.state));
    let attempt = same.ok_or_else(|| {
        let reason = "this login was not begun in this browser, or is more than 10 minutes old: begin again";
        Error::invalid("state", reason)
    })?;
    let config = logins.provider.config();
    if callback.iss.as_ref().is_some_and(|issuer| *issuer != config.issuer) {
        return Err(Error::invalid("iss", "this is the answer of another identity provider"));
    }
    if let Some(error) = callback.error {
        let description = callback.error_description.map(|text| format!(": {}", told(&text)));
        let description = description.unwrap_or_default();
        return Err(Error::Forbidden(format!(
            "the identity provider refused: {}{description}",
            told(&error)
        )));
    }
    let code = callback.code.ok_or_else(|| Error::invalid("code", "the identity provider sent none"))?;
    let return_to = attempt.return_to.clone();
    let person = logins.provider.finish(attempt, code).await?;
    let (secret, seconds) = log_in(app, config, &person).await?;
    Ok(LoggedIn { secret, seconds, return_to })
}

/// Opens a session for somebody whom the provider knows.
async fn log_in(app: &App, config: &OidcConfig, person: &Person) -> Result<(String, i64)> {
    check_admission(config, person)?;
    let transaction = app.store.database().begin().await?;
    let account = match identities::find(&transaction, &config.issuer, &person.subject).await? {
        Some(account) if account.disabled => {
            return Err(Error::Forbidden(format!("the account {} is disabled", account.name)));
        }
        Some(account) => refreshed(&transaction, account, person).await?,
        None => created(&transaction, config, person).await?,
    };
    let before = groups::of_account(&transaction, account.id).await?;
    if before != person.groups {
        groups::replace(&transaction, account.id, &person.groups).await?;
        note(&transaction, "account.groups", &account, difference(&before, &person.groups)).await?;
    }
    let (_, secret, seconds) =
        sessions::open(&transaction, &account, format!("by {}", config.issuer)).await?;
    transaction.commit().await?;
    if before != person.groups {
        // Other sessions and tokens of the account lose what its groups no longer give.
        app.authentication.forget();
    }
    Ok((secret, seconds))
}

/// Whether the operator lets such people in.
fn check_admission(config: &OidcConfig, person: &Person) -> Result<()> {
    if let Some(group) = &config.required_group
        && !person.groups.contains(group)
    {
        return Err(Error::Forbidden(format!("only members of the group {group} may log in here")));
    }
    let domains = &config.allowed_email_domains;
    let domain = person.email.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
    let admitted = domain.is_some_and(|domain| person.email_verified && domains.contains(&domain));
    if domains.is_empty() || admitted {
        return Ok(());
    }
    Err(Error::Forbidden(format!(
        "only people with an e-mail address of {} that the identity provider has verified may log in here",
        domains.join(", ")
    )))
}

/// The account with the name and address that the provider has of it.
async fn refreshed(transaction: &Transaction, account: AccountRow, person: &Person) -> Result<AccountRow> {
    let changed = |new: &str, old: &str| Some(new.to_owned()).filter(|text| !text.is_empty() && text != old);
    let change = AccountChange {
        display_name: changed(&person.display_name, &account.display_name),
        email: changed(&person.email, &account.email),
        ..AccountChange::default()
    };
    if change.display_name.is_none() && change.email.is_none() {
        return Ok(account);
    }
    accounts::update(transaction, &account.name, &change).await
}

/// A new account for somebody who was never here. A name that an account has is that account's.
async fn created(transaction: &Transaction, config: &OidcConfig, person: &Person) -> Result<AccountRow> {
    if !config.create_accounts {
        return Err(Error::Forbidden(
            "you have no account here, and this server makes none at the first login: ask an administrator"
                .to_owned(),
        ));
    }
    let name = person.account_name(&config.name_claim)?;
    refuse_robot_names(&name)?;
    let account = NewAccount {
        name: &name,
        password_hash: None,
        display_name: &person.display_name,
        email: &person.email,
        workspace_id: None,
        role: &PLATFORM_REGULAR.parse()?,
        created_at: Timestamp::now(),
    };
    let row = accounts::create(transaction, &account).await.map_err(|error| name_taken(error, &name))?;
    identities::create(transaction, &config.issuer, &person.subject, row.id).await?;
    note(transaction, "account.create", &row, format!("by {}", config.issuer)).await?;
    Ok(row)
}

fn name_taken(error: Error, name: &AccountName) -> Error {
    match error {
        Error::AlreadyExists(_) => Error::Conflict(format!(
            "there is an account {name} already, and nothing says that it is yours: ask an administrator"
        )),
        other => other,
    }
}

async fn note(
    transaction: &Transaction,
    action: &'static str,
    account: &AccountRow,
    message: String,
) -> Result<()> {
    let change = Change { action, name: account.name.to_string(), workspace: None, message };
    trail::note_of(transaction, account.name.as_str(), account.role.as_str(), change).await
}

/// What came and what went, for the audit.
fn difference(before: &BTreeSet<String>, after: &BTreeSet<String>) -> String {
    let list = |word: &str, left: &BTreeSet<String>, right: &BTreeSet<String>| {
        let names: Vec<_> = left.difference(right).map(String::as_str).collect();
        (!names.is_empty()).then(|| format!("{word} {}", names.join(", ")))
    };
    let parts = [list("gained", after, before), list("lost", before, after)];
    told(&parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_paths_are_returned_to() {
        let good = ["/", "/apps", "/apps?page=2#top", "/a//b", "/@x", "/:80/x", "/%5c%5cevil.example.org"];
        let bad = [
            "",
            "apps",
            "//evil.example.org",
            "/\\evil.example.org",
            "\\/evil.example.org",
            "https://evil.example.org",
            "javascript:alert(1)",
            "/\t/evil.example.org",
            "/\n/evil.example.org",
            " /apps",
            "?a",
        ];
        for path in good {
            assert!(check_local(path).is_ok(), "{path}");
        }
        for path in bad {
            assert!(check_local(path).is_err(), "{path}");
        }
    }

    #[test]
    fn admission() {
        let person = |email: &str, email_verified, groups: &[&str]| Person {
            subject: "s".to_owned(),
            name: None,
            display_name: String::new(),
            email: email.to_owned(),
            email_verified,
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        };
        let open = OidcConfig::new("https://id.example.org".to_owned(), "c".to_owned());
        let domains = OidcConfig {
            allowed_email_domains: vec!["example.org".to_owned(), "example.com".to_owned()],
            ..open.clone()
        };
        let group = OidcConfig { required_group: Some("staff".to_owned()), ..open.clone() };
        let cases = [
            (&open, person("", false, &[]), true),
            (&domains, person("a@example.org", true, &[]), true),
            (&domains, person("a@EXAMPLE.com", true, &[]), true),
            (&domains, person("a@example.org", false, &[]), false),
            (&domains, person("a@sub.example.org", true, &[]), false),
            (&domains, person("a@example.org@evil.example", true, &[]), false),
            (&domains, person("example.org", true, &[]), false),
            (&group, person("", false, &["other", "staff"]), true),
            (&group, person("", false, &["Staff"]), false),
        ];
        for (config, person, admitted) in cases {
            assert_eq!(check_admission(config, &person).is_ok(), admitted, "{person:?}");
        }
    }
}
