//! The first part of a text as `values.schema.json`, the rest as values: checking ends with a verdict or an error.

#![no_main]

use chandlery_chart::render::{PrepareOptions, floats, prepare};
use chandlery_chart::{Chart, File, Metadata};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|text: &str| {
    let (schema, values) = text.split_once("\n\n").unwrap_or((text, "{}"));
    let mut values = match serde_json::from_str(values) {
        Ok(Value::Object(map)) => map,
        Ok(other) => Map::from_iter([("v".to_owned(), other)]),
        Err(_) => Map::new(),
    };
    floats(&mut values);
    let metadata = "apiVersion: v2\nname: t\nversion: 0.1.0\n";
    let chart = Chart {
        metadata: Metadata::from_yaml(metadata).expect("the metadata are right"),
        schema: Some(File {
            path: "values.schema.json".to_owned(),
            data: schema.as_bytes().to_vec().into(),
            modified: 0,
        }),
        ..Chart::default()
    };
    let first = prepare(chart.clone(), &values, &PrepareOptions::default());
    let second = prepare(chart, &values, &PrepareOptions::default());
    assert_eq!(first.is_ok(), second.is_ok());
});
