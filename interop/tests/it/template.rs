//! `template` prints what `helm template` prints.

use std::path::Path;

use crate::environment::{self, Peer};
use crate::helm_compare::{Comparison, compare, sample, starter};
use crate::program::Home;

/// The chart that this repository ships.
fn own_chart() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/chandlery").display().to_string()
}

#[test]
fn public_charts_render_to_helms_bytes() {
    let home = Home::new();
    let (mut equal, mut varying) = (0, Vec::new());
    for chart in sample() {
        let chart = chart.display().to_string();
        match compare(&home, Peer::Helm4, &["template", "demo", &chart, "-n", "shop"], &[]) {
            Comparison::Equal => equal += 1,
            Comparison::Varies => varying.push(chart),
        }
    }
    // Charts with generated passwords and certificates.
    assert!(equal > 3 * varying.len(), "{equal} equal; differ from run to run: {varying:?}");
}

#[test]
fn own_charts_render_to_the_bytes_of_both_helms() {
    let home = Home::new();
    let everything = "ingress.enabled=true,autoscaling.enabled=true,disruptionBudget.enabled=true,\
                      networkPolicy.enabled=true,podLabels.a=b,env[0].name=x,tolerations[0].key=y";
    for chart in [own_chart(), starter(&home)] {
        let plain = ["template", "demo", &chart, "-n", "shop", "--kube-version", "1.33.0"];
        let flags: [&[&str]; 4] = [
            &[],
            &["--include-crds", "--no-hooks"],
            &["--skip-tests", "--is-upgrade"],
            &["-s", "templates/*.yaml"],
        ];
        for more in flags {
            let arguments = [&plain[..], more].concat();
            compare(&home, Peer::Helm4, &arguments, &[]);
            compare(&home, Peer::Helm3, &arguments, &["--compat", "helm3"]);
        }
    }
    let chart = starter(&home);
    for helm in [Peer::Helm3, Peer::Helm4] {
        let compat: &[&str] = if helm == Peer::Helm3 { &["--compat", "helm3"] } else { &[] };
        compare(
            &home,
            helm,
            &["template", "demo", &chart, "--set", everything, "--kube-version", "1.33.0"],
            compat,
        );
    }
}

/// Files of a chart, and flags.
type Case<'a> = (Vec<(&'a str, &'a str)>, &'a [&'a str]);

#[test]
fn errors_are_helms() {
    let home = Home::new();
    let chart = |files: &[(&str, &str)]| {
        let _ = std::fs::remove_dir_all(home.path().join("t"));
        home.write("t/Chart.yaml", "apiVersion: v2\nname: t\nversion: 0.1.0\n");
        home.write("t/values.yaml", "a: {b: 1}\nn: ~\n");
        files.iter().for_each(|(path, text)| drop(home.write(&format!("t/{path}"), text)));
    };
    let template = |text| vec![("templates/x.yaml", text)];
    let cases: &[Case<'_>] = &[
        (template("{{ fail \"no\" }}"), &[]),
        (template("{{ required \"need\" .Values.none }}"), &[]),
        (template("{{ .Values.none.x }}"), &[]),
        (template("{{ include \"none\" . }}"), &[]),
        (template("{{ if }}"), &[]),
        (template("a: b: c"), &[]),
        (template("- a\n"), &[]),
        (template("kind: [a]\n"), &[]),
        (template(""), &["--set", "a"]),
        (template(""), &["--set-json", "a={"]),
        (template(""), &["--kube-version", "x"]),
        (template(""), &["-s", "templates/none.yaml"]),
        (vec![("values.schema.json", "{\"required\": [\"port\"]}")], &[]),
        (vec![("Chart.yaml", "apiVersion: v2\nname: t\nversion: 1\nkubeVersion: '>9'\n")], &[]),
        (vec![("Chart.yaml", "apiVersion: v2\nname: t\nversion: 1\ntype: library\n")], &[]),
        (
            vec![(
                "Chart.yaml",
                "apiVersion: v2\nname: t\nversion: 1\ndependencies: [{name: b, version: 1}]\n",
            )],
            &[],
        ),
    ];
    for (files, flags) in cases {
        chart(files);
        compare(&home, Peer::Helm4, &[&["template", "demo", "t"], *flags].concat(), &[]);
    }
    chart(&[]);
    for arguments in [&["template", "UPPER", "t"][..], &["template", "demo", "./none"]] {
        compare(&home, Peer::Helm4, arguments, &[]);
    }
}

#[test]
fn the_raw_form_is_that_of_the_corpus() {
    let home = Home::new();
    for chart in sample().into_iter().step_by(8) {
        let chart = chart.display().to_string();
        let raw = home.run(
            &environment::chandlery(),
            &["template", "demo", &chart, "-n", "shop", "--raw", "-o", "json"],
        );
        if raw.code == 0 {
            assert!(raw.json().is_object(), "{chart}");
        }
    }
}
