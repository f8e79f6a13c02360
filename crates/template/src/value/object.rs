use std::any::Any;
use std::borrow::Cow;
use std::rc::Rc;

use super::{Text, Value};
use crate::function::Function;

/// A value with a Go type of its own: a struct, a pointer to one, or a named number (`time.Duration`).
///
/// Templates can read its fields, call its methods and print it; functions that know the Rust type find it with
/// [`Value::downcast`].
pub trait Object: Any {
    /// The name of the type as Go prints it (`*semver.Version`).
    fn type_name(&self) -> Cow<'static, str>;

    /// The kind as `kindOf` prints it (`ptr`, `struct`, `int64`).
    fn kind(&self) -> &'static str;

    /// The field or method of a name.
    fn member(&self, name: &str) -> Option<Member>;

    /// As `%v` prints it, when it has a `String` method; otherwise as fmt prints its structure.
    fn display(&self) -> Text;

    /// As an action prints it: Go finds a `String` method of the pointer there, not where the value is part of something.
    fn print(&self) -> Text {
        self.display()
    }

    /// What becomes of it in JSON and YAML, in plain values.
    fn to_plain(&self) -> Value;

    /// Its fields in the order in which JSON has them, for a struct; YAML sorts them.
    fn json_fields(&self) -> Option<Vec<(&'static str, Value)>> {
        None
    }

    /// Is it true in `if`? Structs and non-nil pointers always are.
    fn is_true(&self) -> bool {
        true
    }

    /// The value as an integer, for named numbers.
    fn as_integer(&self) -> Option<i64> {
        None
    }

    /// Are both equal in the sense of `==`? Pointers are when they are the same.
    fn equals(&self, _other: &dyn Object) -> bool {
        false
    }
}

/// What a dot and a name lead to.
#[derive(Clone)]
pub enum Member {
    /// A field: its value.
    Field(Value),
    /// A method, with its receiver.
    Method(Rc<Function>),
}
