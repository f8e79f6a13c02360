//! What differs between two packages.

use chandlery_chart::review::{Change, Outcome, Right, Settings, compare, examine};
use jiff::Timestamp;

use super::{assert_sound, codes, options, outcome, package};

const OLD: &str = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}, \
                   stringData: {a: hunter2, same: samesame}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: \
                   p}\nspec: {containers: [{name: c, image: app:1}]}\n";
const NEW: &str = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}, \
                   stringData: {a: hunter3, same: samesame}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: \
                   p}\nspec: {containers: [{name: c, image: app:2}]}\n---\napiVersion: \
                   rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\nrules: [{apiGroups: [''], resources: \
                   [pods], verbs: [get]}]\n";

fn old() -> Vec<u8> {
    let values = "a: 1\nb: {c: x, d: [1]}\npassword: hunter4\ngone: {x: 1}\nmap: {}\n";
    package(&[("templates/a.yaml", OLD), ("values.yaml", values), ("templates/r.yaml", "a: {{ uuidv4 }}\n")])
}

fn new() -> Vec<u8> {
    let values = "a: 2\nb: {c: x, d: [2], \"e.f\": null}\npassword: hunter5\nmap: {z: 1}\n";
    let chart = "apiVersion: v2\nname: t\nversion: 0.2.0\n";
    package(&[
        ("Chart.yaml", chart),
        ("templates/a.yaml", NEW),
        ("values.yaml", values),
        ("templates/r.yaml", "a: {{ uuidv4 }}\n"),
        (
            "crds/c.yaml",
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: c}\n",
        ),
    ])
}

#[test]
fn everything_that_differs() {
    let found = compare(&old(), &new(), &Settings::new(Timestamp::UNIX_EPOCH)).unwrap();
    assert!(found.chart.contains("-version: 0.1.0\n+version: 0.2.0\n"), "{}", found.chart);
    let values: Vec<_> = found
        .values
        .items
        .iter()
        .map(|value| (value.path.as_str(), value.change, value.before.as_deref(), value.after.as_deref()))
        .collect();
    assert_eq!(
        values,
        [
            ("a", Change::Changed, Some("1"), Some("2")),
            ("b.d", Change::Changed, Some("[1]"), Some("[2]")),
            ("b.e\\.f", Change::Added, None, Some("null")),
            ("gone.x", Change::Removed, Some("1"), None),
            ("map.z", Change::Added, None, Some("1")),
            ("password", Change::Changed, Some("<hidden>"), Some("<hidden>")),
        ]
    );
    let objects: Vec<_> =
        found.objects.items.iter().map(|object| (object.kind.as_str(), object.change)).collect();
    assert_eq!(
        objects,
        [
            ("Pod", Change::Changed),
            ("Secret", Change::Changed),
            ("CustomResourceDefinition", Change::Added),
            ("Role", Change::Added)
        ]
    );
    assert_eq!(found.images_added.items, ["docker.io/library/app:2"]);
    assert_eq!(found.images_removed.items, ["docker.io/library/app:1"]);
    assert!(matches!(&found.rights_added.items[..], [Right::Grant { object, .. }] if object == "Role/r"));
    assert!(found.rights_removed.is_empty() && found.not_compared.is_empty());
    let json = serde_json::to_string(&found).unwrap();
    assert!(!json.contains("hunter") && !json.contains("samesame"), "{json}");
}

#[test]
fn nothing_differs() {
    let settings = Settings::new(Timestamp::UNIX_EPOCH);
    assert!(compare(&old(), &old(), &settings).unwrap().is_empty());
    assert!(!compare(&old(), &new(), &settings).unwrap().is_empty());
    assert!(compare(b"", &new(), &settings).is_err());
}

#[test]
fn what_cannot_be_rendered_is_not_compared() {
    let broken = package(&[("templates/a.yaml", "{{ fail \"no\" }}"), ("values.yaml", "a: 3\n")]);
    let found = compare(&old(), &broken, &Settings::new(Timestamp::UNIX_EPOCH)).unwrap();
    assert_eq!(found.not_compared.len(), 1);
    assert!(found.objects.is_empty() && !found.values.is_empty() && !found.is_empty());
}

/// The released package, the new one, how the check ends, and the codes of its findings.
type Case<'c> = (Option<&'c [u8]>, &'c [u8], Outcome, &'c [&'c str]);

#[test]
fn the_check_of_the_difference() {
    let (old, new) = (old(), new());
    let broken = package(&[("templates/a.yaml", "{{ fail \"no\" }}")]);
    let other = package(&[("Chart.yaml", "apiVersion: v2\nname: u\nversion: 0.3.0\n")]);
    let cases: [Case<'_>; 7] = [
        (None, &new, Outcome::Passed, &[]),
        (Some(&old), &new, Outcome::Warned, &["right_added", "image_added", "value_removed"]),
        (Some(&old), &old, Outcome::Warned, &["not_newer"]),
        (Some(&other), &new, Outcome::Failed, &["other_chart", "not_newer", "right_added", "image_added"]),
        (Some(&broken), &new, Outcome::NotRun, &[]),
        (Some(&new), &broken, Outcome::NotRun, &[]),
        (Some(b"no package"), &new, Outcome::NotRun, &[]),
    ];
    for (released, package, expected, expected_codes) in cases {
        let mut options = options();
        options.released = released;
        let report = examine(package, &options);
        assert_sound(&report);
        let check = report.check("diff").unwrap();
        assert_eq!(outcome(&report, "diff"), expected, "{check:?}");
        assert_eq!(codes(&report, "diff"), expected_codes, "{check:?}");
    }
}
