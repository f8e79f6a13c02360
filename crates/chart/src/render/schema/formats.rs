//! The formats of texts, which drafts up to 7 check.

mod net;
mod time;

use crate::render::go::quote_character;
use crate::render::schema::pattern;

/// A format: its name and its check, which says what is wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    pub(crate) name: &'static str,
    pub(crate) check: fn(&str) -> Result<(), String>,
}

/// The formats the library knows; all others pass.
const FORMATS: [Format; 19] = [
    Format { name: "json-pointer", check: json_pointer },
    Format { name: "relative-json-pointer", check: relative_json_pointer },
    Format { name: "uuid", check: uuid },
    Format { name: "duration", check: time::duration },
    Format { name: "period", check: time::period },
    Format { name: "ipv4", check: net::ipv4 },
    Format { name: "ipv6", check: net::ipv6 },
    Format { name: "hostname", check: net::hostname },
    Format { name: "email", check: net::email },
    Format { name: "date", check: time::date },
    Format { name: "time", check: time::time },
    Format { name: "date-time", check: time::date_time },
    Format { name: "uri", check: net::uri },
    Format { name: "iri", check: net::uri },
    Format { name: "uri-reference", check: net::uri_reference },
    Format { name: "iri-reference", check: net::uri_reference },
    Format { name: "uri-template", check: net::uri_template },
    Format { name: "semver", check: semver },
    Format { name: "regex", check: pattern::check },
];

/// The format of a name.
pub(crate) fn find(name: &str) -> Option<Format> {
    FORMATS.into_iter().find(|format| format.name == name)
}

type Check = Result<(), String>;

fn fail(text: &str) -> Check {
    Err(text.to_owned())
}

/// The first character that is not allowed.
fn only(text: &str, is_allowed: impl Fn(char) -> bool) -> Result<(), String> {
    match text.chars().find(|character| !is_allowed(*character)) {
        Some(character) => Err(quote_character(character)),
        None => Ok(()),
    }
}

fn json_pointer(text: &str) -> Check {
    if text.is_empty() {
        return Ok(());
    }
    if !text.starts_with('/') {
        return fail("not starting with /");
    }
    let is_escaped = |after: &str| after.starts_with(['0', '1']);
    if text.split('~').skip(1).all(is_escaped) { Ok(()) } else { fail("~ must be followed by 0 or 1") }
}

fn relative_json_pointer(text: &str) -> Check {
    let pointer = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
    match text.len() - pointer.len() {
        0 => fail("must start with non-negative integer"),
        2.. if text.starts_with('0') => fail("starts with zero"),
        _ if pointer == "#" => Ok(()),
        _ => json_pointer(pointer),
    }
}

fn uuid(text: &str) -> Check {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    if groups.len() != LENGTHS.len() {
        return fail("must have 5 elements");
    }
    for (index, (group, length)) in groups.iter().zip(LENGTHS).enumerate() {
        if group.len() != length {
            return Err(format!("element {} must be {length} characters long", index + 1));
        }
        only(group, |digit| digit.is_ascii_hexdigit())
            .map_err(|digit| format!("non-hex character {digit}"))?;
    }
    Ok(())
}

fn semver(text: &str) -> Check {
    let (rest, build) = text.split_once('+').map_or((text, None), |(rest, build)| (rest, Some(build)));
    match build {
        Some("") => return fail("build is empty"),
        Some(build) => identifiers(build, "build")?,
        None => {}
    }
    let (core, prerelease) = rest.split_once('-').map_or((rest, None), |(core, after)| (core, Some(after)));
    if let Some(prerelease) = prerelease {
        for identifier in prerelease.split('.') {
            identifiers(identifier, "pre-release")?;
            let is_number = identifier.bytes().all(|byte| byte.is_ascii_digit());
            if is_number && identifier.len() > 1 && identifier.starts_with('0') {
                return fail("pre-release numeric identifier starts with zero");
            }
        }
    }
    semver_core(core)
}

fn identifiers(text: &str, kind: &str) -> Check {
    for identifier in text.split('.') {
        if identifier.is_empty() {
            return Err(format!("{kind} identifier is empty"));
        }
        only(identifier, |letter| letter.is_ascii_alphanumeric() || letter == '-')
            .map_err(|letter| format!("invalid character {letter} in {kind} identifier"))?;
    }
    Ok(())
}

fn semver_core(core: &str) -> Check {
    let numbers: Vec<&str> = core.split('.').collect();
    if numbers.len() != 3 {
        return fail("versionCore must have 3 numbers separated by dot");
    }
    for (number, name) in numbers.into_iter().zip(["major", "minor", "patch"]) {
        if number.is_empty() {
            return Err(format!("{name} is empty"));
        }
        if number.len() > 1 && number.starts_with('0') {
            return Err(format!("{name} starts with zero"));
        }
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("{name} contains non-digit"));
        }
    }
    Ok(())
}
