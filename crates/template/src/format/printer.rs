//! One value after a verb.

use super::runes::push;
use super::style::{Base, FloatVerb, Style};
use crate::error::Error;
use crate::limits::Budget;
use crate::value::{Integer, List, Map, Object, Value};

/// Levels of lists and maps in one another that are printed; Go goes on until its stack is full.
const MAX_DEPTH: usize = 10_000;

/// The stack that is surely there for one level, and what is added when it is not, in bytes.
const RED_ZONE: usize = 64 << 10;
const STACK_GROWTH: usize = 1 << 20;

const LOWER: &[u8; 17] = b"0123456789abcdefx";
const UPPER: &[u8; 17] = b"0123456789ABCDEFX";

/// The address that all lists, maps and pointers are said to have, so that texts stay the same from run to run.
const ADDRESS: u64 = 0xc0_0000_0000;

/// Writes values within a budget.
pub(super) struct Printer<'a> {
    pub(super) output: &'a mut Vec<u8>,
    pub(super) style: Style,
    budget: &'a Budget,
    depth: usize,
}

/// Printing a small value takes the time of so many steps.
const STEPS_PER_VALUE: u64 = 2;

impl<'a> Printer<'a> {
    pub(super) fn new(output: &'a mut Vec<u8>, budget: &'a Budget) -> Self {
        Self { output, style: Style::default(), budget, depth: 0 }
    }

