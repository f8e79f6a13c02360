//! Each check with each of its outcomes.

use chandlery_chart::Limits;
use chandlery_chart::review::{Finding, Outcome, Scope, examine};
use serde_json::json;

use super::{assert_sound, codes, options, outcome, package, report};
use crate::common::CHART_YAML;

use Outcome::{Failed, NotRun, Passed, Warned};

/// Files of a chart; the check that is looked at; how it ends; the codes of its findings, the worst first.
type Case = (&'static [(&'static str, &'static str)], &'static str, Outcome, &'static [&'static str]);

const POD: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: c, image: ";

fn assert_cases(cases: &[Case]) {
    for (files, id, expected, expected_codes) in cases {
        let report = report(files);
        assert_sound(&report);
        let check = report.check(id).unwrap();
        assert_eq!(outcome(&report, id), *expected, "{files:?}: {check:#?}");
        assert_eq!(codes(&report, id), *expected_codes, "{files:?}: {check:#?}");
    }
}

const OBJECT: (&str, &str) = ("templates/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");

#[test]
fn package_lint_and_schema() {
    const SCHEMA: &str = r#"{"type": "object", "required": ["a"]}"#;
    assert_cases(&[
        (&[("README.md", "# t"), OBJECT], "package", Passed, &[]),
        (&[OBJECT], "package", Passed, &["no_readme"]),
        (
            &[
                ("Chart.yaml", "apiVersion: v2\nname: t\nversion: 1.0.0\ndeprecated: true\n"),
                ("README.md", ""),
            ],
            "package",
            Warned,
            &["deprecated"],
        ),
        (&[("Chart.yaml", "apiVersion: v2\nname: t\nversion: one\n")], "package", Failed, &["unreadable"]),
        (&[("Chart.yaml", "apiVersion: v2\nname: t\nversion: one\n")], "render", NotRun, &[]),
        (&[("Chart.yaml", "apiVersion: v2\nname: t\nversion: one\n")], "lint", Failed, &["lint"; 6]),
        (&[("values.yaml", "a: ["), OBJECT], "package", Failed, &["unreadable"]),
        (&[("values.yaml", ""), OBJECT], "lint", Passed, &["lint"]),
        (&[("values.yaml", ""), ("templates/a.yaml", "a: [")], "lint", Failed, &["lint", "lint"]),
        (&[OBJECT], "schema", Warned, &["no_schema"]),
        (&[("values.schema.json", SCHEMA), ("values.yaml", "a: 1"), OBJECT], "schema", Passed, &[]),
        (&[("values.schema.json", SCHEMA), OBJECT], "schema", Failed, &["refused"]),
        (&[("values.schema.json", "{"), OBJECT], "schema", Failed, &["refused"]),
        // The templates are looked at all the same.
        (&[("values.schema.json", SCHEMA), OBJECT], "render", Failed, &["schema"]),
        (&[("values.schema.json", SCHEMA), OBJECT], "images", Passed, &[]),
    ]);
}

