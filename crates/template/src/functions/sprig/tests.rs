use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value as Json;

use super::Functions;
use crate::error::{Error, ErrorKind};
use crate::exec::{Call, Execution, ExecutionOptions, TemplateSet};
use crate::function::Slot;
use crate::value::{List, Map, Text, Value};

/// What the real functions made of random arguments: `call` is the call as a template has it, `args` its arguments with
/// their types (`s`tring, `i`nt, `f`loat64, `b`ool, `n`il, `l`ist, `sl` a `[]string` joined by commas, `d`ict); the result
/// is a type and JSON, or an error text.
const VECTORS: &str = include_str!("../../../tests/vectors/sprig.jsonl");

/// The functions, and an execution that calls them: the maps they change live as long as it does.
struct Caller {
    functions: Rc<Functions>,
    execution: Execution,
}

impl Caller {
    fn new() -> Self {
        let functions = Rc::new(Functions::sprig());
        let set = Rc::new(TemplateSet::new("test", Rc::clone(&functions)));
        Self { functions, execution: Execution::new(set, ExecutionOptions::default()) }
    }

    fn call(&mut self, name: &str, arguments: &[Value]) -> Result<Value, Error> {
        let slots: Vec<Slot> = arguments.iter().cloned().map(Slot::concrete).collect();
        self.functions.get(name).expect(name).call(&mut Call::new(&mut self.execution), &slots)
    }
}

fn argument(typed: &Json) -> Value {
    let value = &typed[1];
    match typed[0].as_str().unwrap() {
        "s" => value.as_str().unwrap().into(),
        "i" => (value.as_i64().unwrap() as isize).into(),
        "f" => value.as_f64().unwrap().into(),
        "b" => value.as_bool().unwrap().into(),
        "n" => Value::Nil,
        "l" => List::new(value.as_array().unwrap().iter().map(argument).collect()).into(),
        "sl" => List::of_strings(value.as_str().unwrap().split(',')).into(),
        "d" => {
            let entries = value.as_object().unwrap().iter();
            entries.map(|(key, value)| (Text::from(&**key), argument(value))).collect::<Map>().into()
        }
        other => panic!("no type {other}"),
    }
}

/// Nothing where JSON has no such number.
fn json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Nil => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(integer) => integer.as_i64().into(),
        Value::Float(float) => serde_json::Number::from_f64(*float)?.into(),
        Value::String(text) => text.to_str_lossy().into_owned().into(),
        Value::List(list) => Json::Array(list.items().iter().map(json).collect::<Option<_>>()?),
        Value::Map(map) => {
            let entries = map.entries();
            let entries =
                entries.iter().map(|(key, value)| Some((key.to_str_lossy().into_owned(), json(value)?)));
            Json::Object(entries.collect::<Option<_>>()?)
        }
        other => panic!("{other:?} is not in the vectors"),
    })
}

/// Numbers by value; a list that is nil in Go is `null` there, and broken UTF-8 may be replaced differently.
fn is_same(theirs: &Json, ours: &Json) -> bool {
    match (theirs, ours) {
        (Json::Number(theirs), Json::Number(ours)) => theirs == ours || theirs.as_f64() == ours.as_f64(),
        (Json::Array(theirs), Json::Array(ours)) => {
            theirs.len() == ours.len() && theirs.iter().zip(ours).all(|(theirs, ours)| is_same(theirs, ours))
        }
        (Json::Object(theirs), Json::Object(ours)) => {
            theirs.len() == ours.len()
                && theirs.iter().all(|(key, theirs)| ours.get(key).is_some_and(|ours| is_same(theirs, ours)))
        }
        (Json::Null, Json::Array(ours)) => ours.is_empty(),
        (Json::String(theirs), Json::String(ours)) => {
            theirs.replace('\u{FFFD}', "") == ours.replace('\u{FFFD}', "")
        }
        _ => theirs == ours,
    }
}

#[test]
fn vectors_of_the_real_functions() {
    let mut caller = Caller::new();
    for line in VECTORS.lines() {
        let vector: Json = serde_json::from_str(line).unwrap();
        let arguments: Vec<Value> = vector["args"].as_array().unwrap().iter().map(argument).collect();
        let result = caller.call(vector["fn"].as_str().unwrap(), &arguments);
        match (&result, vector["error"].as_str()) {
            (Err(error), Some(theirs)) => assert_eq!(error.to_string(), theirs, "{}", vector["call"]),
            (Ok(value), None) => {
                assert_eq!(value.type_name(), vector["type"].as_str().unwrap(), "{}", vector["call"]);
                let theirs = vector["json"].as_str().unwrap();
                let agrees = match json(value) {
                    Some(ours) => is_same(&serde_json::from_str(theirs).unwrap(), &ours),
                    None => theirs.is_empty(),
                };
                assert!(agrees, "{}: {value:?} is not {theirs}", vector["call"]);
            }
            _ => panic!("{}: {result:?}", vector["call"]),
        }
    }
}

