//! Cases that a Go program made, and how to read them.

use crate::exec::{Execution, ExecutionOptions, TemplateSet};
use crate::format::{sprintf, try_display};
use crate::function::Slot;
use crate::functions::Functions;
use crate::json::{JsonStyle, from_json, from_json_map, to_json};
use crate::limits::{Budget, Limits};
use crate::value::{Element, IntegerKind, List, Map, MapType, Text, Value};
use serde_json::Value as Json;
use std::rc::Rc;

/// One line each: what to call, with which text and values, and what Go printed.
const CASES: &str = include_str!("testing/go.jsonl");

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn text(json: &Json) -> Text {
    let text = json.as_str().unwrap();
    match text.split_at(2) {
        ("x:", bytes) => hex(bytes).into(),
        (_, text) => text.into(),
    }
}

fn bits(json: &Json) -> f64 {
    f64::from_bits(u64::from_str_radix(json.as_str().unwrap(), 16).unwrap())
}

fn entries(json: &Json) -> std::collections::BTreeMap<Text, Value> {
    json.as_array().unwrap().iter().map(|entry| (text(&entry[0]), value(&entry[1]))).collect()
}

fn value(json: &Json) -> Value {
    let (name, inner) = match json {
        Json::Null => return Value::Nil,
        Json::Bool(flag) => return (*flag).into(),
        Json::String(_) => return text(json).into(),
        Json::Array(items) => return List::new(items.iter().map(value).collect()).into(),
        _ => (json["t"].as_str().unwrap(), &json["v"]),
    };
    let kind = match name {
        "int" => IntegerKind::Int,
        "int32" => IntegerKind::Int32,
        "int64" => IntegerKind::Int64,
        "uint" => IntegerKind::Uint,
        "uint8" => IntegerKind::Uint8,
        "uint32" => IntegerKind::Uint32,
        "uint64" => IntegerKind::Uint64,
        "float64" => return bits(inner).into(),
        "complex128" => return Value::Complex(bits(&inner[0]), bits(&inner[1])),
        "bytes" => return Value::Bytes(hex(inner.as_str().unwrap()).into()),
        "strings" => {
            return List::of(Element::Of("string"), inner.as_array().unwrap().iter().map(value).collect())
                .into();
        }
        "map" => return Map::of(MapType::Any, entries(inner)).into(),
        _ => return Map::of(MapType::Strings, entries(inner)).into(),
    };
    let number: i128 = inner.as_str().unwrap().parse().unwrap();
    Value::Integer(match i64::try_from(number) {
        Ok(number) => kind.make(number),
        Err(_) => kind.make_unsigned(u64::try_from(number).unwrap()),
    })
}

fn run(kind: &str, input: &Text, values: &[Value]) -> Result<Text, crate::Error> {
    let budget = Budget::new(Limits::default());
    let style = JsonStyle { indent: (*input == "pretty").then_some("  "), raw_html: *input == "pretty" };
    match kind {
        "printf" => sprintf(input, values, &budget),
        "json" => to_json(&values[0], style, &budget).map(Text::from),
        "decode" => sprintf(b"%#v", &[from_json(input)?], &budget),
        "decodemap" => try_display(&from_json_map(input)?.into(), &budget),
        _ => {
            let functions = Rc::new(Functions::go());
            let function = Rc::clone(functions.get(&input.to_str_lossy()).unwrap());
            let mut execution =
                Execution::new(Rc::new(TemplateSet::new("t", functions)), ExecutionOptions::default());
            let slots: Vec<_> = values.iter().cloned().map(Slot::interface).collect();
            match function.call(&mut crate::exec::Call::new(&mut execution), &slots)? {
                Value::Nil => Ok("<no value>".into()),
                result => try_display(&result, &budget),
            }
        }
    }
}

#[test]
fn functions_print_what_go_prints() {
    let mut wrong = Vec::new();
    for line in CASES.lines() {
        let case: Json = serde_json::from_str(line).unwrap();
        let values: Vec<_> = case[2].as_array().unwrap().iter().map(value).collect();
        let result = run(case[0].as_str().unwrap(), &text(&case[1]), &values);
        let result = result.unwrap_or_else(|error| format!("ERR {error}").into());
        if result != text(&case[3]) {
            wrong.push(format!("{line}\n    but {result:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CASES.lines().count(), wrong.join("\n"));
}
