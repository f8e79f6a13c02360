//! Schemas made ready: references followed, patterns compiled.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::{Map, Value};

use crate::render::go::quote;
use crate::render::schema::documents::{Documents, Location};
use crate::render::schema::draft::Draft;
use crate::render::schema::formats::{self, Format};
use crate::render::schema::pattern;

/// The most schemas that one file may lead to. The largest of the public charts has 1,500.
const MOST_SCHEMAS: usize = 30_000;

/// A schema by its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(pub(crate) usize);

/// What holds for the rest of a list or map.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Additional {
    Allowed(bool),
    Schema(Id),
}

/// The `items` of drafts before 2020.
#[derive(Clone, Debug)]
pub(crate) enum Items {
    All(Id),
    Each(Vec<Id>),
}

/// What the presence of a property asks for.
#[derive(Clone, Debug)]
pub(crate) enum Dependency {
    Properties(Vec<String>),
    Schema(Id),
}

/// One schema. Keywords it has not, or has with a value of the wrong type, are empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    pub(crate) location: String,
    pub(crate) draft: Draft,
    /// The named schema it belongs to.
    pub(crate) base: Id,
    pub(crate) dynamic_anchors: BTreeMap<String, Id>,
    pub(crate) recursive_anchor: bool,
    /// Fits everything, or nothing.
    pub(crate) always: Option<bool>,
    pub(crate) types: Vec<&'static str>,
    pub(crate) constant: Option<Value>,
    pub(crate) choices: Option<Vec<Value>>,
    pub(crate) format: Option<Format>,
    pub(crate) reference: Option<Id>,
    pub(crate) recursive_reference: Option<Id>,
    /// With the anchor's name, if the reference has one.
    pub(crate) dynamic_reference: Option<(Id, Option<String>)>,
    pub(crate) all_of: Vec<Id>,
    pub(crate) any_of: Vec<Id>,
    pub(crate) one_of: Vec<Id>,
    pub(crate) not: Option<Id>,
    pub(crate) condition: Option<Id>,
    pub(crate) then: Option<Id>,
    pub(crate) otherwise: Option<Id>,
    pub(crate) least_properties: Option<u64>,
    pub(crate) most_properties: Option<u64>,
    pub(crate) required: Vec<String>,
    pub(crate) properties: BTreeMap<String, Id>,
    pub(crate) pattern_properties: Vec<(Regex, Id)>,
    pub(crate) additional_properties: Option<Additional>,
    pub(crate) property_names: Option<Id>,
    pub(crate) dependencies: BTreeMap<String, Dependency>,
    pub(crate) dependent_schemas: BTreeMap<String, Id>,
    pub(crate) dependent_required: BTreeMap<String, Vec<String>>,
    pub(crate) unevaluated_properties: Option<Id>,
    pub(crate) least_items: Option<u64>,
    pub(crate) most_items: Option<u64>,
    pub(crate) unique_items: bool,
    pub(crate) items: Option<Items>,
    pub(crate) additional_items: Option<Additional>,
    pub(crate) first_items: Vec<Id>,
    pub(crate) other_items: Option<Id>,
    pub(crate) contains: Option<Id>,
    pub(crate) least_contained: Option<u64>,
    pub(crate) most_contained: Option<u64>,
    pub(crate) unevaluated_items: Option<Id>,
    pub(crate) least_length: Option<u64>,
    pub(crate) most_length: Option<u64>,
    pub(crate) pattern: Option<(Regex, String)>,
    pub(crate) minimum: Option<f64>,
    pub(crate) maximum: Option<f64>,
    pub(crate) exclusive_minimum: Option<f64>,
    pub(crate) exclusive_maximum: Option<f64>,
    pub(crate) multiple_of: Option<f64>,
}

/// The schemas that one file leads to; the first is the file's root.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) schemas: Vec<Schema>,
    /// The names (`urn:`) that nothing is known of; they fit everything.
    pub(crate) unresolved: Vec<String>,
}

/// Checks a newly met schema against the schema for schemas.
pub(crate) type CheckSchema<'c> = dyn Fn(Draft, &Location, &Value) -> Result<(), String> + 'c;

