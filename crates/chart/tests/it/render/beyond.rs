//! What a render tells besides its text.

use chandlery_chart::render::{
    PrepareOptions, Prepared, Release, RenderOptions, Rendered, prepare, render, varying_files,
};
use chandlery_chart::{Chart, Limits};
use serde_json::Map;

use crate::common::{CHART_YAML, TarBuilder};

fn prepared(values: &str, templates: &[(&str, &str)]) -> Prepared {
    let mut archive = TarBuilder::default().file("t/Chart.yaml", CHART_YAML).file("t/values.yaml", values);
    for (name, text) in templates {
        archive = archive.file(&format!("t/templates/{name}"), text);
    }
    let chart = Chart::read(&archive.gzip()[..], &Limits::default()).unwrap();
    prepare(chart, &Map::new(), &PrepareOptions::default()).unwrap()
}

fn options() -> RenderOptions {
    RenderOptions::new(Release::install("demo", "shop"))
}

fn rendered(values: &str, template: &str) -> Rendered {
    render(&prepared(values, &[("x.txt", template)]), &options()).unwrap()
}

#[test]
fn the_values_that_are_read() {
    let values = "image: {tag: 1, name: x}\nother: 1\nlabels: {a: b}\nlist: [1]\n";
    let template = "{{ .Values.image.tag }}{{ $i := .Values.image }}{{ $i.name }}{{ toYaml .Values.labels }}{{ .Values.no }}";
    let expected = ["image", "image.name", "image.tag", "labels", "no"];
    assert_eq!(rendered(values, template).values_read, expected);
}

#[test]
fn what_is_asked_of_the_outside() {
    let rendered = rendered("", r#"{{ lookup "v1" "Secret" "shop" "x" }}{{ getHostByName "example.org" }}"#);
    assert_eq!(rendered.varying_functions, ["getHostByName", "lookup"]);
    assert_eq!(rendered.lookups, [["v1", "Secret", "shop", "x"].map(str::to_owned)]);
}

#[test]
fn what_differs_from_run_to_run() {
    let templates = [
        ("a.txt", "{{ randAlphaNum 10 }}"),
        ("b.txt", "{{ .Values }}"),
        ("c.txt", r#"{{ now | date "2006" }}"#),
    ];
    let files = varying_files(&prepared("", &templates), &options()).unwrap();
    assert_eq!(files, ["t/templates/a.txt", "t/templates/c.txt"]);
    assert!(varying_files(&prepared("", &templates[1..2]), &options()).unwrap().is_empty());
}
