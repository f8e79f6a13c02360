use serde_json::{Value, json};

use super::*;
use crate::render::{Compat, assemble};

const RELEASE: KubernetesRelease = KubernetesRelease { major: 1, minor: 36 };

fn collect(text: &str) -> Evidence {
    let files = [("t/templates/a.yaml".to_owned(), text.to_owned())].into();
    let manifest = assemble(&files, Compat::default()).unwrap();
    Evidence::collect(&objects(&manifest, &[]), "shop", RELEASE)
}

fn json_of(evidence: &impl Serialize) -> Value {
    serde_json::to_value(evidence).unwrap()
}

#[test]
fn references_are_read_as_engines_read_them() {
    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let with_digest = format!("quay.io/a/b:1@{DIGEST}");
    let only_digest = format!("nginx@{DIGEST}");
    let full_digest = format!("docker.io/library/nginx@{DIGEST}");
    let cases = [
        ("nginx", Some("docker.io/library/nginx:latest")),
        ("nginx:1.25-alpine", Some("docker.io/library/nginx:1.25-alpine")),
        ("index.docker.io/nginx", Some("docker.io/library/nginx:latest")),
        ("bitnami/redis:7", Some("docker.io/bitnami/redis:7")),
        ("docker.io/bitnami/redis", Some("docker.io/bitnami/redis:latest")),
        ("localhost/x", Some("localhost/x:latest")),
        ("registry:5000/x", Some("registry:5000/x:latest")),
        ("registry:5000/x/y:v1", Some("registry:5000/x/y:v1")),
        ("ghcr.io/a_b/c__d/e--f.g:x", Some("ghcr.io/a_b/c__d/e--f.g:x")),
        (&with_digest, Some(&*with_digest)),
        (&only_digest, Some(&*full_digest)),
        ("", None),
        (":tag", None),
        ("nginx:", None),
        ("Nginx", None),
        ("a//b", None),
        ("a/b_", None),
        ("a/b___c", None),
        ("a b", None),
        ("nginx@sha256:12", None),
        ("nginx:{{ tag }}", None),
        ("https://ghcr.io/a/b", None),
    ];
    for (text, expected) in cases {
        let parsed = ImageReference::parse(text).map(|reference| reference.to_string());
        assert_eq!(parsed.as_deref(), expected, "{text}");
    }
}

/// Each image with the fields that name it.
fn image_fields(text: &str) -> Vec<(String, Vec<String>)> {
    let images = collect(text).images.into_iter();
    images.map(|image| (image.reference, image.uses.into_iter().map(|found| found.field).collect())).collect()
}

#[test]
fn images_of_every_workload() {
    let paths = [
        ("v1", "Pod", "spec"),
        ("v1", "PodTemplate", "template.spec"),
        ("v1", "ReplicationController", "spec.template.spec"),
        ("apps/v1", "Deployment", "spec.template.spec"),
        ("apps/v1", "StatefulSet", "spec.template.spec"),
        ("apps/v1", "DaemonSet", "spec.template.spec"),
        ("apps/v1", "ReplicaSet", "spec.template.spec"),
        ("batch/v1", "Job", "spec.template.spec"),
        ("batch/v1", "CronJob", "spec.jobTemplate.spec.template.spec"),
        ("argoproj.io/v1alpha1", "Rollout", "spec.template.spec"),
    ];
    for (api_version, kind, path) in paths {
        let pod = json!({
            "initContainers": [{ "image": "b" }],
            "containers": [{ "image": "a:1" }, { "image": "b:latest" }],
            "ephemeralContainers": [{ "image": "{}" }],
            "volumes": [{ "image": { "reference": "c:1" } }],
        });
        let object = path.split('.').rev().fold(pod, |value, key| json!({ key: value }));
        let mut object = object;
        object["apiVersion"] = api_version.into();
        object["kind"] = kind.into();
        let fields = image_fields(&object.to_string());
        let field = |rest: &str| format!("{path}.{rest}");
        let expected = [
            ("docker.io/library/a:1", vec![field("containers[0].image")]),
            (
                "docker.io/library/b:latest",
                vec![field("containers[1].image"), field("initContainers[0].image")],
            ),
            ("docker.io/library/c:1", vec![field("volumes[0].image.reference")]),
        ];
        let mut fields = fields;
        for (_, uses) in &mut fields {
            uses.sort();
        }
        assert_eq!(fields, expected.map(|(image, uses)| (image.to_owned(), uses)), "{kind}");
        assert_eq!(collect(&object.to_string()).unreadable_images[0].text, "{}");
    }
}

