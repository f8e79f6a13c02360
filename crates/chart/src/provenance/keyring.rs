//! Keyrings: binary, armored, or GnuPG's keybox.

use pgp::composed::{PublicOrSecret, SignedPublicKey};

use super::ProvenanceError;

/// What an armored keyring begins its blocks with.
const ARMOR_START: &str = "-----BEGIN PGP";

#[expect(clippy::needless_pass_by_value, reason = "it maps errors, which come by value")]
fn damaged(reason: impl ToString) -> ProvenanceError {
    ProvenanceError::Keyring(reason.to_string())
}

/// Reads all keys of a keyring.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<PublicOrSecret>, ProvenanceError> {
    let keys = if bytes.get(8..12) == Some(b"KBXf") {
        read_binary(&keybox_keys(bytes)?)?
    } else if bytes.trim_ascii_start().starts_with(ARMOR_START.as_bytes()) {
        read_armored(bytes)?
    } else {
        read_binary(bytes)?
    };
    if keys.is_empty() { Err(damaged("there are no OpenPGP keys in it")) } else { Ok(keys) }
}

fn read_binary(bytes: &[u8]) -> Result<Vec<PublicOrSecret>, ProvenanceError> {
    let bytes = without_trust(bytes);
    PublicOrSecret::from_bytes_many(&bytes[..]).map_err(damaged)?.collect::<Result<_, _>>().map_err(damaged)
}

/// The packets without GnuPG's private notes on trust, which stand between an identity and its signatures in the
/// keyrings that it keeps for itself (RFC 9580 section 5.10).
fn without_trust(bytes: &[u8]) -> Vec<u8> {
    const TRUST: u8 = 12;
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((kind, length)) = packet_size(rest) {
        let (packet, after) = rest.split_at(length);
        if kind != TRUST {
            kept.extend_from_slice(packet);
        }
        rest = after;
    }
    kept.extend_from_slice(rest);
    kept
}

/// The kind of the first packet and its length with its header; `None` at the end, or if it cannot be told.
fn packet_size(bytes: &[u8]) -> Option<(u8, usize)> {
    let number = |count: usize| {
        let digits = bytes.get(1..=count)?;
        Some(digits.iter().fold(0_usize, |value, &byte| (value << 8) | usize::from(byte)))
    };
    let first = *bytes.first()?;
    let (kind, header, body) = match (first & 0xc0, bytes.get(1)?) {
        (0xc0, length @ 0..192) => (first & 0x3f, 2, usize::from(*length)),
        (0xc0, 192..224) => (first & 0x3f, 3, number(2)? - (192 << 8) + 192),
        (0xc0, 255) => (first & 0x3f, 6, number(5)? & 0xffff_ffff),
        (0x80, _) if first & 3 < 3 => {
            let width = 1 << (first & 3);
            ((first >> 2) & 0x0f, 1 + width, number(width)?)
        }
        _ => return None,
    };
    let length = header.checked_add(body)?;
    (length <= bytes.len()).then_some((kind, length))
}

/// Reads one armored block after the other.
fn read_armored(bytes: &[u8]) -> Result<Vec<PublicOrSecret>, ProvenanceError> {
    let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is neither binary nor text"))?;
    let mut keys = Vec::new();
    let starts: Vec<usize> = text.match_indices(ARMOR_START).map(|(start, _)| start).collect();
    for (index, &start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(text.len());
        let (block, _) = PublicOrSecret::from_armor_many(&text.as_bytes()[start..end]).map_err(damaged)?;
        for key in block {
            keys.push(key.map_err(damaged)?);
        }
    }
    Ok(keys)
}

/// The key blocks of a keybox (`pubring.kbx`, GnuPG 2.1 and later): a sequence of blobs, each with its length, a type,
/// and for OpenPGP keys the place of the key block (GnuPG `kbx/keybox-blob.c`).
fn keybox_keys(bytes: &[u8]) -> Result<Vec<u8>, ProvenanceError> {
    const OPENPGP_BLOB: u8 = 2;
    const EPHEMERAL: u8 = 2;
    let truncated = || damaged("the keybox is damaged");
    let number = |blob: &[u8], at: usize| -> Option<usize> {
        let bytes: [u8; 4] = blob.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_be_bytes(bytes)).ok()
    };
    let mut keys = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = number(rest, 0).filter(|&length| length >= 5).ok_or_else(truncated)?;
        let blob = rest.get(..length).ok_or_else(truncated)?;
        rest = &rest[length..];
        if blob[4] != OPENPGP_BLOB || blob.get(7).is_none_or(|flags| flags & EPHEMERAL != 0) {
            continue;
        }
        let start = number(blob, 8).ok_or_else(truncated)?;
        let size = number(blob, 12).ok_or_else(truncated)?;
        let end = start.checked_add(size).ok_or_else(truncated)?;
        keys.extend_from_slice(blob.get(start..end).ok_or_else(truncated)?);
    }
    Ok(keys)
}

/// The public half of a key.
pub(super) fn public(key: PublicOrSecret) -> SignedPublicKey {
    match key {
        PublicOrSecret::Public(key) => key,
        PublicOrSecret::Secret(key) => key.to_public_key(),
    }
}

/// The identities of a key.
pub(super) fn user_ids(key: &PublicOrSecret) -> Vec<String> {
    let details = match key {
        PublicOrSecret::Public(key) => &key.details,
        PublicOrSecret::Secret(key) => &key.details,
    };
    details.users.iter().map(|user| String::from_utf8_lossy(user.id.id()).into_owned()).collect()
}
