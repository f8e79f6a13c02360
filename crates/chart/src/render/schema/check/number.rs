//! The keywords for numbers, and equality.

use serde_json::{Number, Value};

use super::Step;
use crate::render::go::print_float_grouped;
use crate::render::schema::failure::Failure;

/// The name of a value's type.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether a value is a whole number; `1.0` is.
pub(super) fn is_integer(value: &Value) -> bool {
    value.as_f64().is_some_and(|float| float.fract() == 0.0)
}

/// Whether two values are equal; numbers by their value.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || (left.is_f64() || right.is_f64()) && left.as_f64() == right.as_f64()
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let is_in_right =
                |(key, value): (&String, &Value)| right.get(key).is_some_and(|other| equal(value, other));
            left.len() == right.len() && left.iter().all(is_in_right)
        }
        (left, right) => left == right,
    }
}

/// A text that equal values share.
pub(super) fn canonical(value: &Value) -> String {
    let mut value = serde_json::Map::from_iter([(String::new(), value.clone())]);
    crate::render::coalesce::floats(&mut value);
    Value::Object(value).to_string()
}

impl Step<'_> {
    pub(super) fn check_number(self, number: &Number, failures: &mut Vec<Failure>) {
        let Some(got) = number.as_f64() else { return };
        let schema = self.schema();
        let bounds = [
            ("minimum", schema.minimum, got < schema.minimum.unwrap_or(got)),
            ("maximum", schema.maximum, got > schema.maximum.unwrap_or(got)),
            (
                "exclusiveMinimum",
                schema.exclusive_minimum,
                schema.exclusive_minimum.is_some_and(|bound| got <= bound),
            ),
            (
                "exclusiveMaximum",
                schema.exclusive_maximum,
                schema.exclusive_maximum.is_some_and(|bound| got >= bound),
            ),
            (
                "multipleOf",
                schema.multiple_of,
                schema.multiple_of.is_some_and(|step| !is_multiple(got, step)),
            ),
        ];
        for (keyword, bound, fails) in bounds {
            if let Some(want) = bound.filter(|_| fails) {
                failures.push(self.fail(|| {
                    let (got, want) = (print_float_grouped(got), print_float_grouped(want));
                    format!("{keyword}: got {got}, want {want}")
                }));
            }
        }
    }
}

/// Whether a decimal number is a multiple of another, exactly: 0.3 is one of 0.1.
fn is_multiple(number: f64, step: f64) -> bool {
    let ((number, number_power), (step, step_power)) = (decimal(number), decimal(step));
    if number == 0 {
        return true;
    }
    if step == 0 {
        return false;
    }
    let power = number_power - step_power;
    if power >= 0 {
        // Step by step: ten to the power of 308 fits no integer.
        return (0..power).fold(number % step, |rest, _| rest * 10 % step) == 0;
    }
    // 10^20 times any step is more than any number has digits.
    power >= -20 && number % (step * 10_u128.pow(power.unsigned_abs())) == 0
}

/// The digits of the shortest text of a float as an integer, and the power of ten to multiply with.
fn decimal(float: f64) -> (u128, i32) {
    let text = format!("{:e}", float.abs());
    let (mantissa, exponent) = text.split_once('e').expect("the exponent form has an e");
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}").parse().expect("at most 17 digits");
    let exponent: i32 = exponent.parse().expect("an exponent of three digits at most");
    (digits, exponent - i32::try_from(fraction.len()).expect("at most 16 digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples() {
        let cases = [
            (0.3, 0.1, true),
            (0.35, 0.1, false),
            (-4.0, 2.0, true),
            (1e308, 3.0, false),
            (1e308, 2.0, true),
            (0.0, 7.0, true),
            (1e-7, 1.0, false),
            (4.5, 1.5, true),
            (1.0, 1e-300, true),
            (1e-300, 1e300, false),
            (19.99, 0.01, true),
        ];
        for (number, step, expected) in cases {
            assert_eq!(is_multiple(number, step), expected, "{number} of {step}");
        }
    }
}
