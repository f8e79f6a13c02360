//! Certificates (RFC 5280) as Go makes them from sprig's few wishes.

use std::any::Any;
use std::borrow::Cow;
use std::net::IpAddr;
use std::slice::Iter;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand::RngCore;
use sha2::{Digest, Sha256};

use super::der::{
    BOOLEAN, Element, GENERALIZED_TIME, OBJECT_IDENTIFIER, OCTET_STRING, PRINTABLE_STRING, SET, UTC_TIME,
    UTF_8_STRING, bit_string, context, element, elements, read, sequence, unsigned,
};
use super::keys::{CERTIFICATE_BITS, PrivateKey, from_pem, to_pem};
use super::support::decode_base_64;
use crate::error::Error;
use crate::exec::Call;
use crate::format::display;
use crate::function::{Argument, Parameter, Slot, Type};
use crate::functions::Functions;
use crate::value::{List, Map, Member, Object, Text, Value};

type Made = Result<Certificate, Error>;

pub(super) fn add(functions: &mut Functions) {
    functions.add_varying("genCA", |call: &mut Call<'_>, name: Text, days: isize| {
        let key = PrivateKey::generate_rsa(call, CERTIFICATE_BITS)?;
        Request::new(&name, days).authority().issue(call, &key, None)
    });
    functions.add_varying("genCAWithKey", |call: &mut Call<'_>, name: Text, days: isize, key: Text| {
        Request::new(&name, days).authority().issue(call, &given_key(&key)?, None)
    });
    functions.add_varying(
        "genSelfSignedCert",
        |call: &mut Call<'_>, name: Text, ips: List, dns: List, days: isize| -> Made {
            let key = PrivateKey::generate_rsa(call, CERTIFICATE_BITS)?;
            Request::new(&name, days).hosts(&ips, &dns)?.issue(call, &key, None)
        },
    );
    functions.add_varying(
        "genSelfSignedCertWithKey",
        |call: &mut Call<'_>, name: Text, ips: List, dns: List, days: isize, key: Text| -> Made {
            let key = given_key(&key)?;
            Request::new(&name, days).hosts(&ips, &dns)?.issue(call, &key, None)
        },
    );
    functions.add_varying(
        "genSignedCert",
        |call: &mut Call<'_>, name: Text, ips: List, dns: List, days: isize, issuer: Certificate| -> Made {
            let key = PrivateKey::generate_rsa(call, CERTIFICATE_BITS)?;
            let issuer = Issuer::new(&issuer)?;
            Request::new(&name, days).hosts(&ips, &dns)?.issue(call, &key, Some(&issuer))
        },
    );
    functions.add_varying(
        "genSignedCertWithKey",
        |call: &mut Call<'_>,
         name: Text,
         ips: List,
         dns: List,
         days: isize,
         issuer: Certificate,
         key: Text|
         -> Made {
            let key = given_key(&key)?;
            let issuer = Issuer::new(&issuer)?;
            Request::new(&name, days).hosts(&ips, &dns)?.issue(call, &key, Some(&issuer))
        },
    );
    functions.add("buildCustomCert", |certificate: Text, key: Text| custom(&certificate, &key));
}

fn given_key(pem: &[u8]) -> Result<PrivateKey, Error> {
    Ok(PrivateKey::from_pem(pem).map_err(|problem| format!("parsing private key: {problem}"))?)
}

/// A certificate and its key, both in PEM: sprig's `certificate`.
#[derive(Clone)]
struct Certificate {
    certificate: Text,
    key: Text,
}

const TYPE: &str = "sprig.certificate";

impl From<Certificate> for Value {
    fn from(certificate: Certificate) -> Self {
        Self::object(certificate)
    }
}

impl Argument for Certificate {
    const PARAMETER: Parameter = Parameter::One(Type::Object(TYPE));

    fn take(arguments: &mut Iter<'_, Slot>) -> Result<Self, Error> {
        let slot = arguments.next().ok_or("too few arguments")?;
        let mismatch = || Error::message(format!("wrong type for value; expected {TYPE}"));
        slot.value.downcast::<Self>().cloned().ok_or_else(mismatch)
    }
}

