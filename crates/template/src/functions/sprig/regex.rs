//! Regular expressions, as Go's `regexp` finds, replaces and splits.

mod class;
mod expand;
mod find;
mod translate;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use ::regex::bytes::{Regex, RegexBuilder};

use super::support::{claim_texts, made, made_strings, part};
use crate::error::Error;
use crate::exec::Call;
use crate::format::quote;
use crate::functions::Functions;
use crate::value::{Element, List, Text};
use find::matches;

pub(super) fn add(functions: &mut Functions) {
    functions.add("regexMatch", |call: &mut Call<'_>, pattern: Text, text: Text| {
        match compile(call, &pattern) {
            Ok(pattern) => Ok(pattern.regex.is_match(&text)),
            Err(Refusal::Syntax(_)) => Ok(false),
            Err(refusal) => Err(refusal.into_error()),
        }
    });
    functions.add("mustRegexMatch", |call: &mut Call<'_>, pattern: Text, text: Text| {
        Ok::<_, Error>(compiled(call, &pattern, true)?.regex.is_match(&text))
    });
    functions.add("regexQuoteMeta", |call: &mut Call<'_>, text: Text| made(call, quote_meta(&text)));
    let by_must = [
        (false, ["regexFind", "regexFindAll", "regexReplaceAll", "regexReplaceAllLiteral", "regexSplit"]),
        (
            true,
            [
                "mustRegexFind",
                "mustRegexFindAll",
                "mustRegexReplaceAll",
                "mustRegexReplaceAllLiteral",
                "mustRegexSplit",
            ],
        ),
    ];
    for (must, [find, find_all, replace_all, replace_all_literal, split]) in by_must {
        functions.add(find, move |call: &mut Call<'_>, pattern: Text, text: Text| {
            let found = compiled(call, &pattern, must)?.regex.find(&text).map(|found| found.range());
            part(call, &text, found.map_or(&[], |range| &text[range]))
        });
        functions.add(find_all, move |call: &mut Call<'_>, pattern: Text, text: Text, most: isize| {
            let pattern = compiled(call, &pattern, must)?;
            find_all_in(call, &pattern, &text, most)
        });
        functions.add(replace_all, move |call: &mut Call<'_>, pattern: Text, text: Text, new: Text| {
            let pattern = compiled(call, &pattern, must)?;
            replaced(call, &pattern, &text, &new, true)
        });
        functions.add(
            replace_all_literal,
            move |call: &mut Call<'_>, pattern: Text, text: Text, new: Text| {
                let pattern = compiled(call, &pattern, must)?;
                replaced(call, &pattern, &text, &new, false)
            },
        );
        functions.add(split, move |call: &mut Call<'_>, pattern: Text, text: Text, most: isize| {
            let is_empty = pattern.is_empty();
            let pattern = compiled(call, &pattern, must)?;
            split_by(call, &pattern, is_empty, &text, most)
        });
    }
}

/// A compiled expression.
struct Pattern {
    regex: Regex,
    /// The names of the groups, from the whole match on; empty where there is none.
    names: Vec<String>,
}

/// Why an expression was not compiled.
enum Refusal {
    /// It is none; Go's words.
    Syntax(String),
    /// It would be too large.
    Size(usize),
    /// Nothing may be spent on it.
    Limit(Error),
}

impl Refusal {
    fn into_error(self) -> Error {
        match self {
            Self::Syntax(text) => Error::message(text),
            Self::Limit(error) => error,
            Self::Size(limit) => Error::limit(format!("a regular expression needs more than {limit} bytes")),
        }
    }
}

thread_local! {
    /// Charts use the same few expressions again and again, and compiling is what costs.
    static COMPILED: RefCell<HashMap<Text, Rc<Pattern>>> = RefCell::default();
}

/// Expressions kept; templates that make more start afresh. Each may take twice the limit of an expression.
const KEPT: usize = 64;

/// Steps for compiling an expression, apart from its length.
const STEPS_TO_COMPILE: u64 = 10_000;

/// The bytes that an expression may take for each byte of its text.
const COMPILED_PER_BYTE: usize = 16;

