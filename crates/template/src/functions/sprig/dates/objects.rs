//! Times, durations, months and weekdays as templates see them.

use std::any::Any;
use std::borrow::Cow;
use std::rc::Rc;
use std::slice::Iter;

use bytes::Bytes;

use super::duration::{Duration, HOUR, MICROSECOND, MILLISECOND, MINUTE, SECOND};
use super::time::{MONTHS, Time, WEEKDAYS};
use super::zone::Zone;
use crate::error::Error;
use crate::function::{Argument, Function, IntoFunction, Parameter, Slot, Type};
use crate::value::{IntegerKind, Member, Object, Text, Value};

const TIME: &str = "time.Time";
const DURATION: &str = "time.Duration";
const LOCATION: &str = "*time.Location";

fn method<Arguments>(name: &'static str, function: impl IntoFunction<Arguments>) -> Option<Member> {
    Some(Member::Method(Rc::new(Function::new(name, function))))
}

/// The integers of Go's `int` are 64 bits long here.
fn int(number: i64) -> Value {
    Value::Integer(IntegerKind::Int.make(number))
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(Bytes::copy_from_slice(bytes))
}

/// Types that are objects and arguments of their own Go type.
macro_rules! objects {
    ($($rust:ty = $go:expr;)*) => {
        $(impl From<$rust> for Value {
            fn from(value: $rust) -> Self {
                Self::object(value)
            }
        }

        impl Argument for $rust {
            const PARAMETER: Parameter = Parameter::One(Type::Object($go));

            fn take(arguments: &mut Iter<'_, Slot>) -> Result<Self, Error> {
                let slot = arguments.next().ok_or("too few arguments")?;
                let mismatch = || Error::message(format!("wrong type for value; expected {}", $go));
                slot.value.downcast::<Self>().cloned().ok_or_else(mismatch)
            }
        })*
    };
}

objects! {
    Time = TIME;
    Duration = DURATION;
    Location = LOCATION;
}

impl Object for Time {
    fn type_name(&self) -> Cow<'static, str> {
        TIME.into()
    }

    fn kind(&self) -> &'static str {
        "struct"
    }

    fn member(&self, name: &str) -> Option<Member> {
        let time = self.clone();
        match name {
            "Add" => method("Add", move |duration: Duration| time.add(duration)),
            "AddDate" => method("AddDate", move |years: isize, months: isize, days: isize| {
                time.add_date(years as i64, months as i64, days as i64)
            }),
            "After" => method("After", move |other: Time| time.total() > other.total()),
            "Before" => method("Before", move |other: Time| time.total() < other.total()),
            "Compare" => method("Compare", move |other: Time| time.total().cmp(&other.total()) as isize),
            "Equal" => method("Equal", move |other: Time| time.total() == other.total()),
            "Format" => method("Format", move |layout: Text| Text::from(time.format(&layout))),
            "In" => method("In", move |location: Location| time.in_zone(location.0)),
            "IsDST" => method("IsDST", move || time.zone.look(time.unix).is_dst),
            "IsZero" => method("IsZero", move || time.is_zero()),
            "Local" => method("Local", move || time.in_zone(Zone::Local)),
            "Location" => method("Location", move || Location(time.zone.clone())),
            "MarshalJSON" => {
                method("MarshalJSON", move || bytes(&[b"\"", &time.rfc_3339()[..], b"\""].concat()))
            }
            "MarshalText" => method("MarshalText", move || bytes(&time.rfc_3339())),
            "Round" => method("Round", move |step: Duration| time.round(step)),
            "String" => method("String", move || Text::from(time.printed())),
            "Sub" => method("Sub", move |other: Time| time.since(&other)),
            "Truncate" => method("Truncate", move |step: Duration| time.truncate(step)),
            "UTC" => method("UTC", move || time.in_zone(Zone::Utc)),
            _ => self.number(name),
        }
    }

    fn display(&self) -> Text {
        self.printed().into()
    }

    fn to_plain(&self) -> Value {
        Value::String(self.rfc_3339().into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other: &dyn Any = other;
        other
            .downcast_ref::<Self>()
            .is_some_and(|other| self.total() == other.total() && self.zone.is_same(&other.zone))
    }
}

