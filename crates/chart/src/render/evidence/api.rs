//! APIs of Kubernetes that are deprecated or removed.

use serde::Serialize;

use super::object::{Object, ObjectReference};

/// A release of Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct KubernetesRelease {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

/// What has become of an API in a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiState {
    /// It will be removed, or should not be used any more.
    Deprecated,
    /// The cluster refuses it.
    Removed,
}

/// An object of such an API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiUse {
    /// Which object.
    pub object: ObjectReference,
    /// What has become of its API.
    pub state: ApiState,
    /// Since which release it is deprecated.
    pub deprecated_in: KubernetesRelease,
    /// In which release it is gone, if that is planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_in: Option<KubernetesRelease>,
    /// The `apiVersion` to use instead, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<&'static str>,
}

/// An API version, its kinds, the minor releases of Kubernetes 1 in which they were deprecated and removed (0: never),
/// and what replaces them.
struct Rule(&'static str, &'static [&'static str], u16, u16, &'static str);

/// From the life cycles that the types of Kubernetes 1.37 declare, and its deprecation guide.
#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule("admissionregistration.k8s.io/v1alpha1", &["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"], 35, 38, "admissionregistration.k8s.io/v1"),
    Rule("admissionregistration.k8s.io/v1alpha1", &["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"], 29, 32, "admissionregistration.k8s.io/v1"),
    Rule("admissionregistration.k8s.io/v1beta1", &["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"], 37, 40, "admissionregistration.k8s.io/v1"),
    Rule("admissionregistration.k8s.io/v1beta1", &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"], 16, 22, "admissionregistration.k8s.io/v1"),
    Rule("admissionregistration.k8s.io/v1beta1", &["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"], 31, 34, "admissionregistration.k8s.io/v1"),
    Rule("apiextensions.k8s.io/v1beta1", &["CustomResourceDefinition"], 16, 22, "apiextensions.k8s.io/v1"),
    Rule("apiregistration.k8s.io/v1beta1", &["APIService"], 19, 22, "apiregistration.k8s.io/v1"),
    Rule("apps/v1beta1", &["ControllerRevision", "Deployment", "StatefulSet"], 8, 16, "apps/v1"),
    Rule("apps/v1beta2", &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"], 9, 16, "apps/v1"),
    Rule("authentication.k8s.io/v1beta1", &["TokenReview"], 19, 22, "authentication.k8s.io/v1"),
    Rule("authorization.k8s.io/v1beta1", &["LocalSubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"], 19, 22, "authorization.k8s.io/v1"),
    Rule("autoscaling/v2beta1", &["HorizontalPodAutoscaler"], 22, 25, "autoscaling/v2"),
    Rule("autoscaling/v2beta2", &["HorizontalPodAutoscaler"], 23, 26, "autoscaling/v2"),
    Rule("batch/v1beta1", &["CronJob"], 21, 25, "batch/v1"),
    Rule("certificates.k8s.io/v1alpha1", &["ClusterTrustBundle"], 34, 37, "certificates.k8s.io/v1"),
    Rule("certificates.k8s.io/v1beta1", &["CertificateSigningRequest"], 19, 22, "certificates.k8s.io/v1"),
    Rule("certificates.k8s.io/v1beta1", &["ClusterTrustBundle"], 37, 40, "certificates.k8s.io/v1"),
    Rule("coordination.k8s.io/v1beta1", &["Lease"], 19, 22, "coordination.k8s.io/v1"),
    Rule("discovery.k8s.io/v1beta1", &["EndpointSlice"], 21, 25, "discovery.k8s.io/v1"),
    Rule("events.k8s.io/v1beta1", &["Event"], 22, 25, "events.k8s.io/v1"),
    Rule("extensions/v1beta1", &["DaemonSet", "Deployment", "ReplicaSet"], 8, 16, "apps/v1"),
    Rule("extensions/v1beta1", &["Ingress"], 14, 22, "networking.k8s.io/v1"),
    Rule("extensions/v1beta1", &["NetworkPolicy"], 9, 16, "networking.k8s.io/v1"),
    Rule("extensions/v1beta1", &["PodSecurityPolicy"], 10, 16, ""),
    Rule("flowcontrol.apiserver.k8s.io/v1beta1", &["FlowSchema", "PriorityLevelConfiguration"], 23, 26, "flowcontrol.apiserver.k8s.io/v1"),
    Rule("flowcontrol.apiserver.k8s.io/v1beta2", &["FlowSchema", "PriorityLevelConfiguration"], 26, 29, "flowcontrol.apiserver.k8s.io/v1"),
    Rule("flowcontrol.apiserver.k8s.io/v1beta3", &["FlowSchema", "PriorityLevelConfiguration"], 29, 32, "flowcontrol.apiserver.k8s.io/v1"),
    Rule("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], 19, 22, "networking.k8s.io/v1"),
    Rule("networking.k8s.io/v1beta1", &["IPAddress", "ServiceCIDR"], 34, 37, "networking.k8s.io/v1"),
    Rule("node.k8s.io/v1beta1", &["RuntimeClass"], 22, 25, "node.k8s.io/v1"),
    Rule("policy/v1beta1", &["PodDisruptionBudget"], 21, 25, "policy/v1"),
    Rule("policy/v1beta1", &["PodSecurityPolicy"], 21, 25, ""),
    Rule("rbac.authorization.k8s.io/v1alpha1", &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"], 17, 22, "rbac.authorization.k8s.io/v1"),
    Rule("rbac.authorization.k8s.io/v1beta1", &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"], 17, 22, "rbac.authorization.k8s.io/v1"),
    Rule("resource.k8s.io/v1beta1", &["DeviceClass", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"], 35, 38, "resource.k8s.io/v1"),
    Rule("resource.k8s.io/v1beta2", &["DeviceClass", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"], 36, 39, "resource.k8s.io/v1"),
    Rule("scheduling.k8s.io/v1beta1", &["PriorityClass"], 14, 22, "scheduling.k8s.io/v1"),
    Rule("storage.k8s.io/v1alpha1", &["CSIStorageCapacity", "VolumeAttachment"], 21, 24, "storage.k8s.io/v1"),
    Rule("storage.k8s.io/v1alpha1", &["VolumeAttributesClass"], 32, 35, "storage.k8s.io/v1"),
    Rule("storage.k8s.io/v1beta1", &["CSIDriver", "StorageClass", "VolumeAttachment"], 19, 22, "storage.k8s.io/v1"),
    Rule("storage.k8s.io/v1beta1", &["CSINode"], 17, 22, "storage.k8s.io/v1"),
    Rule("storage.k8s.io/v1beta1", &["CSIStorageCapacity"], 24, 27, "storage.k8s.io/v1"),
    Rule("storage.k8s.io/v1beta1", &["VolumeAttributesClass"], 34, 37, "storage.k8s.io/v1"),
    Rule("v1", &["ComponentStatus"], 19, 0, ""),
    Rule("v1", &["Endpoints"], 33, 0, "discovery.k8s.io/v1"),
];

/// Whether the API of an object is deprecated or removed in a release.
pub(super) fn check(object: &Object, release: KubernetesRelease) -> Option<ApiUse> {
    let (api_version, kind) = (object.api_version(), object.kind());
    let Rule(_, _, deprecated, removed, replacement) =
        RULES.iter().find(|rule| rule.0 == api_version && rule.1.contains(&kind))?;
    let in_1 = |minor| KubernetesRelease { major: 1, minor };
    let deprecated_in = in_1(*deprecated);
    let removed_in = (*removed > 0).then(|| in_1(*removed));
    let state = match removed_in {
        Some(removed_in) if removed_in <= release => ApiState::Removed,
        _ if deprecated_in <= release => ApiState::Deprecated,
        _ => return None,
    };
    let replacement = Some(*replacement).filter(|replacement| !replacement.is_empty());
    Some(ApiUse { object: object.reference(), state, deprecated_in, removed_in, replacement })
}