#[test]
fn images_of_custom_resources() {
    let cases = [
        ("monitoring.coreos.com/v1", "image: quay.io/p/p:v1", "quay.io/p/p:v1", "spec.image"),
        (
            "monitoring.coreos.com/v1",
            "{baseImage: quay.io/p/p, version: v2}",
            "quay.io/p/p:v2",
            "spec.baseImage",
        ),
        ("acid.zalan.do/v1", "dockerImage: ghcr.io/z/s:1", "ghcr.io/z/s:1", "spec.dockerImage"),
        ("postgresql.cnpg.io/v1", "imageName: ghcr.io/c/p:16", "ghcr.io/c/p:16", "spec.imageName"),
        ("kafka.strimzi.io/v1", "kafka: {image: q.io/k:1}", "q.io/k:1", "spec.kafka.image"),
        (
            "serving.knative.dev/v1",
            "template: {spec: {containers: [{image: gcr.io/a/b}]}}",
            "gcr.io/a/b:latest",
            "spec.template.spec.containers[0].image",
        ),
        (
            "example.org/v1",
            "image: {registry: r.io, repository: a/b, tag: 1.5, digest: 0123456789abcdef0123456789abcdef}",
            "r.io/a/b:1.5@sha256:0123456789abcdef0123456789abcdef",
            "spec.image",
        ),
    ];
    for (api_version, spec, image, field) in cases {
        let spec = spec.strip_prefix('{').map_or(spec.to_owned(), |rest| format!("{{{rest}"));
        let text = match spec.starts_with('{') {
            true => format!("apiVersion: {api_version}\nkind: X\nspec: {spec}\n"),
            false => format!("apiVersion: {api_version}\nkind: X\nspec:\n  {spec}\n"),
        };
        assert_eq!(image_fields(&text), [(image.to_owned(), vec![field.to_owned()])], "{text}");
    }
    for none in
        ["apiVersion: v1\nkind: ConfigMap\ndata: {image: a/b}", "apiVersion: x.io/v1\nkind: X\nimage: A B"]
    {
        assert_eq!(image_fields(none), []);
    }
}

#[test]
fn scopes() {
    let text = "
apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\n---
apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: b}
spec: {group: x.io, scope: Cluster, names: {kind: Wide}}\n---
apiVersion: x.io/v1\nkind: Wide\nmetadata: {name: c}\n---
apiVersion: y.io/v1\nkind: Other\nmetadata: {name: d}\n---
apiVersion: v1\nkind: List\nitems:
- {apiVersion: v1, kind: Secret, metadata: {name: e, namespace: kube-system}}
- {apiVersion: v1, kind: Secret, metadata: {name: f, namespace: shop}}
";
    let evidence = collect(text);
    let cluster: Vec<_> =
        evidence.cluster_objects.iter().map(|found| (&*found.object.name, found.known_by)).collect();
    assert_eq!(
        cluster,
        [("b", ScopeSource::Kubernetes), ("a", ScopeSource::Kubernetes), ("c", ScopeSource::Definition)]
    );
    assert_eq!(evidence.unknown_scopes[0].name, "d");
    assert_eq!(evidence.foreign_objects.iter().map(|object| &*object.name).collect::<Vec<_>>(), ["e"]);
}

/// A list needs no name that says so, may hold others, and tells its items what they are.
#[test]
fn nothing_hides_in_a_list() {
    let text = "
apiVersion: v1\nkind: ConfigMap\nmetadata: {name: harmless}\nitems:
- {apiVersion: v1, kind: Namespace, metadata: {name: a}}
- apiVersion: v1\n  kind: List\n  items: [{apiVersion: v1, kind: Namespace, metadata: {name: b}}, null, text]\n---
apiVersion: v1\nkind: NamespaceList\nitems: [{metadata: {name: c}}]\n---
apiVersion: v1\nkind: Namespace\nmetadata: {name: d}\nitems: {}
";
    let evidence = collect(text);
    let cluster: Vec<_> = evidence.cluster_objects.iter().map(|found| &*found.object.name).collect();
    assert_eq!(cluster, ["d", "a", "b", "c"]);
}

#[test]
fn grants_and_bindings() {
    let warnings = |rule: &str| {
        let text = format!("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nrules: [{rule}]");
        json_of(&collect(&text).grants[0].warnings)
    };
    let cases = [
        ("{apiGroups: [''], resources: [pods], verbs: [get]}", json!([])),
        ("{apiGroups: [''], resources: [secrets], verbs: [get]}", json!(["secrets_read"])),
        ("{apiGroups: [''], resources: [secrets], verbs: [create]}", json!(["secrets_write"])),
        ("{apiGroups: [''], resources: ['pods/exec'], verbs: [create]}", json!(["pod_exec"])),
        ("{apiGroups: [''], resources: ['*/exec'], verbs: [create]}", json!(["pod_exec"])),
        ("{apiGroups: [apps], resources: [deployments], verbs: [patch]}", json!(["workload_write"])),
        (
            "{apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [escalate, bind]}",
            json!(["escalate", "bind"]),
        ),
        ("{apiGroups: [''], resources: [users], verbs: [impersonate]}", json!(["impersonate"])),
        (
            "{apiGroups: [''], resources: [secrets], verbs: ['*']}",
            json!(["all_verbs", "secrets_read", "secrets_write"]),
        ),
        ("{apiGroups: ['*'], resources: [configmaps], verbs: [get]}", json!(["all_groups"])),
        ("{nonResourceURLs: [/metrics], verbs: [get]}", json!([])),
        ("hello", json!([])),
    ];
    for (rule, expected) in cases {
        assert_eq!(warnings(rule), expected, "{rule}");
    }
    let text = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: x}
