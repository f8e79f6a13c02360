//! Texts encrypted with AES-256 in CBC mode, the initial vector before them, in base 64.

use aes::Aes256;
use aes::cipher::{BlockDecrypt, BlockEncrypt, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::RngCore;

use super::support::decode_base_64;
use crate::error::Error;
use crate::exec::Call;
use crate::value::Text;

const BLOCK: usize = 16;

/// The cipher for a password: its first 32 bytes, filled up with zeros.
fn cipher(password: &[u8]) -> Aes256 {
    let mut key = [0; 32];
    let length = password.len().min(key.len());
    key[..length].copy_from_slice(&password[..length]);
    Aes256::new(&key.into())
}

pub(super) fn encrypt(call: &mut Call<'_>, password: &[u8], text: &[u8]) -> Result<String, Error> {
    if text.is_empty() {
        return Ok(String::new());
    }
    call.budget().claim(text.len().saturating_mul(3))?;
    call.budget().spend(text.len() as u64)?;
    let cipher = cipher(password);
    let mut previous = [0; BLOCK];
    call.random().fill_bytes(&mut previous);
    let mut out = previous.to_vec();
    let padding = BLOCK - text.len() % BLOCK;
    let mut padded = text.to_vec();
    padded.extend(std::iter::repeat_n(u8::try_from(padding).unwrap_or_default(), padding));
    for block in padded.chunks(BLOCK) {
        for (byte, text) in previous.iter_mut().zip(block) {
            *byte ^= text;
        }
        cipher.encrypt_block((&mut previous).into());
        out.extend_from_slice(&previous);
    }
    Ok(STANDARD.encode(out))
}

pub(super) fn decrypt(password: &[u8], text: &[u8]) -> Result<Text, Error> {
    if text.is_empty() {
        return Ok(Text::default());
    }
    let encrypted = decode_base_64(text)?;
    let Some((vector, blocks)) = encrypted.split_first_chunk::<BLOCK>() else {
        // Go's buffer has room for three bytes for each four characters.
        let capacity = text.len() / 4 * 3;
        return Err(Error::message(format!(
            "runtime error: slice bounds out of range [:16] with capacity {capacity}"
        )));
    };
    if blocks.len() % BLOCK != 0 {
        return Err("crypto/cipher: input not full blocks".into());
    }
    let cipher = cipher(password);
    let (mut previous, mut out) = (*vector, Vec::with_capacity(blocks.len()));
    for block in blocks.as_chunks::<BLOCK>().0 {
        let mut decrypted = *block;
        cipher.decrypt_block((&mut decrypted).into());
        out.extend(decrypted.iter().zip(previous).map(|(byte, before)| byte ^ before));
        previous = *block;
    }
    let Some(padding) = out.last().map(|byte| usize::from(*byte)) else {
        return Err("runtime error: index out of range [-1]".into());
    };
    if padding > out.len() {
        let end = padding - out.len();
        return Err(Error::message(format!("runtime error: slice bounds out of range [:-{end}]")));
    }
    out.truncate(out.len() - padding);
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decryption() {
        let zeros = STANDARD.encode([0; 32]);
        let cases = [
            ("secretkey", "30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ=", "plaintext"),
            ("a", "", ""),
            ("a", "!!", "illegal base64 data at input byte 0"),
            ("a", "aA==x", "illegal base64 data at input byte 4"),
            ("a", "line1\nline2\n\nline4", "illegal base64 data at input byte 15"),
            ("a", "YQ==", "runtime error: slice bounds out of range [:16] with capacity 3"),
            ("a", "AAAAAAAAAAAAAAAAAAAAAA==", "runtime error: index out of range [-1]"),
            ("a", &zeros, "runtime error: slice bounds out of range [:-17]"),
            ("a", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA", "crypto/cipher: input not full blocks"),
        ];
        for (password, text, expected) in cases {
            let found = decrypt(password.as_bytes(), text.as_bytes())
                .map_or_else(|error| error.to_string(), |text| text.to_string());
            assert_eq!(found, expected, "{text}");
        }
    }
}