/// Compiles the document at an address.
///
/// # Errors
/// A text in the words of Helm's schema library where it has them.
pub(crate) fn compile(
    url: &str,
    document: &Value,
    asserts_formats: bool,
    check: &CheckSchema<'_>,
) -> Result<Compiled, String> {
    let mut compiler = Compiler {
        documents: Documents::default(),
        ids: BTreeMap::new(),
        queue: Vec::new(),
        asserts_formats,
        check,
    };
    compiler.documents.add(url, document, Draft::V2020)?;
    let root = Location { url: url.to_owned(), pointer: String::new() };
    compiler.check_schema(&root)?;
    compiler.id_of(root);
    let mut schemas = Vec::new();
    while let Some(location) = compiler.queue.get(schemas.len()).cloned() {
        if schemas.len() >= MOST_SCHEMAS {
            return Err(format!("the schema has more than {MOST_SCHEMAS} parts"));
        }
        schemas.push(compiler.compile_at(&location)?);
    }
    Ok(Compiled { schemas, unresolved: compiler.documents.unresolved })
}

/// The keywords whose schemas must be right although a `$ref` beside them hides them.
const BESIDE_REFERENCE: [(&str, Draft); 5] = [
    ("contains", Draft::V6),
    ("propertyNames", Draft::V6),
    ("if", Draft::V7),
    ("then", Draft::V7),
    ("else", Draft::V7),
];

struct Compiler<'a, 'c> {
    documents: Documents<'a>,
    ids: BTreeMap<Location, Id>,
    queue: Vec<Location>,
    asserts_formats: bool,
    check: &'c CheckSchema<'c>,
}

/// The keywords of one schema.
struct Keywords<'k> {
    map: &'k Map<String, Value>,
    at: &'k Location,
    draft: Draft,
}

impl Keywords<'_> {
    fn text(&self, keyword: &str) -> Option<&str> {
        self.map.get(keyword)?.as_str()
    }

    fn flag(&self, keyword: &str) -> Option<bool> {
        self.map.get(keyword)?.as_bool()
    }

    fn number(&self, keyword: &str) -> Option<f64> {
        self.map.get(keyword)?.as_f64()
    }

    /// A whole number, also as `1.0`.
    fn count(&self, keyword: &str) -> Option<u64> {
        let number = self.number(keyword)?;
        (number.fract() == 0.0 && number >= 0.0).then_some(number as u64)
    }

    fn entries(&self, keyword: &str) -> Option<&Map<String, Value>> {
        self.map.get(keyword)?.as_object()
    }

    fn items(&self, keyword: &str) -> Option<&Vec<Value>> {
        self.map.get(keyword)?.as_array()
    }

    /// The bound that holds: before draft 6 a flag beside it made it exclusive.
    fn bounds(&self, plain: &str, exclusive: &str) -> (Option<f64>, Option<f64>) {
        if self.flag(exclusive) == Some(true) {
            return (None, self.number(plain));
        }
        (self.number(plain), self.number(exclusive))
    }
}

fn texts(items: &[Value]) -> Vec<String> {
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The types a schema may name, in the order its library shows them.
const TYPES: [&str; 7] = ["null", "boolean", "number", "integer", "string", "array", "object"];

fn types_of(value: Option<&Value>) -> Vec<&'static str> {
    let is_named = |name: &&str| match value {
        Some(Value::String(text)) => text == name,
        Some(Value::Array(items)) => items.iter().any(|item| item.as_str() == Some(name)),
        _ => false,
    };
    TYPES.into_iter().filter(is_named).collect()
}

impl Compiler<'_, '_> {
    fn id_of(&mut self, location: Location) -> Id {
        if let Some(id) = self.ids.get(&location) {
            return *id;
        }
        let id = Id(self.queue.len());
        self.queue.push(location.clone());
        self.ids.insert(location, id);
        id
    }

    fn check_schema(&self, location: &Location) -> Result<(), String> {
        let value = self.documents.value(location)?;
        (self.check)(self.documents.draft(location), location, value)
    }

