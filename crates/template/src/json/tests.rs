use super::*;
use crate::limits::{Budget, Limits};
use crate::value::{List, Map, Value};

fn budget() -> Budget {
    Budget::new(Limits::default())
}

#[test]
fn a_value_that_holds_itself_is_an_error() {
    let map = Map::new();
    let list = List::new(vec![map.clone().into()]);
    map.insert("list", list.into());
    let error = to_json(&map.clone().into(), JsonStyle::default(), &budget()).unwrap_err();
    map.clear();
    assert_eq!(error.to_string(), "json: unsupported value: encountered a cycle via map[string]interface {}");
}

#[test]
fn deep_values_are_read_up_to_go_s_limit_and_written_again() {
    // Values of so many levels need more stack than a test has when they are freed.
    stacker::grow(64 << 20, || {
        let text = "[".repeat(10_000) + &"]".repeat(10_000);
        let value = from_json(text.as_bytes()).unwrap();
        assert_eq!(to_json(&value, JsonStyle::default(), &budget()).unwrap(), text);
        drop(value);
        let error = from_json("[".repeat(10_001).as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "invalid character '[' exceeded max depth");
    });
}

#[test]
fn lists_and_maps_refuse_other_texts() {
    let list = from_json_list(b"{}").unwrap_err().to_string();
    assert_eq!(list, "json: cannot unmarshal object into Go value of type []interface {}");
    let map = from_json_map(b"[]").unwrap_err().to_string();
    assert_eq!(map, "json: cannot unmarshal array into Go value of type map[string]interface {}");
    assert!(from_json_map(b"null").unwrap().is_empty());
}

#[test]
fn a_text_that_has_no_room_is_a_limit_error() {
    let mut value = Value::from("0123456789");
    for _ in 0..60 {
        value = Value::from(vec![value.clone(), value]);
    }
    let small = Budget::new(Limits { bytes: 100_000, ..Limits::default() });
    let error = to_json(&value, JsonStyle { indent: Some("  "), raw_html: false }, &small).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Limit);
}