impl Time {
    /// The methods that return a number.
    fn number(&self, name: &str) -> Option<Member> {
        let (civil, total) = (self.civil(), self.total());
        #[expect(clippy::cast_possible_truncation, reason = "Go's numbers wrap too")]
        let unix = move |unit: i64| total.div_euclid(i128::from(unit)) as i64;
        let nanoseconds = self.nanoseconds;
        match name {
            "Day" => method("Day", move || int(civil.day)),
            "Hour" => method("Hour", move || int(civil.hour)),
            "Minute" => method("Minute", move || int(civil.minute)),
            "Month" => {
                method("Month", move || Value::object(Named { number: civil.month, names: Names::Months }))
            }
            "Nanosecond" => method("Nanosecond", move || int(nanoseconds)),
            "Second" => method("Second", move || int(civil.second)),
            "Unix" => method("Unix", move || unix(SECOND)),
            "UnixMicro" => method("UnixMicro", move || unix(MICROSECOND)),
            "UnixMilli" => method("UnixMilli", move || unix(MILLISECOND)),
            "UnixNano" => method("UnixNano", move || unix(1)),
            "Weekday" => method("Weekday", move || {
                Value::object(Named { number: civil.weekday, names: Names::Weekdays })
            }),
            "Year" => method("Year", move || int(civil.year)),
            "YearDay" => method("YearDay", move || int(civil.day_of_year)),
            _ => None,
        }
    }
}

impl Object for Duration {
    fn type_name(&self) -> Cow<'static, str> {
        DURATION.into()
    }

    fn kind(&self) -> &'static str {
        "int64"
    }

    fn member(&self, name: &str) -> Option<Member> {
        let duration = *self;
        match name {
            "Abs" => method("Abs", move || Duration(duration.0.saturating_abs())),
            "Hours" => method("Hours", move || duration.in_unit(HOUR)),
            "Microseconds" => method("Microseconds", move || duration.0 / MICROSECOND),
            "Milliseconds" => method("Milliseconds", move || duration.0 / MILLISECOND),
            "Minutes" => method("Minutes", move || duration.in_unit(MINUTE)),
            "Nanoseconds" => method("Nanoseconds", move || duration.0),
            "Round" => method("Round", move |multiple: Duration| duration.round(multiple)),
            "Seconds" => method("Seconds", move || duration.in_unit(SECOND)),
            "String" => method("String", move || duration.to_string()),
            "Truncate" => method("Truncate", move |multiple: Duration| duration.truncate(multiple)),
            _ => None,
        }
    }

    fn display(&self) -> Text {
        self.to_string().into()
    }

    fn to_plain(&self) -> Value {
        self.0.into()
    }

    fn is_true(&self) -> bool {
        self.0 != 0
    }

    fn as_integer(&self) -> Option<i64> {
        Some(self.0)
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref::<Self>() == Some(self)
    }
}

/// A `*time.Location`.
#[derive(Clone)]
struct Location(Zone);

impl Object for Location {
    fn type_name(&self) -> Cow<'static, str> {
        LOCATION.into()
    }

    fn kind(&self) -> &'static str {
        "ptr"
    }

    fn member(&self, name: &str) -> Option<Member> {
        let name_of_zone = Text::from(&*self.0.name());
        (name == "String").then(|| method("String", move || name_of_zone.clone())).flatten()
    }

    fn display(&self) -> Text {
        Text::from(&*self.0.name())
    }

    fn to_plain(&self) -> Value {
        // All fields of a location are its own affair.
        Value::Map(crate::value::Map::new())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref::<Self>().is_some_and(|other| self.0.is_same(&other.0))
    }
}

/// A `time.Month` or `time.Weekday`: an `int` with a name.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Named {
    number: i64,
    names: Names,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Months,
    Weekdays,
}

impl Named {
    fn name(self) -> &'static str {
        let (names, first): (&[&str], _) = match self.names {
            Names::Months => (&MONTHS, 1),
            Names::Weekdays => (&WEEKDAYS, 0),
        };
        usize::try_from(self.number - first).ok().and_then(|index| names.get(index)).unwrap_or(&"")
    }
}

impl Object for Named {
    fn type_name(&self) -> Cow<'static, str> {
        match self.names {
            Names::Months => "time.Month".into(),
            Names::Weekdays => "time.Weekday".into(),
        }
    }

    fn kind(&self) -> &'static str {
        "int"
    }

    fn member(&self, name: &str) -> Option<Member> {
        let text = self.name();
        (name == "String").then(|| method("String", move || text)).flatten()
    }

    fn display(&self) -> Text {
        self.name().into()
    }

    fn to_plain(&self) -> Value {
        int(self.number)
    }

    fn is_true(&self) -> bool {
        self.number != 0
    }

    fn as_integer(&self) -> Option<i64> {
        Some(self.number)
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref::<Self>() == Some(self)
    }
}