#[test]
fn what_would_be_huge_is_refused_before_it_is_made() {
    let text = || Value::from("x\n");
    let many = || Value::from(3_000_000_000_isize);
    let cases: &[(&str, Vec<Value>)] = &[
        ("repeat", vec![many(), text()]),
        ("indent", vec![many(), text()]),
        ("nindent", vec![isize::MAX.into(), text()]),
        ("until", vec![many()]),
        ("untilStep", vec![isize::MIN.into(), isize::MAX.into(), 1_isize.into()]),
        ("seq", vec![many()]),
        ("randAlpha", vec![many()]),
        ("regexMatch", vec!["((a{100}){10}|(b{100}){10}|\\pL{900}){1}".into(), text()]),
    ];
    for (name, arguments) in cases {
        let error = Caller::new().call(name, arguments).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Limit, "{name}: {error}");
    }
}

#[test]
fn values_that_hold_themselves_are_refused() {
    let mut caller = Caller::new();
    let [left, right] = [(); 2].map(|()| {
        let map = Map::new();
        map.insert("a", map.clone().into());
        Value::from(map)
    });
    for (name, arguments) in [
        ("deepEqual", &[left.clone(), right.clone()][..]),
        ("deepCopy", std::slice::from_ref(&left)),
        ("merge", &[left.clone(), right.clone()]),
    ] {
        assert_eq!(caller.call(name, arguments).expect_err(name).kind(), ErrorKind::Limit, "{name}");
    }
    for value in [left, right] {
        value.as_map().unwrap().clear();
    }
}

#[test]
fn what_is_shared_changes_for_everyone() {
    let mut caller = Caller::new();
    let inner = Map::new();
    let source: Map = [(Text::from("x"), Value::from(inner.clone()))].into_iter().collect();
    let merged = caller.call("merge", &[Map::new().into(), source.into()]).unwrap();
    let shared = merged.as_map().unwrap().get(b"x").unwrap();
    caller.call("set", &[shared, "y".into(), 2_isize.into()]).unwrap();
    assert_eq!(inner.len(), 1);

    let list = List::of_strings(["b", "a"]);
    caller.call("sortAlpha", &[list.clone().into()]).unwrap();
    assert_eq!(list.get(0).unwrap().as_text().unwrap(), &"a");

    let copy = caller.call("deepCopy", &[inner.clone().into()]).unwrap();
    inner.clear();
    assert_eq!(copy.as_map().unwrap().len(), 1);
}

#[test]
fn nil_maps_are_as_in_go() {
    let mut caller = Caller::new();
    let error = caller.call("set", &[Value::Nil, "a".into(), Value::Nil]).unwrap_err();
    assert_eq!(error.to_string(), "assignment to entry in nil map");
    let filled: Map = [(Text::from("a"), Value::from(true))].into_iter().collect();
    assert_eq!(caller.call("merge", &[Value::Nil, filled.into()]).unwrap().as_map().unwrap().len(), 1);
}

#[test]
fn chance_keeps_to_its_alphabet() {
    let mut caller = Caller::new();
    type Test = fn(u8) -> bool;
    let cases: [(&str, Test); 4] = [
        ("randAlphaNum", |byte| byte.is_ascii_alphanumeric()),
        ("randAlpha", |byte| byte.is_ascii_alphabetic()),
        ("randNumeric", |byte| byte.is_ascii_digit()),
        ("randAscii", |byte| (b' '..=b'~').contains(&byte)),
    ];
    for (name, is_in) in cases {
        let made = caller.call(name, &[200_isize.into()]).unwrap();
        let made = made.as_text().unwrap();
        assert!(made.len() == 200 && made.iter().all(|&byte| is_in(byte)), "{name}: {made}");
        assert!(caller.call(name, &[(-1_isize).into()]).unwrap().as_text().unwrap().is_empty());
    }
    let shuffled = caller.call("shuffle", &["aéb".into()]).unwrap();
    let characters: BTreeSet<char> = shuffled.as_text().unwrap().to_str_lossy().chars().collect();
    assert_eq!(characters, BTreeSet::from(['a', 'b', 'é']));
    let error = caller.call("randInt", &[3_isize.into(), 3_isize.into()]).unwrap_err();
    assert_eq!(error.to_string(), "invalid argument to Intn");
}
