//! The values that templates work on: Go's, as far as templates can tell.

mod json;
mod list;
mod map;
mod object;
mod text;

use std::any::Any;
use std::borrow::Cow;
use std::rc::Rc;

use bytes::Bytes;

pub use list::{Element, List, NamedList};
pub use map::{Map, MapType, NamedMap, ReadLog, WeakMap};
pub use object::{Member, Object};
pub use text::Text;

/// A Go value. Lists, maps and objects are shared by copies, everything else is copied.
#[derive(Clone, Default)]
pub enum Value {
    /// `nil`.
    #[default]
    Nil,
    /// `bool`.
    Bool(bool),
    /// An integer of any size.
    Integer(Integer),
    /// `float64`.
    Float(f64),
    /// `complex128`: real and imaginary part. Only constants are.
    Complex(f64, f64),
    /// `string`.
    String(Text),
    /// `[]uint8`.
    Bytes(Bytes),
    /// A slice.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// Anything with a type of its own.
    Object(Rc<dyn Object>),
}

/// A Go integer: its type and its 64 bits. Types shorter than 64 bits are held sign- or zero-extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer {
    /// Its type.
    pub kind: IntegerKind,
    bits: u64,
}

/// The type of a Go integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntegerKind {
    /// `int`, 64 bits here.
    Int,
    /// `int32`, also `rune`.
    Int32,
    /// `int64`.
    Int64,
    /// `uint`, 64 bits here.
    Uint,
    /// `uint8`, also `byte`.
    Uint8,
    /// `uint32`.
    Uint32,
    /// `uint64`.
    Uint64,
}

impl IntegerKind {
    /// The name of the type.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint => "uint",
            Self::Uint8 => "uint8",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
        }
    }

    /// Can it be negative?
    #[must_use]
    pub fn is_signed(self) -> bool {
        matches!(self, Self::Int | Self::Int32 | Self::Int64)
    }

    /// An integer of this type, wrapped to its size as Go's conversions do.
    #[must_use]
    pub fn make(self, value: i64) -> Integer {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "Go's conversions cut the same bits"
        )]
        let bits = match self {
            Self::Int | Self::Int64 | Self::Uint | Self::Uint64 => value.cast_unsigned(),
            Self::Int32 => i64::from(value as i32).cast_unsigned(),
            Self::Uint8 => u64::from(value as u8),
            Self::Uint32 => u64::from(value as u32),
        };
        Integer { kind: self, bits }
    }

    /// An integer of this type from an unsigned one, wrapped to its size as Go's conversions do.
    #[must_use]
    pub fn make_unsigned(self, value: u64) -> Integer {
        self.make(value.cast_signed())
    }
}

impl Integer {
    /// The value as Go's conversion `int64(x)` gives it: large unsigned ones wrap.
    #[must_use]
    pub fn as_i64(self) -> i64 {
        self.bits.cast_signed()
    }

    /// The value as Go's conversion `uint64(x)` gives it: negative ones wrap.
    #[must_use]
    pub fn as_u64(self) -> u64 {
        self.bits
    }

    /// The exact value.
    #[must_use]
    pub fn exact(self) -> i128 {
        if self.kind.is_signed() { i128::from(self.as_i64()) } else { i128::from(self.bits) }
    }
}

impl Value {
    /// An object.
    #[must_use]
    pub fn object(object: impl Object) -> Self {
        Self::Object(Rc::new(object))
    }

    /// The name of the type as `%T` prints it: `<nil>` for nil.
    #[must_use]
    pub fn type_name(&self) -> Cow<'static, str> {
        match self {
            Self::Nil => "<nil>".into(),
            Self::Bool(_) => "bool".into(),
            Self::Integer(integer) => integer.kind.name().into(),
            Self::Float(_) => "float64".into(),
            Self::Complex(..) => "complex128".into(),
            Self::String(_) => "string".into(),
            Self::Bytes(_) => "[]uint8".into(),
            Self::List(list) => match list.element() {
                Element::Any => "[]interface {}".into(),
                Element::Of("string") => "[]string".into(),
                Element::Of(element) => format!("[]{element}").into(),
                Element::Named(named) => named.name.into(),
            },
            Self::Map(map) => map.map_type().type_name().into(),
            Self::Object(object) => object.type_name(),
        }
    }

    /// The name of the kind as `reflect.Kind` prints it: `invalid` for nil.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "invalid",
            Self::Bool(_) => "bool",
            Self::Integer(integer) => integer.kind.name(),
            Self::Float(_) => "float64",
            Self::Complex(..) => "complex128",
            Self::String(_) => "string",
            Self::Bytes(_) | Self::List(_) => "slice",
            Self::Map(_) => "map",
            Self::Object(object) => object.kind(),
        }
    }

    /// Is it true in `if`, `and`, `or`, `not`? Zero and empty values are not.
    #[must_use]
    pub fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Integer(integer) => integer.as_u64() != 0,
            Self::Float(value) => *value != 0.0,
            Self::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Self::String(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => object.is_true(),
        }
    }

    /// Is it nil?
    #[must_use]
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// Is it nil, or a nil slice or map?
    #[must_use]
    pub fn is_nil_inside(&self) -> bool {
        match self {
            Self::Nil => true,
            Self::List(list) => list.is_nil(),
            Self::Map(map) => map.is_nil(),
            _ => false,
        }
    }

    /// The object of a Rust type.
    #[must_use]
    pub fn downcast<T: Object>(&self) -> Option<&T> {
        match self {
            Self::Object(object) => (&**object as &dyn Any).downcast_ref(),
            _ => None,
        }
    }

    /// The string.
    #[must_use]
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The map.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list.
    #[must_use]
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}({})", self.type_name(), crate::format::display(self))
    }
}

/// Conversions that keep the Go type that belongs to the Rust one: `isize` is `int`, `i64` is `int64`.
macro_rules! value_from {
    ($($rust:ty => |$value:ident| $make:expr;)*) => {
        $(impl From<$rust> for Value {
            fn from($value: $rust) -> Self {
                $make
            }
        })*
    };
}

value_from! {
    bool => |value| Self::Bool(value);
    isize => |value| Self::Integer(IntegerKind::Int.make(value as i64));
    i32 => |value| Self::Integer(IntegerKind::Int32.make(value.into()));
    i64 => |value| Self::Integer(IntegerKind::Int64.make(value));
    u8 => |value| Self::Integer(IntegerKind::Uint8.make_unsigned(value.into()));
    u32 => |value| Self::Integer(IntegerKind::Uint32.make_unsigned(value.into()));
    u64 => |value| Self::Integer(IntegerKind::Uint64.make_unsigned(value));
    usize => |value| Self::Integer(IntegerKind::Uint.make_unsigned(value as u64));
    f64 => |value| Self::Float(value);
    Text => |value| Self::String(value);
    &str => |value| Self::String(value.into());
    String => |value| Self::String(value.into());
    Cow<'_, str> => |value| Self::String(value.into());
    List => |value| Self::List(value);
    Vec<Value> => |value| Self::List(List::new(value));
    Map => |value| Self::Map(value);
}
