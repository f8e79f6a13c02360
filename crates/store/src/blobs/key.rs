//! The layout of a blob store, in a directory as in a bucket.

use std::fmt;

use chandlery_core::Digest;

/// The place of one thing in a blob store; its text is the path below the store's root:
///
/// ```text
/// instance                        which installation this store belongs to
/// blobs/sha256/<ab>/<abcd…64>     a blob by the hex of its sha256, in 256 directories by its first byte
/// tmp/<session>/lock              held by the process that owns the session       (directories only)
/// tmp/<session>/<number>          an upload on its way; swept when the lock is free (directories only)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageKey {
    /// The marker of the installation.
    Instance,
    /// The directory of all blobs whose digests begin with a byte; its text ends in `/`.
    Shard(u8),
    /// A blob.
    Blob(Digest),
}

impl fmt::Display for StorageKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance => formatter.write_str("instance"),
            Self::Shard(byte) => write!(formatter, "blobs/sha256/{byte:02x}/"),
            Self::Blob(digest) => {
                let hex = digest.to_hex();
                write!(formatter, "blobs/sha256/{}/{hex}", &hex[..2])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(StorageKey::Blob(Digest::of(b"")).to_string(), format!("blobs/sha256/e3/{empty}"));
        assert_eq!(StorageKey::Shard(7).to_string(), "blobs/sha256/07/");
        assert_eq!(StorageKey::Instance.to_string(), "instance");
    }
}
