//! Private keys: made, written and read as Go does, in PEM.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use rand::RngCore;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha2::{Digest, Sha256};

use super::der::{
    INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, bit_string, context, element, elements, read, sequence,
    unsigned,
};
use super::primes::random_prime;
use super::support::{Random, decode_base_64};
use crate::error::Error;
use crate::exec::Call;

/// 1.2.840.113549.1.1.1.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.2.840.113549.1.1.11.
const SHA_256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
/// 1.2.840.10045.2.1.
const ELLIPTIC_CURVE: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// 1.2.840.10045.3.1.7.
const P_256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// 1.2.840.10045.4.3.2.
const ECDSA_WITH_SHA_256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// 1.3.101.112.
const ED_25519: &[u8] = &[0x2b, 0x65, 0x70];

/// What stands before the digest in a signature with RSA: the DER of its algorithm, SHA-256 (RFC 8017, 9.2).
const SHA_256_PREFIX: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];

/// The public exponent of RSA keys.
const EXPONENT: u32 = 65_537;

/// Bits of the RSA keys of certificates.
pub(super) const CERTIFICATE_BITS: usize = 2048;

/// Bits of the RSA keys that `genPrivateKey` makes.
const KEY_BITS: usize = 4096;

/// Steps for a key of 2,048 bits: a hundred of them are all that an execution may make.
const STEPS: u64 = 200_000;

/// A private key.
pub(super) enum PrivateKey {
    Rsa(Box<RsaPrivateKey>),
    P256(p256::SecretKey),
    Ed25519(ed25519_dalek::SigningKey),
    /// The whole key in DER: nothing can be signed with it.
    Dsa(Vec<u8>),
}

/// A new key of a kind in PEM; for other kinds a sentence, as sprig has it.
pub(super) fn generate_pem(call: &mut Call<'_>, kind: &[u8]) -> Result<String, Error> {
    let key = match kind {
        b"" | b"rsa" => PrivateKey::generate_rsa(call, KEY_BITS)?,
        b"dsa" => {
            call.budget().spend(10 * STEPS)?;
            PrivateKey::generate_dsa(&mut Random(call.random()))
        }
        b"ecdsa" => {
            call.budget().spend(STEPS / 100)?;
            PrivateKey::P256(p256::SecretKey::random(&mut Random(call.random())))
        }
        b"ed25519" => {
            call.budget().spend(STEPS / 100)?;
            let mut seed = [0; 32];
            call.random().fill_bytes(&mut seed);
            PrivateKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed))
        }
        _ => return Ok(format!("Unknown type {}", String::from_utf8_lossy(kind))),
    };
    key.to_pem()
}

impl PrivateKey {
    pub(super) fn generate_rsa(call: &mut Call<'_>, bits: usize) -> Result<Self, Error> {
        // The time grows with the fourth power of the length.
        let ratio = (bits / CERTIFICATE_BITS) as u64;
        call.budget().spend(STEPS * ratio.pow(4))?;
        let [first, second] = [(); 2]
            .map(|()| rsa::BigUint::from_bytes_be(&random_prime(call.random(), bits / 2).to_be_bytes()));
        let key = RsaPrivateKey::from_p_q(first, second, EXPONENT.into())
            .map_err(|error| format!("error generating rsa key: {error}"))?;
        Ok(Self::Rsa(Box::new(key)))
    }

    fn generate_dsa(random: &mut Random<'_>) -> Self {
        let components = dsa::Components::generate(random, dsa::KeySize::DSA_2048_256);
        let key = dsa::SigningKey::generate(random, components);
        let public = key.verifying_key();
        let components = public.components();
        let numbers = [components.p(), components.q(), components.g(), public.y(), key.x()]
            .map(|number| unsigned(&number.to_bytes_be()));
        Self::Dsa(sequence(&[&unsigned(&[]), &numbers.concat()]))
    }