#[test]
fn rendering() {
    const LIBRARY: &str = "apiVersion: v2\nname: t\nversion: 1.0.0\ntype: library\n";
    const NEEDS: &str =
        "apiVersion: v2\nname: t\nversion: 1.0.0\ndependencies: [{name: s, version: 1.0.0}]\n";
    const OLD: &str = "apiVersion: v2\nname: t\nversion: 1.0.0\nkubeVersion: <1.20\n";
    assert_cases(&[
        (&[OBJECT], "render", Passed, &[]),
        (&[], "render", Warned, &["no_objects"]),
        (&[("templates/a.yaml", "{{ fail \"no\" }}")], "render", Failed, &["not_rendered"]),
        (&[("templates/a.yaml", "{{ fail \"no\" }}")], "images", NotRun, &[]),
        (&[("templates/a.yaml", "{{ fail \"no\" }}")], "secrets", NotRun, &[]),
        (&[("templates/a.yaml", "{{ fail \"no\" }}")], "reproducible", NotRun, &[]),
        (&[("templates/a.yaml", "{{ if }}")], "render", Failed, &["not_rendered"]),
        (&[("templates/a.yaml", "a: [")], "render", Failed, &["not_rendered"]),
        (&[("Chart.yaml", LIBRARY), OBJECT], "render", Failed, &["not_installable"]),
        (&[("Chart.yaml", NEEDS), OBJECT], "render", Failed, &["missing_dependency"]),
        (&[("Chart.yaml", OLD), OBJECT], "render", Failed, &["kube_version"]),
        (&[OBJECT], "reproducible", Passed, &[]),
        (
            &[("templates/a.yaml", "a: {{ randAlphaNum 9 }}")],
            "reproducible",
            Warned,
            &["differs", "function"],
        ),
        (&[("templates/a.yaml", "a: {{ now | date \"x\" }}")], "reproducible", Passed, &["function"; 2]),
        (
            &[("templates/a.yaml", "a: {{ lookup \"v1\" \"Secret\" \"\" \"s\" | toJson }}")],
            "reproducible",
            Warned,
            &["lookup"],
        ),
        (&[("templates/a.yaml", "a: x{{ getHostByName \"h\" }}")], "reproducible", Warned, &["network"]),
    ]);
}

#[test]
fn images_and_powers() {
    const DIGEST: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: c, image: \
                          \"a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}\n";
    const ROOT: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  hostNetwork: true\n  containers:\n  \
                        - name: c\n    image: a:1\n    securityContext:\n      privileged: true\n      runAsUser: 0\n      \
                        capabilities: {add: [SYS_ADMIN, CHOWN, NET_BIND_SERVICE]}\n  volumes:\n  - {name: v, hostPath: \
                        {path: /}}\n";
    const PORT: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n    image: \
                        a:1\n    securityContext: {runAsUser: 0}\n";
    assert_cases(&[
        (&[OBJECT], "images", Passed, &[]),
        (&[("templates/a.yaml", DIGEST)], "images", Passed, &[]),
        (&[("templates/a.yaml", PORT)], "images", Passed, &["no_digest"]),
        (&[OBJECT], "powers", Passed, &[]),
        (&[("templates/a.yaml", PORT)], "powers", Warned, &["runs_as_root"]),
        (
            &[("templates/a.yaml", ROOT)],
            "powers",
            Failed,
            &[
                "host_network",
                "host_path",
                "privileged",
                "capability",
                "runs_as_root",
                "capability",
                "capability",
            ],
        ),
    ]);
    for (image, expected) in
        [("a", "floating_tag"), ("a:latest", "floating_tag"), ("'A B'", "unreadable_image")]
    {
        let report = report(&[("templates/a.yaml", &format!("{POD}{image}}}\n"))]);
        assert_eq!((outcome(&report, "images"), codes(&report, "images")), (Warned, vec![expected]));
    }
}

