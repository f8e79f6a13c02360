//! Objects that belong to the cluster and not to a namespace.

use std::collections::BTreeMap;

use serde::Serialize;

use super::object::{Object, ObjectReference, text};

/// An object of the whole cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClusterObject {
    /// Which one.
    pub object: ObjectReference,
    /// How its scope is known.
    pub known_by: ScopeSource,
}

/// How the scope of a kind is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeSource {
    /// It is a kind of Kubernetes.
    Kubernetes,
    /// The manifest defines it.
    Definition,
}

#[derive(Default)]
pub(super) struct Scopes {
    pub(super) cluster: Vec<ClusterObject>,
    pub(super) unknown: Vec<ObjectReference>,
    pub(super) foreign: Vec<ObjectReference>,
}

/// The kinds of Kubernetes without a namespace, by group.
const CLUSTER_KINDS: &[(&str, &[&str])] = &[
    ("", &["ComponentStatus", "Namespace", "Node", "PersistentVolume"]),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("authentication.k8s.io", &["SelfSubjectReview", "TokenReview"]),
    ("authorization.k8s.io", &["SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"]),
    ("certificates.k8s.io", &["CertificateSigningRequest", "ClusterTrustBundle"]),
    ("extensions", &["PodSecurityPolicy"]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("internal.apiserver.k8s.io", &["StorageVersion"]),
    ("networking.k8s.io", &["IngressClass", "IPAddress", "ServiceCIDR"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("policy", &["PodSecurityPolicy"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    ("resource.k8s.io", &["DeviceClass", "DeviceTaintRule", "ResourceSlice"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    (
        "storage.k8s.io",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"],
    ),
    ("storagemigration.k8s.io", &["StorageVersionMigration"]),
];

/// Groups of Kubernetes all of whose kinds have a namespace.
const NAMESPACED_GROUPS: &[&str] =
    &["apps", "autoscaling", "batch", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io"];

/// Is the group one of Kubernetes itself?
pub(super) fn is_kubernetes_group(group: &str) -> bool {
    NAMESPACED_GROUPS.contains(&group) || CLUSTER_KINDS.iter().any(|(known, _)| *known == group)
}

fn is_cluster_kind(group: &str, kind: &str) -> bool {
    CLUSTER_KINDS.iter().any(|(known, kinds)| *known == group && kinds.contains(&kind))
}

pub(super) fn collect(objects: &[Object], namespace: &str) -> Scopes {
    let defined: BTreeMap<(&str, &str), bool> = objects.iter().filter_map(definition).collect();
    let mut scopes = Scopes::default();
    for object in objects.iter().filter(|object| !object.kind().is_empty()) {
        let (group, kind) = (object.group(), object.kind());
        let (is_cluster, known_by) = if is_kubernetes_group(group) {
            (is_cluster_kind(group, kind), ScopeSource::Kubernetes)
        } else if let Some(is_cluster) = defined.get(&(group, kind)) {
            (*is_cluster, ScopeSource::Definition)
        } else {
            scopes.unknown.push(object.reference());
            continue;
        };
        if is_cluster {
            scopes.cluster.push(ClusterObject { object: object.reference(), known_by });
        } else if object.namespace().is_some_and(|other| other != namespace) {
            scopes.foreign.push(object.reference());
        }
    }
    scopes
}

/// The group and kind that a definition defines, and whether objects of it belong to the cluster.
fn definition(object: &Object) -> Option<((&str, &str), bool)> {
    if object.kind() != "CustomResourceDefinition" {
        return None;
    }
    let spec = object.value.get("spec")?;
    let kind = spec["names"]["kind"].as_str()?;
    Some(((text(&spec["group"]), kind), spec["scope"] == "Cluster"))
}
