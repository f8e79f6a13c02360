//! Hashes, passwords, keys, certificates and chance.
//!
//! What takes long claims steps in proportion, so that a template cannot make thousands of keys.

mod aes_cbc;
mod certificates;
mod der;
mod keys;
mod passwords;
mod primes;
mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::RngCore;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::error::Error;
use crate::exec::Call;
use crate::functions::Functions;
use crate::value::Text;

pub(super) fn add(functions: &mut Functions) {
    functions.add("sha1sum", |text: Text| hex(&Sha1::digest(&*text)));
    functions.add("sha256sum", |text: Text| hex(&Sha256::digest(&*text)));
    functions.add("sha512sum", |text: Text| hex(&Sha512::digest(&*text)));
    functions.add("adler32sum", |text: Text| adler_32(&text).to_string());
    functions.add_varying("randBytes", random_bytes);
    functions.add_varying("uuidv4", |call: &mut Call<'_>| uuid(call));
    functions.add_varying("encryptAES", |call: &mut Call<'_>, password: Text, text: Text| {
        aes_cbc::encrypt(call, &password, &text)
    });
    functions.add("decryptAES", |password: Text, text: Text| aes_cbc::decrypt(&password, &text));
    passwords::add(functions);
    functions.add_varying("genPrivateKey", |call: &mut Call<'_>, kind: Text| keys::generate_pem(call, &kind));
    certificates::add(functions);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The checksum of RFC 1950.
fn adler_32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % MODULUS;
        (low, (high + low) % MODULUS)
    });
    high << 16 | low
}

/// So many random bytes in base 64.
fn random_bytes(call: &mut Call<'_>, count: isize) -> Result<String, Error> {
    let count = usize::try_from(count).map_err(|_| "runtime error: makeslice: len out of range")?;
    call.budget().claim(count.saturating_mul(3))?;
    let mut bytes = vec![0; count];
    call.random().fill_bytes(&mut bytes);
    Ok(STANDARD.encode(bytes))
}

/// A random UUID (RFC 9562, version 4).
fn uuid(call: &mut Call<'_>) -> String {
    let mut bytes = [0; 16];
    call.random().fill_bytes(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex(&bytes);
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums() {
        assert_eq!(adler_32(b"abc"), 38_600_999);
        assert_eq!(hex(&Sha1::digest(b"a")), "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8");
    }
}