    fn compile_at(&mut self, location: &Location) -> Result<Schema, String> {
        if self.documents.visit(location)? {
            self.check_schema(location)?;
        }
        let value = self.documents.value(location)?;
        let draft = self.documents.draft(location);
        let base = self.documents.base(location);
        let is_base = base == *location;
        let mut schema = empty_schema(location.text(), draft, self.id_of(base));
        if draft >= Draft::V2020 && is_base {
            for (anchor, place) in self.documents.dynamic_anchors(location) {
                let id = self.id_of(place);
                schema.dynamic_anchors.insert(anchor, id);
            }
        }
        match value {
            Value::Bool(always) => schema.always = Some(*always),
            Value::Object(map) if map.is_empty() => schema.always = Some(true),
            Value::Object(map) => self.fill(&mut schema, &Keywords { map, at: location, draft })?,
            _ => {}
        }
        Ok(schema)
    }

    fn fill(&mut self, schema: &mut Schema, keywords: &Keywords<'_>) -> Result<(), String> {
        schema.reference = self.reference(keywords, "$ref")?;
        schema.constant = keywords.map.get("const").filter(|_| keywords.draft >= Draft::V6).cloned();
        if keywords.draft < Draft::V2019 && schema.reference.is_some() {
            // The other keywords beside it do not count, but the library looks at `const`, and compiles what these hold.
            for (keyword, since) in BESIDE_REFERENCE {
                let _ = (keywords.draft >= since).then(|| self.one(keywords, keyword));
            }
            return Ok(());
        }
        self.fill_applicators(schema, keywords);
        self.fill_object(schema, keywords)?;
        self.fill_array(schema, keywords);
        fill_scalars(schema, keywords)?;
        let asserts_formats = self.asserts_formats || keywords.draft < Draft::V2019;
        schema.format = keywords.text("format").filter(|_| asserts_formats).and_then(formats::find);
        self.fill_late_references(schema, keywords)
    }

    fn reference(&mut self, keywords: &Keywords<'_>, keyword: &str) -> Result<Option<Id>, String> {
        let Some(reference) = keywords.text(keyword) else { return Ok(None) };
        let target = self.documents.resolve(keywords.at, reference)?;
        Ok(Some(self.id_of(target)))
    }

    fn one(&mut self, keywords: &Keywords<'_>, keyword: &str) -> Option<Id> {
        keywords.map.get(keyword)?;
        Some(self.id_of(keywords.at.below([keyword])))
    }

    fn list(&mut self, keywords: &Keywords<'_>, keyword: &str) -> Vec<Id> {
        let count = keywords.items(keyword).map_or(0, Vec::len);
        (0..count).map(|index| self.id_of(keywords.at.below([keyword, &index.to_string()]))).collect()
    }

    fn entries(&mut self, keywords: &Keywords<'_>, keyword: &str) -> BTreeMap<String, Id> {
        let keys = keywords.entries(keyword).into_iter().flat_map(Map::keys);
        keys.map(|key| (key.clone(), self.id_of(keywords.at.below([keyword, key])))).collect()
    }

    fn additional(&mut self, keywords: &Keywords<'_>, keyword: &str) -> Option<Additional> {
        let allowed = keywords.flag(keyword).map(Additional::Allowed);
        allowed.or_else(|| self.one(keywords, keyword).map(Additional::Schema))
    }

    fn fill_applicators(&mut self, schema: &mut Schema, keywords: &Keywords<'_>) {
        schema.all_of = self.list(keywords, "allOf");
        schema.any_of = self.list(keywords, "anyOf");
        schema.one_of = self.list(keywords, "oneOf");
        schema.not = self.one(keywords, "not");
        if keywords.draft >= Draft::V7 {
            schema.condition = self.one(keywords, "if");
            let decided = keywords.flag("if").filter(|_| schema.condition.is_some());
            if schema.condition.is_some() && decided != Some(false) {
                schema.then = self.one(keywords, "then");
            }
            if schema.condition.is_some() && decided != Some(true) {
                schema.otherwise = self.one(keywords, "else");
            }
        }
    }

