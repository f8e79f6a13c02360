//! Functions and methods that templates can call: ordinary Rust functions, their arguments converted in one place.

mod argument;
mod returned;

use std::fmt;

pub(crate) use argument::Parameter;
pub use argument::{Argument, Nullable, Rest};
pub use returned::Returned;

use crate::error::Error;
use crate::exec::Call;
use crate::value::{IntegerKind, Value};

/// The static Go type of a parameter: decides which constants and values a call may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `interface {}`.
    Any,
    /// `reflect.Value`: like any, and able to tell a missing value from a nil one.
    Reflect,
    /// `bool`.
    Bool,
    /// An integer type.
    Integer(IntegerKind),
    /// `float64`.
    Float,
    /// `string`.
    String,
    /// `[]interface {}`.
    List,
    /// `[]string`.
    Strings,
    /// `[]uint8`.
    Bytes,
    /// `map[string]interface {}`.
    Map,
    /// `map[string]string`.
    StringMap,
    /// An object's type, by its Go name.
    Object(&'static str),
}

impl Type {
    /// The name of the type as Go prints it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Reflect => "reflect.Value",
            Self::Bool => "bool",
            Self::Integer(kind) => kind.name(),
            Self::Float => "float64",
            Self::String => "string",
            Self::List => "[]interface {}",
            Self::Strings => "[]string",
            Self::Bytes => "[]uint8",
            Self::Map => "map[string]interface {}",
            Self::StringMap => "map[string]string",
            Self::Object(name) => name,
        }
    }

    /// Can nil be passed?
    #[must_use]
    pub fn can_be_nil(self) -> bool {
        match self {
            Self::Any
            | Self::Reflect
            | Self::List
            | Self::Strings
            | Self::Bytes
            | Self::Map
            | Self::StringMap => true,
            Self::Object(name) => name.starts_with('*'),
            Self::Bool | Self::Integer(_) | Self::Float | Self::String => false,
        }
    }

    /// Can a value that is not nil be passed as it is (Go: is assignable)?
    #[must_use]
    pub fn accepts(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Any | Self::Reflect, _)
            | (Self::Bool, Value::Bool(_))
            | (Self::Float, Value::Float(_))
            | (Self::String, Value::String(_))
            | (Self::Bytes, Value::Bytes(_)) => true,
            (Self::Integer(kind), Value::Integer(integer)) => integer.kind == kind,
            (Self::List | Self::Strings, Value::List(_)) => value.type_name() == self.name(),
            // A named map type is assignable to the unnamed type of the same elements.
            (Self::Map | Self::StringMap, Value::Map(map)) => {
                let element = map.map_type().element();
                element == if self == Self::Map { "interface {}" } else { "string" }
            }
            (Self::Object(name), Value::Object(object)) => object.type_name() == name,
            _ => false,
        }
    }
}

/// The types of a function's parameters.
#[derive(Clone, Debug, Default)]
pub struct Signature {
    /// The parameters that must be there.
    pub parameters: Vec<Type>,
    /// The type of any number of further arguments.
    pub rest: Option<Type>,
}

/// An argument as an execution hands it over.
#[derive(Clone, Debug)]
pub struct Slot {
    /// The value; nil when there is none.
    pub value: Value,
    /// Is its static type `interface {}`? A nil in an interface is a value, without one it is none at all.
    pub in_interface: bool,
}

impl Slot {
    /// A value of its own type.
    #[must_use]
    #[inline]
    pub fn concrete(value: Value) -> Self {
        Self { value, in_interface: false }
    }

    /// A value in an interface: an element of a map or list of `interface {}`.
    #[must_use]
    pub fn interface(value: Value) -> Self {
        Self { value, in_interface: true }
    }

    /// Is there nothing, not even a nil (Go: the zero `reflect.Value`)?
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.value.is_nil() && !self.in_interface
    }
}

/// Whether calling a function twice gives the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Purity {
    /// It depends on its arguments only.
    #[default]
    Pure,
    /// It depends on chance, the clock, or the outside.
    Varying,
}

/// Functions that an execution does not simply call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It simply calls it.
    Ordinary,
    /// `and` and `or`: the first argument of this truth is the result, and those behind it are not evaluated.
    ShortCircuit(bool),
    /// `call`, which has nothing it could call.
    Call,
}

