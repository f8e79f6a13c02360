//! `eq`, `ne`, `lt`, `le`, `gt`, `ge`.

use std::cmp::Ordering;

use crate::error::Error;
use crate::exec::Call;
use crate::format::sprintf;
use crate::function::{Rest, Slot};
use crate::limits::Budget;
use crate::value::Value;

/// A value of a kind that can be ordered or compared with `==` without looking at its type.
enum Basic<'a> {
    Bool(bool),
    Complex(f64, f64),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(&'a [u8]),
}

fn basic(value: &Value) -> Option<Basic<'_>> {
    Some(match value {
        Value::Bool(flag) => Basic::Bool(*flag),
        Value::Complex(real, imaginary) => Basic::Complex(*real, *imaginary),
        Value::Integer(integer) if integer.kind.is_signed() => Basic::Signed(integer.as_i64()),
        Value::Integer(integer) => Basic::Unsigned(integer.as_u64()),
        Value::Float(number) => Basic::Float(*number),
        Value::String(text) => Basic::Text(text),
        Value::Object(object) => Basic::Signed(object.as_integer()?),
        Value::Nil | Value::Bytes(_) | Value::List(_) | Value::Map(_) => return None,
    })
}

/// Is the first argument equal to one of the others?
#[expect(clippy::needless_pass_by_value, reason = "template functions own their arguments")]
pub(super) fn equal(call: &mut Call<'_>, first: Slot, Rest(rest): Rest<Slot>) -> Result<bool, Error> {
    if rest.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in rest {
        if are_equal(&first.value, &other.value, call.budget())? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[expect(clippy::needless_pass_by_value, reason = "template functions own their arguments")]
pub(super) fn not_equal(call: &mut Call<'_>, first: Slot, second: Slot) -> Result<bool, Error> {
    are_equal(&first.value, &second.value, call.budget()).map(|equal| !equal)
}

fn are_equal(first: &Value, second: &Value, budget: &Budget) -> Result<bool, Error> {
    Ok(match (basic(first), basic(second)) {
        (Some(Basic::Bool(first)), Some(Basic::Bool(second))) => first == second,
        (Some(Basic::Complex(real, imaginary)), Some(Basic::Complex(other_real, other_imaginary))) => {
            real == other_real && imaginary == other_imaginary
        }
        (Some(first_basic), Some(second_basic)) => match order(&first_basic, &second_basic) {
            Some(order) => order == Some(Ordering::Equal),
            None => return Err(incompatible(first, second)),
        },
        (None, None) => return are_equal_by_type(first, second, budget),
        _ if first.is_nil() || second.is_nil() => false,
        _ => return Err(incompatible(first, second)),
    })
}

/// Equality of what is nil, a list, a map or an object.
fn are_equal_by_type(first: &Value, second: &Value, budget: &Budget) -> Result<bool, Error> {
    if first.is_nil() || second.is_nil() {
        return Ok(first.is_nil_inside() && second.is_nil_inside());
    }
    if first.kind() != second.kind() {
        let names = [first.type_name().as_ref().into(), second.type_name().as_ref().into()];
        let [first_name, second_name] = names;
        let values = [first.clone(), first_name, second_name, second.clone()];
        let text = sprintf(b"non-comparable types %s: %v, %s: %v", &values, budget)?;
        return Err(text.to_str_lossy().into_owned().into());
    }
    match (first, second) {
        (Value::Object(first), Value::Object(second))
            if !matches!(second.kind(), "func" | "slice" | "map") =>
        {
            Ok(first.equals(&**second))
        }
        _ => {
            let values = [second.clone(), second.type_name().as_ref().into()];
            let text = sprintf(b"non-comparable type %s: %v", &values, budget)?;
            Err(text.to_str_lossy().into_owned().into())
        }
    }
}

fn incompatible(first: &Value, second: &Value) -> Error {
    let (first, second) = (first.type_name(), second.type_name());
    Error::message(format!("incompatible types for comparison: {first} and {second}"))
}

/// The order of two numbers or texts (none if one is NaN); `None` when they cannot be ordered.
fn order(first: &Basic<'_>, second: &Basic<'_>) -> Option<Option<Ordering>> {
    Some(match (first, second) {
        (Basic::Signed(first), Basic::Signed(second)) => Some(first.cmp(second)),
        (Basic::Unsigned(first), Basic::Unsigned(second)) => Some(first.cmp(second)),
        (Basic::Signed(first), Basic::Unsigned(second)) => Some(i128::from(*first).cmp(&i128::from(*second))),
        (Basic::Unsigned(first), Basic::Signed(second)) => Some(i128::from(*first).cmp(&i128::from(*second))),
        (Basic::Float(first), Basic::Float(second)) => first.partial_cmp(second),
        (Basic::Text(first), Basic::Text(second)) => Some(first.cmp(second)),
        _ => return None,
    })
}

fn ordered(first: &Value, second: &Value) -> Result<Option<Ordering>, Error> {
    const INVALID: &str = "invalid type for comparison";
    let (Some(first_basic), Some(second_basic)) = (basic(first), basic(second)) else {
        return Err(INVALID.into());
    };
    match (&first_basic, &second_basic) {
        (Basic::Bool(_), Basic::Bool(_)) | (Basic::Complex(..), Basic::Complex(..)) => Err(INVALID.into()),
        _ => order(&first_basic, &second_basic).ok_or_else(|| incompatible(first, second)),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "template functions own their arguments")]
pub(super) fn less(first: Slot, second: Slot) -> Result<bool, Error> {
    Ok(ordered(&first.value, &second.value)? == Some(Ordering::Less))
}

#[expect(clippy::needless_pass_by_value, reason = "template functions own their arguments")]
pub(super) fn less_or_equal(first: Slot, second: Slot) -> Result<bool, Error> {
    Ok(matches!(ordered(&first.value, &second.value)?, Some(Ordering::Less | Ordering::Equal)))
}

/// Go says it is what is not less or equal, so NaN is greater than everything.
pub(super) fn greater(first: Slot, second: Slot) -> Result<bool, Error> {
    less_or_equal(first, second).map(|found| !found)
}

/// Go says it is what is not less, so NaN is greater than everything.
pub(super) fn greater_or_equal(first: Slot, second: Slot) -> Result<bool, Error> {
    less(first, second).map(|found| !found)
}
