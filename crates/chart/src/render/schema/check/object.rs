//! The keywords for maps.

use serde_json::{Map, Value};

use super::{Scope, Step, Unevaluated, count_text, dependency_text, missing};
use crate::render::schema::compile::{Additional, Dependency, Id};
use crate::render::schema::draft::Draft;
use crate::render::schema::failure::{Failure, quote, quote_all};

impl Step<'_> {
    pub(super) fn check_object(
        self,
        value: &Value,
        map: &Map<String, Value>,
        unevaluated: &mut Unevaluated,
        failures: &mut Vec<Failure>,
    ) {
        self.check_size(map, failures);
        if self.is_quiet && !failures.is_empty() {
            return;
        }
        self.check_dependencies((value, map), unevaluated, failures);
        self.check_properties(map, unevaluated, failures);
        if self.schema().draft >= Draft::V6
            && let Some(names) = self.schema().property_names
        {
            for name in map.keys() {
                failures.extend(self.check_name(names, name).err());
            }
        }
        self.check_dependents((value, map), unevaluated, failures);
    }

    fn check_size(self, map: &Map<String, Value>, failures: &mut Vec<Failure>) {
        let schema = self.schema();
        let count = map.len() as u64;
        if let Some(least) = schema.least_properties.filter(|least| count < *least) {
            failures.push(self.fail(|| count_text("minProperties", count, least)));
        }
        if let Some(most) = schema.most_properties.filter(|most| count > *most) {
            failures.push(self.fail(|| count_text("maxProperties", count, most)));
        }
        match missing(map, &schema.required)[..] {
            [] => {}
            [name] => failures.push(self.fail(|| format!("missing property {}", quote(name)))),
            ref names => failures
                .push(self.fail(|| format!("missing properties {}", quote_all(names.iter().copied())))),
        }
    }

    fn check_properties(
        self,
        map: &Map<String, Value>,
        unevaluated: &mut Unevaluated,
        failures: &mut Vec<Failure>,
    ) {
        let schema = self.schema();
        let mut refused = Vec::new();
        for (name, value) in map {
            let own = schema.properties.get(name).copied();
            let matching = schema.pattern_properties.iter().filter(|(regex, _)| regex.is_match(name));
            let targets: Vec<Id> = own.into_iter().chain(matching.map(|(_, id)| *id)).collect();
            let mut is_evaluated = !targets.is_empty();
            for target in targets {
                failures.extend(self.apply_below(target, name, value).err());
            }
            if !is_evaluated && let Some(additional) = schema.additional_properties {
                is_evaluated = true;
                match additional {
                    Additional::Allowed(true) => {}
                    Additional::Allowed(false) => refused.push(name.as_str()),
                    Additional::Schema(target) => {
                        failures.extend(self.apply_below(target, name, value).err());
                    }
                }
            }
            if is_evaluated {
                unevaluated.properties.remove(name);
            }
        }
        if !refused.is_empty() {
            failures.push(self.fail(|| format!("additional properties {} not allowed", quote_all(refused))));
        }
    }

    /// The name of a property against a schema, as a value of its own.
    fn check_name(self, names: Id, name: &str) -> Result<(), Failure> {
        let scope =
            Scope { schema: names, reference: "", value: 0, depth: self.scope.depth + 1, parent: None };
        let value = Value::String(name.to_owned());
        let step = Step { context: self.context, scope: &scope, at: "", is_quiet: self.is_quiet };
        step.run(&value, Unevaluated::default()).map(drop).map_err(|failure| {
            // The library does not say where the map is.
            let outer = Step { at: "", ..self };
            outer.fail_with(failure.into_causes(), || format!("invalid propertyName {}", quote(name)))
        })
    }

    fn check_dependencies(
        self,
        (value, map): (&Value, &Map<String, Value>),
        unevaluated: &mut Unevaluated,
        failures: &mut Vec<Failure>,
    ) {
        for (property, dependency) in &self.schema().dependencies {
            if !map.contains_key(property) {
                continue;
            }
            match dependency {
                Dependency::Properties(required) => self.check_required(map, property, required, failures),
                Dependency::Schema(target) => {
                    failures.extend(self.apply(*target, "", value, unevaluated, false).err());
                }
            }
        }
    }

    fn check_dependents(
        self,
        (value, map): (&Value, &Map<String, Value>),
        unevaluated: &mut Unevaluated,
        failures: &mut Vec<Failure>,
    ) {
        for (property, target) in &self.schema().dependent_schemas {
            if map.contains_key(property) {
                failures.extend(self.apply(*target, "", value, unevaluated, false).err());
            }
        }
        for (property, required) in &self.schema().dependent_required {
            if map.contains_key(property) {
                self.check_required(map, property, required, failures);
            }
        }
    }

    fn check_required(
        self,
        map: &Map<String, Value>,
        property: &str,
        required: &[String],
        failures: &mut Vec<Failure>,
    ) {
        let missing = missing(map, required);
        if !missing.is_empty() {
            failures.push(self.fail(|| dependency_text(&missing, property)));
        }
    }
}
