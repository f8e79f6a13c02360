//! From an `Authorization` header or the console's cookie to an [`Actor`].

mod cookies;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chandlery_core::{Account, AccountName, Actor, Digest, Error, Result, TokenScope};
use chandlery_store::{Store, accounts, members, sessions, tokens};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use jiff::SignedDuration;
use rand::TryRngCore;
use tokio::sync::Semaphore;

use crate::config::Config;
use cookies::Cookies;

/// What every token begins with, so that scanners for leaked secrets know one.
pub(crate) const TOKEN_PREFIX: &str = "chy_";

/// How long a credential that was found good is believed without asking the database again. A token that another
/// replica revoked works for at most this long.
const BELIEVED_FOR: Duration = Duration::from_secs(5);

/// How many credentials are remembered.
const REMEMBERED: u64 = 10_000;

/// How long it is remembered that a password fitted a hash; whether the hash is still the account's is asked anew.
const FITTED_FOR: Duration = Duration::from_secs(3600);

/// Password checks at once: each takes 19 MiB and tens of milliseconds of CPU.
const CHECKS_AT_ONCE: usize = 1;

/// Password checks per client address and account: 10 at once, then one every 6 seconds. A password that is remembered
/// to fit is not checked, so only guessing and changing passwords comes near this.
const ATTEMPTS_AT_ONCE: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
const ATTEMPTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

/// How long a session lives without a request, and at most.
pub(crate) const SESSION_IDLE: SignedDuration = SignedDuration::from_hours(12);
pub(crate) const LONGEST_SESSION: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Finds out who sends a request.
pub(crate) struct Authentication {
    store: Arc<Store>,
    cookies: Cookies,
    believed: moka::sync::Cache<Digest, Account>,
    /// Digest of password and hash → they fit.
    fitted: moka::sync::Cache<Digest, ()>,
    checks: Semaphore,
    attempts: DefaultKeyedRateLimiter<(IpAddr, String)>,
}

/// What a header offers.
enum Credentials {
    Token(String),
    Password(AccountName, String),
}

impl Authentication {
    /// Nothing remembered.
    pub(crate) fn new(store: Arc<Store>, config: &Config) -> Self {
        let quota = Quota::per_minute(ATTEMPTS_PER_MINUTE).allow_burst(ATTEMPTS_AT_ONCE);
        Self {
            store,
            cookies: Cookies::new(config),
            believed: moka::sync::Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(BELIEVED_FOR)
                .build(),
            fitted: moka::sync::Cache::builder().max_capacity(REMEMBERED).time_to_live(FITTED_FOR).build(),
            checks: Semaphore::new(CHECKS_AT_ONCE),
            attempts: RateLimiter::keyed(quota),
        }
    }

    /// Forgets what was believed: after any change of an account or a token.
    pub(crate) fn forget(&self) {
        self.believed.invalidate_all();
    }

    /// The console's cookie.
    pub(crate) fn cookies(&self) -> &Cookies {
        &self.cookies
    }

    /// Who sends a request of the REST API: by its `Authorization` header, or without one by the console's cookie. A
    /// cookie that is no good is none: it stays in browsers when its session has ended.
    ///
    /// # Errors
    /// As [`Authentication::identify`]; [`Error::Forbidden`] for a change by a page that is not the console's.
    pub(crate) async fn identify_caller(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        peer: IpAddr,
    ) -> Result<Actor> {
        if headers.contains_key(header::AUTHORIZATION) {
            return self.identify(headers, peer).await;
        }
        let Some(secret) = self.cookies.secret(headers) else { return Ok(Actor::Anonymous) };
        let Some(account) = self.account_of_session(secret).await? else { return Ok(Actor::Anonymous) };
        self.cookies.check_origin(method, uri, headers)?;
        Ok(Actor::Account(account))
    }

