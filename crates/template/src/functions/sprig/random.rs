//! Texts and numbers by chance.

use rand::Rng;
use rand::seq::SliceRandom;

use super::support::{made, runes};
use crate::error::Error;
use crate::exec::Call;
use crate::functions::Functions;
use crate::value::Text;

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DIGITS: &[u8] = b"0123456789";

pub(super) fn add(functions: &mut Functions) {
    let alphabets: [(&'static str, Vec<u8>); 4] = [
        ("randAlphaNum", [LETTERS, DIGITS].concat()),
        ("randAlpha", LETTERS.to_vec()),
        ("randNumeric", DIGITS.to_vec()),
        ("randAscii", (b' '..=b'~').collect()),
    ];
    for (name, alphabet) in alphabets {
        functions
            .add_varying(name, move |call: &mut Call<'_>, count: isize| random_text(call, &alphabet, count));
    }
    functions.add_varying("shuffle", shuffle);
    functions.add_varying("randInt", rand_int);
}

/// A negative count gives no text.
fn random_text(call: &mut Call<'_>, alphabet: &[u8], count: isize) -> Result<Text, Error> {
    let count = usize::try_from(count).unwrap_or(0);
    call.budget().claim(count)?;
    call.budget().spend(count as u64)?;
    let random = call.random();
    Ok((0..count).map(|_| alphabet[random.random_range(..alphabet.len())]).collect::<Vec<u8>>().into())
}

fn shuffle(call: &mut Call<'_>, text: Text) -> Result<Text, Error> {
    let mut characters: Vec<char> = runes(&text).map(|(character, _)| character).collect();
    characters.shuffle(call.random());
    made(call, characters.into_iter().collect::<String>().into_bytes())
}

/// At least the first, less than the second.
fn rand_int(call: &mut Call<'_>, least: isize, end: isize) -> Result<isize, Error> {
    // Go wraps the difference too.
    let range = end.wrapping_sub(least);
    if range <= 0 {
        return Err(Error::message("invalid argument to Intn"));
    }
    Ok((call.random().random_range(0..range as u64) as isize).wrapping_add(least))
}
