//! A value against a schema.
//!
//! Which keywords are looked at after a failure, and how failures nest, is that of the library Helm uses.

mod array;
mod number;
mod object;

use std::cell::Cell;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::render::go;
use crate::render::schema::compile::{Compiled, Id, Schema};
use crate::render::schema::draft::Draft;
use crate::render::schema::failure::{Failure, Kind, quote, quote_all};

/// The most schemas that may be applied to one chart's values, over and over: references can double at each step. The
/// largest schema of the public charts takes 30,000 steps to be checked itself.
const MOST_STEPS: u64 = 500_000;

/// How deep schemas may be applied inside each other.
const DEEPEST: usize = 400;

/// Checks a value.
///
/// # Errors
/// `Err` with the text of a limit, `Ok(Some(_))` with what does not fit.
pub(crate) fn check(compiled: &Compiled, value: &Value) -> Result<Option<Failure>, String> {
    let context = Context { schemas: &compiled.schemas, steps: Cell::new(0), breach: Cell::new(None) };
    let scope = Scope { schema: Id(0), reference: "", value: 0, depth: 0, parent: None };
    let step = Step { context: &context, scope: &scope, at: "", is_quiet: false };
    let result = step.run(value, Unevaluated::of(value, step.schema(), false));
    match context.breach.get() {
        Some(breach) => Err(breach.to_owned()),
        None => Ok(result.err()),
    }
}

struct Context<'s> {
    schemas: &'s [Schema],
    steps: Cell<u64>,
    breach: Cell<Option<&'static str>>,
}

/// A schema that is being applied, with those around it.
struct Scope<'p> {
    schema: Id,
    /// The keyword of the reference that led here, or empty.
    reference: &'static str,
    /// How deep in the values; schemas applied to one value share it.
    value: usize,
    depth: usize,
    parent: Option<&'p Scope<'p>>,
}

/// The properties and items that no keyword has looked at yet.
#[derive(Clone, Debug, Default)]
struct Unevaluated {
    properties: BTreeSet<String>,
    items: BTreeSet<usize>,
}

impl Unevaluated {
    /// Those of a value that a schema does not cover by itself, if somebody asks.
    fn of(value: &Value, schema: &Schema, is_asked: bool) -> Self {
        let mut unevaluated = Self::default();
        match value {
            Value::Object(map)
                if schema.additional_properties.is_none()
                    && (is_asked || schema.unevaluated_properties.is_some()) =>
            {
                unevaluated.properties = map.keys().cloned().collect();
            }
            Value::Array(items)
                if !schema.covers_all_items() && (is_asked || schema.unevaluated_items.is_some()) =>
            {
                unevaluated.items = (schema.covered_items()..items.len()).collect();
            }
            _ => {}
        }
        unevaluated
    }

    fn is_empty(&self) -> bool {
        self.properties.is_empty() && self.items.is_empty()
    }

    /// Keeps what the other has not looked at either.
    fn keep_common(&mut self, other: &Self) {
        self.properties.retain(|property| other.properties.contains(property));
        self.items.retain(|item| other.items.contains(item));
    }
}

/// One schema applied to one value.
#[derive(Clone, Copy)]
struct Step<'s> {
    context: &'s Context<'s>,
    scope: &'s Scope<'s>,
    at: &'s str,
    /// Only whether it fits is asked.
    is_quiet: bool,
}

type Outcome = Result<Unevaluated, Failure>;

