//! `semver`, `semverCompare` and the object that the first makes.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;
use std::slice::Iter;

use bytes::Bytes;

use crate::error::Error;
use crate::format::quote;
use crate::function::{Argument, Function, IntoFunction, Parameter, Slot, Type};
use crate::functions::Functions;
use crate::semver::{Constraint, ConstraintError, Version, VersionError};
use crate::value::{Member, Object, Text, Value};

pub(super) fn add(functions: &mut Functions) {
    functions.add("semver", |text: Text| parse(&text).map(Pointer));
    functions.add("semverCompare", |range: Text, version: Text| compare(&range, &version));
}

/// Whether a version lies in a range.
fn compare(range: &Text, version: &Text) -> Result<bool, Error> {
    let range: Constraint = range.to_str_lossy().parse().map_err(|error| match error {
        ConstraintError::Improper(group) => format!("improper constraint: {}", quote(group.as_bytes())),
        error => error.to_string(),
    })?;
    Ok(range.matches(&parse(version)?))
}

fn parse(text: &Text) -> Result<Version, Error> {
    Ok(text.to_str_lossy().parse()?)
}

impl From<VersionError> for Error {
    fn from(error: VersionError) -> Self {
        Self::message(error.to_string())
    }
}

/// The type of a pointer to a version.
const POINTER: &str = "*semver.Version";

/// A `*semver.Version`.
#[derive(Clone)]
struct Pointer(Version);

/// A `semver.Version`, which methods of another one return; it lacks the methods of the pointer.
struct Struct(Version);

impl From<Pointer> for Value {
    fn from(pointer: Pointer) -> Self {
        Self::object(pointer)
    }
}

impl From<Struct> for Value {
    fn from(version: Struct) -> Self {
        Self::object(version)
    }
}

impl Object for Pointer {
    fn type_name(&self) -> Cow<'static, str> {
        POINTER.into()
    }

    fn kind(&self) -> &'static str {
        "ptr"
    }

    fn member(&self, name: &str) -> Option<Member> {
        let version = self.0.clone();
        let order = |name, test: fn(Ordering) -> bool| {
            let version = self.0.clone();
            method(name, move |other: Other| other.get().map(|other| test(version.cmp(&other))))
        };
        match name {
            "Original" => method("Original", move || version.as_str().to_owned()),
            "Compare" => {
                method("Compare", move |other: Other| other.get().map(|other| version.cmp(&other) as isize))
            }
            "Equal" => order("Equal", Ordering::is_eq),
            "LessThan" => order("LessThan", Ordering::is_lt),
            "LessThanEqual" => order("LessThanEqual", Ordering::is_le),
            "GreaterThan" => order("GreaterThan", Ordering::is_gt),
            "GreaterThanEqual" => order("GreaterThanEqual", Ordering::is_ge),
            _ => member(&self.0, name),
        }
    }

    fn display(&self) -> Text {
        self.0.to_canonical().into()
    }

    fn to_plain(&self) -> Value {
        self.0.to_canonical().into()
    }
}

impl Object for Struct {
    fn type_name(&self) -> Cow<'static, str> {
        "semver.Version".into()
    }

    fn kind(&self) -> &'static str {
        "struct"
    }

    fn member(&self, name: &str) -> Option<Member> {
        member(&self.0, name)
    }

    fn display(&self) -> Text {
        self.0.to_canonical().into()
    }

    fn to_plain(&self) -> Value {
        self.0.to_canonical().into()
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other: &dyn std::any::Any = other;
        other.downcast_ref::<Self>().is_some_and(|other| {
            (self.0.as_str(), self.0.to_canonical()) == (other.0.as_str(), other.0.to_canonical())
        })
    }
}

/// The methods of the struct, which the pointer has too.
fn member(version: &Version, name: &str) -> Option<Member> {
    let version = version.clone();
    let next = |name, number: &'static str, next: fn(&Version) -> Option<Version>| {
        let version = version.clone();
        method(name, move || {
            let overflow = || Error::message(format!("{number} version increment would overflow uint64"));
            next(&version).map(Struct).ok_or_else(overflow)
        })
    };
    match name {
        "Major" => method("Major", move || version.major()),
        "Minor" => method("Minor", move || version.minor()),
        "Patch" => method("Patch", move || version.patch()),
        "Prerelease" => method("Prerelease", move || version.prerelease().to_owned()),
        "Metadata" => method("Metadata", move || version.build().to_owned()),
        "String" => method("String", move || version.to_canonical()),
        "Value" => method("Value", move || version.to_canonical()),
        "MarshalText" => method("MarshalText", move || bytes(&version.to_canonical())),
        "MarshalJSON" => method("MarshalJSON", move || bytes(&format!("\"{}\"", version.to_canonical()))),
        "IncMajor" => next("IncMajor", "major", Version::next_major),
        "IncMinor" => next("IncMinor", "minor", Version::next_minor),
        "IncPatch" => next("IncPatch", "patch", Version::next_patch),
        "SetPrerelease" => method("SetPrerelease", move |text: Text| {
            version.with_prerelease(&text.to_str_lossy()).map(Struct)
        }),
        "SetMetadata" => {
            method("SetMetadata", move |text: Text| version.with_build(&text.to_str_lossy()).map(Struct))
        }
        _ => None,
    }
}

fn bytes(text: &str) -> Value {
    Value::Bytes(Bytes::copy_from_slice(text.as_bytes()))
}

fn method<Arguments>(name: &'static str, function: impl IntoFunction<Arguments>) -> Option<Member> {
    Some(Member::Method(Rc::new(Function::new(name, function))))
}

/// A `*semver.Version` as an argument; it may be nil.
struct Other(Option<Version>);

impl Other {
    /// The version; a nil pointer is followed as Go follows it.
    fn get(self) -> Result<Version, Error> {
        self.0.ok_or_else(|| "runtime error: invalid memory address or nil pointer dereference".into())
    }
}

impl Argument for Other {
    const PARAMETER: Parameter = Parameter::One(Type::Object(POINTER));

    fn take(arguments: &mut Iter<'_, Slot>) -> Result<Self, Error> {
        let slot = arguments.next().ok_or("too few arguments")?;
        Ok(Self(slot.value.downcast::<Pointer>().map(|pointer| pointer.0.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ranges and versions, and what sprig says.
    #[test]
    fn comparisons() {
        let cases = [
            (">=1.2.0", "1.3.0-alpha", Ok(false)),
            (">=1.2.0-0", "1.3.0-alpha", Ok(true)),
            ("^1.2 || ^3", "v3.4", Ok(true)),
            ("", "1", Err("improper constraint: \"\"")),
            ("1.2.3.4", "1", Err("improper constraint: \"1.2.3.4\"")),
            ("1x", "1.1", Err("constraint parser error")),
            ("foo", "bar", Err("improper constraint: \"foo\"")),
            ("x", "foo", Err("invalid semantic version")),
            ("x", "1.0.0-01", Err("version segment starts with 0")),
            (
                "x",
                "1.18446744073709551616",
                Err(
                    "error parsing version segment: strconv.ParseUint: parsing \"18446744073709551616\": value out of range",
                ),
            ),
        ];
        for (range, version, expected) in cases {
            let found = compare(&range.into(), &version.into()).map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{range} {version}");
        }
    }
}
