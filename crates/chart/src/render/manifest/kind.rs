//! The order in which kinds are created and deleted.

use std::cmp::Ordering;

use super::Compat;

/// Which way the kinds are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KindOrder {
    /// What others need comes first.
    #[default]
    Install,
    /// What needs others comes first.
    Uninstall,
}

/// The kinds that have a place, in install order; the last two only since Helm 4.
const INSTALL_ORDER: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// The last of [`INSTALL_ORDER`], which Helm 3 does not know.
const SINCE_HELM_4: usize = 2;

/// The kinds that leave first, before the rest goes in reverse install order.
const UNINSTALLED_EARLY: [&str; 6] = [
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "Ingress",
    "IngressClass",
    "Service",
];

impl KindOrder {
    /// Orders two kinds: those with a place by it, then the others by name.
    #[must_use]
    pub fn compare(self, left: &str, right: &str, compat: Compat) -> Ordering {
        match (self.place(left, compat), self.place(right, compat)) {
            (Some(left), Some(right)) => left.cmp(&right),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => left.cmp(right),
        }
    }

    fn place(self, kind: &str, compat: Compat) -> Option<usize> {
        let known = match compat {
            Compat::Helm3 => &INSTALL_ORDER[..INSTALL_ORDER.len() - SINCE_HELM_4],
            _ => &INSTALL_ORDER,
        };
        let place = known.iter().position(|known| *known == kind)?;
        Some(match self {
            Self::Install => place,
            Self::Uninstall => UNINSTALLED_EARLY
                .iter()
                .position(|early| *early == kind)
                .unwrap_or(UNINSTALLED_EARLY.len() + INSTALL_ORDER.len() - place),
        })
    }
}