impl Object for Certificate {
    fn type_name(&self) -> Cow<'static, str> {
        TYPE.into()
    }

    fn kind(&self) -> &'static str {
        "struct"
    }

    fn member(&self, name: &str) -> Option<Member> {
        match name {
            "Cert" => Some(Member::Field(self.certificate.clone().into())),
            "Key" => Some(Member::Field(self.key.clone().into())),
            _ => None,
        }
    }

    fn display(&self) -> Text {
        Text::from([b"{", &*self.certificate, b" ", &*self.key, b"}"].concat())
    }

    fn to_plain(&self) -> Value {
        let entry = |name: &str, text: &Text| (Text::from(name), Value::from(text.clone()));
        [entry("Cert", &self.certificate), entry("Key", &self.key)].into_iter().collect::<Map>().into()
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other: &dyn Any = other;
        other
            .downcast_ref::<Self>()
            .is_some_and(|other| (&self.certificate, &self.key) == (&other.certificate, &other.key))
    }
}

/// A certificate and a key that were made elsewhere, in base 64.
fn custom(certificate: &[u8], key: &[u8]) -> Made {
    let certificate = decode_base_64(certificate).map_err(|_| "unable to decode base64 certificate")?;
    let key = decode_base_64(key).map_err(|_| "unable to decode base64 private key")?;
    let (_, der) = from_pem(&certificate).ok_or("unable to decode certificate")?;
    if Parsed::read(&der).is_none() {
        return Err("error parsing certificate: decodedCert.Bytes: x509: malformed certificate".into());
    }
    PrivateKey::from_pem(&key).map_err(|problem| format!("error parsing private key: {problem}"))?;
    Ok(Certificate { certificate: certificate.into(), key: key.into() })
}

/// The parts of a certificate that its signing of others needs.
struct Parsed<'a> {
    subject: &'a [u8],
    public_info: &'a [u8],
    key_identifier: Option<&'a [u8]>,
}

impl<'a> Parsed<'a> {
    fn read(der: &'a [u8]) -> Option<Self> {
        let (certificate, _) = read(der)?;
        let (body, _) = read(certificate.content)?;
        let parts = elements(body.content)?;
        // The version may be left out.
        let parts = if parts.first()?.tag == context(0) { &parts[1..] } else { &parts[..] };
        let (subject, public_info) = (parts.get(4)?.whole, parts.get(5)?.whole);
        let extensions = parts.iter().find(|part| part.tag == context(3));
        let key_identifier = extensions.and_then(|extensions| find_key_identifier(*extensions));
        Some(Self { subject, public_info, key_identifier })
    }
}

fn find_key_identifier(extensions: Element<'_>) -> Option<&[u8]> {
    let (list, _) = read(extensions.content)?;
    let extension = elements(list.content)?.into_iter().find_map(|extension| {
        let parts = elements(extension.content)?;
        (parts.first()?.content == SUBJECT_KEY_IDENTIFIER).then(|| parts.last().copied()).flatten()
    })?;
    read(extension.content).map(|(identifier, _)| identifier.content)
}

/// Who signs.
struct Issuer {
    subject: Vec<u8>,
    key_identifier: Vec<u8>,
    key: PrivateKey,
    is_own: bool,
}

impl Issuer {
    fn new(certificate: &Certificate) -> Result<Self, Error> {
        let (_, der) = from_pem(&certificate.certificate).ok_or("unable to decode certificate")?;
        let parsed = Parsed::read(&der)
            .ok_or("error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate")?;
        let key = PrivateKey::from_pem(&certificate.key)
            .map_err(|problem| format!("error parsing private key: {problem}"))?;
        let is_own = !key.is_signer() || key.public_info() == parsed.public_info;
        let key_identifier = parsed.key_identifier.unwrap_or_default().to_vec();
        Ok(Self { subject: parsed.subject.to_vec(), key_identifier, key, is_own })
    }
}

