//! Secrets that are kept for use: signing secrets, credentials of foreign repositories, kubeconfigs.
//!
//! A [`Keyring`] turns a [`Secret`] into a [`Sealed`] text for a column and back, by AES-256-GCM with a random nonce.
//! Each text names its key, so that a new key can seal while older ones still open, and is bound to its purpose, so that
//! a text copied into another column or another workspace's row does not open there.

use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::str::FromStr;

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chandlery_core::{Digest, Error, Result, Secret};

/// The form of sealed texts, for the day there is another one.
const FORM: &str = "v1";
/// Bytes of a key of AES-256.
const KEY_SIZE: usize = 32;
/// Bytes of a nonce of GCM. They are random: safe for 2^32 texts per key (NIST SP 800-38D, 8.3), and ours are thousands.
const NONCE_SIZE: usize = 12;
/// Hexadecimal digits of a key's sha256 that name it: enough to tell the few keys of an operator from each other.
const KEY_ID_LENGTH: usize = 8;

/// A secret as the database keeps it: `v1.KEY.BASE64`, where `KEY` names the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(String);

impl Sealed {
    /// The text for the column.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the key it was sealed with, and the nonce with the encrypted bytes in base64.
    fn parts(&self) -> Option<(&str, &str)> {
        self.0.strip_prefix(FORM)?.strip_prefix('.')?.split_once('.')
    }
}

impl FromStr for Sealed {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let sealed = Self(text.to_owned());
        match sealed.parts() {
            Some(_) => Ok(sealed),
            None => Err(Error::internal("a column for sealed secrets holds something else")),
        }
    }
}

/// The operator's keys: the first one seals, all of them open.
///
/// Written as text it is one key a line, each the base64 of 32 bytes, as `openssl rand -base64 32` prints it. To change
/// the key put a new line first and keep the old one for what it sealed.
#[derive(Clone)]
pub struct Keyring {
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: String,
    cipher: Aes256Gcm,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.keys.iter().map(|key| key.id.as_str()).collect();
        formatter.debug_struct("Keyring").field("keys", &ids).finish()
    }
}

impl FromStr for Keyring {
    type Err = Error;

    /// # Errors
    /// [`Error::Invalid`] when there is no key, or a line is none.
    fn from_str(text: &str) -> Result<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys = lines.map(Key::read).collect::<Result<Vec<_>>>()?;
        match keys.is_empty() {
            true => Err(not_a_key()),
            false => Ok(Self { keys }),
        }
    }
}

impl Keyring {
    /// Reads the keys from a file; a file that does not exist is made, with one new key that only its owner may read.
    ///
    /// Two that make it at once both use what the first one wrote.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the file holds something else; [`Error::Unavailable`] when it cannot be read or made.
    pub fn load_or_generate(path: &Path) -> Result<Self> {
        let unavailable =
            |error: std::io::Error| Error::unavailable(format!("the key file {}", path.display()), error);
        if !path.exists() {
            generate(path).map_err(unavailable)?;
        }
        std::fs::read_to_string(path).map_err(unavailable)?.parse()
    }

    /// Seals a secret for one purpose, such as `webhook of workspace 7`: only the same words open it again.
    #[must_use]
    pub fn seal(&self, purpose: &str, secret: &Secret) -> Sealed {
        let key = self.keys.first().expect("a keyring has a key");
        let nonce: [u8; NONCE_SIZE] = rand::random();
        let message = Payload { msg: secret.expose().as_bytes(), aad: purpose.as_bytes() };
        let encrypted = key.cipher.encrypt(&nonce.into(), message);
        let encrypted = encrypted.expect("only a message of 64 GiB is too long");
        Sealed(format!("{FORM}.{}.{}", key.id, STANDARD.encode([&nonce[..], &encrypted].concat())))
    }

    /// Opens what was sealed for the same purpose.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the key is not among these, which names it for the log;
    /// [`Error::Internal`] when the text was changed, or sealed for another purpose.
    pub fn open(&self, purpose: &str, sealed: &Sealed) -> Result<Secret> {
        let broken = || Error::internal(format!("the sealed text for {purpose:?} was changed"));
        let (id, encoded) = sealed.parts().ok_or_else(broken)?;
        let key = self.keys.iter().find(|key| key.id == id).ok_or_else(|| {
            Error::unavailable(
                "a stored secret (its key is not in the encryption key file)",
                format!("the secret for {purpose:?} is sealed with the key {id}"),
            )
        })?;
        let bytes = STANDARD.decode(encoded).map_err(|_| broken())?;
        let (nonce, encrypted) = bytes.split_first_chunk::<NONCE_SIZE>().ok_or_else(broken)?;
        let message = Payload { msg: encrypted, aad: purpose.as_bytes() };
        let opened = key.cipher.decrypt(nonce.into(), message).map_err(|_| broken())?;
        String::from_utf8(opened).map(Secret::new).map_err(|_| broken())
    }
}

