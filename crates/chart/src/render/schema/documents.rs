//! The documents of a schema: the file itself and the schemas for schemas; names and anchors inside them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::render::go::quote;
use crate::render::schema::draft::{Draft, Place, SUBSCHEMAS, metaschema};

/// A schema that is named, and so the base of references below it.
#[derive(Clone, Debug)]
struct Resource {
    id: String,
    draft: Draft,
    anchors: BTreeMap<String, String>,
    dynamic_anchors: BTreeSet<String>,
}

/// One JSON document.
#[derive(Debug)]
struct Document<'a> {
    root: &'a Value,
    /// By JSON pointer; the root is always there.
    resources: BTreeMap<String, Resource>,
    /// The pointers of all schemas that were looked through.
    seen: BTreeSet<String>,
}

/// A place in a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location {
    /// The document's address.
    pub(crate) url: String,
    /// The JSON pointer.
    pub(crate) pointer: String,
}

impl Location {
    /// The place one or more steps below.
    pub(crate) fn below<'a>(&self, steps: impl IntoIterator<Item = &'a str>) -> Self {
        let mut pointer = self.pointer.clone();
        for step in steps {
            push_step(&mut pointer, step);
        }
        Self { url: self.url.clone(), pointer }
    }

    /// `URL#POINTER`.
    pub(crate) fn text(&self) -> String {
        format!("{}#{}", self.url, encode_fragment(&self.pointer))
    }
}

/// Adds a step to a JSON pointer.
pub(crate) fn push_step(pointer: &mut String, step: &str) {
    pointer.push('/');
    for character in step.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// All documents in use.
#[derive(Debug, Default)]
pub(crate) struct Documents<'a> {
    documents: BTreeMap<String, Document<'a>>,
    /// The names (`urn:`) that nothing is known of.
    pub(crate) unresolved: Vec<String>,
}

impl<'a> Documents<'a> {
    /// Adds a document; its draft is that of its `$schema`, or `draft`.
    pub(crate) fn add(&mut self, url: &str, root: &'a Value, draft: Draft) -> Result<(), String> {
        let mut document = Document { root, resources: BTreeMap::new(), seen: BTreeSet::new() };
        document.collect(url, root, url, "", draft)?;
        self.documents.insert(url.to_owned(), document);
        Ok(())
    }

    /// The value at a place.
    pub(crate) fn value(&self, location: &Location) -> Result<&'a Value, String> {
        let document = &self.documents[&location.url];
        lookup(document.root, &location.pointer)
            .ok_or_else(|| format!("json-pointer in {} not found", quote(&location.text())))
    }

    /// The draft that holds at a place.
    pub(crate) fn draft(&self, location: &Location) -> Draft {
        self.resource(location).1.draft
    }

    /// The place of the named schema around a place.
    pub(crate) fn base(&self, location: &Location) -> Location {
        Location { url: location.url.clone(), pointer: self.resource(location).0.to_owned() }
    }

    /// The dynamic anchors of a named schema, with their places.
    pub(crate) fn dynamic_anchors(&self, base: &Location) -> Vec<(String, Location)> {
        let (_, resource) = self.resource(base);
        let place = |anchor: &String| {
            let pointer = resource.anchors.get(anchor)?.clone();
            Some((anchor.clone(), Location { url: base.url.clone(), pointer }))
        };
        resource.dynamic_anchors.iter().filter_map(place).collect()
    }

    fn resource(&self, location: &Location) -> (&str, &Resource) {
        let resources = &self.documents[&location.url].resources;
        let mut pointer = location.pointer.as_str();
        loop {
            if let Some((pointer, resource)) = resources.get_key_value(pointer) {
                return (pointer, resource);
            }
            // The root has an entry, and no slash is left only there.
            pointer = pointer.rfind('/').map_or("", |slash| &pointer[..slash]);
        }
    }

    /// Looks for names below a place that is no known place of schemas; `true` if it was new.
    pub(crate) fn visit(&mut self, location: &Location) -> Result<bool, String> {
        if self.documents[&location.url].seen.contains(&location.pointer) {
            return Ok(false);
        }
        let value = self.value(location)?;
        let (_, resource) = self.resource(location);
        let (id, draft) = (resource.id.clone(), resource.draft);
        let document = self.documents.get_mut(&location.url).expect("places are in known documents");
        document.collect(&location.url, value, &id, &location.pointer, draft)?;
        Ok(true)
    }

    /// The place that a reference at a place leads to.
    pub(crate) fn resolve(&mut self, from: &Location, reference: &str) -> Result<Location, String> {
        let (target, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let fragment = decode_fragment(fragment);
        let url = join_url(&self.resource(from).1.id, target);
        if url == from.url {
            return self.find_fragment(&url, "", &fragment);
        }
        let named = self.documents[&from.url].resources.iter().find(|(_, resource)| resource.id == url);
        if let Some((pointer, _)) = named {
            let pointer = pointer.clone();
            return self.find_fragment(&from.url, &pointer, &fragment);
        }
        self.load(&url)?;
        self.find_fragment(&url, "", &fragment)
    }

    fn find_fragment(&self, url: &str, base: &str, fragment: &str) -> Result<Location, String> {
        let resource = &self.documents[url].resources[base];
        let pointer = if fragment.is_empty() || fragment.starts_with('/') {
            format!("{base}{fragment}")
        } else {
            resource.anchors.get(fragment).cloned().ok_or_else(|| {
                let reference = format!("{}#{}", resource.id, encode_fragment(fragment));
                format!("anchor in {} not found in schema {}", quote(&reference), quote(url))
            })?
        };
        Ok(Location { url: url.to_owned(), pointer })
    }

    /// Makes a document known. Only the schemas for schemas are; names without a place fit everything, as in Helm.
    pub(crate) fn load(&mut self, url: &str) -> Result<(), String> {
        if self.documents.contains_key(url) {
            return Ok(());
        }
        if let Some(document) = metaschema(url) {
            return self.add(url, document, Draft::V2020);
        }
        if url.starts_with("urn:") {
            self.unresolved.push(url.to_owned());
            return self.add(url, &FITS_EVERYTHING, Draft::V2020);
        }
        Err(format!("failing loading {}: {REFUSED}", quote(url)))
    }
}