impl<'s> Step<'s> {
    fn schema(self) -> &'s Schema {
        self.get(self.scope.schema)
    }

    fn get(self, id: Id) -> &'s Schema {
        &self.context.schemas[id.0]
    }

    fn failure(self, kind: Kind, text: impl FnOnce() -> String) -> Failure {
        let (at, text) =
            if self.is_quiet { (String::new(), String::new()) } else { (self.at.to_owned(), text()) };
        Failure { kind, at, text, causes: Vec::new() }
    }

    fn fail(self, text: impl FnOnce() -> String) -> Failure {
        self.failure(Kind::Keyword, text)
    }

    fn fail_with(self, causes: Vec<Failure>, text: impl FnOnce() -> String) -> Failure {
        Failure { causes, ..self.fail(text) }
    }

    /// Counts the step; `true` when no more are allowed.
    fn is_over_limit(self) -> bool {
        let steps = self.context.steps.get() + 1;
        self.context.steps.set(steps);
        if self.scope.depth > DEEPEST {
            self.context.breach.set(Some("the schema applies more than 400 schemas inside each other"));
        } else if steps > MOST_STEPS {
            self.context.breach.set(Some("the schema takes more than 500000 steps to check"));
        }
        self.context.breach.get().is_some()
    }

    fn run(self, value: &Value, mut unevaluated: Unevaluated) -> Outcome {
        let schema = self.schema();
        match schema.always {
            Some(true) => return Ok(unevaluated),
            Some(false) => return Err(self.fail(|| "false schema".to_owned())),
            None => {}
        }
        if self.is_over_limit() {
            return Err(self.fail(String::new));
        }
        self.check_cycle()?;
        self.check_whole(value)?;
        let mut failures = Vec::new();
        if let Some(target) = schema.reference {
            let result = self.follow(target, "$ref", value, &mut unevaluated);
            if schema.draft < Draft::V2019 {
                return result.map(|()| unevaluated);
            }
            failures.extend(result.err());
        }
        match value {
            Value::Object(map) => self.check_object(value, map, &mut unevaluated, &mut failures),
            Value::Array(items) => self.check_array(items, &mut unevaluated, &mut failures),
            Value::String(text) => self.check_text(text, &mut failures),
            Value::Number(number) => self.check_number(number, &mut failures),
            Value::Null | Value::Bool(_) => {}
        }
        if failures.is_empty() || !self.is_quiet {
            self.check_late_references(value, &mut unevaluated, &mut failures);
            self.check_combinations(value, &mut unevaluated, &mut failures);
            self.check_unevaluated(value, &mut unevaluated, &mut failures);
        }
        match failures.len() {
            0 => Ok(unevaluated),
            1 => Err(failures.remove(0)),
            _ => {
                let group = self.failure(Kind::Group, || "validation failed".to_owned());
                Err(Failure { causes: failures, ..group })
            }
        }
    }

    fn check_cycle(self) -> Result<(), Failure> {
        let mut scope = self.scope.parent;
        while let Some(above) = scope.filter(|above| above.value == self.scope.value) {
            if above.schema == self.scope.schema {
                return Err(self.fail(|| {
                    let (here, there) = (self.path_to(self.scope), self.path_to(above));
                    let url = go::quote(&self.schema().location);
                    format!("both {here} and {there} resolve to {url} causing reference cycle")
                }));
            }
            scope = above.parent;
        }
        Ok(())
    }

    /// The keywords that lead to a scope, references not followed.
    fn path_to(self, mut scope: &Scope<'_>) -> String {
        let mut parts = Vec::new();
        while let Some(parent) = scope.parent {
            if scope.reference.is_empty() {
                let (inner, outer) = (&self.get(scope.schema).location, &self.get(parent.schema).location);
                parts.push(inner.get(outer.len()..).unwrap_or_default().to_owned());
            } else {
                parts.push(format!("/{}", scope.reference));
            }
            scope = parent;
        }
        parts.into_iter().rev().collect()
    }

    /// The keywords after whose failure no other is looked at.
    fn check_whole(self, value: &Value) -> Result<(), Failure> {
        let schema = self.schema();
        let got = number::type_of(value);
        let is_integer = || schema.types.contains(&"integer") && number::is_integer(value);
        if !schema.types.is_empty() && !schema.types.contains(&got) && !is_integer() {
            return Err(self.fail(|| format!("got {got}, want {}", schema.types.join(" or "))));
        }
        if let Some(constant) = &schema.constant
            && !number::equal(value, constant)
        {
            return Err(self.fail(|| match constant {
                Value::Array(_) | Value::Object(_) => "'const' failed".to_owned(),
                other => format!("value must be {}", display(other)),
            }));
        }
        if let Some(choices) = &schema.choices
            && !choices.iter().any(|choice| number::equal(value, choice))
        {
            return Err(self.fail(|| describe_choices(choices)));
        }
        if let (Some(format), Value::String(text)) = (schema.format, value)
            && let Err(error) = (format.check)(text)
        {
            return Err(self.fail(|| format!("{} is not valid {}: {error}", quote(text), format.name)));
        }
        Ok(())
    }

    fn check_text(self, text: &str, failures: &mut Vec<Failure>) {
        let schema = self.schema();
        let length = text.chars().count() as u64;
        if let Some(least) = schema.least_length.filter(|least| length < *least) {
            failures.push(self.fail(|| count_text("minLength", length, least)));
        }
        if let Some(most) = schema.most_length.filter(|most| length > *most) {
            failures.push(self.fail(|| count_text("maxLength", length, most)));
        }
        if let Some((regex, pattern)) = &schema.pattern
            && !regex.is_match(text)
        {
            failures.push(self.fail(|| format!("{} does not match pattern {}", quote(text), quote(pattern))));
        }
    }

    /// Applies another schema to the same value.
    fn apply(
        self,
        target: Id,
        reference: &'static str,
        value: &Value,
        unevaluated: &mut Unevaluated,
        is_quiet: bool,
    ) -> Result<(), Failure> {
        let scope = Scope {
            schema: target,
            reference,
            value: self.scope.value,
            depth: self.scope.depth + 1,
            parent: Some(self.scope),
        };
        let own = Unevaluated::of(value, self.get(target), !unevaluated.is_empty());
        let step =
            Step { context: self.context, scope: &scope, at: self.at, is_quiet: self.is_quiet || is_quiet };
        let left = step.run(value, own)?;
        unevaluated.keep_common(&left);
        Ok(())
    }

    /// Applies a schema to a value inside this one.
    fn apply_below(self, target: Id, step: &str, value: &Value) -> Result<(), Failure> {
        let scope = Scope {
            schema: target,
            reference: "",
            value: self.scope.value + 1,
            depth: self.scope.depth + 1,
            parent: Some(self.scope),
        };
        let mut at = String::new();
        if !self.is_quiet {
            self.at.clone_into(&mut at);
            super::documents::push_step(&mut at, step);
        }
        let own = Unevaluated::of(value, self.get(target), false);
        let inner = Step { context: self.context, scope: &scope, at: &at, is_quiet: self.is_quiet };
        inner.run(value, own).map(drop)
    }

    fn follow(
        self,
        target: Id,
        keyword: &'static str,
        value: &Value,
        unevaluated: &mut Unevaluated,
    ) -> Result<(), Failure> {
        self.apply(target, keyword, value, unevaluated, false).map_err(|failure| {
            let reference = self.failure(Kind::Reference, || "validation failed".to_owned());
            Failure { causes: failure.into_causes(), ..reference }
        })
    }

    fn check_late_references(
        self,
        value: &Value,
        unevaluated: &mut Unevaluated,
        failures: &mut Vec<Failure>,
    ) {
        let schema = self.schema();
        if let Some(target) = schema.recursive_reference {
            let target =
                if self.get(target).recursive_anchor { self.outermost_recursive(target) } else { target };
            failures.extend(self.follow(target, "$recursiveRef", value, unevaluated).err());
        }
        if let Some((target, anchor)) = &schema.dynamic_reference {
            let anchor = anchor.as_ref().filter(|anchor| self.has_dynamic_anchor(*target, anchor));
            let target = anchor.map_or(*target, |anchor| self.outermost_dynamic(*target, anchor));
            failures.extend(self.follow(target, "$dynamicRef", value, unevaluated).err());
        }
    }

    fn has_dynamic_anchor(self, target: Id, anchor: &str) -> bool {
        let base = self.get(self.get(target).base);
        base.dynamic_anchors.get(anchor) == Some(&target)
    }

    fn outermost_recursive(self, fallback: Id) -> Id {
        let bases = self.bases();
        bases.filter(|(_, base)| base.recursive_anchor).last().map_or(fallback, |(schema, _)| schema)
    }

    fn outermost_dynamic(self, fallback: Id, anchor: &str) -> Id {
        let bases = self.bases();
        bases.filter_map(|(_, base)| base.dynamic_anchors.get(anchor)).last().copied().unwrap_or(fallback)
    }

    /// The schemas being applied with the named schemas they belong to, from the inside out.
    fn bases(self) -> impl Iterator<Item = (Id, &'s Schema)> {
        std::iter::successors(Some(self.scope), |scope| scope.parent)
            .map(move |scope| (scope.schema, self.get(self.get(scope.schema).base)))
    }

    fn check_combinations(self, value: &Value, unevaluated: &mut Unevaluated, failures: &mut Vec<Failure>) {
        let schema = self.schema();
        if let Some(not) = schema.not
            && self.apply(not, "", value, unevaluated, true).is_ok()
        {
            failures.push(self.fail(|| "'not' failed".to_owned()));
        }
        let mut causes = Vec::new();
        for inner in &schema.all_of {
            causes.extend(self.apply(*inner, "", value, unevaluated, false).err());
            if self.is_quiet && !causes.is_empty() {
                break;
            }
        }
        if !causes.is_empty() {
            failures.push(self.fail_with(causes, || "'allOf' failed".to_owned()));
        }
        failures.extend(self.check_any_of(value, unevaluated));
        failures.extend(self.check_one_of(value, unevaluated));
        self.check_condition(value, unevaluated, failures);
    }

    fn check_any_of(self, value: &Value, unevaluated: &mut Unevaluated) -> Option<Failure> {
        let mut causes = Vec::new();
        let mut fits = false;
        for inner in &self.schema().any_of {
            match self.apply(*inner, "", value, unevaluated, false) {
                Ok(()) => fits = true,
                Err(failure) => causes.push(failure),
            }
            // The others may cover more of what is left.
            if fits && unevaluated.is_empty() {
                break;
            }
        }
        let fails = !fits && !self.schema().any_of.is_empty();
        fails.then(|| self.fail_with(causes, || "'anyOf' failed".to_owned()))
    }

    fn check_one_of(self, value: &Value, unevaluated: &mut Unevaluated) -> Option<Failure> {
        let mut causes = Vec::new();
        let mut first = None;
        for (index, inner) in self.schema().one_of.iter().enumerate() {
            match (self.apply(*inner, "", value, unevaluated, first.is_some()), first) {
                (Ok(()), None) => first = Some(index),
                (Ok(()), Some(first)) => {
                    return Some(
                        self.fail(|| format!("'oneOf' failed, subschemas {first}, {index} matched")),
                    );
                }
                (Err(failure), None) => causes.push(failure),
                (Err(_), Some(_)) => {}
            }
        }
        let fails = first.is_none() && !self.schema().one_of.is_empty();
        fails.then(|| self.fail_with(causes, || "'oneOf' failed, none matched".to_owned()))
    }

    fn check_condition(self, value: &Value, unevaluated: &mut Unevaluated, failures: &mut Vec<Failure>) {
        let schema = self.schema();
        let Some(condition) = schema.condition else { return };
        let holds = self.apply(condition, "", value, unevaluated, true).is_ok();
        if let Some(inner) = if holds { schema.then } else { schema.otherwise } {
            failures.extend(self.apply(inner, "", value, unevaluated, false).err());
        }
    }

    fn check_unevaluated(self, value: &Value, unevaluated: &mut Unevaluated, failures: &mut Vec<Failure>) {
        let schema = self.schema();
        if let (Some(inner), Value::Object(map)) = (schema.unevaluated_properties, value) {
            for property in std::mem::take(&mut unevaluated.properties) {
                failures.extend(self.apply_below(inner, &property, &map[&property]).err());
            }
        }
        if let (Some(inner), Value::Array(items)) = (schema.unevaluated_items, value) {
            for index in std::mem::take(&mut unevaluated.items) {
                failures.extend(self.apply_below(inner, &index.to_string(), &items[index]).err());
            }
        }
    }
}

fn describe_choices(choices: &[Value]) -> String {
    if choices.iter().any(|choice| choice.is_array() || choice.is_object()) {
        return "'enum' failed".to_owned();
    }
    let texts: Vec<String> = choices.iter().map(display).collect();
    let words = if texts.len() == 1 { "value must be" } else { "value must be one of" };
    format!("{words} {}", texts.join(", "))
}

/// A value of the schema as its file has it, texts in single quotes.
fn display(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

/// `minItems: got 1, want 2`.
fn count_text(keyword: &str, got: u64, want: u64) -> String {
    format!("{keyword}: got {}, want {}", go::print_count(got), go::print_count(want))
}

/// The properties that are required and not there.
fn missing<'r>(map: &serde_json::Map<String, Value>, required: &'r [String]) -> Vec<&'r str> {
    required.iter().map(String::as_str).filter(|name| !map.contains_key(*name)).collect()
}

/// `properties 'a', 'b' required, if 'c' exists`.
fn dependency_text(missing: &[&str], property: &str) -> String {
    format!("properties {} required, if {} exists", quote_all(missing.iter().copied()), quote(property))
}
