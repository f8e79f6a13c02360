//! `len`, `index`, `slice`, `call`.

use bytes::Bytes;

use crate::error::Error;
use crate::exec::Call;
use crate::function::{Rest, Slot};
use crate::value::{List, Map, Text, Value};

/// The name of the type that a pointer leads to; of other values their own.
fn type_behind(value: &Value) -> String {
    let name = value.type_name();
    match value.kind() {
        "ptr" => name.strip_prefix('*').unwrap_or(&name).to_owned(),
        _ => name.into_owned(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "template functions own their arguments")]
pub(super) fn length(item: Slot) -> Result<isize, Error> {
    let length = match &item.value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::Nil if item.in_interface => return Err("len of nil pointer".into()),
        Value::Nil => return Err("reflect: call of reflect.Value.Type on zero Value".into()),
        other => return Err(format!("len of type {}", type_behind(other)).into()),
    };
    Ok(length.cast_signed())
}

pub(super) fn index(item: Slot, Rest(indexes): Rest<Slot>) -> Result<Value, Error> {
    let mut item = item.value;
    if item.is_nil() {
        return Err("index of untyped nil".into());
    }
    for index in indexes {
        item = index_once(&item, &index.value)?;
    }
    Ok(item)
}

fn index_once(item: &Value, index: &Value) -> Result<Value, Error> {
    match item {
        Value::Nil => Err("index of nil pointer".into()),
        Value::String(text) => {
            let place = position(index, text.len())?;
            text.get(place)
                .map(|&byte| byte.into())
                .ok_or_else(|| "reflect: string index out of range".into())
        }
        Value::Bytes(bytes) => {
            let place = position(index, bytes.len())?;
            bytes
                .get(place)
                .map(|&byte| byte.into())
                .ok_or_else(|| "reflect: slice index out of range".into())
        }
        Value::List(list) => {
            let place = position(index, list.len())?;
            list.get(place).ok_or_else(|| "reflect: slice index out of range".into())
        }
        Value::Map(map) => entry(map, index),
        other => Err(format!("can't index item of type {}", type_behind(other)).into()),
    }
}

/// The value of a key, or the zero value of the map's element type.
fn entry(map: &Map, key: &Value) -> Result<Value, Error> {
    match key {
        Value::String(key) => Ok(map.get(key).unwrap_or_else(|| zero(map.map_type().element()))),
        Value::Nil => Err("value is nil; should be of type string".into()),
        other => Err(format!("value has type {}; should be string", other.type_name()).into()),
    }
}

/// The zero value of a type.
fn zero(type_name: &str) -> Value {
    match type_name {
        "string" => "".into(),
        "[]uint8" => Value::Bytes(Bytes::new()),
        "bool" => false.into(),
        "int" => 0_isize.into(),
        "int64" => 0_i64.into(),
        "float64" => 0.0.into(),
        _ => Value::Nil,
    }
}

/// An index as a position from 0 up to and including a length.
fn position(index: &Value, length: usize) -> Result<usize, Error> {
    let number = match index {
        Value::Integer(integer) => integer.as_i64(),
        Value::Nil => return Err("cannot index slice/array with nil".into()),
        Value::Object(object) => object.as_integer().ok_or_else(|| not_an_index(index))?,
        _ => return Err(not_an_index(index)),
    };
    let position = usize::try_from(number).ok().filter(|&position| position <= length);
    position.ok_or_else(|| format!("index out of range: {number}").into())
}

fn not_an_index(index: &Value) -> Error {
    Error::message(format!("cannot index slice/array with type {}", index.type_name()))
}

#[expect(clippy::needless_pass_by_value, reason = "template functions own their arguments")]
pub(super) fn slice(call: &mut Call<'_>, item: Slot, Rest(indexes): Rest<Slot>) -> Result<Value, Error> {
    let length = match &item.value {
        Value::Nil => return Err("slice of untyped nil".into()),
        _ if indexes.len() > 3 => return Err(format!("too many slice indexes: {}", indexes.len()).into()),
        Value::String(_) if indexes.len() == 3 => return Err("cannot 3-index slice a string".into()),
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len(),
        other => return Err(format!("can't slice item of type {}", type_behind(other)).into()),
    };
    let (from, to) = bounds(&indexes, length)?;
    call.budget().claim((to - from).saturating_mul(size_of::<Value>()))?;
    Ok(match &item.value {
        Value::String(text) => Text::from(&text[from..to]).into(),
        Value::Bytes(bytes) => Value::Bytes(bytes.slice(from..to)),
        Value::List(list) => List::of(list.element(), list.items()[from..to].to_vec()).into(),
        other => other.clone(),
    })
}

fn bounds(indexes: &[Slot], length: usize) -> Result<(usize, usize), Error> {
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        // Unlike `index`, Go's `slice` does not take its indexes out of interfaces.
        if index.in_interface {
            return Err("cannot index slice/array with type interface {}".into());
        }
        *bound = position(&index.value, length)?;
    }
    let [from, to, capacity] = bounds;
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}").into());
    }
    if to > capacity {
        return Err(format!("invalid slice index: {to} > {capacity}").into());
    }
    Ok((from, to))
}

/// No value that a template can hold is a function.
#[expect(clippy::needless_pass_by_value, reason = "template functions own their arguments")]
pub(super) fn call(function: Slot, _: Rest<Slot>) -> Result<Value, Error> {
    Err(not_callable("call", &function.value))
}

/// The error of a call of a value; the name is the value's as it stands in the template.
pub(crate) fn not_callable(name: &str, value: &Value) -> Error {
    match value {
        Value::Nil => Error::message("call of nil"),
        other => Error::message(format!("non-function {name} of type {}", other.type_name())),
    }
}
