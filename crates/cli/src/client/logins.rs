//! The login file: one token per server, readable by its owner only.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::address::ServerAddress;

/// What the login file holds.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Logins {
    /// The server that commands use unless told otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<String>,
    /// Server address to login.
    #[serde(default)]
    pub(crate) servers: BTreeMap<String, Login>,
}

/// One login.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// The account.
    pub(crate) account: String,
    /// The name of the token on the server, to delete it at logout.
    pub(crate) token_name: String,
    /// The token.
    pub(crate) token: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Login({} …)", self.account)
    }
}

impl Logins {
    /// The login for a server.
    pub(crate) fn find(&self, server: &ServerAddress) -> Option<&Login> {
        self.servers.get(server.as_key())
    }

    /// Adds or replaces a login and makes its server the current one.
    pub(crate) fn add(&mut self, server: &ServerAddress, login: Login) {
        self.servers.insert(server.as_key().to_owned(), login);
        self.current = Some(server.as_key().to_owned());
    }

    /// Removes a login; another one becomes current if it was.
    pub(crate) fn remove(&mut self, server: &ServerAddress) -> Option<Login> {
        let login = self.servers.remove(server.as_key());
        if self.current.as_deref() == Some(server.as_key()) {
            self.current = self.servers.keys().next().cloned();
        }
        login
    }
}

/// Where the logins are kept.
#[derive(Clone, Debug)]
pub(crate) struct LoginFile(PathBuf);

impl LoginFile {
    /// `$XDG_CONFIG_HOME/chandlery/logins.json`, or below `~/.config`.
    ///
    /// # Errors
    /// Neither `XDG_CONFIG_HOME` nor `HOME` is set.
    pub(crate) fn locate() -> Result<Self> {
        let variable =
            |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let base = variable("XDG_CONFIG_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| variable("HOME").map(|home| home.join(".config")))
            .context("there is no place for logins: set XDG_CONFIG_HOME or HOME")?;
        Ok(Self(base.join("chandlery").join("logins.json")))
    }

    /// Reads the logins; an absent file has none.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub(crate) fn read(&self) -> Result<Logins> {
        let text = match fs::read_to_string(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Logins::default()),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", self.0.display())),
        };
        serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged: remove it and log in again", self.0.display()))
    }

    /// Replaces the file in one step; only its owner can read it at any time.
    ///
    /// # Errors
    /// The folder or file cannot be written.
    pub(crate) fn write(&self, logins: &Logins) -> Result<()> {
        let folder = self.0.parent().context("the login file has no folder")?;
        create_private_folder(folder)?;
        let write = || -> Result<()> {
            // Temporary files are created with mode 0600.
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(serde_json::to_string_pretty(logins)?.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&self.0)?;
            Ok(())
        };
        write().with_context(|| format!("cannot write {}", self.0.display()))
    }
}

fn create_private_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    if let Err(error) = builder.create(folder) {
        bail!("cannot create {}: {error}", folder.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(account: &str) -> Login {
        Login { account: account.to_owned(), token_name: "cli-x".to_owned(), token: "chy_secret".to_owned() }
    }

    #[test]
    fn logins_are_kept_per_server_and_private() {
        let directory = tempfile::tempdir().unwrap();
        let file = LoginFile(directory.path().join("sub/chandlery/logins.json"));
        assert_eq!(file.read().unwrap(), Logins::default());
        let (first, second) =
            (ServerAddress::parse("http://a:1/x").unwrap(), ServerAddress::parse("http://b").unwrap());
        let mut logins = Logins::default();
        logins.add(&first, login("one"));
        logins.add(&second, login("two"));
        file.write(&logins).unwrap();
        let mut back = file.read().unwrap();
        assert_eq!(back, logins);
        assert_eq!(back.current.as_deref(), Some("http://b"));
        assert_eq!(back.find(&first).unwrap().account, "one");
        assert!(back.find(&ServerAddress::parse("https://a:1/x").unwrap()).is_none());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&file.0), 0o600);
            assert_eq!(mode(file.0.parent().unwrap()), 0o700);
        }
        assert!(back.remove(&second).is_some());
        assert_eq!(back.current.as_deref(), Some("http://a:1/x"));
        assert!(!format!("{back:?}").contains("chy_secret"));
    }

    #[test]
    fn a_damaged_file_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("logins.json");
        fs::write(&path, "{").unwrap();
        let message = format!("{:#}", LoginFile(path).read().unwrap_err());
        assert!(message.contains("logins.json is damaged"), "{message}");
    }
}
