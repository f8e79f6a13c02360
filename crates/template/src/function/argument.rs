use std::slice::Iter;

use bytes::Bytes;

use super::{Signature, Slot, Type};
use crate::error::Error;
use crate::value::{IntegerKind, List, Map, Text, Value};

/// What a parameter contributes to a signature.
#[derive(Clone, Copy, Debug)]
pub enum Parameter {
    /// One argument.
    One(Type),
    /// All further arguments.
    Rest(Type),
}

/// A Rust type that a template function can take: `isize` is Go's `int`, `i64` its `int64`, [`Text`] its `string`,
/// [`Value`] its `interface {}`, [`Slot`] its `reflect.Value`.
pub trait Argument: Sized {
    /// Its place in the signature.
    const PARAMETER: Parameter;

    /// Takes what it needs from the arguments that are left. An execution has checked them against the signature.
    ///
    /// # Errors
    /// When there is no argument or one of another type, in a call that did not check.
    fn take(arguments: &mut Iter<'_, Slot>) -> Result<Self, Error>;
}

/// Any number of further arguments.
#[derive(Clone, Debug)]
pub struct Rest<T>(pub Vec<T>);

/// An argument that may be nil where Go's type can be (a map, a slice).
#[derive(Clone, Debug)]
pub struct Nullable<T>(pub Option<T>);

pub(super) fn signature(parameters: &[Parameter]) -> Signature {
    let mut signature = Signature::default();
    for parameter in parameters {
        match *parameter {
            Parameter::One(one) => signature.parameters.push(one),
            Parameter::Rest(rest) => signature.rest = Some(rest),
        }
    }
    signature
}

/// An argument that is one value.
trait Single: Sized {
    const TYPE: Type;

    fn from_value(value: &Value) -> Option<Self>;
}

impl<T: Single> Argument for T {
    const PARAMETER: Parameter = Parameter::One(T::TYPE);

    fn take(arguments: &mut Iter<'_, Slot>) -> Result<Self, Error> {
        let slot = arguments.next().ok_or_else(|| Error::message("too few arguments"))?;
        T::from_value(&slot.value).ok_or_else(|| mismatch(T::TYPE, &slot.value))
    }
}

impl<T: Single> Argument for Rest<T> {
    const PARAMETER: Parameter = Parameter::Rest(T::TYPE);

    fn take(arguments: &mut Iter<'_, Slot>) -> Result<Self, Error> {
        arguments
            .map(|slot| T::from_value(&slot.value).ok_or_else(|| mismatch(T::TYPE, &slot.value)))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl<T: Single> Argument for Nullable<T> {
    const PARAMETER: Parameter = Parameter::One(T::TYPE);

    fn take(arguments: &mut Iter<'_, Slot>) -> Result<Self, Error> {
        if arguments.as_slice().first().is_some_and(|slot| slot.value.is_nil()) {
            arguments.next();
            return Ok(Self(None));
        }
        T::take(arguments).map(|value| Self(Some(value)))
    }
}

impl Argument for Slot {
    const PARAMETER: Parameter = Parameter::One(Type::Reflect);

    fn take(arguments: &mut Iter<'_, Self>) -> Result<Self, Error> {
        arguments.next().cloned().ok_or_else(|| Error::message("too few arguments"))
    }
}

impl Argument for Rest<Slot> {
    const PARAMETER: Parameter = Parameter::Rest(Type::Reflect);

    fn take(arguments: &mut Iter<'_, Slot>) -> Result<Self, Error> {
        Ok(Self(arguments.cloned().collect()))
    }
}

fn mismatch(wanted: Type, value: &Value) -> Error {
    Error::message(format!("wrong type for value; expected {}; got {}", wanted.name(), value.type_name()))
}

macro_rules! single {
    ($($rust:ty = $go:expr, |$value:ident| $take:expr;)*) => {
        $(impl Single for $rust {
            const TYPE: Type = $go;

            fn from_value($value: &Value) -> Option<Self> {
                $take
            }
        })*
    };
}

/// The integer, if it has this type.
fn integer(value: &Value, kind: IntegerKind) -> Option<i64> {
    match value {
        Value::Integer(integer) if integer.kind == kind => Some(integer.as_i64()),
        _ => None,
    }
}

single! {
    Value = Type::Any, |value| Some(value.clone());
    bool = Type::Bool, |value| if let Value::Bool(value) = value { Some(*value) } else { None };
    isize = Type::Integer(IntegerKind::Int), |value| integer(value, IntegerKind::Int)?.try_into().ok();
    i64 = Type::Integer(IntegerKind::Int64), |value| integer(value, IntegerKind::Int64);
    u32 = Type::Integer(IntegerKind::Uint32), |value| integer(value, IntegerKind::Uint32)?.try_into().ok();
    f64 = Type::Float, |value| if let Value::Float(value) = value { Some(*value) } else { None };
    Text = Type::String, |value| value.as_text().cloned();
    List = Type::List, |value| if value.is_nil() { Some(List::new(Vec::new())) } else { value.as_list().cloned() };
    Map = Type::Map, |value| if value.is_nil() { Some(Map::new()) } else { value.as_map().cloned() };
    Bytes = Type::Bytes, |value| match value {
        Value::Bytes(bytes) => Some(bytes.clone()),
        Value::Nil => Some(Bytes::new()),
        _ => None,
    };
}