    fn fill_object(&mut self, schema: &mut Schema, keywords: &Keywords<'_>) -> Result<(), String> {
        schema.least_properties = keywords.count("minProperties");
        schema.most_properties = keywords.count("maxProperties");
        schema.required = keywords.items("required").map_or_else(Vec::new, |items| texts(items));
        schema.properties = self.entries(keywords, "properties");
        for (text, id) in self.entries(keywords, "patternProperties") {
            let regex = compile_pattern(&text, keywords, "patternProperties")?;
            schema.pattern_properties.push((regex, id));
        }
        schema.additional_properties = self.additional(keywords, "additionalProperties");
        for (property, value) in keywords.entries("dependencies").into_iter().flatten() {
            let dependency = match value {
                Value::Array(items) => Dependency::Properties(texts(items)),
                _ => Dependency::Schema(self.id_of(keywords.at.below(["dependencies", property]))),
            };
            schema.dependencies.insert(property.clone(), dependency);
        }
        if keywords.draft >= Draft::V6 {
            schema.property_names = self.one(keywords, "propertyNames");
        }
        if keywords.draft >= Draft::V2019 {
            schema.dependent_schemas = self.entries(keywords, "dependentSchemas");
            for (property, value) in keywords.entries("dependentRequired").into_iter().flatten() {
                let required = value.as_array().map(|items| texts(items));
                schema.dependent_required.extend(required.map(|required| (property.clone(), required)));
            }
            schema.unevaluated_properties = self.one(keywords, "unevaluatedProperties");
        }
        Ok(())
    }

    fn fill_array(&mut self, schema: &mut Schema, keywords: &Keywords<'_>) {
        schema.least_items = keywords.count("minItems");
        schema.most_items = keywords.count("maxItems");
        schema.unique_items = keywords.flag("uniqueItems") == Some(true);
        if keywords.draft >= Draft::V2020 {
            schema.first_items = self.list(keywords, "prefixItems");
            schema.other_items = self.one(keywords, "items");
        } else if keywords.items("items").is_some() {
            schema.items = Some(Items::Each(self.list(keywords, "items")));
            schema.additional_items = self.additional(keywords, "additionalItems");
        } else {
            schema.items = self.one(keywords, "items").map(Items::All);
        }
        if keywords.draft >= Draft::V6 {
            schema.contains = self.one(keywords, "contains");
        }
        if keywords.draft >= Draft::V2019 {
            schema.least_contained = keywords.count("minContains").filter(|_| schema.contains.is_some());
            schema.most_contained = keywords.count("maxContains").filter(|_| schema.contains.is_some());
            schema.unevaluated_items = self.one(keywords, "unevaluatedItems");
        }
    }

    fn fill_late_references(&mut self, schema: &mut Schema, keywords: &Keywords<'_>) -> Result<(), String> {
        if keywords.draft >= Draft::V2019 {
            schema.recursive_reference = self.reference(keywords, "$recursiveRef")?;
            schema.recursive_anchor = keywords.flag("$recursiveAnchor") == Some(true);
        }
        if keywords.draft >= Draft::V2020
            && let Some(target) = self.reference(keywords, "$dynamicRef")?
        {
            let fragment = keywords.text("$dynamicRef").and_then(|text| Some(text.split_once('#')?.1));
            let anchor = fragment.filter(|fragment| !fragment.is_empty() && !fragment.starts_with('/'));
            schema.dynamic_reference = Some((target, anchor.map(str::to_owned)));
        }
        Ok(())
    }
}

fn fill_scalars(schema: &mut Schema, keywords: &Keywords<'_>) -> Result<(), String> {
    schema.types = types_of(keywords.map.get("type"));
    schema.choices = keywords.items("enum").cloned();
    (schema.minimum, schema.exclusive_minimum) = keywords.bounds("minimum", "exclusiveMinimum");
    (schema.maximum, schema.exclusive_maximum) = keywords.bounds("maximum", "exclusiveMaximum");
    schema.multiple_of = keywords.number("multipleOf");
    schema.least_length = keywords.count("minLength");
    schema.most_length = keywords.count("maxLength");
    if let Some(text) = keywords.text("pattern") {
        schema.pattern = Some((compile_pattern(text, keywords, "pattern")?, text.to_owned()));
    }
    Ok(())
}

fn compile_pattern(text: &str, keywords: &Keywords<'_>, keyword: &str) -> Result<Regex, String> {
    pattern::compile(text).map_err(|error| {
        let place = keywords.at.below([keyword]).text();
        format!("invalid regex {} at {}: {error}", quote(text), quote(&place))
    })
}

fn empty_schema(location: String, draft: Draft, base: Id) -> Schema {
    Schema { location, draft, base, ..Schema::default() }
}
