//! Base64 and base32. What cannot be decoded gives the error's text, not an error.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use super::support::made;
use crate::exec::Call;
use crate::functions::Functions;
use crate::value::Text;

pub(super) fn add(functions: &mut Functions) {
    functions.add("b64enc", |call: &mut Call<'_>, text: Text| made(call, STANDARD.encode(&*text)));
    functions.add("b64dec", |call: &mut Call<'_>, text: Text| {
        made(call, decode64(&text).unwrap_or_else(|at| illegal("base64", at)))
    });
    functions.add("b32enc", |call: &mut Call<'_>, text: Text| made(call, encode32(&text)));
    functions.add("b32dec", |call: &mut Call<'_>, text: Text| {
        made(call, decode32(&text).unwrap_or_else(|at| illegal("base32", at)))
    });
}

fn illegal(encoding: &str, at: usize) -> Vec<u8> {
    format!("illegal {encoding} data at input byte {at}").into_bytes()
}

/// Go does not look at the bits that padding leaves over.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The bytes, or where Go finds the first mistake. Line ends may stand anywhere.
pub(super) fn decode64(text: &[u8]) -> Result<Vec<u8>, usize> {
    if let Ok(bytes) = LENIENT.decode(text) {
        return Ok(bytes);
    }
    let mut clean = Vec::with_capacity(text.len());
    let mut places = text.iter().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'));
    while let Some((at, &byte)) = places.next() {
        clean.push(byte);
        if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/') {
            continue;
        }
        // Characters before this one in its group of four.
        let before = (clean.len() - 1) % 4;
        if byte != b'=' || before < 2 {
            return Err(at);
        }
        if before == 2 {
            match places.next() {
                None => return Err(text.len()),
                // Go names the byte before the one it found.
                Some((other, &byte)) if byte != b'=' => return Err(other - 1),
                Some(_) => clean.push(b'='),
            }
        }
        if let Some((extra, _)) = places.next() {
            return Err(extra);
        }
    }
    // Too short: Go names the place where the group would begin if it had no line ends.
    LENIENT.decode(&clean).map_err(|_| text.len() - clean.len() % 4)
}

const ALPHABET32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn encode32(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len().div_ceil(5) * 8);
    for group in bytes.chunks(5) {
        let mut padded = [0; 8];
        padded[3..3 + group.len()].copy_from_slice(group);
        let bits = u64::from_be_bytes(padded);
        let characters = (group.len() * 8).div_ceil(5);
        text.extend((0..characters).map(|index| ALPHABET32[(bits >> (35 - 5 * index)) as usize & 31]));
        text.resize(text.len() + 8 - characters, b'=');
    }
    text
}

/// The bytes, or where Go finds the first mistake, not counting line ends.
fn decode32(text: &[u8]) -> Result<Vec<u8>, usize> {
    let clean: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let mut bytes = Vec::with_capacity(clean.len() / 8 * 5);
    for (index, group) in clean.chunks(8).enumerate() {
        let (bits, characters) = group32(group, index * 8, clean.len())?;
        bytes.extend_from_slice(&bits.to_be_bytes()[3..3 + characters * 5 / 8]);
    }
    Ok(bytes)
}

/// The 40 bits of a group and how many characters it has without padding.
fn group32(group: &[u8], start: usize, length: usize) -> Result<(u64, usize), usize> {
    let mut bits = 0;
    for index in 0..8 {
        let Some(&byte) = group.get(index) else {
            return Err(length - index);
        };
        // Padding is looked for where fewer than eight bytes are left.
        if byte == b'=' && index >= 2 && length - (start + index + 1) < 8 {
            padding32(group, index, start, length)?;
            return Ok((bits, index));
        }
        let value = ALPHABET32.iter().position(|&character| character == byte).ok_or(start + index)?;
        bits |= (value as u64) << (35 - 5 * index);
    }
    Ok((bits, 8))
}

/// Is a group that ends after `characters` padded as it should be?
fn padding32(group: &[u8], characters: usize, start: usize, length: usize) -> Result<(), usize> {
    if group.len() < 8 {
        return Err(length);
    }
    if let Some(wrong) = group[characters + 1..].iter().position(|&byte| byte != b'=') {
        return Err(start + characters + wrong);
    }
    if matches!(characters, 1 | 3 | 6) { Err(start + characters) } else { Ok(()) }
}
