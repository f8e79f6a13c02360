//! The functions that every Go template has.

mod compare;
mod escape;
mod items;

pub(crate) use items::not_callable;

use super::Functions;
use crate::error::Error;
use crate::exec::Call;
use crate::format::{sprint, sprintf, sprintln};
use crate::function::{Rest, Slot};
use crate::value::{Text, Value};

impl Functions {
    /// The functions that every Go template has.
    #[must_use]
    pub fn go() -> Self {
        let mut functions = Self::default();
        add(&mut functions);
        functions
    }
}

/// Adds them.
pub(crate) fn add(functions: &mut Functions) {
    functions.add("and", and);
    functions.add("or", or);
    functions.add("not", not);
    functions.add("eq", compare::equal);
    functions.add("ne", compare::not_equal);
    functions.add("lt", compare::less);
    functions.add("le", compare::less_or_equal);
    functions.add("gt", compare::greater);
    functions.add("ge", compare::greater_or_equal);
    functions.add("len", items::length);
    functions.add("index", items::index);
    functions.add("slice", items::slice);
    functions.add("call", items::call);
    functions.add("print", print);
    functions.add("printf", printf);
    functions.add("println", println);
    functions.add("html", escape::html);
    functions.add("js", escape::js);
    functions.add("urlquery", escape::url_query);
}

/// The first argument that is false, or the last. Executions do not even evaluate those after the first false one.
fn and(first: Slot, rest: Rest<Slot>) -> Value {
    decide(first, rest, false)
}

/// The first argument that is true, or the last. Executions do not even evaluate those after the first true one.
fn or(first: Slot, rest: Rest<Slot>) -> Value {
    decide(first, rest, true)
}

fn decide(first: Slot, Rest(rest): Rest<Slot>, truth: bool) -> Value {
    let mut decisive = first.value;
    for next in rest {
        if decisive.is_true() == truth {
            break;
        }
        decisive = next.value;
    }
    decisive
}

#[expect(clippy::needless_pass_by_value, reason = "template functions own their arguments")]
fn not(argument: Slot) -> bool {
    !argument.value.is_true()
}

fn print(call: &mut Call<'_>, Rest(values): Rest<Value>) -> Result<Text, Error> {
    sprint(&values, call.budget())
}

fn println(call: &mut Call<'_>, Rest(values): Rest<Value>) -> Result<Text, Error> {
    sprintln(&values, call.budget())
}

#[expect(clippy::needless_pass_by_value, reason = "template functions own their arguments")]
fn printf(call: &mut Call<'_>, format: Text, Rest(values): Rest<Value>) -> Result<Text, Error> {
    sprintf(&format, &values, call.budget())
}