/// What a certificate shall say.
struct Request {
    subject: Vec<u8>,
    days: i64,
    is_authority: bool,
    names: Vec<String>,
    addresses: Vec<IpAddr>,
}

/// 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// 2.5.29.14.
const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x0e];
/// 2.5.29.15.
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
/// 2.5.29.17.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
/// 2.5.29.19.
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
/// 2.5.29.35.
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
/// 2.5.29.37.
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// 1.3.6.1.5.5.7.3.1 and 1.3.6.1.5.5.7.3.2: servers and clients.
const PURPOSES: [&[u8]; 2] =
    [&[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01], &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02]];

/// The bytes of the identifier of an authority's key: the first of its digest (RFC 7093).
const KEY_IDENTIFIER_LENGTH: usize = 20;

impl Request {
    fn new(name: &[u8], days: isize) -> Self {
        let (names, addresses) = (Vec::new(), Vec::new());
        Self { subject: subject(name), days: days as i64, is_authority: false, names, addresses }
    }

    fn authority(self) -> Self {
        Self { is_authority: true, ..self }
    }

    fn hosts(mut self, ips: &List, dns: &List) -> Result<Self, Error> {
        for ip in &*ips.items() {
            let Some(text) = ip.as_text() else {
                return Err(Error::message(format!("error parsing ip: {} is not a string", display(ip))));
            };
            let address = text.to_str_lossy().parse().map_err(|_| format!("error parsing ip: {text}"))?;
            self.addresses.push(address);
        }
        for name in &*dns.items() {
            let Some(text) = name.as_text() else {
                let name = display(name);
                return Err(Error::message(format!(
                    "error processing alternate dns name: {name} is not a string"
                )));
            };
            self.names.push(text.to_str_lossy().into_owned());
        }
        Ok(self)
    }

    /// Makes the certificate of a key, signed by an issuer or by itself.
    fn issue(self, call: &mut Call<'_>, key: &PrivateKey, issuer: Option<&Issuer>) -> Made {
        let failed = |problem: &str| Error::message(format!("error creating certificate: {problem}"));
        let signer = issuer.map_or(key, |issuer| &issuer.key);
        if !signer.is_signer() {
            return Err(failed("x509: certificate private key does not implement crypto.Signer"));
        }
        if !key.is_signer() {
            return Err(failed("x509: unsupported public key type: *dsa.PublicKey"));
        }
        if let Some(name) = self.names.iter().find(|name| !name.is_ascii()) {
            return Err(failed(&format!("x509: \"{name}\" cannot be encoded as an IA5String")));
        }
        if issuer.is_some_and(|issuer| !issuer.is_own) {
            return Err(failed("x509: provided PrivateKey doesn't match parent's PublicKey"));
        }
        let mut serial = [0; 16];
        call.random().fill_bytes(&mut serial);
        let issuer_name = issuer.map_or(&self.subject, |issuer| &issuer.subject);
        let algorithm = signer.signature_algorithm();
        let body = sequence(&[
            &element(context(0), &[&unsigned(&[2])]),
            &unsigned(&serial),
            &algorithm,
            issuer_name,
            &self.validity(call.now()).map_err(failed)?,
            &self.subject,
            &key.public_info(),
            &element(context(3), &[&sequence(&[&self.extensions(key, issuer)])]),
        ]);
        let signature = signer.sign(&body)?;
        let der = sequence(&[&body, &algorithm, &bit_string(&signature)]);
        Ok(Certificate { certificate: to_pem("CERTIFICATE", &der).into(), key: key.to_pem()?.into() })
    }