/// What Helm would do and a store must not: fetch what a chart names.
const REFUSED: &str =
    "references to other files and addresses are not followed; put the schema into values.schema.json";

/// The schema that is taken for those under unknown names.
static FITS_EVERYTHING: Value = Value::Bool(true);

/// The value at a JSON pointer.
fn lookup<'v>(root: &'v Value, pointer: &str) -> Option<&'v Value> {
    pointer.split('/').skip(1).try_fold(root, |value, step| {
        let step = match step.contains('~') {
            true => Cow::Owned(step.replace("~1", "/").replace("~0", "~")),
            false => Cow::Borrowed(step),
        };
        match value {
            Value::Object(map) => map.get(&*step),
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        }
    })
}

impl Document<'_> {
    /// Notes the names and anchors in a schema and its subschemas.
    fn collect(
        &mut self,
        url: &str,
        schema: &Value,
        base: &str,
        pointer: &str,
        around: Draft,
    ) -> Result<(), String> {
        if !self.seen.insert(pointer.to_owned()) {
            return Ok(());
        }
        let mut draft = own_draft(url, schema, around)?;
        let mut id = draft.id_of(schema);
        if id.is_none() && !pointer.is_empty() {
            draft = around;
            id = draft.id_of(schema);
        }
        let base = id.map_or_else(|| Cow::Borrowed(base), |id| Cow::Owned(join_url(base, id)));
        if pointer.is_empty() || id.is_some() {
            self.add_resource(url, &base, pointer, draft)?;
        }
        self.add_anchors(url, &base, schema, pointer)?;
        for (keyword, place, since) in SUBSCHEMAS {
            let Some(value) = schema.get(keyword).filter(|_| since <= draft) else { continue };
            for (steps, subschema) in subschemas(keyword, place, value) {
                let mut below = pointer.to_owned();
                steps.iter().for_each(|step| push_step(&mut below, step));
                self.collect(url, subschema, &base, &below, draft)?;
            }
        }
        Ok(())
    }

    fn add_resource(&mut self, url: &str, id: &str, pointer: &str, draft: Draft) -> Result<(), String> {
        let present = self.resources.iter().find(|(_, resource)| resource.id == id);
        if let Some((other, _)) = present {
            let (id, url, pointer, other) = (quote(id), quote(url), quote(pointer), quote(other));
            return Err(format!("duplicate id {id} in {url} at {pointer} and {other}"));
        }
        let resource =
            Resource { id: id.to_owned(), draft, anchors: BTreeMap::new(), dynamic_anchors: BTreeSet::new() };
        self.resources.insert(pointer.to_owned(), resource);
        Ok(())
    }

    fn add_anchors(&mut self, url: &str, base: &str, schema: &Value, pointer: &str) -> Result<(), String> {
        let Some(resource) = self.resources.values_mut().find(|resource| resource.id == base) else {
            return Ok(());
        };
        for (anchor, is_dynamic) in anchors_of(schema, resource.draft) {
            if let Some(other) = resource.anchors.get(&anchor).filter(|other| *other != pointer) {
                let (anchor, url, other, pointer) =
                    (quote(&anchor), quote(url), quote(other), quote(pointer));
                return Err(format!("duplicate anchor {anchor} in {url} at {other} and {pointer}"));
            }
            if is_dynamic {
                resource.dynamic_anchors.insert(anchor.clone());
            }
            resource.anchors.insert(anchor, pointer.to_owned());
        }
        Ok(())
    }
}

