//! Packages that want to use up the machine, or to fill the report.

use chandlery_chart::review::{Options, Outcome, Report, examine};

use super::{assert_sound, options, outcome, package};

/// Fewer steps than by default: without optimisation they take ten times as long.
fn strict() -> Options<'static> {
    let mut options = options();
    options.settings.template_limits.steps = 4_000_000;
    options
}

/// The report, made on a stack of the size that threads have by default.
fn examined(files: &[(&str, &str)]) -> Report {
    const DEFAULT_STACK: usize = 2 << 20;
    let package = package(files);
    let report = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(DEFAULT_STACK);
        thread.spawn_scoped(scope, || examine(&package[..], &strict())).unwrap().join().unwrap()
    });
    assert_sound(&report);
    report
}

/// The checks that need what the templates make.
const OF_THE_MANIFEST: [&str; 8] =
    ["reproducible", "images", "cluster_scope", "rights", "powers", "hooks", "apis", "secrets"];

#[test]
fn bombs_are_not_run() {
    let many_documents = "---\na: 1\n".repeat(20_001);
    let many_entries = format!("{}\n", "{a: 1}, ".repeat(640_000));
    let many_entries = format!("kind: List\nitems: [{many_entries}]\n");
    let aliases: String = (1..7)
        .map(|level| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(", ")))
        .collect();
    let aliases = format!("a0: &a0 {{b: 1}}\n{aliases}");
    let rules = "{}, ".repeat(100_000);
    let long_name = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: {}}}\nrules: [{rules}]\n",
        "n".repeat(1 << 20)
    );
    let long_key = format!("apiVersion: x.io/v1\nkind: X\n? {}\n: [{rules}]\n", "k".repeat(1 << 20));
    let cases = [
        ("{{ range $i := until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}", "steps"),
        ("{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}", "depth"),
        ("{{ range until 20000 }}{{ repeat 1000 \"x\" }}{{ end }}", "wrote more"),
        (&many_documents, "documents"),
        (&many_entries, "entries"),
        (&aliases, "entries"),
        (&long_name, "names"),
        (&long_key, "names"),
    ];
    for (template, reason) in cases {
        let report = examined(&[("templates/a.yaml", template)]);
        for id in OF_THE_MANIFEST.into_iter().chain(["render", "lint"]) {
            let check = report.check(id).unwrap();
            assert_eq!(check.outcome, Outcome::NotRun, "{check:?}");
        }
        let summary = &report.check("render").unwrap().summary;
        assert!(summary.contains(reason), "{summary}");
        assert!(report.objects.is_empty() && report.manifest_digest.is_none());
        assert_eq!(report.blocked_by(&OF_THE_MANIFEST).len(), OF_THE_MANIFEST.len());
    }
}

#[test]
fn archives_that_are_too_much_fail() {
    let deep = "[".repeat(3_000);
    let report = examined(&[("values.yaml", &deep)]);
    assert_eq!(outcome(&report, "package"), Outcome::Failed);
    let mut options = options();
    options.settings.archive_limits.entries = 3;
    let package = package(&[("a", ""), ("b", ""), ("c", "")]);
    let report = examine(&package[..], &options);
    assert_sound(&report);
    assert_eq!(outcome(&report, "package"), Outcome::Failed);
}

#[test]
fn a_flood_of_findings_stays_small_and_the_worst_stay() {
    let template = "{{ range $i := until 600 }}---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n\
                    metadata: {name: \"r{{ $i }}-{{ repeat 200 \"<&\" }}\"}\nrules:\n- apiGroups: [{{ range until 60 \
                    }}{{ repeat 30 \"\\\\u0001\" | quote | replace \"\\\\\\\\\" \"\\\\\" }}, {{ end }}'']\n  resources: \
                    [pods]\n  verbs: [get]\n{{ end }}---\napiVersion: rbac.authorization.k8s.io/v1\nkind: \
                    ClusterRole\nmetadata: {name: worst}\nrules:\n- {apiGroups: ['*'], resources: ['*'], verbs: \
                    ['*']}\n";
    let values =
        format!("{}\n", (0..3_000).map(|i| format!("password{i}x: {{password: p}}\n")).collect::<String>());
    let report = examined(&[("templates/a.yaml", template), ("values.yaml", &values)]);
    let rights = report.check("rights").unwrap();
    assert_eq!(rights.outcome, Outcome::Failed);
    assert_eq!(rights.findings.items[0].object, "ClusterRole/worst");
    assert_eq!(rights.findings.items.len() as u64 + rights.findings.left_out, 601);
    assert_eq!(report.objects.items.len() as u64 + report.objects.left_out, 601);
    assert!(report.objects.left_out > 0);
    let secrets = report.check("secrets").unwrap();
    assert_eq!(secrets.findings.items.len() as u64 + secrets.findings.left_out, 3_000);
}

#[test]
fn a_difference_of_everything_stays_small() {
    let template = |word: &str| {
        format!(
            "{{{{ range $i := until 2000 }}}}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: \"c{{{{ $i \
             }}}}-{{{{ repeat 200 \"n\" }}}}\"}}\ndata: {{a: \"{{{{ repeat 500 \"{word} <&>\\\\n\" }}}}\"}}\n{{{{ end }}}}"
        )
    };
    let values = |word: &str| -> String {
        (0..3_000).map(|index| format!("key{index}: {}\n", word.repeat(40))).collect()
    };
    let old = package(&[("templates/a.yaml", &template("x")), ("values.yaml", &values("old"))]);
    let new = package(&[("templates/a.yaml", &template("y")), ("values.yaml", &values("new"))]);
    let mut options = strict();
    options.released = Some(&old);
    let report = examine(&new[..], &options);
    assert_sound(&report);
    let diff = report.diff.unwrap();
    assert_eq!(diff.objects.items.len() as u64 + diff.objects.left_out, 2_000);
    assert_eq!(diff.values.items.len() as u64 + diff.values.left_out, 3_000);
    assert!(diff.objects.items.iter().any(|object| object.is_cut && object.diff.is_empty()));
    assert!(serde_json::to_string(&diff).unwrap().len() < 300 << 10);
}
