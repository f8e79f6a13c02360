//! Pods of workloads, and what they ask for that reaches beyond their containers.

use serde::Serialize;
use serde_json::Value;

use super::object::{Object, ObjectReference, items, text};

/// A power that a pod or container asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PodRisk {
    /// The workload.
    pub object: ObjectReference,
    /// The field, as a path from the object.
    pub field: String,
    /// The power.
    pub power: PodPower,
    /// What exactly, where the power alone does not tell: a path, a capability, a port.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// Powers beyond a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PodPower {
    /// The network of the node.
    HostNetwork,
    /// The processes of the node.
    HostPid,
    /// The shared memory of the node.
    HostIpc,
    /// Files of the node; the detail is the path.
    HostPath,
    /// A port of the node.
    HostPort,
    /// Everything that the node's root may.
    Privileged,
    /// More rights than the parent process, on purpose.
    PrivilegeEscalation,
    /// A Linux capability.
    Capability,
    /// User 0, on purpose.
    RunsAsRoot,
    /// No filter of system calls.
    SeccompUnconfined,
    /// A Windows container with the rights of the node.
    HostProcess,
}

/// The kinds of Kubernetes that hold a pod, and where.
const POD_PATHS: &[(&str, &[&str])] = &[
    ("CronJob", &["spec", "jobTemplate", "spec", "template", "spec"]),
    ("DaemonSet", &["spec", "template", "spec"]),
    ("Deployment", &["spec", "template", "spec"]),
    ("Job", &["spec", "template", "spec"]),
    ("Pod", &["spec"]),
    ("PodTemplate", &["template", "spec"]),
    ("ReplicaSet", &["spec", "template", "spec"]),
    ("ReplicationController", &["spec", "template", "spec"]),
    ("Rollout", &["spec", "template", "spec"]),
    ("StatefulSet", &["spec", "template", "spec"]),
];

/// The lists of containers of a pod.
pub(super) const CONTAINER_LISTS: [&str; 3] = ["containers", "ephemeralContainers", "initContainers"];

/// The pod of a workload, with its path.
pub(super) fn pod_of(object: &Object) -> Option<(String, &Value)> {
    let (_, path) = POD_PATHS.iter().find(|(kind, _)| *kind == object.kind())?;
    let pod = path.iter().try_fold(&object.value, |value, key| value.get(*key))?;
    pod.is_object().then(|| (path.join("."), pod))
}

/// Each container of a pod, with its path.
pub(super) fn containers<'a>(path: &str, pod: &'a Value) -> Vec<(String, &'a Value)> {
    let mut found = Vec::new();
    for list in CONTAINER_LISTS {
        for (index, container) in items(&pod[list]).iter().enumerate() {
            found.push((format!("{path}.{list}[{index}]"), container));
        }
    }
    found
}

/// Switches of a pod or container: the path, and the power that `true` gives.
const POD_SWITCHES: &[(&[&str], PodPower)] = &[
    (&["hostNetwork"], PodPower::HostNetwork),
    (&["hostPID"], PodPower::HostPid),
    (&["hostIPC"], PodPower::HostIpc),
];

/// Switches of a security context, which pods and containers have.
const CONTEXT_SWITCHES: &[(&[&str], PodPower)] = &[
    (&["privileged"], PodPower::Privileged),
    (&["allowPrivilegeEscalation"], PodPower::PrivilegeEscalation),
    (&["windowsOptions", "hostProcess"], PodPower::HostProcess),
];

/// What the pod of a workload asks for.
pub(super) fn risks(object: &Object) -> Vec<PodRisk> {
    let Some((path, pod)) = pod_of(object) else { return Vec::new() };
    let mut list = List { object, risks: Vec::new() };
    list.switches(&path, pod, POD_SWITCHES);
    list.context(&path, pod);
    for (index, volume) in items(&pod["volumes"]).iter().enumerate() {
        if let Some(host) = volume.get("hostPath").filter(|host| !host.is_null()) {
            list.add(format!("{path}.volumes[{index}].hostPath"), PodPower::HostPath, text(&host["path"]));
        }
    }
    for (path, container) in containers(&path, pod) {
        list.context(&path, container);
        list.ports(&path, container);
    }
    list.risks
}

struct List<'a> {
    object: &'a Object,
    risks: Vec<PodRisk>,
}

impl List<'_> {
    fn add(&mut self, field: String, power: PodPower, detail: &str) {
        self.risks.push(PodRisk { object: self.object.reference(), field, power, detail: detail.to_owned() });
    }

    fn switches(&mut self, path: &str, value: &Value, switches: &[(&[&str], PodPower)]) {
        for (keys, power) in switches {
            let found = keys.iter().try_fold(value, |value, key| value.get(*key));
            if found == Some(&Value::Bool(true)) {
                self.add(format!("{path}.{}", keys.join(".")), *power, "");
            }
        }
    }

    fn context(&mut self, path: &str, holder: &Value) {
        let path = format!("{path}.securityContext");
        let context = &holder["securityContext"];
        self.switches(&path, context, CONTEXT_SWITCHES);
        if context["runAsUser"] == 0 {
            self.add(format!("{path}.runAsUser"), PodPower::RunsAsRoot, "");
        }
        if context["seccompProfile"]["type"] == "Unconfined" {
            self.add(format!("{path}.seccompProfile.type"), PodPower::SeccompUnconfined, "");
        }
        for (index, capability) in items(&context["capabilities"]["add"]).iter().enumerate() {
            let field = format!("{path}.capabilities.add[{index}]");
            self.add(field, PodPower::Capability, text(capability));
        }
    }

    fn ports(&mut self, path: &str, container: &Value) {
        for (index, port) in items(&container["ports"]).iter().enumerate() {
            if let Some(number) = port["hostPort"].as_u64().filter(|number| *number > 0) {
                let field = format!("{path}.ports[{index}].hostPort");
                self.add(field, PodPower::HostPort, &number.to_string());
            }
        }
    }
}