    fn validity(&self, now: Timestamp) -> Result<Vec<u8>, &'static str> {
        let problem = "cannot represent time as GeneralizedTime";
        const NANOSECONDS_PER_DAY: i64 = 86_400 * 1_000_000_000;
        // Go's arithmetic wraps.
        let length = self.days.wrapping_mul(NANOSECONDS_PER_DAY);
        let end =
            Timestamp::from_nanosecond(now.as_nanosecond() + i128::from(length)).map_err(|_| problem)?;
        let (start, end) = (time(now).ok_or(problem)?, time(end).ok_or(problem)?);
        Ok(sequence(&[&start, &end]))
    }

    fn extensions(&self, key: &PrivateKey, issuer: Option<&Issuer>) -> Vec<u8> {
        let purposes = PURPOSES.map(|purpose| element(OBJECT_IDENTIFIER, &[purpose])).concat();
        // Digital signature, key encipherment and, for an authority, signing of certificates.
        let usage: &[u8] = if self.is_authority { &[2, 0b1010_0100] } else { &[5, 0b1010_0000] };
        let constraints = if self.is_authority { element(BOOLEAN, &[&[0xff]]) } else { Vec::new() };
        let mut extensions = vec![
            extension(KEY_USAGE, true, &element(super::der::BIT_STRING, &[usage])),
            extension(EXTENDED_KEY_USAGE, false, &sequence(&[&purposes])),
            extension(BASIC_CONSTRAINTS, true, &sequence(&[&constraints])),
        ];
        if self.is_authority {
            let digest = Sha256::digest(key.public_bits());
            let identifier = element(OCTET_STRING, &[&digest[..KEY_IDENTIFIER_LENGTH]]);
            extensions.push(extension(SUBJECT_KEY_IDENTIFIER, false, &identifier));
        }
        let other =
            issuer.filter(|issuer| issuer.subject != self.subject && !issuer.key_identifier.is_empty());
        if let Some(issuer) = other {
            let identifier = sequence(&[&element(0x80, &[&issuer.key_identifier])]);
            extensions.push(extension(AUTHORITY_KEY_IDENTIFIER, false, &identifier));
        }
        if !self.names.is_empty() || !self.addresses.is_empty() {
            // They are critical when there is no other name.
            let is_critical = self.subject == sequence(&[]);
            extensions.push(extension(ALTERNATIVE_NAMES, is_critical, &self.alternative_names()));
        }
        extensions.concat()
    }

    fn alternative_names(&self) -> Vec<u8> {
        let names = self.names.iter().map(|name| element(0x82, &[name.as_bytes()]));
        let addresses = self.addresses.iter().map(|address| match address {
            IpAddr::V4(address) => element(0x87, &[&address.octets()]),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(address) => element(0x87, &[&address.octets()]),
                None => element(0x87, &[&address.octets()]),
            },
        });
        sequence(&[&names.chain(addresses).collect::<Vec<_>>().concat()])
    }
}

fn extension(identifier: &[u8], is_critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if is_critical { element(BOOLEAN, &[&[0xff]]) } else { Vec::new() };
    sequence(&[&element(OBJECT_IDENTIFIER, &[identifier]), &critical, &element(OCTET_STRING, &[value])])
}

/// A name that has nothing but a common name, or not even that.
fn subject(name: &[u8]) -> Vec<u8> {
    if name.is_empty() {
        return sequence(&[]);
    }
    let is_printable = name.iter().all(|byte| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(byte));
    let text = String::from_utf8_lossy(name);
    let text = element(if is_printable { PRINTABLE_STRING } else { UTF_8_STRING }, &[text.as_bytes()]);
    let attribute = sequence(&[&element(OBJECT_IDENTIFIER, &[COMMON_NAME]), &text]);
    sequence(&[&element(SET, &[&attribute])])
}

/// A time in UTC: with two digits for the year from 1950 to 2049, with four for others.
fn time(time: Timestamp) -> Option<Vec<u8>> {
    let shown = time.to_zoned(TimeZone::UTC);
    match shown.year() {
        1950..2050 => Some(element(UTC_TIME, &[shown.strftime("%y%m%d%H%M%SZ").to_string().as_bytes()])),
        0..=9999 => {
            Some(element(GENERALIZED_TIME, &[shown.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes()]))
        }
        _ => None,
    }
}