    /// Prints a value with a verb, in the current style.
    pub(super) fn print(&mut self, value: &Value, verb: char) -> Result<(), Error> {
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => {
                self.claim(value, verb)?;
                self.style.pad(self.output, b"<nil>");
                Ok(())
            }
            (_, 'T') => {
                self.claim(value, verb)?;
                self.style.push_text(self.output, value.type_name().as_bytes());
                Ok(())
            }
            (_, 'p') => self.pointer(value),
            (Value::Bytes(bytes), _) => {
                self.claim(value, verb)?;
                self.bytes(bytes, verb, if verb == 'v' { "[]byte" } else { "[]uint8" })
            }
            _ => self.value(value, verb),
        }
    }

    fn value(&mut self, value: &Value, verb: char) -> Result<(), Error> {
        self.claim(value, verb)?;
        match value {
            Value::Bool(flag) if matches!(verb, 't' | 'v') => {
                self.style.pad(self.output, if *flag { b"true" } else { b"false" });
                Ok(())
            }
            Value::Integer(integer) => self.integer(value, *integer, verb),
            Value::Float(_) | Value::Complex(..) => self.number(value, verb),
            Value::String(text) => self.text(value, text, verb),
            Value::Bytes(bytes) if verb != 'w' => self.bytes(bytes, verb, "[]uint8"),
            Value::List(list) if verb != 'w' => self.nested(|printer| printer.list(value, list, verb)),
            Value::Map(map) if verb != 'w' => self.nested(|printer| printer.map(value, map, verb)),
            Value::Object(object) => self.object(value, &**object, verb),
            _ => self.bad_verb(value, verb),
        }
    }

    /// Claims at least as much as the value without those inside it will take.
    fn claim(&self, value: &Value, verb: char) -> Result<(), Error> {
        self.budget.spend(STEPS_PER_VALUE)?;
        let bytes = match value {
            Value::String(text) => text.len(),
            Value::Bytes(bytes) => bytes.len().saturating_mul(4),
            _ => 8,
        };
        let factor = if matches!(verb, 'x' | 'X' | 'q') { 4 } else { 1 };
        self.budget.claim(bytes.saturating_mul(factor).saturating_add(self.style.extent()))
    }

    /// `%!verb(type=value)`.
    fn bad_verb(&mut self, value: &Value, verb: char) -> Result<(), Error> {
        self.output.extend_from_slice(b"%!");
        push(self.output, verb);
        self.output.push(b'(');
        if value.is_nil() {
            self.output.extend_from_slice(b"<nil>");
        } else {
            self.output.extend_from_slice(value.type_name().as_bytes());
            self.output.push(b'=');
            self.value(value, 'v')?;
        }
        self.output.push(b')');
        Ok(())
    }

    fn integer(&mut self, value: &Value, integer: Integer, verb: char) -> Result<(), Error> {
        let is_negative = integer.kind.is_signed() && integer.as_i64() < 0;
        let magnitude = if is_negative { integer.as_i64().unsigned_abs() } else { integer.as_u64() };
        match base(verb) {
            Some(_) if verb == 'v' && self.style.go_syntax && !integer.kind.is_signed() => {
                self.hexadecimal(magnitude, true);
            }
            Some(base) => self.style.push_integer(self.output, magnitude, is_negative, base),
            None => match verb {
                'c' => self.style.push_character(self.output, integer.as_u64()),
                'q' => self.style.push_quoted_character(self.output, integer.as_u64()),
                'U' => self.style.push_unicode(self.output, integer.as_u64()),
                _ => return self.bad_verb(value, verb),
            },
        }
        Ok(())
    }

    fn hexadecimal(&mut self, number: u64, prefix: bool) {
        Style { sharp: prefix, ..self.style }.push_integer(self.output, number, false, Base::LowerHex);
    }

    fn number(&mut self, value: &Value, verb: char) -> Result<(), Error> {
        let Some(float_verb) = FloatVerb::of(verb) else {
            return self.bad_verb(value, verb);
        };
        match value {
            Value::Complex(real, imaginary) => {
                self.output.push(b'(');
                self.style.push_float(self.output, *real, float_verb);
                Style { plus: true, ..self.style }.push_float(self.output, *imaginary, float_verb);
                self.output.extend_from_slice(b"i)");
            }
            Value::Float(number) => self.style.push_float(self.output, *number, float_verb),
            _ => return self.bad_verb(value, verb),
        }
        Ok(())
    }

    fn text(&mut self, value: &Value, text: &[u8], verb: char) -> Result<(), Error> {
        match verb {
            'v' if self.style.go_syntax => self.style.push_quoted(self.output, text),
            'v' | 's' => self.style.push_text(self.output, text),
            'x' => self.style.push_hex(self.output, text, LOWER),
            'X' => self.style.push_hex(self.output, text, UPPER),
            'q' => self.style.push_quoted(self.output, text),
            _ => return self.bad_verb(value, verb),
        }
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8], verb: char, type_name: &str) -> Result<(), Error> {
        match verb {
            's' => self.style.push_text(self.output, bytes),
            'x' => self.style.push_hex(self.output, bytes, LOWER),
            'X' => self.style.push_hex(self.output, bytes, UPPER),
            'q' => self.style.push_quoted(self.output, bytes),
            _ => {
                let separator = self.open(type_name, b"[");
                for (place, byte) in bytes.iter().enumerate() {
                    if place > 0 {
                        self.output.extend_from_slice(separator);
                    }
                    self.value(&Value::from(*byte), verb)?;
                }
                self.close();
            }
        }
        Ok(())
    }

    /// Begins a list or map; what goes between its items.
    fn open(&mut self, type_name: &str, plain: &[u8]) -> &'static [u8] {
        if self.style.go_syntax {
            self.output.extend_from_slice(type_name.as_bytes());
            self.output.push(b'{');
            b", "
        } else {
            self.output.extend_from_slice(plain);
            b" "
        }
    }

    fn close(&mut self) {
        self.output.push(if self.style.go_syntax { b'}' } else { b']' });
    }

    fn nested(&mut self, print: impl FnOnce(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        if self.depth == MAX_DEPTH {
            return Err(Error::limit(format!(
                "a value that holds itself or is nested deeper than {MAX_DEPTH} levels cannot be printed"
            )));
        }
        self.depth += 1;
        let result = stacker::maybe_grow(RED_ZONE, STACK_GROWTH, || print(self));
        self.depth -= 1;
        result
    }

    fn list(&mut self, value: &Value, list: &List, verb: char) -> Result<(), Error> {
        let separator = self.open_typed(value, b"[");
        for (place, item) in list.items().iter().enumerate() {
            if place > 0 {
                self.output.extend_from_slice(separator);
            }
            self.item(item, verb)?;
        }
        self.close();
        Ok(())
    }

    fn map(&mut self, value: &Value, map: &Map, verb: char) -> Result<(), Error> {
        let separator = self.open_typed(value, b"map[");
        for (place, (key, item)) in map.entries().iter().enumerate() {
            if place > 0 {
                self.output.extend_from_slice(separator);
            }
            if verb == 'v' && self.style.is_default_text() {
                self.budget.claim(key.len())?;
                self.output.extend_from_slice(key);
            } else {
                self.value(&Value::String(key.clone()), verb)?;
            }
            self.output.push(b':');
            self.item(item, verb)?;
        }
        self.close();
        Ok(())
    }

    fn open_typed(&mut self, value: &Value, plain: &[u8]) -> &'static [u8] {
        if self.style.go_syntax { self.open(&value.type_name(), plain) } else { self.open("", plain) }
    }

    /// An item of a list or map: a nil is in an interface, and is never padded nor refused.
    fn item(&mut self, item: &Value, verb: char) -> Result<(), Error> {
        if !item.is_nil() {
            return self.value(item, verb);
        }
        self.budget.claim(8)?;
        self.output.extend_from_slice(if self.style.go_syntax { b"interface {}(nil)" } else { b"<nil>" });
        Ok(())
    }

    /// An object prints itself; named numbers are also numbers.
    fn object(&mut self, value: &Value, object: &dyn Object, verb: char) -> Result<(), Error> {
        let text = object.display();
        self.budget.claim(text.len())?;
        match (object.as_integer(), base(verb)) {
            _ if matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') && !self.style.go_syntax => {
                return self.text(value, &text, verb);
            }
            (Some(number), Some(base)) => {
                self.style.push_integer(self.output, number.unsigned_abs(), number < 0, base);
            }
            (None, _) if verb == 'v' => self.style.push_text(self.output, &text),
            (number, _) => {
                let text = number.map_or(text, |number| number.to_string().into());
                self.bad_object(value, verb, &text);
            }
        }
        Ok(())
    }

    fn bad_object(&mut self, value: &Value, verb: char, text: &[u8]) {
        self.output.extend_from_slice(b"%!");
        push(self.output, verb);
        self.output.extend_from_slice(format!("({}=", value.type_name()).as_bytes());
        self.style.push_text(self.output, text);
        self.output.push(b')');
    }

    /// `%p`.
    fn pointer(&mut self, value: &Value) -> Result<(), Error> {
        if matches!(value.kind(), "slice" | "map" | "ptr" | "func" | "chan") {
            self.claim(value, 'p')?;
            self.hexadecimal(ADDRESS, !self.style.sharp);
            return Ok(());
        }
        self.bad_verb(value, 'p')
    }
}

/// The base of a verb for integers.
fn base(verb: char) -> Option<Base> {
    Some(match verb {
        'v' | 'd' => Base::Decimal,
        'b' => Base::Binary,
        'o' => Base::Octal,
        'O' => Base::OctalMarked,
        'x' => Base::LowerHex,
        'X' => Base::UpperHex,
        _ => return None,
    })
}
