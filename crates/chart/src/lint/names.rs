//! The rules of Kubernetes for the names of objects.

use super::decode::Object;
use crate::metadata::quote_whole;

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const SERVICE_LABEL: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";

const LONGEST_LABEL: usize = 63;
const LONGEST_SUBDOMAIN: usize = 253;

/// Finds what is wrong with the name of an object.
pub(super) fn check_name(object: &Object) -> Result<(), String> {
    let name = &object.name;
    let faults = match object.kind.to_lowercase().as_str() {
        "service" => service_faults(name),
        "namespace" => label_faults(name),
        "certificatesigningrequest" => Vec::new(),
        "role" | "clusterrole" | "rolebinding" | "clusterrolebinding" => segment_faults(name),
        _ => subdomain_faults(name),
    };
    if faults.is_empty() {
        return Ok(());
    }
    let quoted = quote_whole(name);
    let told: Vec<String> =
        faults.iter().map(|fault| format!("metadata.name: Invalid value: {quoted}: {fault}")).collect();
    let told = match &told[..] {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    Err(format!("object name does not conform to Kubernetes naming requirements: {quoted}: {told}"))
}

fn too_long(name: &str, limit: usize) -> Option<String> {
    (name.len() > limit).then(|| format!("must be no more than {limit} bytes"))
}

fn against(rule: &str, examples: &str, pattern: &str) -> String {
    format!("{rule} (e.g. {examples}, regex used for validation is '{pattern}')")
}

fn subdomain_faults(name: &str) -> Vec<String> {
    let rule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
                start and end with an alphanumeric character";
    let fault = (!is_subdomain(name)).then(|| against(rule, "'example.com'", SUBDOMAIN));
    too_long(name, LONGEST_SUBDOMAIN).into_iter().chain(fault).collect()
}

fn label_faults(name: &str) -> Vec<String> {
    let rule = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and \
                end with an alphanumeric character";
    let fault = match () {
        () if is_label(name) => None,
        () if is_subdomain(name) => Some("must not contain dots".to_owned()),
        () => Some(against(rule, "'my-name',  or '123-abc'", LABEL)),
    };
    too_long(name, LONGEST_LABEL).into_iter().chain(fault).collect()
}

fn service_faults(name: &str) -> Vec<String> {
    let rule = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
                character, and end with an alphanumeric character";
    let is_good = is_label(name) && name.starts_with(|letter: char| letter.is_ascii_lowercase());
    let fault = (!is_good).then(|| against(rule, "'my-name',  or 'abc-123'", SERVICE_LABEL));
    too_long(name, LONGEST_LABEL).into_iter().chain(fault).collect()
}

fn segment_faults(name: &str) -> Vec<String> {
    if matches!(name, "." | "..") {
        return vec![format!("may not be '{name}'")];
    }
    let found = ['/', '%'].into_iter().filter(|letter| name.contains(*letter));
    found.map(|letter| format!("may not contain '{letter}'")).collect()
}

fn is_subdomain(name: &str) -> bool {
    name.split('.').all(is_label)
}

fn is_label(name: &str) -> bool {
    let is_edge = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let bytes = name.as_bytes();
    let edges = [bytes.first(), bytes.last()];
    edges.into_iter().all(|edge| edge.copied().is_some_and(is_edge))
        && bytes.iter().all(|&letter| letter == b'-' || is_edge(letter))
}
