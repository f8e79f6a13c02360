//! `Chart.lock`: which versions the dependencies of a chart resolved to.

use chandlery_yaml::{Dialect, Emitter};
use serde::{Deserialize, Serialize};

use crate::metadata::{
    Dependency, MetadataError, ShapeError, Unknown, take_dependencies, take_map, take_text,
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
            match key.to_ascii_lowercase().as_str() {
                "generated" => take_time(&mut lock.generated, &value),
                "digest" => take_text(&mut lock.digest, value),
                "dependencies" => take_dependencies(&mut lock.dependencies, value, Unknown::Ignore),
                _ => Ok(()),
            }
            .map_err(|error| error.below(&key))?;
        }
        Ok(Some(lock))
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
