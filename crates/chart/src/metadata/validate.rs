//! Helm's rules for metadata.

use std::collections::HashSet;

use super::text::{quote, sanitise};
use super::{Dependency, Metadata, MetadataError};
use crate::version::Version;

/// The longest name, in bytes. Helm has no limit, but no file system takes a longer file name, and no YAML reader a key
/// of more than 1024.
pub(crate) const LONGEST_NAME: usize = 250;

fn rule<T>(text: impl Into<String>) -> Result<T, MetadataError> {
    Err(MetadataError::Rule(text.into()))
}

impl Metadata {
    /// Cleans the texts and checks Helm's rules, in Helm's order and words.
    ///
    /// # Errors
    /// [`MetadataError::Rule`], for example `validation: chart.metadata.version "abc" is invalid`.
    pub fn validate(&mut self) -> Result<(), MetadataError> {
        self.sanitise();
        self.check_identity()?;
        if !matches!(self.kind.as_str(), "" | "application" | "library") {
            return rule("chart.metadata.type must be application or library");
        }
        self.check_dependencies()
    }

    fn sanitise(&mut self) {
        let texts = [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ];
        let lists = self.sources.iter_mut().chain(&mut self.keywords);
        texts.into_iter().chain(lists).for_each(sanitise);
        for maintainer in &mut self.maintainers {
            [&mut maintainer.name, &mut maintainer.email, &mut maintainer.url].into_iter().for_each(sanitise);
        }
    }

    fn check_identity(&self) -> Result<(), MetadataError> {
        let name = &self.name;
        match name.as_str() {
            _ if self.api_version.is_empty() => rule("chart.metadata.apiVersion is required"),
            "" => rule("chart.metadata.name is required"),
            "." | ".." => rule(format!("chart.metadata.name {} is not allowed", quote(name))),
            _ if name.contains('/') => rule(format!("chart.metadata.name {} is invalid", quote(name))),
            _ if name.len() > LONGEST_NAME => {
                rule(format!("chart.metadata.name {} is longer than {LONGEST_NAME} bytes", quote(name)))
            }
            _ if self.version.is_empty() => rule("chart.metadata.version is required"),
            _ if self.version.parse::<Version>().is_err() => {
                rule(format!("chart.metadata.version {} is invalid", quote(&self.version)))
            }
            _ => Ok(()),
        }
    }

    fn check_dependencies(&mut self) -> Result<(), MetadataError> {
        let mut seen = HashSet::new();
        for dependency in &mut self.dependencies {
            dependency.validate()?;
            let key = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
            if !seen.insert(key) {
                return Err(MetadataError::DuplicateDependency(quote(key)));
            }
        }
        Ok(())
    }
}

impl Dependency {
    fn validate(&mut self) -> Result<(), MetadataError> {
        let texts = [&mut self.name, &mut self.version, &mut self.repository, &mut self.condition];
        texts.into_iter().chain(&mut self.tags).for_each(sanitise);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if !self.alias.bytes().all(allowed) {
            return rule(format!("dependency {} has disallowed characters in the alias", quote(&self.name)));
        }
        Ok(())
    }
}