    async fn account_of_session(&self, secret: &str) -> Result<Option<Account>> {
        let key = Digest::of(format!("session\0{secret}").as_bytes());
        if let Some(account) = self.believed.get(&key) {
            return Ok(Some(account));
        }
        let now = jiff::Timestamp::now();
        let database = self.store.database();
        let hash = Digest::of(secret.as_bytes());
        let found = sessions::find_by_secret(database.reader(), &hash, now).await?;
        let Some((session, account)) = found else { return Ok(None) };
        // A session that is used lives on; not every request writes.
        let end = (now + SESSION_IDLE).min(session.created_at + LONGEST_SESSION);
        if end.duration_since(session.expires_at) > SESSION_IDLE / 12 {
            sessions::extend(database.writer(), session.id, end).await?;
        }
        let account = self.account_with(account, TokenScope::All, None).await?;
        self.believed.insert(key, account.clone());
        Ok(Some(account))
    }

    /// The account that the headers prove, or nobody without an `Authorization` header.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for credentials that are wrong, unreadable, expired or of a disabled account;
    /// [`Error::TooManyAttempts`] for guessing.
    pub(crate) async fn identify(&self, headers: &HeaderMap, peer: IpAddr) -> Result<Actor> {
        let Some(header) = headers.get(header::AUTHORIZATION) else { return Ok(Actor::Anonymous) };
        let key = Digest::of(header.as_bytes());
        if let Some(account) = self.believed.get(&key) {
            return Ok(Actor::Account(account));
        }
        let account = match credentials(header)? {
            Credentials::Token(secret) => self.account_of_token(&secret).await?,
            Credentials::Password(name, password) => self.account_of_password(name, password, peer).await?,
        };
        self.believed.insert(key, account.clone());
        Ok(Actor::Account(account))
    }

    async fn account_of_token(&self, secret: &str) -> Result<Account> {
        let hash = Digest::of(secret.as_bytes());
        let reader = self.store.database().reader();
        let found = tokens::find_by_secret(reader, &hash, jiff::Timestamp::now()).await?;
        let (token, account) = found.ok_or(Error::Unauthenticated)?;
        self.account_with(account, token.scope, token.repository_id).await
    }

    async fn account_with(
        &self,
        row: accounts::AccountRow,
        scope: TokenScope,
        repository: Option<i64>,
    ) -> Result<Account> {
        let memberships = members::memberships(self.store.database().reader(), row.id).await?;
        Ok(Account {
            id: row.id,
            name: row.name,
            robot: row.workspace_id.is_some(),
            role: row.role,
            permissions: row.permissions,
            memberships,
            scope,
            repository,
        })
    }

    async fn account_of_password(
        &self,
        name: AccountName,
        password: String,
        peer: IpAddr,
    ) -> Result<Account> {
        let account = self.check_password(&name, password, peer).await?;
        self.account_with(account, TokenScope::All, None).await
    }

    /// The enabled account with this name and password.
    ///
    /// # Errors
    /// As [`Authentication::identify`].
    pub(crate) async fn check_password(
        &self,
        name: &AccountName,
        password: String,
        peer: IpAddr,
    ) -> Result<accounts::AccountRow> {
        let account = accounts::find(self.store.database().reader(), name).await?;
        let account = account.filter(|account| !account.disabled);
        let hash = account.as_ref().and_then(|account| account.password_hash.clone());
        // An unknown name costs the same time as a wrong password, so that names cannot be found by timing.
        let hash = hash.unwrap_or_else(|| UNKNOWN_ACCOUNT_HASH.to_owned());
        let fits = self.password_fits(name, password, hash, peer).await?;
        account.filter(|_| fits).ok_or(Error::Unauthenticated)
    }

    async fn password_fits(
        &self,
        name: &AccountName,
        password: String,
        hash: String,
        peer: IpAddr,
    ) -> Result<bool> {
        let key = Digest::of(format!("{hash}\0{password}").as_bytes());
        if self.fitted.contains_key(&key) {
            return Ok(true);
        }
        let _permit = self.checks.acquire().await.map_err(Error::internal)?;
        // Of several requests that begin together, the first one checks for all.
        if self.fitted.contains_key(&key) {
            return Ok(true);
        }
        self.check_attempts(peer, name)?;
        let fits = tokio::task::spawn_blocking(move || password_matches(&password, &hash))
            .await
            .map_err(Error::internal)?;
        if fits {
            self.fitted.insert(key, ());
        }
        Ok(fits)
    }

