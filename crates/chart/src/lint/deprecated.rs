//! The kinds of objects that Kubernetes no longer wants.

use super::decode::Object;
use crate::render::KubeVersion;

/// A line for each deprecated kind: API version, kind, the minor version of Kubernetes 1 that deprecates it, the one that
/// removes it, and what to use instead, if there is something. From the lifecycle methods of Kubernetes 1.37.
const TABLE: &str = include_str!("deprecated.tsv");

/// Says since when the kind of an object is deprecated, if it is in this version of Kubernetes.
pub(super) fn check_deprecated(object: &Object, version: &KubeVersion) -> Result<(), String> {
    let Some([since, until, instead]) = find(&object.api_version, &object.kind) else { return Ok(()) };
    let is_over = match (version.major.parse::<u32>(), version.minor.parse::<u32>(), since.parse::<u32>()) {
        (Ok(1), Ok(minor), Ok(since)) => since <= minor,
        (Ok(major), ..) => major > 1,
        _ => false,
    };
    if !is_over {
        return Ok(());
    }
    let (api_version, kind) = (&object.api_version, &object.kind);
    let mut text = format!("{api_version} {kind} is deprecated in v1.{since}+, unavailable in v1.{until}+");
    if !instead.is_empty() {
        text.push_str(&format!("; use {instead}"));
    }
    Err(text)
}

fn find(api_version: &str, kind: &str) -> Option<[&'static str; 3]> {
    TABLE.lines().find_map(|line| {
        let mut fields = line.split('\t');
        let is_wanted = fields.next() == Some(api_version) && fields.next() == Some(kind);
        let mut next = || fields.next().unwrap_or_default();
        is_wanted.then(|| [next(), next(), next()])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deprecations_depend_on_the_version() {
        let text = |api_version: &str, kind: &str, version: &str| {
            let object =
                Object { api_version: api_version.to_owned(), kind: kind.to_owned(), name: String::new() };
            check_deprecated(&object, &version.parse().unwrap()).err().unwrap_or_default()
        };
        assert_eq!(text("policy/v1beta1", "PodDisruptionBudget", "1.20"), "");
        assert_eq!(
            text("policy/v1beta1", "PodDisruptionBudget", "1.21"),
            "policy/v1beta1 PodDisruptionBudget is deprecated in v1.21+, unavailable in v1.25+; use policy/v1 \
             PodDisruptionBudget"
        );
        assert_eq!(
            text("node.k8s.io/v1beta1", "RuntimeClass", "2.0"),
            "node.k8s.io/v1beta1 RuntimeClass is deprecated in v1.22+, unavailable in v1.25+"
        );
        assert_eq!(text("apps/v1", "Deployment", "1.37"), "");
    }
}