    /// In PEM.
    pub(super) fn to_pem(&self) -> Result<String, Error> {
        match self {
            Self::Rsa(key) => {
                let der = key.to_pkcs1_der().map_err(|error| error.to_string())?;
                Ok(to_pem("RSA PRIVATE KEY", der.as_bytes()))
            }
            Self::P256(key) => {
                let point = key.public_key().to_encoded_point(false);
                let der = sequence(&[
                    &element(INTEGER, &[&[1]]),
                    &element(OCTET_STRING, &[&key.to_bytes()]),
                    &element(context(0), &[&element(OBJECT_IDENTIFIER, &[P_256])]),
                    &element(context(1), &[&bit_string(point.as_bytes())]),
                ]);
                Ok(to_pem("EC PRIVATE KEY", &der))
            }
            Self::Ed25519(key) => {
                let seed = element(OCTET_STRING, &[key.as_bytes()]);
                let der = sequence(&[
                    &element(INTEGER, &[&[0]]),
                    &self.algorithm(),
                    &element(OCTET_STRING, &[&seed]),
                ]);
                Ok(to_pem("PRIVATE KEY", &der))
            }
            Self::Dsa(der) => Ok(to_pem("DSA PRIVATE KEY", der)),
        }
    }

    /// Reads a key in PEM.
    ///
    /// # Errors
    /// The text of sprig's error; what is wrong inside is said in the words of the library.
    pub(super) fn from_pem(text: &[u8]) -> Result<Self, String> {
        let (kind, der) = from_pem(text).ok_or("no PEM data in input")?;
        if kind == "PRIVATE KEY" {
            return Self::from_pkcs_8(&der).map_err(|problem| format!("decoding PEM as PKCS#8: {problem}"));
        }
        let Some(name) = kind.strip_suffix(" PRIVATE KEY") else {
            return Err(format!("no private key data in PEM block of type {kind}"));
        };
        let key = match name {
            "RSA" => is_element(&der).and_then(|()| {
                let key = RsaPrivateKey::from_pkcs1_der(&der).map_err(|error| error.to_string())?;
                Ok(Self::Rsa(Box::new(key)))
            }),
            "EC" => is_element(&der)
                .and_then(|()| {
                    p256::SecretKey::from_sec1_der(&der).map(Self::P256).map_err(|error| error.to_string())
                })
                .map_err(|problem| format!("x509: failed to parse EC private key: {problem}")),
            "DSA" => is_element(&der).map(|()| Self::Dsa(der)),
            _ => return Err(format!("invalid private key type {kind}")),
        };
        key.map_err(|problem| format!("parsing {name} private key from PEM: {problem}"))
    }

