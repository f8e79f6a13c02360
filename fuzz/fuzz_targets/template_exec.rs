//! Text as a template of a chart with values of every kind: rendering ends with text or an error, within its limits.

#![no_main]

use std::time::Duration;

use chandlery_chart::render::{
    PrepareOptions, Prepared, Release, RenderOptions, TemplateLimits, prepare, render,
};
use chandlery_chart::{Chart, File, Metadata};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, json};

thread_local! {
    static OPTIONS: RenderOptions = RenderOptions {
        limits: TemplateLimits {
            steps: 50_000,
            bytes: 1 << 20,
            output_bytes: 1 << 18,
            depth: 100,
            time: Duration::from_secs(5),
            regex_bytes: 1 << 16,
        },
        seed: Some(1),
        ..RenderOptions::new(Release::install("demo", "shop"))
    };
}

fuzz_target!(|text: &[u8]| {
    let prepared = chart_with(text);
    OPTIONS.with(|options| drop(render(&prepared, options)));
});

fn chart_with(text: &[u8]) -> Prepared {
    let helpers = br#"{{ define "n" }}{{ . | toString | trunc 63 }}{{ end }}{{ define "r" }}{{ include "r" . }}{{ end }}"#;
    let metadata = "apiVersion: v2\nname: t\nversion: 0.1.0\n";
    let chart = Chart {
        metadata: Metadata::from_yaml(metadata).expect("the metadata are right"),
        templates: vec![file("templates/_h.tpl", helpers), file("templates/x.yaml", text)],
        files: vec![file("conf/a.yaml", b"a: 1\nb: [x, y]\n"), file("conf/b.bin", b"\xff\x00\x01")],
        ..Chart::default()
    };
    let values = json!({
        "s": "text, \"quoted\"", "e": "", "i": 3, "f": 1.5, "t": true, "n": null,
        "l": [1, "b", null, [2, 3], {"k": "v"}], "m": {"a": 1, "b": {"c": [], "d": {}}},
        "date": "2024-02-29T12:30:00Z", "version": "1.2.3-rc.1+x", "url": "https://u:p@h:1/p?q#f",
    });
    let values = values.as_object().cloned().unwrap_or_else(Map::new);
    prepare(chart, &values, &PrepareOptions::default()).expect("the chart has no dependencies and no schema")
}

fn file(path: &str, data: &[u8]) -> File {
    File { path: path.to_owned(), data: data.to_vec().into(), modified: 0 }
}