fn compile(call: &Call<'_>, pattern: &Text) -> Result<Rc<Pattern>, Refusal> {
    if let Some(known) = COMPILED.with_borrow(|compiled| compiled.get(pattern).cloned()) {
        return Ok(known);
    }
    let limit = call.budget().limits().regex_bytes;
    if pattern.len() > limit / COMPILED_PER_BYTE {
        return Err(Refusal::Size(limit));
    }
    call.budget().spend(STEPS_TO_COMPILE.saturating_add(pattern.len() as u64)).map_err(Refusal::Limit)?;
    let translated = translate::translate(pattern).map_err(|error| Refusal::Syntax(error.to_string()))?;
    let regex = RegexBuilder::new(&translated.expression)
        .size_limit(limit)
        .dfa_size_limit(limit)
        .nest_limit(4000)
        .build();
    let regex = regex.map_err(|error| match error {
        ::regex::Error::CompiledTooBig(limit) => Refusal::Size(limit),
        _ => Refusal::Syntax(format!("error parsing regexp: unsupported: `{pattern}`")),
    })?;
    let compiled = Rc::new(Pattern { regex, names: translated.names });
    COMPILED.with_borrow_mut(|all| {
        if all.len() >= KEPT {
            all.clear();
        }
        all.insert(pattern.clone(), Rc::clone(&compiled));
    });
    Ok(compiled)
}

/// The compiled expression. Without "must" in its name a function panics in Go, with more words.
fn compiled(call: &Call<'_>, pattern: &Text, must: bool) -> Result<Rc<Pattern>, Error> {
    compile(call, pattern).map_err(|refusal| match refusal {
        Refusal::Syntax(text) if !must => {
            Error::message(format!("regexp: Compile({}): {text}", in_quotes(pattern)))
        }
        other => other.into_error(),
    })
}

/// In backquotes, where Go could write it so.
fn in_quotes(pattern: &Text) -> String {
    match str::from_utf8(pattern) {
        Ok(text)
            if !text
                .contains(|c: char| c < ' ' && c != '\t' || c == '`' || c == '\x7F' || c == '\u{FEFF}') =>
        {
            format!("`{text}`")
        }
        _ => quote(pattern),
    }
}

fn quote_meta(text: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(text.len());
    for &byte in text {
        if br"\.+*?()|[]{}^$".contains(&byte) {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted
}

/// Takes the steps of one match. Looking for it may have read all that is left of the text.
fn charge_match(call: &Call<'_>, left: usize) -> Result<(), Error> {
    call.budget().spend(1)?;
    call.budget().read(left.saturating_mul(2))
}

/// A negative number means all.
fn find_all_in(call: &Call<'_>, pattern: &Pattern, text: &Text, most: isize) -> Result<List, Error> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    for range in matches(&pattern.regex, text).take(most) {
        charge_match(call, text.len() - range.start)?;
        claim_texts(call, 1)?;
        found.push(Text::from(&text[range]));
    }
    if found.is_empty() {
        return Ok(List::nil(Element::Of("string")));
    }
    made_strings(call, found)
}

fn replaced(
    call: &Call<'_>,
    pattern: &Pattern,
    text: &Text,
    new: &Text,
    expands: bool,
) -> Result<Text, Error> {
    let new = if expands { expand::parse(new, &pattern.names) } else { vec![expand::Piece::Literal(new)] };
    let mut result = Vec::new();
    let mut groups = pattern.regex.capture_locations();
    let mut copied = 0;
    let mut search = 0;
    while search <= text.len() {
        charge_match(call, text.len() - search)?;
        let Some(range) = find::find_with_groups(&pattern.regex, &mut groups, text, search) else { break };
        let before = result.len();
        result.extend_from_slice(&text[copied..range.start]);
        // Not an empty match right behind another one.
        if range.end > copied || range.start == 0 {
            call.budget().spend(new.len() as u64)?;
            expand::push(&mut result, &new, text, &groups);
        }
        call.budget().check_part(result.len())?;
        call.budget().claim_many(result.len() - before)?;
        copied = range.end;
        search = if range.end > search { range.end } else { search + find::character_length(text, search) };
    }
    if copied == 0 && search == 0 {
        return Ok(text.clone());
    }
    result.extend_from_slice(&text[copied..]);
    made(call, result)
}

/// A negative number means all parts, 0 none.
fn split_by(
    call: &Call<'_>,
    pattern: &Pattern,
    is_empty: bool,
    text: &Text,
    most: isize,
) -> Result<List, Error> {
    if most == 0 {
        return Ok(List::nil(Element::Of("string")));
    }
    if !is_empty && text.is_empty() {
        return made_strings(call, vec![Text::default()]);
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    let (mut start, mut end) = (0, 0);
    for range in matches(&pattern.regex, text).take(most) {
        charge_match(call, text.len() - range.start)?;
        claim_texts(call, 1)?;
        if parts.len() + 1 == most {
            break;
        }
        end = range.start;
        if range.end != 0 {
            parts.push(Text::from(&text[start..end]));
        }
        start = range.end;
    }
    if end != text.len() {
        parts.push(Text::from(&text[start..]));
    }
    made_strings(call, parts)
}