    fn check_attempts(&self, peer: IpAddr, name: &AccountName) -> Result<()> {
        self.attempts.check_key(&(peer, name.to_string())).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            Error::TooManyAttempts { retry_after_seconds: wait.as_secs() + 1 }
        })?;
        self.attempts.retain_recent();
        Ok(())
    }
}

/// A hash of no password in use, with the parameters of [`hash_password`].
const UNKNOWN_ACCOUNT_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$b2JzdHVydW0gYXF1YQ$VmxvZ2Vsc2FuZ2luZGVsZW50ZXpvbm5lZGFnZW4xMjM";

fn credentials(header: &HeaderValue) -> Result<Credentials> {
    let text = header.to_str().map_err(|_| Error::Unauthenticated)?;
    let (scheme, value) = text.trim().split_once(' ').ok_or(Error::Unauthenticated)?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Credentials::Token(value.to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Error::Unauthenticated);
    }
    let pair = STANDARD.decode(value).map_err(|_| Error::Unauthenticated)?;
    let pair = String::from_utf8(pair).map_err(|_| Error::Unauthenticated)?;
    let (name, password) = pair.split_once(':').ok_or(Error::Unauthenticated)?;
    if password.starts_with(TOKEN_PREFIX) {
        return Ok(Credentials::Token(password.to_owned()));
    }
    let name = name.parse().map_err(|_| Error::Unauthenticated)?;
    Ok(Credentials::Password(name, password.to_owned()))
}

fn password_matches(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// The shortest password that is accepted, in characters.
const SHORTEST_PASSWORD: usize = 8;

/// Hashes a new password with argon2id (RFC 9106), off the threads that serve connections.
///
/// # Errors
/// [`Error::Invalid`] for one that is too short or looks like a token.
pub(crate) async fn hash_password(password: String) -> Result<String> {
    if password.chars().count() < SHORTEST_PASSWORD {
        return Err(Error::invalid("password", format!("is shorter than {SHORTEST_PASSWORD} characters")));
    }
    if password.starts_with(TOKEN_PREFIX) {
        return Err(Error::invalid(
            "password",
            format!("begins with {TOKEN_PREFIX}, which is how tokens begin"),
        ));
    }
    tokio::task::spawn_blocking(move || {
        let hash = Argon2::default()
            .hash_password(password.as_bytes())
            .map_err(|error| Error::internal(format!("argon2: {error}")))?;
        Ok(hash.to_string())
    })
    .await
    .map_err(Error::internal)?
}

/// A new secret: `prefix` and 32 random bytes.
pub(crate) fn random_secret(prefix: &str) -> Result<String> {
    let mut bytes = [0; 32];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(Error::internal)?;
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_nobody_can_be_checked() {
        let hash = PasswordHash::new(UNKNOWN_ACCOUNT_HASH).unwrap();
        let error = Argon2::default().verify_password(b"anything", &hash).unwrap_err();
        assert_eq!(error, argon2::password_hash::Error::PasswordInvalid);
    }

    #[tokio::test]
    async fn passwords_are_hashed_and_checked() {
        let hash = hash_password("correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(password_matches("correct horse", &hash));
        assert!(!password_matches("Correct horse", &hash));
        for bad in ["short", "chy_looks-like-a-token"] {
            assert_eq!(hash_password(bad.to_owned()).await.unwrap_err().code(), "invalid");
        }
    }

    #[test]
    fn headers_that_carry_nothing() {
        for bad in ["", "Basic", "Basic !!!", "Basic YQ==", "Digest x", "Basic /w=="] {
            let header = HeaderValue::from_str(bad).unwrap();
            assert!(credentials(&header).is_err(), "{bad}");
        }
        let token = HeaderValue::from_static("bearer  chy_x");
        assert!(matches!(credentials(&token), Ok(Credentials::Token(secret)) if secret == "chy_x"));
    }
}