impl Role {
    fn of(name: &str) -> Self {
        match name {
            "or" => Self::ShortCircuit(true),
            "and" => Self::ShortCircuit(false),
            "call" => Self::Call,
            _ => Self::Ordinary,
        }
    }
}

type Body = dyn Fn(&mut Call<'_>, &[Slot]) -> Result<Value, Error>;

/// A function or a method with its receiver.
pub struct Function {
    name: &'static str,
    signature: Signature,
    purity: Purity,
    role: Role,
    body: Box<Body>,
}

impl Function {
    /// A function made of a Rust one; see [`IntoFunction`].
    pub fn new<Arguments>(name: &'static str, function: impl IntoFunction<Arguments>) -> Self {
        Self {
            name,
            signature: function.signature(),
            purity: Purity::Pure,
            role: Role::of(name),
            body: function.into_body(),
        }
    }

    /// A function that depends on chance, the clock or the outside.
    pub fn varying<Arguments>(name: &'static str, function: impl IntoFunction<Arguments>) -> Self {
        Self { purity: Purity::Varying, ..Self::new(name, function) }
    }

    /// Its name in templates.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The types of its parameters.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Whether calling it twice gives the same.
    #[must_use]
    pub fn purity(&self) -> Purity {
        self.purity
    }

    /// How an execution treats it.
    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// Calls it with arguments that fit its signature.
    ///
    /// # Errors
    /// What the function refuses.
    pub fn call(&self, call: &mut Call<'_>, arguments: &[Slot]) -> Result<Value, Error> {
        (self.body)(call, arguments)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{:?}", self.name, self.signature)
    }
}

/// A Rust function that can become a template function.
///
/// Its parameters are types that implement [`Argument`], the last may be [`Rest`]; it may take a `&mut Call` before
/// them, to execute templates or to claim memory. It returns a [`Returned`].
pub trait IntoFunction<Arguments> {
    /// The types of its parameters.
    fn signature(&self) -> Signature;

    /// The function over untyped arguments.
    fn into_body(self) -> Box<Body>;
}

impl<F, R> IntoFunction<()> for F
where
    F: Fn() -> R + 'static,
    R: Returned,
{
    fn signature(&self) -> Signature {
        Signature::default()
    }

    fn into_body(self) -> Box<Body> {
        Box::new(move |_, _| self().into_result())
    }
}

impl<F, R> IntoFunction<(WithCall,)> for F
where
    F: Fn(&mut Call<'_>) -> R + 'static,
    R: Returned,
{
    fn signature(&self) -> Signature {
        Signature::default()
    }

    fn into_body(self) -> Box<Body> {
        Box::new(move |call, _| self(call).into_result())
    }
}

/// Marks the functions that take a `&mut Call` first.
pub struct WithCall;

macro_rules! into_function {
    ($($parameter:ident)*) => {
        impl<F, R, $($parameter,)*> IntoFunction<($($parameter,)*)> for F
        where
            F: Fn($($parameter),*) -> R + 'static,
            R: Returned,
            $($parameter: Argument,)*
        {
            fn signature(&self) -> Signature {
                argument::signature(&[$($parameter::PARAMETER),*])
            }

            fn into_body(self) -> Box<Body> {
                Box::new(move |_, arguments| {
                    let mut arguments = arguments.iter();
                    self($($parameter::take(&mut arguments)?),*).into_result()
                })
            }
        }

        impl<F, R, $($parameter,)*> IntoFunction<(WithCall, $($parameter,)*)> for F
        where
            F: Fn(&mut Call<'_>, $($parameter),*) -> R + 'static,
            R: Returned,
            $($parameter: Argument,)*
        {
            fn signature(&self) -> Signature {
                argument::signature(&[$($parameter::PARAMETER),*])
            }

            fn into_body(self) -> Box<Body> {
                Box::new(move |call, arguments| {
                    let mut arguments = arguments.iter();
                    self(call, $($parameter::take(&mut arguments)?),*).into_result()
                })
            }
        }
    };
}

into_function!(A);
into_function!(A B);
into_function!(A B C);
into_function!(A B C D);
into_function!(A B C D E);
into_function!(A B C D E G);