roleRef: {kind: ClusterRole, name: cluster-admin}\nsubjects: [{kind: Group, name: 'system:authenticated'}]";
    assert_eq!(
        json_of(&collect(text).bindings),
        json!([{
            "object": {
                "api_version": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "name": "x",
                "path": "t/templates/a.yaml", "is_hook": false,
            },
            "role_kind": "ClusterRole",
            "role_name": "cluster-admin",
            "subjects": [{ "kind": "Group", "name": "system:authenticated" }],
            "warnings": ["cluster_admin", "everybody"],
        }])
    );
}

#[test]
fn powers_of_pods() {
    let text = "apiVersion: v1\nkind: Pod\nspec:
  hostNetwork: true
  hostPID: 'true'
  securityContext: {runAsUser: 0}
  volumes: [{hostPath: {path: /var/run}}, {emptyDir: {}}]
  containers:
  - ports: [{hostPort: 80}]
    securityContext: {privileged: true, allowPrivilegeEscalation: false, capabilities: {add: [SYS_ADMIN]}}
";
    let risks = collect(text).pod_risks;
    let risks: Vec<_> = risks.iter().map(|risk| (&*risk.field, risk.power, &*risk.detail)).collect();
    assert_eq!(
        risks,
        [
            ("spec.hostNetwork", PodPower::HostNetwork, ""),
            ("spec.securityContext.runAsUser", PodPower::RunsAsRoot, ""),
            ("spec.volumes[0].hostPath", PodPower::HostPath, "/var/run"),
            ("spec.containers[0].securityContext.privileged", PodPower::Privileged, ""),
            ("spec.containers[0].securityContext.capabilities.add[0]", PodPower::Capability, "SYS_ADMIN"),
            ("spec.containers[0].ports[0].hostPort", PodPower::HostPort, "80"),
        ]
    );
}

#[test]
fn outdated_apis() {
    let state = |api_version: &str, kind: &str, minor| {
        let text = format!("apiVersion: {api_version}\nkind: {kind}\n");
        let files = [("t/templates/a.yaml".to_owned(), text)].into();
        let manifest = assemble(&files, Compat::default()).unwrap();
        let release = KubernetesRelease { major: 1, minor };
        let found = Evidence::collect(&objects(&manifest, &[]), "shop", release).api_uses;
        found.first().map(|found| (found.state, found.replacement))
    };
    let policy = ("policy/v1beta1", "PodDisruptionBudget");
    assert_eq!(state(policy.0, policy.1, 20), None);
    assert_eq!(state(policy.0, policy.1, 21), Some((ApiState::Deprecated, Some("policy/v1"))));
    assert_eq!(state(policy.0, policy.1, 25), Some((ApiState::Removed, Some("policy/v1"))));
    assert_eq!(state("policy/v1beta1", "PodSecurityPolicy", 36), Some((ApiState::Removed, None)));
    assert_eq!(state("v1", "Endpoints", 99), Some((ApiState::Deprecated, Some("discovery.k8s.io/v1"))));
    assert_eq!(state("apps/v1", "Deployment", 99), None);
}

#[test]
fn odd_shapes_are_passed_over() {
    let shapes = ["null", "[]", "{}", "x", "5", "[null, [], {}, x]", "{a: [1]}"];
    let kinds = [
        ("v1", "Pod"),
        ("v1", "List"),
        ("apps/v1", "Deployment"),
        ("rbac.authorization.k8s.io/v1", "Role"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("x.io/v1", "X"),
    ];
    for (api_version, kind) in kinds {
        for shape in shapes {
            for key in ["spec", "items", "rules", "subjects", "roleRef", "aggregationRule", "image"] {
                collect(&format!("apiVersion: {api_version}\nkind: {kind}\n{key}: {shape}\n"));
                collect(&format!(
                    "apiVersion: {api_version}\nkind: {kind}\nspec: {{{key}: {shape}, containers: {shape}, volumes: {shape}, names: {shape}}}\n"
                ));
            }
        }
    }
    collect(&format!("apiVersion: x.io/v1\nkind: X\nspec: {}1{}", "[".repeat(900), "]".repeat(900)));
}
