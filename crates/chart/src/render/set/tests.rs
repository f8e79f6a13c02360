//! The grammar beyond the shared vectors; the expectations are the real parser's.

use super::*;
use serde_json::json;

fn set(kind: SetKind, text: &str, base: Value) -> Result<Value, String> {
    let Value::Object(mut map) = base else { panic!("the base is a map") };
    let mut read =
        |name: &str| if name == "none" { Err("no file".to_owned()) } else { Ok(format!("<{name}>")) };
    set_values(&mut map, kind, text, &mut read).map_err(|error| error.to_string())?;
    Ok(Value::Object(map))
}

#[test]
fn over_present_values() {
    let cases = [
        (SetKind::Typed, "a.c=2", json!({"a": {"b": 1}}), json!({"a": {"b": 1, "c": 2}})),
        (SetKind::Typed, "a[1]=z", json!({"a": [1, 2, 3]}), json!({"a": [1, "z", 3]})),
        (SetKind::Typed, "a[0].x=1", json!({"a": [{"y": 2}]}), json!({"a": [{"x": 1, "y": 2}]})),
        (SetKind::Typed, "a[0].x=1", json!({"a": ["text"]}), json!({"a": [{"x": 1}]})),
        (SetKind::Typed, "a[0][1]=1", json!({"a": [[7]]}), json!({"a": [[7, 1]]})),
        (SetKind::Typed, "a[0", json!({}), json!({})),
        (SetKind::Typed, "a[0]", json!({}), json!({"a": []})),
        (SetKind::Typed, "a.", json!({}), json!({})),
        (SetKind::Text, "a=1", json!({"a": {"b": 1}}), json!({"a": "1"})),
        (SetKind::File, "a=x,b={y,z}", json!({}), json!({"a": "<x>", "b": ["<y>", "<z>"]})),
        (SetKind::Literal, "a=b,c=d\\,{", json!({}), json!({"a": "b,c=d\\,{"})),
        (SetKind::Json, "a=5,b.c=[1]", json!({}), json!({"a": 5.0, "b": {"c": [1.0]}})),
    ];
    for (kind, text, base, expected) in cases {
        assert_eq!(set(kind, text, base), Ok(expected), "{text}");
    }
}

#[test]
fn refused() {
    let cases = [
        (
            SetKind::Typed,
            "a.b=1",
            json!({"a": null}),
            "unable to parse key: interface conversion: interface {} is nil, not map[string]interface {}",
        ),
        (
            SetKind::Typed,
            "a[0]=1",
            json!({"a": 1.5}),
            "unable to parse key: interface conversion: interface {} is float64, not []interface {}",
        ),
        (
            SetKind::Typed,
            "a[0][0]=1",
            json!({"a": ["x"]}),
            "unable to parse key: interface conversion: interface {} is string, not []interface {}",
        ),
        (
            SetKind::Typed,
            "a[99999999999999999999]=1",
            json!({}),
            "error parsing index: strconv.Atoi: parsing \"99999999999999999999\": value out of range",
        ),
        (
            SetKind::Typed,
            "a[99999999]=1",
            json!({}),
            "index of 99999999 is greater than maximum supported index of 65536",
        ),
        (SetKind::File, "a=none", json!({}), "no file"),
        (SetKind::Json, "a={\"b\"", json!({}), "unexpected EOF"),
    ];
    for (kind, text, base, expected) in cases {
        assert_eq!(set(kind, text, base), Err(expected.to_owned()), "{text}");
    }
}

#[test]
fn flags_apply_by_kind() {
    let flags = [
        (SetKind::Literal, "a=literal".to_owned()),
        (SetKind::Typed, "a=1,b=2,c=3".to_owned()),
        (SetKind::Json, " {\"c\": {\"d\": 1}, \"e\": 1e3}".to_owned()),
    ];
    let mut values = Map::from_iter([("e".to_owned(), json!(1))]);
    apply_flags(&mut values, &flags, &mut |_| Err(String::new())).unwrap();
    assert_eq!(Value::Object(values.clone()), json!({"a": "literal", "b": 2, "c": 3, "e": 1000.0}));
    let cases = [
        (SetKind::Typed, "a", "failed parsing --set data: key \"a\" has no value"),
        (SetKind::Json, "a=x", "failed parsing --set-json data a=x"),
        (SetKind::Json, "{\"a\"}", "failed parsing --set-json data JSON: {\"a\"}"),
    ];
    for (kind, text, expected) in cases {
        let error = apply_flags(&mut values, &[(kind, text.to_owned())], &mut |_| Err(String::new()));
        assert_eq!(error.unwrap_err().to_string(), expected);
    }
}