#[test]
fn scopes_rights_hooks_and_apis() {
    const FOREIGN: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: kube-system}\n";
    const OWN: &str =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: {{ .Release.Namespace }}}\n";
    const CRD: &str =
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\n";
    const ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\nrules:\n- {apiGroups: \
                        [\"\"], resources: [configmaps], verbs: [get]}\n";
    const SECRETS: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\nrules:\n- \
                           {apiGroups: [\"\"], resources: [secrets], verbs: [get]}\n";
    const ALL: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\nrules:\n- \
                       {apiGroups: ['*'], resources: ['*'], verbs: ['*']}\n";
    const ADMIN: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: \
                         b}\nroleRef: {kind: ClusterRole, name: cluster-admin}\nsubjects: [{kind: ServiceAccount, name: \
                         x, namespace: y}]\n";
    const HOOK: &str =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {helm.sh/hook: \"pre-install,test\"}}\n";
    const WRONG: &str =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {helm.sh/hook: pre-instal}}\n";
    const POLICY: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {helm.sh/hook: test, \
                          helm.sh/hook-delete-policy: always}}\n";
    const GONE: &str = "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: i}\n";
    const OLD: &str = "apiVersion: v1\nkind: Endpoints\nmetadata: {name: i}\n";
    assert_cases(&[
        (&[("templates/a.yaml", OWN)], "cluster_scope", Passed, &[]),
        (
            &[("templates/a.yaml", "apiVersion: x.y/v1\nkind: Z\n")],
            "cluster_scope",
            Passed,
            &["unknown_scope"],
        ),
        (&[("templates/a.yaml", ALL)], "cluster_scope", Warned, &["cluster_object"]),
        (&[("crds/a.yaml", CRD)], "cluster_scope", Warned, &["definition"]),
        (&[("crds/a.yaml", "a: [")], "cluster_scope", Failed, &["unreadable_definition"]),
        (&[("templates/a.yaml", FOREIGN)], "cluster_scope", Failed, &["foreign_namespace"]),
        (&[OBJECT], "rights", Passed, &[]),
        (&[("templates/a.yaml", ROLE)], "rights", Passed, &["grant"]),
        (&[("templates/a.yaml", SECRETS)], "rights", Warned, &["grant"]),
        (&[("templates/a.yaml", ALL)], "rights", Failed, &["grant"]),
        (&[("templates/a.yaml", ADMIN)], "rights", Failed, &["binding"]),
        (&[OBJECT], "hooks", Passed, &[]),
        (&[("templates/a.yaml", HOOK)], "hooks", Passed, &["hook"]),
        (&[("templates/a.yaml", WRONG)], "hooks", Warned, &["unknown_event"]),
        (&[("templates/a.yaml", POLICY)], "hooks", Warned, &["unknown_policy"]),
        (&[OBJECT], "apis", Passed, &[]),
        (&[("templates/a.yaml", OLD)], "apis", Warned, &["deprecated"]),
        (&[("templates/a.yaml", GONE)], "apis", Failed, &["removed"]),
    ]);
}

#[test]
fn secrets_are_told_by_place_only() {
    const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n";
    const GENERATED: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  password: {{ randAlphaNum 40 \
                             | b64enc }}\n";
    const FIXED: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  password: {{ \"hunter2\" | b64enc \
                         }}\n  other: {{ randAlphaNum 40 | b64enc }}\n";
    let indented = format!("tls:\n  key: |\n    {}\n", KEY.trim_end().replace('\n', "\n    "));
    assert_cases(&[
        (&[OBJECT], "secrets", Passed, &[]),
        (&[("values.yaml", "auth: {password: \"\", existingSecret: x}"), OBJECT], "secrets", Passed, &[]),
        (&[("values.yaml", "auth: {password: hunter2}"), OBJECT], "secrets", Warned, &["password"]),
        (&[("templates/a.yaml", GENERATED)], "secrets", Passed, &[]),
        (&[("templates/a.yaml", FIXED)], "secrets", Warned, &["password"]),
        (&[("files/key.pem", KEY), OBJECT], "secrets", Failed, &["private_key"]),
    ]);
    let report = report(&[
        ("values.yaml", &indented),
        (
            "charts/s/Chart.yaml",
            "apiVersion: v2\nname: s\nversion: \
         1.0.0\n",
        ),
        ("charts/s/values.yaml", "a.b: {token: letmein}\n"),
        OBJECT,
    ]);
    let check = report.check("secrets").unwrap();
    let places: Vec<(&str, &str, &str)> = check
        .findings
        .items
        .iter()
        .map(|Finding { code, file, field, .. }| (code.as_str(), file.as_str(), field.as_str()))
        .collect();
    assert_eq!(
        places,
        [("private_key", "values.yaml", "tls.key"), ("password", "charts/s/values.yaml", "a\\.b.token")]
    );
    let json = serde_json::to_string(&check).unwrap();
    assert!(!json.contains("MIIEpAIBAAKCAQ") && !json.contains("letmein"), "{json}");
}

#[test]
fn the_facts_of_a_chart() {
    let template = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ .Values.name }}}\nspec: {template: {spec: \
                    {containers: [{name: c, image: nginx:1.27}]}}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: \
                    {name: n}\n";
    let files =
        [("templates/a.yaml", template), ("values.yaml", "name: web\nunused: 1\n"), ("README.md", "x")];
    let bytes = package(&files);
    let report = examine(&bytes[..], &options());
    assert_sound(&report);
    assert_eq!((report.package.name.as_str(), report.package.version.as_str()), ("t", "0.1.0"));
    assert_eq!(report.package.digest, chandlery_core::Digest::of(&bytes).to_hex());
    assert_eq!(report.package.size, bytes.len() as u64);
    assert_eq!((report.engine.compat.as_str(), report.kube_version.as_str()), ("helm4.3", "v1.37.0"));
    assert_eq!(report.values_read.items, ["name"]);
    let image = &report.images.items[0];
    assert_eq!(image.reference, "docker.io/library/nginx:1.27");
    assert_eq!((&image.used_by[..], image.uses), (&["Deployment/web".to_owned()][..], 1));
    let objects = report.objects.items.iter().map(|object| (object.kind.as_str(), object.scope));
    assert_eq!(
        objects.collect::<Vec<_>>(),
        [("Namespace", Scope::Cluster), ("Deployment", Scope::Namespaced)]
    );
    let printed = "---\n# Source: t/templates/a.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n\n---\n# \
                   Source: t/templates/a.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: \
                   {template: {spec: {containers: [{name: c, image: nginx:1.27}]}}}\n";
    assert_eq!(report.manifest_digest, Some(chandlery_core::Digest::of(printed.as_bytes()).to_hex()));
    assert_eq!(examine(&bytes[..], &options()), report, "the same bytes make the same report");
    let check = serde_json::to_value(report.check("package").unwrap()).unwrap();
    assert_eq!(
        check,
        json!({ "id": "package", "outcome": "passed", "summary": "t 0.1.0 can be read", "findings": { "items": [],
            "left_out": 0 } })
    );
}

#[test]
fn what_blocks() {
    let report = report(&[OBJECT, ("values.schema.json", "{")]);
    let blockers = report.blocked_by(&["package", "schema", "provenance", "lint", "no-such-check", "images"]);
    let ids: Vec<(&str, Outcome)> = blockers.iter().map(|check| (check.id.as_str(), check.outcome)).collect();
    assert_eq!(
        ids,
        [("schema", Failed), ("provenance", NotRun), ("lint", Failed), ("no-such-check", NotRun)]
    );
    assert!(report.blocked_by(&[] as &[&str]).is_empty());
}

/// A source that breaks, and a package that is larger than allowed.
#[test]
fn sources_and_limits() {
    struct Failing;
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is on fire"))
        }
    }
    let report = examine(Failing, &options());
    assert_sound(&report);
    assert!(report.checks.iter().all(|check| check.outcome == NotRun));
    assert!(report.check("package").unwrap().summary.contains("the disk is on fire"));
    let mut small = options();
    small.settings.archive_limits = Limits { total_bytes: 10, ..Limits::default() };
    let report = examine(CHART_YAML.as_bytes(), &small);
    assert_sound(&report);
    assert_eq!((outcome(&report, "package"), outcome(&report, "lint")), (Failed, NotRun));
    for bytes in [&b""[..], b"no package", b"\x1f\x8b\x08"] {
        let report = examine(bytes, &options());
        assert_sound(&report);
        assert_eq!((outcome(&report, "package"), outcome(&report, "lint")), (Failed, NotRun));
        assert!(report.checks[2..].iter().all(|check| check.outcome == NotRun));
    }
}
