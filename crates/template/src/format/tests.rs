use super::*;
use crate::value::{List, Map};

fn budget() -> Budget {
    Budget::new(Limits::default())
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    entries.into_iter().map(|(key, value)| (Text::from(key), value)).collect::<Map>().into()
}

#[test]
fn values_print_as_with_v() {
    let cases = [
        (Value::Nil, "<nil>"),
        (true.into(), "true"),
        ((-5_isize).into(), "-5"),
        (u64::MAX.into(), "18446744073709551615"),
        (0.1.into(), "0.1"),
        (999_999.0.into(), "999999"),
        (1e6.into(), "1e+06"),
        (12_345_678.0.into(), "1.2345678e+07"),
        (0.0001.into(), "0.0001"),
        (0.000_01.into(), "1e-05"),
        (1e100.into(), "1e+100"),
        ((-0.0).into(), "-0"),
        (f64::INFINITY.into(), "+Inf"),
        (f64::NAN.into(), "NaN"),
        (Value::Complex(0.0, 1.0), "(0+1i)"),
        ("a b".into(), "a b"),
        (Value::Bytes(b"ab".as_slice().into()), "[97 98]"),
        (vec![1.0.into(), "two".into(), Value::Nil, Value::from(vec![])].into(), "[1 two <nil> []]"),
        (map([("b", 2_isize.into()), ("a", map([])), ("10", Value::Nil)]), "map[10:<nil> a:map[] b:2]"),
    ];
    for (value, expected) in cases {
        assert_eq!(display(&value), expected);
        assert_eq!(try_display(&value, &budget()).unwrap(), expected);
    }
}

#[test]
fn a_value_that_holds_itself_is_a_limit_error() {
    let map = Map::new();
    map.insert("self", map.clone().into());
    let error = try_display(&map.clone().into(), &budget()).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Limit);
    assert!(display(&map.clone().into()).starts_with(b"map[self:map[self:"));
    map.clear();
}

#[test]
fn a_value_with_too_much_text_is_a_limit_error() {
    let small = Budget::new(Limits { bytes: 100_000, ..Limits::default() });
    let mut value = Value::from("0123456789");
    for _ in 0..60 {
        value = Value::from(vec![value.clone(), value]);
    }
    let error = try_display(&value, &small).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Limit);
    let padded =
        sprintf(b"%1000000d", &[1_isize.into()], &Budget::new(Limits { bytes: 1000, ..Limits::default() }));
    assert_eq!(padded.unwrap_err().kind(), crate::ErrorKind::Limit);
}

#[test]
fn print_and_println_put_spaces_as_go_does() {
    let values = [
        1_isize.into(),
        2_isize.into(),
        "a".into(),
        "b".into(),
        3_isize.into(),
        4.5.into(),
        Value::Nil,
        List::new(vec![]).into(),
    ];
    assert_eq!(sprint(&values, &budget()).unwrap(), "1 2a b3 4.5 <nil> []".replace("a b", "ab").as_str());
    assert_eq!(sprintln(&values, &budget()).unwrap(), "1 2 a b 3 4.5 <nil> []\n");
}