    fn from_pkcs_8(der: &[u8]) -> Result<Self, String> {
        is_element(der)?;
        let broken = || "asn1: structure error: no PKCS#8 key".to_owned();
        let (key, _) = read(der).ok_or_else(broken)?;
        let parts = elements(key.content).filter(|parts| parts.len() >= 3).ok_or_else(broken)?;
        let (algorithm, _) = read(parts[1].content).ok_or_else(broken)?;
        match algorithm.content {
            RSA => RsaPrivateKey::from_pkcs8_der(der)
                .map(|key| Self::Rsa(Box::new(key)))
                .map_err(|error| error.to_string()),
            ELLIPTIC_CURVE => {
                p256::SecretKey::from_pkcs8_der(der).map(Self::P256).map_err(|error| error.to_string())
            }
            ED_25519 => {
                let (seed, _) = read(parts[2].content).ok_or_else(broken)?;
                let seed: &[u8; 32] = seed.content.try_into().map_err(|_| {
                    format!("x509: invalid Ed25519 private key length: {}", seed.content.len())
                })?;
                Ok(Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(seed)))
            }
            _ => Err("x509: PKCS#8 wrapping contained private key with unknown algorithm".to_owned()),
        }
    }

    /// The algorithm of its kind, or that of its public key.
    fn algorithm(&self) -> Vec<u8> {
        let identifier = |identifier| element(OBJECT_IDENTIFIER, &[identifier]);
        match self {
            Self::Rsa(_) => sequence(&[&identifier(RSA), &element(NULL, &[])]),
            Self::P256(_) => sequence(&[&identifier(ELLIPTIC_CURVE), &identifier(P_256)]),
            Self::Ed25519(_) => sequence(&[&identifier(ED_25519)]),
            Self::Dsa(_) => Vec::new(),
        }
    }

    /// The algorithm of its signatures.
    pub(super) fn signature_algorithm(&self) -> Vec<u8> {
        let identifier = |identifier| element(OBJECT_IDENTIFIER, &[identifier]);
        match self {
            Self::Rsa(_) => sequence(&[&identifier(SHA_256_WITH_RSA), &element(NULL, &[])]),
            Self::P256(_) => sequence(&[&identifier(ECDSA_WITH_SHA_256)]),
            Self::Ed25519(_) => sequence(&[&identifier(ED_25519)]),
            Self::Dsa(_) => Vec::new(),
        }
    }

    /// The bits of the public key as they stand in a certificate.
    pub(super) fn public_bits(&self) -> Vec<u8> {
        match self {
            Self::Rsa(key) => {
                sequence(&[&unsigned(&key.n().to_bytes_be()), &unsigned(&key.e().to_bytes_be())])
            }
            Self::P256(key) => key.public_key().to_encoded_point(false).as_bytes().to_vec(),
            Self::Ed25519(key) => key.verifying_key().as_bytes().to_vec(),
            Self::Dsa(_) => Vec::new(),
        }
    }

    /// The public key with its algorithm.
    pub(super) fn public_info(&self) -> Vec<u8> {
        sequence(&[&self.algorithm(), &bit_string(&self.public_bits())])
    }

    /// Can it sign?
    pub(super) fn is_signer(&self) -> bool {
        !matches!(self, Self::Dsa(_))
    }

    /// The signature of a message.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let digest = Sha256::digest(message);
        match self {
            Self::Rsa(key) => {
                let scheme = Pkcs1v15Sign { hash_len: Some(digest.len()), prefix: SHA_256_PREFIX.into() };
                Ok(key.sign(scheme, &digest).map_err(|error| error.to_string())?)
            }
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = p256::ecdsa::SigningKey::from(key)
                    .sign_prehash(&digest)
                    .map_err(|error| error.to_string())?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Self::Ed25519(key) => Ok(key.sign(message).to_bytes().to_vec()),
            Self::Dsa(_) => Err("x509: certificate private key does not implement crypto.Signer".into()),
        }
    }
}

/// Whether the bytes begin with a whole element.
fn is_element(der: &[u8]) -> Result<(), String> {
    read(der).map(|_| ()).ok_or_else(|| "asn1: syntax error: truncated tag or length".to_owned())
}

/// Bytes in PEM with lines of 64 characters.
pub(super) fn to_pem(kind: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {kind}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.extend(line.iter().map(|byte| char::from(*byte)));
        out.push('\n');
    }
    out.push_str(&format!("-----END {kind}-----\n"));
    out
}

/// The kind and the bytes of the first block of a text in PEM.
pub(super) fn from_pem(text: &[u8]) -> Option<(String, Vec<u8>)> {
    let text = String::from_utf8_lossy(text);
    let mut rest = &*text;
    loop {
        let start = rest.find("-----BEGIN ")?;
        let behind = &rest[start + 11..];
        let is_line_start = start == 0 || rest[..start].ends_with('\n');
        if let Some(block) = read_block(behind).filter(|_| is_line_start) {
            return Some(block);
        }
        rest = behind;
    }
}

/// Reads a block from its kind on.
fn read_block(text: &str) -> Option<(String, Vec<u8>)> {
    let (first, body) = text.split_once('\n')?;
    let kind = first.trim_end().strip_suffix("-----")?;
    let (body, _) = body.split_once(&format!("-----END {kind}-----"))?;
    // Headers end with an empty line.
    let body = match body.split_once("\n\n") {
        Some((headers, body)) if headers.contains(':') => body,
        _ => body,
    };
    let body: Vec<u8> = body.bytes().filter(|byte| !matches!(byte, b' ' | b'\t')).collect();
    Some((kind.to_owned(), decode_base_64(&body).ok()?))
}
