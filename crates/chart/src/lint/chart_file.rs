//! The rules for `Chart.yaml`.

use serde_json::Value;

use super::addresses::{is_email, is_request_url, is_url};
use super::source::LintSource;
use super::{Findings, Severity};
use crate::metadata::{Metadata, quote_whole};
use crate::render::go;
use crate::version::{Constraint, Version, is_strict_version};

const FILE: &str = "Chart.yaml";

/// The fields of the file, of a maintainer and of a dependency.
const FIELDS: [&str; 17] = [
    "name",
    "home",
    "sources",
    "version",
    "description",
    "keywords",
    "maintainers",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "deprecated",
    "annotations",
    "kubeVersion",
    "dependencies",
    "type",
];
const MAINTAINER_FIELDS: [&str; 3] = ["name", "email", "url"];
const DEPENDENCY_FIELDS: [&str; 8] =
    ["name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"];

pub(super) fn check(findings: &mut Findings, source: &LintSource) {
    if source.chart_file_is_directory {
        findings.check(Severity::Error, FILE, Err("should be a file, not a directory".to_owned()));
    }
    let metadata = source.chart_file.clone().and_then(|text| {
        let mut metadata = Metadata::default();
        metadata.apply_yaml(&text).map_err(|error| error.to_string())?;
        Ok((text, metadata))
    });
    let (text, metadata) = match metadata {
        Ok(parsed) => parsed,
        Err(error) => {
            findings.check(Severity::Error, FILE, Err(format!("unable to parse YAML\n\t{error}")));
            return;
        }
    };
    let strict = check_strictly(&text)
        .map_err(|error| format!("failed to strictly parse chart metadata file\n\t{error}"));
    findings.check(Severity::Warning, FILE, strict);
    let value = chandlery_yaml::from_slice(&text, &crate::yaml_options()).unwrap_or_default();
    for (severity, verdict) in verdicts(&metadata, &value) {
        findings.check(severity, FILE, verdict);
    }
}

/// What the rules say, in Helm's order.
fn verdicts(metadata: &Metadata, value: &Value) -> [(Severity, Result<(), String>); 12] {
    use Severity::{Error, Info, Warning};
    [
        (Error, check_name(metadata)),
        (Error, check_api_version(metadata)),
        (Error, check_is_text(value, "version")),
        (Error, check_version(metadata)),
        (Error, check_is_text(value, "appVersion")),
        (Error, check_maintainers(metadata)),
        (Error, check_sources(metadata)),
        (Info, require(!metadata.icon.is_empty(), || "icon is recommended".to_owned())),
        (Error, check_icon(metadata)),
        (Error, check_kind(metadata)),
        (Error, check_dependencies(metadata)),
        (Warning, check_strict_version(metadata)),
    ]
}

fn require(condition: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(message()) }
}

/// Finds keys that stand twice, or that no field has.
fn check_strictly(text: &[u8]) -> Result<(), String> {
    let options = chandlery_yaml::Options { strict_duplicates: true, ..crate::yaml_options() };
    let value = chandlery_yaml::from_slice(text, &options)
        .map_err(|error| format!("error converting YAML to JSON: {error}"))?;
    match unknown_field(&value) {
        None => Ok(()),
        Some(field) => {
            let field = quote_whole(field);
            Err(format!("error unmarshaling JSON: while decoding JSON: json: unknown field {field}"))
        }
    }
}

/// The first unknown field, in the sorted order of keys.
fn unknown_field(value: &Value) -> Option<&str> {
    for (key, value) in sorted(value) {
        if !is_known(key, &FIELDS) {
            return Some(key);
        }
        let below: &[&str] = match key.to_ascii_lowercase().as_str() {
            "maintainers" => &MAINTAINER_FIELDS,
            "dependencies" => &DEPENDENCY_FIELDS,
            _ => continue,
        };
        let items = value.as_array().into_iter().flatten();
        let mut keys = items.flat_map(|item| sorted(item).into_iter().map(|(key, _)| key));
        if let Some(unknown) = keys.find(|key| !is_known(key, below)) {
            return Some(unknown);
        }
    }
    None
}