/// The draft that a schema's `$schema` names. Others than the known ones would have to be fetched.
fn own_draft(url: &str, schema: &Value, around: Draft) -> Result<Draft, String> {
    let Some(name) = schema.get("$schema").and_then(Value::as_str) else { return Ok(around) };
    if let Some(draft) = Draft::of(name) {
        return Ok(draft);
    }
    let name = name.split('#').next().unwrap_or(name);
    if name == url {
        return Err(format!("draft {} is not supported", quote(name)));
    }
    Err(format!("failing loading {}: {REFUSED}", quote(name)))
}

/// The anchors of one schema; `true` marks the dynamic ones.
fn anchors_of(schema: &Value, draft: Draft) -> Vec<(String, bool)> {
    let text = |keyword| schema.get(keyword).and_then(Value::as_str).map(str::to_owned);
    let mut anchors = Vec::new();
    if draft >= Draft::V2019 {
        anchors.extend(text("$anchor").map(|anchor| (anchor, false)));
    } else if schema.get("$ref").is_none() {
        let fragment = text(draft.id_keyword()).and_then(|id| Some(decode_fragment(id.split_once('#')?.1)));
        let is_anchor = |fragment: &String| !fragment.is_empty() && !fragment.starts_with('/');
        anchors.extend(fragment.filter(is_anchor).map(|anchor| (anchor, false)));
    }
    if draft >= Draft::V2020 {
        anchors.extend(text("$dynamicAnchor").map(|anchor| (anchor, true)));
    }
    anchors
}

/// The schemas in the value of a keyword, with the steps to them.
fn subschemas<'v>(keyword: &str, place: Place, value: &'v Value) -> Vec<(Vec<String>, &'v Value)> {
    let step = |below: String| vec![keyword.to_owned(), below];
    match (place, value) {
        (Place::Value, value) => vec![(vec![keyword.to_owned()], value)],
        (Place::Entries, Value::Object(map)) => {
            map.iter().map(|(key, value)| (step(key.clone()), value)).collect()
        }
        (Place::Items, Value::Array(items)) => {
            items.iter().enumerate().map(|(index, value)| (step(index.to_string()), value)).collect()
        }
        _ => Vec::new(),
    }
}

/// Resolves a relative address against a base.
fn join_url(base: &str, reference: &str) -> String {
    let scheme_end = |url: &str| {
        let end = url.find(':')?;
        let is_scheme = url[..end].chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        (end > 0 && is_scheme).then_some(end)
    };
    if reference.is_empty() {
        return base.to_owned();
    }
    let Some(scheme) = scheme_end(base).filter(|_| scheme_end(reference).is_none()) else {
        return reference.to_owned();
    };
    if reference.starts_with("//") {
        return format!("{}:{reference}", &base[..scheme]);
    }
    let Some(authority) = base[scheme..].strip_prefix("://") else { return base.to_owned() };
    let path_start = authority.find('/').map_or(base.len(), |slash| scheme + 3 + slash);
    let path = match reference.strip_prefix('/') {
        Some(_) => reference.to_owned(),
        None => {
            let folder =
                base[path_start..].rfind('/').map_or("/", |slash| &base[path_start..=path_start + slash]);
            format!("{folder}{reference}")
        }
    };
    format!("{}{}", &base[..path_start], without_dots(&path))
}

/// Removes `.` and `..` from a path.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (index, segment) in segments.iter().enumerate() {
        let is_last = index + 1 == segments.len();
        match *segment {
            "." => kept.extend(is_last.then_some("")),
            ".." => {
                kept.pop();
                kept.extend(is_last.then_some(""));
            }
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}

fn decode_fragment(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = (first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Escapes what may not stand in a fragment; slashes stay.
fn encode_fragment(fragment: &str) -> String {
    let mut text = String::with_capacity(fragment.len());
    for byte in fragment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/$&+=:@".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
