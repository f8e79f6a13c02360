//! Whole values: equal in every part, and copied with every part.

use std::rc::Rc;

use super::support::{claim_entries, claim_items, deeper};
use crate::error::Error;
use crate::exec::Call;
use crate::functions::Functions;
use crate::limits::Budget;
use crate::value::{List, Map, Value};

pub(super) fn add(functions: &mut Functions) {
    functions.add("deepEqual", |call: &mut Call<'_>, left: Value, right: Value| {
        deep_equal(call.budget(), &left, &right)
    });
    for name in ["deepCopy", "mustDeepCopy"] {
        functions.add(name, |call: &mut Call<'_>, value: Value| match value {
            Value::Nil => Err(Error::message("reflect: call of reflect.Value.Type on zero Value")),
            value => copy(call, &value, 0),
        });
    }
}

/// Are both equal as `reflect.DeepEqual` says: of the same types, and equal in every part?
///
/// # Errors
/// When no steps are left, or the values nest too deep.
pub(super) fn deep_equal(budget: &Budget, left: &Value, right: &Value) -> Result<bool, Error> {
    equal(budget, left, right, 0)
}

fn equal(budget: &Budget, left: &Value, right: &Value, depth: usize) -> Result<bool, Error> {
    budget.spend(1)?;
    Ok(match (left, right) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Integer(left), Value::Integer(right)) => left == right,
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::Complex(left, left_imaginary), Value::Complex(right, right_imaginary)) => {
            (left, left_imaginary) == (right, right_imaginary)
        }
        (Value::String(left), Value::String(right)) => left == right,
        (Value::Bytes(left), Value::Bytes(right)) => left == right,
        (Value::List(left), Value::List(right)) => equal_lists(budget, left, right, depth)?,
        (Value::Map(left), Value::Map(right)) => equal_maps(budget, left, right, depth)?,
        (Value::Object(left), Value::Object(right)) => {
            Rc::ptr_eq(left, right)
                || left.type_name() == right.type_name()
                    && deeper(depth, || equal(budget, &left.to_plain(), &right.to_plain(), depth + 1))?
        }
        _ => false,
    })
}

fn equal_lists(budget: &Budget, left: &List, right: &List, depth: usize) -> Result<bool, Error> {
    if left.element() != right.element() || left.is_nil() != right.is_nil() || left.len() != right.len() {
        return Ok(false);
    }
    if left.is_same(right) {
        return Ok(true);
    }
    for (left, right) in left.items().iter().zip(right.items().iter()) {
        if !deeper(depth, || equal(budget, left, right, depth + 1))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_maps(budget: &Budget, left: &Map, right: &Map, depth: usize) -> Result<bool, Error> {
    if left.map_type().type_name() != right.map_type().type_name()
        || left.is_nil() != right.is_nil()
        || left.len() != right.len()
    {
        return Ok(false);
    }
    if left.is_same(right) {
        return Ok(true);
    }
    for ((left_key, left), (right_key, right)) in left.entries().iter().zip(right.entries().iter()) {
        if left_key != right_key || !deeper(depth, || equal(budget, left, right, depth + 1))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Maps and lists anew, of the same types; nothing else can change.
fn copy(call: &Call<'_>, value: &Value, depth: usize) -> Result<Value, Error> {
    match value {
        nil if nil.is_nil_inside() => Ok(nil.clone()),
        Value::List(list) => {
            claim_items(call, list.len())?;
            let items = list.items();
            let copies = items.iter().map(|item| deeper(depth, || copy(call, item, depth + 1)));
            Ok(List::of(list.element(), copies.collect::<Result<_, Error>>()?).into())
        }
        Value::Map(map) => {
            claim_entries(call, map.len())?;
            let entries = map.entries();
            let copies = entries
                .iter()
                .map(|(key, item)| Ok((key.clone(), deeper(depth, || copy(call, item, depth + 1))?)));
            Ok(Map::of(map.map_type(), copies.collect::<Result<_, Error>>()?).into())
        }
        other => Ok(other.clone()),
    }
}
