//! Rights that roles give, and to whom.

use serde::Serialize;
use serde_json::Value;

use super::object::{Object, ObjectReference, items, text};

/// A rule of a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// The Role or ClusterRole.
    pub object: ObjectReference,
    /// Which of its rules, from 0.
    pub rule: usize,
    /// The groups of the resources; empty text is the core group, `*` is all.
    pub api_groups: Vec<String>,
    /// The resources, with subresources as `pods/exec`; `*` is all.
    pub resources: Vec<String>,
    /// Only objects of these names; all if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<String>,
    /// Paths of the API server.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub non_resource_urls: Vec<String>,
    /// What may be done; `*` is everything.
    pub verbs: Vec<String>,
    /// What makes the rule dangerous.
    pub warnings: Vec<Warning>,
}

/// A role given to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Binding {
    /// The RoleBinding or ClusterRoleBinding.
    pub object: ObjectReference,
    /// `Role` or `ClusterRole`.
    pub role_kind: String,
    /// The name of the role.
    pub role_name: String,
    /// To whom.
    pub subjects: Vec<Subject>,
    /// What makes the binding dangerous.
    pub warnings: Vec<Warning>,
}

/// Who gets a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// `ServiceAccount`, `User` or `Group`.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The namespace of a service account, if it is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// Why a rule or binding deserves a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// All verbs.
    AllVerbs,
    /// All resources.
    AllResources,
    /// All API groups.
    AllGroups,
    /// The rules of the role grow with labels on other roles.
    Aggregated,
    /// May give rights that it does not have.
    Escalate,
    /// May bind roles that it does not have.
    Bind,
    /// May act as others.
    Impersonate,
    /// May read secrets.
    SecretsRead,
    /// May write secrets.
    SecretsWrite,
    /// May run commands in pods, or attach to them.
    PodExec,
    /// May create workloads, and so use every service account, secret and volume of their namespace.
    WorkloadWrite,
    /// May make tokens of service accounts.
    TokenCreate,
    /// May change roles or bindings.
    AccessWrite,
    /// May change what the API server accepts.
    WebhookWrite,
    /// May reach nodes through the API server.
    NodeProxy,
    /// May approve certificates.
    CertificateApproval,
    /// The role that may do everything.
    ClusterAdmin,
    /// Everybody, or everybody who is logged in, gets the role.
    Everybody,
}

const READ: &[&str] = &["get", "list", "watch"];
const WRITE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
const CREATE: &[&str] = &["create", "update", "patch"];
const RBAC: &str = "rbac.authorization.k8s.io";

