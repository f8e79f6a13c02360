//! How Go prints values in the texts of Helm's errors and warnings.

use std::fmt::Write as _;

use serde_json::{Number, Value};

pub(crate) use crate::metadata::quote_whole as quote;

/// A character in single quotes, as Go writes it.
pub(crate) fn quote_character(character: char) -> String {
    match character {
        '\'' => r"'\''".to_owned(),
        '"' => "'\"'".to_owned(),
        other => {
            let quoted = quote(&other.to_string());
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    }
}

/// The value as `%v` prints it: `map[a:1 b:[x <nil>]]`.
pub(crate) fn print(value: &Value) -> String {
    print_with(value, &print_scalar)
}

/// The value as `%t` prints it, which complains about everything that is no boolean: `%!t(string=x)`.
pub(crate) fn print_bool(value: &Value) -> String {
    print_with(value, &|scalar| match scalar {
        Value::Bool(flag) => flag.to_string(),
        Value::Null => "%!t(<nil>)".to_owned(),
        other => format!("%!t({}={})", type_name(other), print_scalar(other)),
    })
}

fn print_with(value: &Value, scalar: &dyn Fn(&Value) -> String) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| print_with(item, scalar)).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(map) => {
            let entry = |(key, item): (&String, &Value)| {
                format!("{}:{}", scalar(&Value::String(key.clone())), print_with(item, scalar))
            };
            let entries: Vec<String> = map.iter().map(entry).collect();
            format!("map[{}]", entries.join(" "))
        }
        leaf => scalar(leaf),
    }
}

fn print_scalar(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => print_number(number),
        other => other.to_string(),
    }
}

/// The number as `%v` prints it: integers plainly, floats shortest, with an exponent from a million on.
pub(crate) fn print_number(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => print_float(float),
        _ => number.to_string(),
    }
}

/// The name of the Go type that holds the value.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// The float as `%v` prints it.
pub(crate) fn print_float(float: f64) -> String {
    let (mantissa, exponent) = scientific(float);
    if is_plain(exponent) {
        return format!("{float}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// The float as the schema library prints it, with English digit groups: `1,000`, `1×10⁰⁶`.
pub(crate) fn print_float_grouped(float: f64) -> String {
    let (mantissa, exponent) = scientific(float);
    if is_plain(exponent) {
        let text = format!("{float}");
        let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
        let mut grouped = group_digits(whole);
        if let Some(fraction) = fraction {
            let _ = write!(grouped, ".{fraction}");
        }
        return grouped;
    }
    let sign = if exponent < 0 { "⁻" } else { "" };
    let digits = format!("{:02}", exponent.unsigned_abs());
    let raised: String = digits.bytes().map(|digit| SUPERSCRIPTS[usize::from(digit - b'0')]).collect();
    format!("{mantissa}×10{sign}{raised}")
}

const SUPERSCRIPTS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];

/// An integer with English digit groups.
pub(crate) fn print_count(count: impl std::fmt::Display) -> String {
    group_digits(&count.to_string())
}

fn group_digits(whole: &str) -> String {
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = sign.to_owned();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The shortest digits as `d.ddd`, and the power of ten.
fn scientific(float: f64) -> (String, i32) {
    let text = format!("{float:e}");
    let (mantissa, exponent) = text.split_once('e').expect("the exponent form has an e");
    (mantissa.to_owned(), exponent.parse().expect("an exponent of three digits at most"))
}

/// Whether Go writes a float with this power of ten without an exponent.
fn is_plain(exponent: i32) -> bool {
    (-4..6).contains(&exponent)
}

/// What Go's JSON decoder calls a value.
pub(crate) fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers() {
        let cases = [
            (0.0, "0", "0"),
            (1000.0, "1000", "1,000"),
            (999_999.0, "999999", "999,999"),
            (1e6, "1e+06", "1×10⁰⁶"),
            (12_345_678.5, "1.23456785e+07", "1.23456785×10⁰⁷"),
            (1e100, "1e+100", "1×10¹⁰⁰"),
            (0.0001, "0.0001", "0.0001"),
            (0.00001, "1e-05", "1×10⁻⁰⁵"),
            (-1234.5, "-1234.5", "-1,234.5"),
            (123_456.789, "123456.789", "123,456.789"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e+308", "1.7976931348623157×10³⁰⁸"),
        ];
        for (float, plain, grouped) in cases {
            assert_eq!((print_float(float).as_str(), print_float_grouped(float).as_str()), (plain, grouped));
        }
        assert_eq!([print_count(65535), print_count(-1234), print_count(7)], ["65,535", "-1,234", "7"]);
    }

    #[test]
    fn values() {
        let value = json!({"a": [1.0, null, "x"], "b": {"c": true, "d": 5}});
        assert_eq!(print(&value), "map[a:[1 <nil> x] b:map[c:true d:5]]");
        let cases = [
            (json!(null), "%!t(<nil>)"),
            (json!(true), "true"),
            (json!("x"), "%!t(string=x)"),
            (json!(5), "%!t(int64=5)"),
            (json!([1e6, {"a": null}]), "[%!t(float64=1e+06) map[%!t(string=a):%!t(<nil>)]]"),
        ];
        for (value, expected) in cases {
            assert_eq!(print_bool(&value), expected);
        }
    }
}