impl Key {
    fn read(line: &str) -> Result<Self> {
        let bytes = STANDARD.decode(line).ok().and_then(|bytes| <[u8; KEY_SIZE]>::try_from(bytes).ok());
        let bytes = bytes.ok_or_else(not_a_key)?;
        let id = Digest::of(&bytes).to_hex()[..KEY_ID_LENGTH].to_owned();
        Ok(Self { id, cipher: Aes256Gcm::new(&bytes.into()) })
    }
}

fn not_a_key() -> Error {
    let form =
        "holds one key a line, each the base64 of 32 random bytes: `openssl rand -base64 32` makes one";
    Error::invalid("encryption key", form)
}

/// Writes a file with a new key: whole under another name first, so that a crash leaves no half of it.
fn generate(path: &Path) -> std::io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let unfinished = directory.join(format!(".encryption-key-{}", uuid::Uuid::new_v4()));
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::EXCL | rustix::fs::OFlags::WRONLY;
    let mut file = std::fs::File::from(rustix::fs::open(&unfinished, flags, mode)?);
    let key: [u8; KEY_SIZE] = rand::random();
    let written = file.write_all(format!("{}\n", STANDARD.encode(key)).as_bytes());
    let linked =
        written.and_then(|()| file.sync_all()).and_then(|()| match std::fs::hard_link(&unfinished, path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        });
    std::fs::remove_file(&unfinished)?;
    linked?;
    std::fs::File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn text_of_key(byte: u8) -> String {
        STANDARD.encode([byte; KEY_SIZE])
    }

    fn keyring(bytes: &[u8]) -> Keyring {
        let lines: Vec<String> = bytes.iter().map(|byte| text_of_key(*byte)).collect();
        lines.join("\n").parse().unwrap()
    }

    fn secret() -> Secret {
        Secret::new("hunter2 ⚓".to_owned())
    }

    #[test]
    fn what_is_sealed_opens() {
        let keyring = keyring(&[1]);
        let (one, two) = (keyring.seal("a", &secret()), keyring.seal("a", &secret()));
        assert_ne!(one, two, "each has a nonce of its own");
        for sealed in [one, two] {
            assert!(!sealed.as_str().contains("hunter2"));
            let stored: Sealed = sealed.as_str().parse().unwrap();
            assert_eq!(keyring.open("a", &stored).unwrap(), secret());
        }
        assert_eq!(keyring.open("", &keyring.seal("", &Secret::new(String::new()))).unwrap().expose(), "");
    }

    /// An old key still opens behind a new one, and no longer when it is gone.
    #[test]
    fn keys_change() {
        let old = keyring(&[1]).seal("a", &secret());
        let both = keyring(&[2, 1]);
        assert_eq!(both.open("a", &old).unwrap(), secret());
        let new = both.seal("a", &secret());
        assert_eq!(keyring(&[2]).open("a", &new).unwrap(), secret());
        let error = keyring(&[2]).open("a", &old).unwrap_err();
        assert_eq!(error.code(), "unavailable", "{error}");
    }

    #[test]
    fn what_was_tampered_with_does_not_open() {
        let keyring = keyring(&[1]);
        let sealed = keyring.seal("webhook of workspace 7", &secret());
        assert_eq!(keyring.open("webhook of workspace 8", &sealed).unwrap_err().code(), "internal");
        let (head, encoded) = sealed.as_str().rsplit_once('.').unwrap();
        let bytes = STANDARD.decode(encoded).unwrap();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            let changed = Sealed(format!("{head}.{}", STANDARD.encode(changed)));
            assert!(keyring.open("webhook of workspace 7", &changed).is_err(), "byte {index}");
        }
        for text in ["v1.x", "v2.0.AAAA", "hunter2", ""] {
            assert!(text.parse::<Sealed>().is_err(), "{text}");
        }
        let short = Sealed(format!("{head}.AAAA"));
        assert!(keyring.open("webhook of workspace 7", &short).is_err());
    }

    #[test]
    fn keys_that_are_refused() {
        let (short, key) = (STANDARD.encode([0; 31]), text_of_key(0));
        for text in ["", "\n", "secret", &short, &format!("{key}\nsecret")] {
            let error = text.parse::<Keyring>().unwrap_err().to_string();
            assert!(error.contains("openssl rand -base64 32"), "{error}");
        }
        let keyring: Keyring = format!("\n {key}\r\n").parse().unwrap();
        assert!(!format!("{keyring:?}").contains(&key[..20]));
    }

    #[test]
    fn a_key_file_is_made_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("encryption-key");
        let sealed = Keyring::load_or_generate(&path).unwrap().seal("a", &secret());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        generate(&path).unwrap();
        assert_eq!(Keyring::load_or_generate(&path).unwrap().open("a", &sealed).unwrap(), secret());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        let nowhere = directory.path().join("absent/key");
        assert_eq!(Keyring::load_or_generate(&nowhere).unwrap_err().code(), "unavailable");
    }
}
