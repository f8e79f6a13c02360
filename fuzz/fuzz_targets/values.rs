//! Documents as `Chart.yaml` of a chart, its values, those of two subcharts and the user's: merging ends, and as the same
//! values every time.

#![no_main]

use chandlery_chart::render::{Compat, PrepareOptions, floats, prepare};
use chandlery_chart::{Chart, Metadata};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|text: &str| {
    let mut documents = text.split("---\n");
    let mut next = || documents.next().unwrap_or_default();
    let dependencies = next();
    let subcharts = vec![chart("a", "", next()), chart("b", "", next())];
    let mut root = chart("t", dependencies, next());
    root.subcharts = subcharts;
    let mut user = values(next());
    floats(&mut user);
    for compat in [Compat::default(), Compat::Helm3] {
        let options = PrepareOptions { compat, ..PrepareOptions::default() };
        let first = prepare(root.clone(), &user, &options);
        let second = prepare(root.clone(), &user, &options);
        match (first, second) {
            (Ok(first), Ok(second)) => assert_eq!(first.values, second.values),
            (Err(first), Err(second)) => assert_eq!(first.to_string(), second.to_string()),
            _ => panic!("the same chart is merged once and refused once"),
        }
    }
});

fn chart(name: &str, more: &str, own: &str) -> Chart {
    let text = format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n");
    let plain = || Metadata::from_yaml(&text).expect("the metadata are right");
    let metadata = Metadata::from_yaml(&format!("{text}{more}")).unwrap_or_else(|_| plain());
    Chart { metadata, values: values(own), ..Chart::default() }
}

fn values(text: &str) -> Map<String, Value> {
    let limits = chandlery_yaml::Limits { nodes: 2000, ..chandlery_yaml::Limits::default() };
    let options = chandlery_yaml::Options { limits, ..chandlery_yaml::Options::default() };
    match chandlery_yaml::from_str(text, &options) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}
