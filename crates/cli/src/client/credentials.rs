//! Credentials from the environment, bound to the server they belong to.

use anyhow::{Context as _, Result, bail};
use reqwest::RequestBuilder;

use crate::secret_file::read_secret_file;

/// What proves who the caller is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// A token, sent as Bearer.
    Token(String),
    /// A name and a password, sent as Basic.
    Password {
        /// The account.
        account: String,
        /// Its password.
        password: String,
    },
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Credentials(…)")
    }
}

impl Credentials {
    /// Adds the header.
    pub(crate) fn add_to(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Token(token) => request.bearer_auth(token),
            Self::Password { account, password } => request.basic_auth(account, Some(password)),
        }
    }

    /// The credentials of `CHANDLERY_TOKEN(_FILE)`, or of `CHANDLERY_USERNAME` and `CHANDLERY_PASSWORD(_FILE)`.
    ///
    /// # Errors
    /// A file cannot be read; a value is set twice or a part is missing.
    pub(crate) fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let token = secret(&variable, "CHANDLERY_TOKEN")?;
        let password = secret(&variable, "CHANDLERY_PASSWORD")?;
        let account = variable("CHANDLERY_USERNAME");
        match (token, account, password) {
            (Some(token), _, None) => Ok(Some(Self::Token(token))),
            (None, Some(account), Some(password)) => Ok(Some(Self::Password { account, password })),
            (Some(_), _, Some(_)) => bail!("CHANDLERY_TOKEN and CHANDLERY_PASSWORD are both set: keep one"),
            (None, None, Some(_)) => {
                bail!("CHANDLERY_PASSWORD is set without CHANDLERY_USERNAME: set it as well")
            }
            // A name alone is the default for `login`.
            (None, _, None) => Ok(None),
        }
    }
}

fn secret(variable: impl Fn(&str) -> Option<String>, name: &str) -> Result<Option<String>> {
    let file_name = format!("{name}_FILE");
    match (variable(name), variable(&file_name)) {
        (Some(_), Some(_)) => bail!("{name} and {file_name} are both set: keep one"),
        (Some(value), None) => Ok(Some(value)),
        (None, Some(path)) => read_secret_file(path.as_ref()).with_context(|| file_name).map(Some),
        (None, None) => Ok(None),
    }
}

/// A variable of this process; an empty one counts as absent.
pub(crate) fn process_variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_the_environment() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        std::fs::write(&path, "from-file\n").unwrap();
        let path = path.to_str().unwrap();
        let token = |text: &str| Ok(Some(Credentials::Token(text.to_owned())));
        let password = |account: &str, password: &str| {
            Ok(Some(Credentials::Password { account: account.to_owned(), password: password.to_owned() }))
        };
        type Case<'a> = (Vec<(&'a str, &'a str)>, Result<Option<Credentials>, &'a str>);
        let cases: Vec<Case<'_>> = vec![
            (vec![], Ok(None)),
            (vec![("CHANDLERY_TOKEN", "t")], token("t")),
            (vec![("CHANDLERY_TOKEN_FILE", path)], token("from-file")),
            (vec![("CHANDLERY_USERNAME", "u")], Ok(None)),
            (vec![("CHANDLERY_USERNAME", "u"), ("CHANDLERY_PASSWORD", "p")], password("u", "p")),
            (
                vec![("CHANDLERY_USERNAME", "u"), ("CHANDLERY_PASSWORD_FILE", path)],
                password("u", "from-file"),
            ),
            (vec![("CHANDLERY_PASSWORD", "p")], Err("CHANDLERY_USERNAME")),
            (vec![("CHANDLERY_TOKEN", "t"), ("CHANDLERY_TOKEN_FILE", path)], Err("both set")),
            (vec![("CHANDLERY_TOKEN", "t"), ("CHANDLERY_PASSWORD", "p")], Err("both set")),
            (vec![("CHANDLERY_TOKEN_FILE", "/absent")], Err("/absent")),
        ];
        for (variables, expected) in cases {
            let look_up = |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            };
            match (Credentials::from_environment(look_up), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{variables:?}"),
                (Err(error), Err(part)) => assert!(format!("{error:#}").contains(part), "{error:#}"),
                (found, expected) => panic!("{variables:?}: {found:?}, not {expected:?}"),
            }
        }
    }
}
