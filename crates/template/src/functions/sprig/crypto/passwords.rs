//! Hashed and derived passwords.

use hmac::{Hmac, KeyInit, Mac};
use rand::RngCore;
use sha2::Sha256;

use crate::error::Error;
use crate::exec::Call;
use crate::functions::Functions;
use crate::value::Text;

/// Steps for one hash that takes about a tenth of a second.
const STEPS: u64 = 400_000;

/// What Go's bcrypt takes as cost by itself.
const COST: u32 = 10;

/// The longest password bcrypt can hash, in bytes.
const LONGEST_PASSWORD: usize = 72;

pub(super) fn add(functions: &mut Functions) {
    functions.add_varying("bcrypt", |call: &mut Call<'_>, password: Text| hash(call, &password));
    functions.add_varying("htpasswd", |call: &mut Call<'_>, user: Text, password: Text| {
        if user.contains(&b':') {
            return Ok(Text::from([b"invalid username: ", &*user].concat()));
        }
        let hash = hash(call, &password)?;
        Ok::<_, Error>(Text::from([&*user, b":", hash.as_bytes()].concat()))
    });
    functions.add(
        "derivePassword",
        |call: &mut Call<'_>, counter: u32, kind: Text, password: Text, user: Text, site: Text| {
            derive(call, counter, &kind, &password, [&user, &site])
        },
    );
}

/// The password hashed with bcrypt; what went wrong otherwise, as sprig puts it into the text.
fn hash(call: &mut Call<'_>, password: &[u8]) -> Result<String, Error> {
    let failed = |problem: &str| format!("failed to encrypt string with bcrypt: {problem}");
    if password.len() > LONGEST_PASSWORD {
        return Ok(failed("bcrypt: password length exceeds 72 bytes"));
    }
    call.budget().spend(STEPS)?;
    let mut salt = [0; 16];
    call.random().fill_bytes(&mut salt);
    Ok(match bcrypt::hash_with_salt(password, COST, salt) {
        Ok(hash) => hash.format_for_version(bcrypt::Version::TwoA),
        Err(error) => failed(&error.to_string()),
    })
}

/// The forms of derived passwords: each letter stands for a class of characters.
const FORMS: &[(&str, &[&str])] = &[
    ("maximum", &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"]),
    (
        "long",
        &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
    ),
    ("medium", &["CvcnoCvc", "CvcCvcno"]),
    ("short", &["Cvcn"]),
    ("basic", &["aaanaaan", "aannaaan", "aaannaaa"]),
    ("pin", &["nnnn"]),
];

/// The classes of characters.
const CLASSES: &[(u8, &str)] = &[
    (b'V', "AEIOU"),
    (b'C', "BCDFGHJKLMNPQRSTVWXYZ"),
    (b'v', "aeiou"),
    (b'c', "bcdfghjklmnpqrstvwxyz"),
    (b'A', "AEIOUBCDFGHJKLMNPQRSTVWXYZ"),
    (b'a', "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"),
    (b'n', "0123456789"),
    (b'o', "@&%?,=[]_:-+*$#!'^~;()/."),
    (b'x', "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()"),
];

/// Where the salts begin.
const SEED: &[u8] = b"com.lyndir.masterpassword";

/// The memory that scrypt takes with the parameters below: 128 bytes × r × N.
const SCRYPT_BYTES: usize = (128 * 8) << 15;

/// A password of a site, derived from a master password (the Master Password algorithm).
fn derive(
    call: &mut Call<'_>,
    counter: u32,
    kind: &[u8],
    password: &[u8],
    [user, site]: [&[u8]; 2],
) -> Result<Text, Error> {
    let Some((_, forms)) = FORMS.iter().find(|(name, _)| name.as_bytes() == kind) else {
        return Ok(Text::from([b"cannot find password template ", kind].concat()));
    };
    call.budget().spend(2 * STEPS)?;
    call.budget().claim(SCRYPT_BYTES / 8)?;
    let length = |text: &[u8]| u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let salt = [SEED, &length(user), user].concat();
    let mut key = [0; 64];
    let parameters = scrypt::Params::new(15, 8, 2).expect("the parameters are in range");
    scrypt::scrypt(password, &salt, &parameters, &mut key).expect("the length of the key is in range");
    let message = [SEED, &length(site), site, &counter.to_be_bytes()].concat();
    let mut code = Hmac::<Sha256>::new_from_slice(&key).expect("a key may have any length");
    code.update(&message);
    let seed = code.finalize().into_bytes();
    let form = forms[usize::from(seed[0]) % forms.len()];
    let characters = form.bytes().zip(&seed[1..]).filter_map(|(class, byte)| {
        let (_, characters) = CLASSES.iter().find(|(name, _)| *name == class)?;
        characters.as_bytes().get(usize::from(*byte) % characters.len()).copied()
    });
    Ok(characters.collect::<Vec<u8>>().into())
}
