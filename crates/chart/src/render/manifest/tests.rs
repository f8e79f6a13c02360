use super::*;

const ALL_HELMS: [Compat; 4] = [Compat::Helm3, Compat::Helm40, Compat::Helm42, Compat::Helm43];

fn files(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

fn one(text: &str, compat: Compat) -> Result<Manifest, ManifestError> {
    assemble(&files(&[("t/templates/a.yaml", text)]), compat)
}

/// The texts with a letter of each document's content.
#[test]
fn documents_are_split_by_the_rules_of_each_version() {
    let cases: &[(&str, [&[&str]; 3])] = &[
        ("", [&[], &[], &[]]),
        ("---\n---\n", [&["---"], &["---\n"], &[]]),
        ("a: 1\n", [&["a: 1"], &["a: 1\n"], &["a: 1\n"]]),
        (
            "\n\n---\n\na: 1\n\n\n---  \n  b: 2\n \n",
            [&["a: 1", "b: 2"], &["a: 1", "b: 2\n \n"], &["a: 1\n\n\n", "b: 2\n \n"]],
        ),
        ("a\n---b\n", [&["a", "b"], &["a", "b\n"], &["a\n", "b\n"]]),
        ("a\n--- # note\nb", [&["a", "# note\nb"], &["a", "# note\nb"], &["a\n", "# note\nb"]]),
        ("a\n------\nb", [&["a", "---\nb"], &["a", "---\nb"], &["a\n", "---\nb"]]),
        ("a\n---\n---\nb", [&["a", "---\nb"], &["a", "---\nb"], &["a\n", "b"]]),
        ("a\n  ---\nb", [&["a\n  ---\nb"], &["a\n  ---\nb"], &["a\n  ---\nb"]]),
        ("a\r\n---\r\nb\r\n", [&["a", "b"], &["a", "b\r\n"], &["a\r\n", "b\r\n"]]),
        ("\u{a0}a\n---\n\u{a0}\n---\nb", [&["a", "", "b"], &["a", "b"], &["a\n", "b"]]),
    ];
    for (text, [trimmed, left, lines]) in cases {
        assert_eq!(split(text, Compat::Helm3), *trimmed, "{text:?}");
        assert_eq!(split(text, Compat::Helm40), *trimmed, "{text:?}");
        assert_eq!(split(text, Compat::Helm42), *left, "{text:?}");
        assert_eq!(split(text, Compat::Helm43), *lines, "{text:?}");
    }
}

#[test]
fn faults_are_told_in_the_words_of_helm() {
    const METADATA: &str = r#"Go struct field SimpleHead.metadata of type struct { Name string "json:\"name\""; Annotations map[string]string "json:\"annotations\"" }"#;
    let unmarshal = |found: &str, place: &str| {
        format!("error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into {place}")
    };
    let convert = |problem: &str| format!("error converting YAML to JSON: {problem}");
    let head = "Go value of type util.SimpleHead";
    let cases = [
        ("- a", unmarshal("array", head)),
        ("hello", unmarshal("string", head)),
        ("5", unmarshal("number", head)),
        ("12345678901234567890", unmarshal("number", head)),
        ("yes", unmarshal("bool", head)),
        ("kind: [a]", unmarshal("array", "Go struct field SimpleHead.kind of type string")),
        ("kind: {a: 1}", unmarshal("object", "Go struct field SimpleHead.kind of type string")),
        ("KIND: a\nkind: []", unmarshal("array", "Go struct field SimpleHead.kind of type string")),
        ("metadata: x", unmarshal("string", METADATA)),
        ("metadata: []", unmarshal("array", METADATA)),
        ("metadata: 5", unmarshal("number", METADATA)),
        ("metadata: no", unmarshal("bool", METADATA)),
        ("metadata: {name: []}", unmarshal("array", "Go struct field .metadata.name of type string")),
        (
            "metadata: {annotations: x}",
            unmarshal("string", "Go struct field .metadata.annotations of type map[string]string"),
        ),
        (
            "metadata: {annotations: {a: {b: 1}}}",
            unmarshal("object", "Go struct field .metadata.annotations of type string"),
        ),
        (
            "metadata: {name: []}\nkind: []",
            unmarshal("array", "Go struct field SimpleHead.kind of type string"),
        ),
        ("a: .nan", convert("json: unsupported value: NaN")),
        ("~: 1", convert("unsupported map key of type: %!s(<nil>), key: <nil>, value: 1")),
        ("[a]: 1", convert("yaml: invalid map key: []interface {}{\"a\"}")),
        ("a: 1\n\tb: 2\n", convert("yaml: line 2: found a tab character that violates indentation")),
        ("a: *x", convert("yaml: unknown anchor 'x' referenced")),
        ("a: b: c", convert("yaml: mapping values are not allowed in this context")),
        ("a: 1\nb: [}\n", convert("yaml: line 1: did not find expected node content")),
    ];
    for (text, reason) in cases {
        let error = one(text, Compat::Helm43).unwrap_err();
        assert_eq!(error.to_string(), format!("YAML parse error on t/templates/a.yaml: {reason}"), "{text}");
    }
    let error = one("5", Compat::Helm3).unwrap_err();
    assert!(
        error.to_string().ends_with("cannot unmarshal number into Go value of type releaseutil.SimpleHead")
    );
}

#[test]
fn heads_are_read_as_go_reads_them() {
    let cases = [
        ("null", "", "", "", &[][..]),
        ("# only a comment", "", "", "", &[]),
        ("apiVersion: 1\nkind: 5\nmetadata: {name: true}", "1", "5", "true", &[]),
        ("KIND: X\nApiVersion: v1\nMetadata: {NAME: m}", "v1", "X", "m", &[]),
        ("Kind: X\nkind: Z\nmetadata:\n", "", "Z", "", &[]),
        (
            "kind: 1e3\nmetadata: {annotations: {a: 1.50, b: ~, c: no, 1: x}}",
            "",
            "1000",
            "",
            &[("1", "x"), ("a", "1.5"), ("b", ""), ("c", "false")],
        ),
    ];
    for (text, api_version, kind, name, annotations) in cases {
        let manifest = one(text, Compat::Helm43).unwrap();
        let annotations = annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let expected = Head {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            annotations: annotations.collect(),
        };
        assert_eq!(manifest.documents[0].head, expected, "{text}");
    }
}

#[test]
fn documents_are_sorted_by_kind_then_path_then_place() {
    let rendered = files(&[
        ("t/templates/z.yaml", "kind: Service\nn: 1\n---\nkind: Zebra\n---\nkind: Service\nn: 2"),
        ("t/templates/b.txt", "kind: Apple"),
        ("t/charts/s/templates/a.yaml", "kind: Service\nn: 0\n---\n# nothing"),
        ("t/templates/w.yaml", "kind: MutatingWebhookConfiguration\n---\nkind: Namespace"),
        ("t/templates/NOTES.txt", "{ no yaml"),
        ("t/templates/_partial.yaml", "{ no yaml"),
        ("t/templates/empty.yaml", " \n\t"),
    ]);
    let kinds = |compat, order| {
        let mut manifest = assemble(&rendered, compat).unwrap();
        manifest.sort(order, compat);
        let texts: Vec<&str> = manifest.documents.iter().map(|document| document.text.trim()).collect();
        texts.join("|").replace("kind: ", "").replace('\n', " ")
    };
    assert_eq!(
        kinds(Compat::Helm43, KindOrder::Install),
        "Namespace|Service n: 0|Service n: 1|Service n: 2|MutatingWebhookConfiguration|# nothing|Apple|Zebra"
    );
    assert_eq!(
        kinds(Compat::Helm43, KindOrder::Uninstall),
        "MutatingWebhookConfiguration|Service n: 0|Service n: 1|Service n: 2|Namespace|# nothing|Apple|Zebra"
    );
    assert_eq!(
        kinds(Compat::Helm3, KindOrder::Install),
        "Namespace|Service n: 0|Service n: 1|Service n: 2|# nothing|Apple|MutatingWebhookConfiguration|Zebra"
    );
}

#[test]
fn uninstall_goes_the_other_way() {
    let order = |left, right| KindOrder::Uninstall.compare(left, right, Compat::Helm43);
    let kinds = [
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
        "APIService",
        "Ingress",
        "IngressClass",
        "Service",
        "CronJob",
        "Job",
        "StatefulSet",
        "HorizontalPodAutoscaler",
        "Deployment",
        "Pod",
        "DaemonSet",
        "RoleBindingList",
        "ClusterRole",
        "Secret",
        "Namespace",
        "PriorityClass",
        "Aardvark",
        "Zebra",
    ];
    for pair in kinds.windows(2) {
        assert_eq!(order(pair[0], pair[1]), std::cmp::Ordering::Less, "{pair:?}");
    }
}

fn hook(name: &str, annotations: &str) -> String {
    format!("kind: Job\nmetadata: {{name: {name}, annotations: {{{annotations}}}}}\n---\n")
}

#[test]
fn hooks_are_taken_out() {
    let text = [
        hook("b", "helm.sh/hook: 'Pre-Install , post-upgrade', helm.sh/hook-weight: '-5'"),
        hook("a", "helm.sh/hook: test-success, helm.sh/hook-weight: +7"),
        hook("unknown", "helm.sh/hook: 'pre-install,crd-install'"),
        hook("none", "helm.sh/hook: ''"),
        hook(
            "p",
            "helm.sh/hook: pre-install, helm.sh/hook-delete-policy: 'Hook-Succeeded, odd', \
             helm.sh/hook-output-log-policy: hook-failed, helm.sh/hook-weight: x",
        ),
        hook("plain", "other: x"),
    ];
    let manifest = one(&text.concat(), Compat::Helm43).unwrap();
    let names = |documents: &[Document]| -> Vec<String> {
        documents.iter().map(|document| document.head.name.clone()).collect()
    };
    assert_eq!(names(&manifest.documents), ["plain"]);
    assert_eq!(names(&manifest.dropped), ["unknown", "none"]);
    let [b, a, p] = &manifest.hooks[..] else { panic!("{:?}", manifest.hooks) };
    assert_eq!((&b.events[..], b.weight), (&[HookEvent::PreInstall, HookEvent::PostUpgrade][..], -5));
    assert_eq!((&a.events[..], a.weight), (&[HookEvent::Test][..], 7));
    assert_eq!((p.weight, &p.delete_policies[..]), (0, &["hook-succeeded".to_owned(), "odd".to_owned()][..]));
    assert_eq!(p.output_log_policies, ["hook-failed"]);
    let runs: Vec<_> = manifest.hooks_for(HookEvent::PreInstall);
    assert_eq!(runs, [b, p]);
}

#[test]
fn printing() {
    let rendered = files(&[
        ("t/templates/a.yaml", "kind: B\n---\nkind: A\n"),
        ("t/templates/sub/c.yaml", "kind: C\n\n"),
        ("t/templates/hook.yaml", "kind: H\nmetadata: {annotations: {helm.sh/hook: pre-install}}\n"),
        ("t/templates/test.yaml", "kind: T\nmetadata: {annotations: {helm.sh/hook: test}}\n"),
    ]);
    let manifest = assemble(&rendered, Compat::Helm43).unwrap();
    let crds = [CrdFile { path: "t/crds/x.yaml".to_owned(), text: "kind: X\n".to_owned() }];
    let options = PrintOptions { crds: &crds, skip_tests: true, ..PrintOptions::default() };
    assert_eq!(
        print(&manifest, &options).unwrap(),
        "---\n# Source: t/crds/x.yaml\nkind: X\n\n---\n# Source: t/templates/a.yaml\nkind: A\n\n---\n\
         # Source: t/templates/a.yaml\nkind: B\n\n---\n# Source: t/templates/sub/c.yaml\nkind: C\n---\n\
         # Source: t/templates/hook.yaml\nkind: H\nmetadata: {annotations: {helm.sh/hook: pre-install}}\n\n"
    );
    let show = |patterns: &[&str]| {
        let show_only: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        print(&manifest, &PrintOptions { show_only: &show_only, no_hooks: true, ..PrintOptions::default() })
    };
    assert_eq!(
        show(&["templates/*/c.yaml", "templates/a*"]).unwrap(),
        "---\n# Source: t/templates/sub/c.yaml\nkind: C\n\n---\n# Source: t/templates/a.yaml\nkind: A\n\n\n---\n\
         # Source: t/templates/a.yaml\nkind: B\n\n\n"
    );
    for missing in ["templates/hook.yaml", "a.yaml", "templates/[", "templates/*.yml", ""] {
        let error = show(&["templates/a.yaml", missing]).unwrap_err();
        assert_eq!(error.to_string(), format!("could not find template {missing} in chart"));
    }
    assert_eq!(print(&Manifest::default(), &PrintOptions::default()).unwrap(), "\n");
}

#[test]
fn hostile_texts_end_in_errors() {
    let bomb = (0..40).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
        format!("{text}a{}: &a{} [*a{level}, *a{level}, *a{level}]\n", level + 1, level + 1)
    });
    for text in [bomb, "[".repeat(100_000), "{a: ".repeat(20_000), "? ".repeat(20_000)] {
        for compat in ALL_HELMS {
            assert!(one(&text, compat).is_err(), "{}", &text[..20]);
        }
    }
}