/// A warning, and the group, resources and verbs of which one is enough.
struct Danger(Warning, &'static str, &'static [&'static str], &'static [&'static str]);

const DANGERS: &[Danger] = &[
    Danger(Warning::Escalate, RBAC, &["roles", "clusterroles"], &["escalate"]),
    Danger(Warning::Bind, RBAC, &["roles", "clusterroles"], &["bind"]),
    Danger(Warning::Impersonate, "", &["users", "groups", "serviceaccounts"], &["impersonate"]),
    Danger(Warning::Impersonate, "authentication.k8s.io", &["uids", "userextras/scopes"], &["impersonate"]),
    Danger(Warning::SecretsRead, "", &["secrets"], READ),
    Danger(Warning::SecretsWrite, "", &["secrets"], WRITE),
    Danger(Warning::PodExec, "", &["pods/exec", "pods/attach"], &["create", "get"]),
    Danger(Warning::PodExec, "", &["pods/ephemeralcontainers"], &["update", "patch"]),
    Danger(Warning::WorkloadWrite, "", &["pods", "replicationcontrollers"], CREATE),
    Danger(
        Warning::WorkloadWrite,
        "apps",
        &["daemonsets", "deployments", "replicasets", "statefulsets"],
        CREATE,
    ),
    Danger(Warning::WorkloadWrite, "batch", &["cronjobs", "jobs"], CREATE),
    Danger(Warning::TokenCreate, "", &["serviceaccounts/token"], &["create"]),
    Danger(
        Warning::AccessWrite,
        RBAC,
        &["roles", "rolebindings", "clusterroles", "clusterrolebindings"],
        CREATE,
    ),
    Danger(
        Warning::WebhookWrite,
        "admissionregistration.k8s.io",
        &["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
        WRITE,
    ),
    Danger(Warning::NodeProxy, "", &["nodes/proxy"], &["get", "create"]),
    Danger(
        Warning::CertificateApproval,
        "certificates.k8s.io",
        &["certificatesigningrequests/approval"],
        &["update", "patch"],
    ),
];

/// The rules of a role; none for other objects.
pub(super) fn grants(object: &Object) -> Vec<Grant> {
    if object.group() != RBAC || !matches!(object.kind(), "Role" | "ClusterRole") {
        return Vec::new();
    }
    let is_aggregated = object.value.get("aggregationRule").is_some_and(|rule| !rule.is_null());
    let mut grants: Vec<Grant> = items(&object.value["rules"])
        .iter()
        .enumerate()
        .map(|(index, rule)| grant(object, index, rule))
        .collect();
    if is_aggregated {
        let mut aggregated = grant(object, grants.len(), &Value::Null);
        aggregated.warnings.push(Warning::Aggregated);
        grants.push(aggregated);
    }
    grants
}

fn grant(object: &Object, index: usize, rule: &Value) -> Grant {
    let mut grant = Grant {
        object: object.reference(),
        rule: index,
        api_groups: texts(&rule["apiGroups"]),
        resources: texts(&rule["resources"]),
        resource_names: texts(&rule["resourceNames"]),
        non_resource_urls: texts(&rule["nonResourceURLs"]),
        verbs: texts(&rule["verbs"]),
        warnings: Vec::new(),
    };
    grant.warnings = warnings(&grant);
    grant
}

fn warnings(grant: &Grant) -> Vec<Warning> {
    let wildcards = [
        (&grant.verbs, Warning::AllVerbs),
        (&grant.resources, Warning::AllResources),
        (&grant.api_groups, Warning::AllGroups),
    ];
    let mut warnings: Vec<Warning> = wildcards
        .into_iter()
        .filter(|(list, _)| list.iter().any(|item| item == "*"))
        .map(|(_, warning)| warning)
        .collect();
    let dangers = DANGERS.iter().filter(|Danger(_, group, resources, verbs)| {
        includes(&grant.api_groups, &[group])
            && grant.resources.iter().any(|granted| resources.iter().any(|wanted| covers(granted, wanted)))
            && includes(&grant.verbs, verbs)
    });
    warnings.extend(dangers.map(|danger| danger.0));
    warnings.dedup();
    warnings
}

/// Does a list hold one of these, or all?
fn includes(list: &[String], wanted: &[&str]) -> bool {
    list.iter().any(|item| item == "*" || wanted.contains(&item.as_str()))
}

/// Does a resource of a rule cover another? `*/exec` covers the subresource of all.
fn covers(granted: &str, wanted: &str) -> bool {
    let subresource = |resource: &str| resource.split_once('/').map(|(_, name)| name.to_owned());
    granted == "*"
        || granted == wanted
        || (granted.starts_with("*/") && subresource(granted) == subresource(wanted))
}

fn texts(value: &Value) -> Vec<String> {
    items(value).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The binding that an object is.
pub(super) fn binding(object: &Object) -> Option<Binding> {
    if object.group() != RBAC || !matches!(object.kind(), "RoleBinding" | "ClusterRoleBinding") {
        return None;
    }
    let role = &object.value["roleRef"];
    let subjects: Vec<Subject> = items(&object.value["subjects"]).iter().map(subject).collect();
    let mut warnings = Vec::new();
    if role["kind"] == "ClusterRole" && role["name"] == "cluster-admin" {
        warnings.push(Warning::ClusterAdmin);
    }
    if subjects.iter().any(is_everybody) {
        warnings.push(Warning::Everybody);
    }
    Some(Binding {
        object: object.reference(),
        role_kind: text(&role["kind"]).to_owned(),
        role_name: text(&role["name"]).to_owned(),
        subjects,
        warnings,
    })
}

fn subject(value: &Value) -> Subject {
    Subject {
        kind: text(&value["kind"]).to_owned(),
        name: text(&value["name"]).to_owned(),
        namespace: value["namespace"].as_str().map(str::to_owned),
    }
}

fn is_everybody(subject: &Subject) -> bool {
    const NAMES: [&str; 4] =
        ["system:anonymous", "system:authenticated", "system:serviceaccounts", "system:unauthenticated"];
    matches!(subject.kind.as_str(), "User" | "Group") && NAMES.contains(&subject.name.as_str())
}
