//! `Chart.lock`: which versions the dependencies of a chart resolved to.

use chandlery_core::Digest;
use chandlery_yaml::{Dialect, Emitter};
use serde::{Deserialize, Serialize};

use crate::metadata::{
    Dependency, MetadataError, ShapeError, Unknown, folded, take_dependencies, take_map, take_text,
    write_dependencies,
};
use crate::timestamp::Timestamp;

/// The content of `Chart.lock` (or `requirements.lock`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lock {
    /// When it was made.
    pub generated: Timestamp,
    /// `sha256:` and the hash of the declared and the locked dependencies.
    pub digest: String,
    /// Each dependency with a single version.
    pub dependencies: Vec<Dependency>,
}

impl Lock {
    /// Reads the file; an empty document is no lock.
    ///
    /// # Errors
    /// [`MetadataError::Yaml`] and [`MetadataError::Shape`], the latter also for a `generated` that is no time.
    pub fn from_yaml(text: &[u8]) -> Result<Option<Self>, MetadataError> {
        let value = chandlery_yaml::from_slice(text, &crate::yaml_options())?;
        let Some(entries) = take_map(value)? else { return Ok(None) };
        let mut lock = Self::default();
        for (key, value) in entries {
            match &*folded(&key) {
                "generated" => take_time(&mut lock.generated, &value),
                "digest" => take_text(&mut lock.digest, value),
                "dependencies" => take_dependencies(&mut lock.dependencies, value, Unknown::Ignore),
                _ => Ok(()),
            }
            .map_err(|error| error.below(&key))?;
        }
        Ok(Some(lock))
    }

    /// The digest that a lock of these dependencies has: of the declared ones, with aliases of repositories resolved, and
    /// the locked ones, as Go writes them in JSON.
    ///
    /// Only to be compared with another one.
    #[must_use]
    pub fn digest_of(declared: &[Dependency], locked: &[Dependency]) -> String {
        format!("sha256:{}", Digest::of(go_json(&[declared, locked]).as_bytes()))
    }

    /// The digest that Helm 2 gave a lock: of the declared dependencies alone, as they stand in `requirements.yaml`.
    #[must_use]
    pub fn helm2_digest_of(declared: &[Dependency]) -> String {
        let text = go_json(&serde_json::json!({ "dependencies": declared }));
        format!("sha256:{}", Digest::of(text.as_bytes()))
    }

    /// The file as Helm writes it.
    ///
    /// # Errors
    /// [`chandlery_yaml::Error`] when a text has a control character that Helm's YAML cannot hold.
    pub fn to_yaml(&self) -> Result<String, chandlery_yaml::Error> {
        let mut emitter = Emitter::new(Dialect::Compact);
        emitter.begin_mapping();
        emitter.key("dependencies");
        write_dependencies(&mut emitter, &self.dependencies)?;
        emitter.key("digest");
        emitter.string(&self.digest);
        emitter.key("generated");
        emitter.string(self.generated.as_str());
        emitter.end_mapping();
        emitter.finish()
    }
}

/// JSON as Go's encoder writes it: what HTML gives a meaning is escaped, which serde's does not do.
fn go_json(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("dependencies have texts as keys");
    // These characters stand in texts only.
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            character => escaped.push(character),
        }
    }
    escaped
}

/// Reads a time; null leaves it as it is.
pub(crate) fn take_time(target: &mut Timestamp, value: &serde_json::Value) -> Result<(), ShapeError> {
    match value {
        serde_json::Value::Null => Ok(()),
        serde_json::Value::String(text) => {
            *target = text.parse().map_err(|_| ShapeError::new("", "a time in RFC 3339", value))?;
            Ok(())
        }
        other => Err(ShapeError::new("", "a time in RFC 3339", other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(name: &str, version: &str, repository: &str) -> Dependency {
        Dependency {
            name: name.to_owned(),
            version: version.to_owned(),
            repository: repository.to_owned(),
            ..Dependency::default()
        }
    }

    /// What `helm dependency update` 4.3.1 wrote for these dependencies.
    #[test]
    fn digests_are_helms() {
        let declared = [
            Dependency {
                alias: "other".to_owned(),
                condition: "other.enabled".to_owned(),
                tags: vec!["a".to_owned(), "<b>".to_owned()],
                import_values: vec!["data".into(), serde_json::json!({"child": "x", "parent": "y"})],
                ..dependency("sub", ">=0.1.0 <2", "file://../sub")
            },
            dependency("local", "*", ""),
        ];
        let locked = [dependency("sub", "0.1.0+x", "file://../sub"), dependency("local", "*", "")];
        assert_eq!(
            Lock::digest_of(&declared, &locked),
            "sha256:7c5dfc03744587237f8252aefa746136a57009066d5f3cc5d945a0218eedb866"
        );
    }
}