fn sorted(value: &Value) -> Vec<(&str, &Value)> {
    let entries = value.as_object().into_iter().flatten();
    let mut entries: Vec<_> = entries.map(|(key, value)| (key.as_str(), value)).collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
}

fn is_known(key: &str, fields: &[&str]) -> bool {
    fields.iter().any(|field| field.eq_ignore_ascii_case(key))
}

fn check_name(metadata: &Metadata) -> Result<(), String> {
    let name = &metadata.name;
    require(!name.is_empty(), || "name is required".to_owned())?;
    require(!name.contains('/'), || format!("chart name {} is invalid", quote_whole(name)))
}

fn check_api_version(metadata: &Metadata) -> Result<(), String> {
    const ALLOWED: &str = "The value must be either \"v1\" or \"v2\"";
    match metadata.api_version.as_str() {
        "v1" | "v2" => Ok(()),
        "" => Err(format!("apiVersion is required. {ALLOWED}")),
        other => Err(format!("apiVersion '{other}' is not valid. {ALLOWED}")),
    }
}

fn check_is_text(value: &Value, key: &str) -> Result<(), String> {
    let kind = match value.get(key) {
        None | Some(Value::String(_)) => return Ok(()),
        Some(Value::Null) => "<nil>",
        // Go's decoder makes floats of all numbers.
        Some(Value::Number(_)) => "float64",
        Some(other) => go::type_name(other),
    };
    Err(format!("{key} should be of type string but it's of type {kind}"))
}

fn check_version(metadata: &Metadata) -> Result<(), String> {
    const LOWEST: &str = "0.0.0-0";
    let text = &metadata.version;
    require(!text.is_empty(), || "version is required".to_owned())?;
    let version: Version = text.parse().map_err(|_| format!("version '{text}' is not a valid SemVer"))?;
    let constraint: Constraint = format!(">{LOWEST}").parse().expect("it is a constant");
    let refusal = || format!("version {:?} is less than or equal to {LOWEST:?}", version.to_canonical());
    require(constraint.matches(&version), refusal)
}

fn check_strict_version(metadata: &Metadata) -> Result<(), String> {
    let text = &metadata.version;
    require(is_strict_version(text), || format!("version '{text}' is not a valid SemVerV2"))
}

fn check_maintainers(metadata: &Metadata) -> Result<(), String> {
    for maintainer in &metadata.maintainers {
        let (name, email, url) = (&maintainer.name, &maintainer.email, &maintainer.url);
        require(!name.is_empty(), || "each maintainer requires a name".to_owned())?;
        require(email.is_empty() || is_email(email), || {
            format!("invalid email '{email}' for maintainer '{name}'")
        })?;
        require(url.is_empty() || is_url(url), || format!("invalid url '{url}' for maintainer '{name}'"))?;
    }
    Ok(())
}

fn check_sources(metadata: &Metadata) -> Result<(), String> {
    match metadata.sources.iter().find(|source| !is_request_url(source)) {
        None => Ok(()),
        Some(source) => Err(format!("invalid source URL '{source}'")),
    }
}

fn check_icon(metadata: &Metadata) -> Result<(), String> {
    let icon = &metadata.icon;
    require(icon.is_empty() || is_request_url(icon), || format!("invalid icon URL '{icon}'"))
}

fn check_kind(metadata: &Metadata) -> Result<(), String> {
    let version = &metadata.api_version;
    require(metadata.kind.is_empty() || version == "v2", || {
        format!("chart type is not valid in apiVersion '{version}'. It is valid in apiVersion 'v2'")
    })
}

fn check_dependencies(metadata: &Metadata) -> Result<(), String> {
    let version = &metadata.api_version;
    require(metadata.dependencies.is_empty() || version == "v2", || {
        format!(
            "dependencies are not valid in the Chart file with apiVersion '{version}'. They are valid in apiVersion 'v2'"
        )
    })
}
