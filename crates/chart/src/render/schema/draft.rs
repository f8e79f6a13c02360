//! The versions of JSON Schema.

use std::sync::LazyLock;

use serde_json::Value;

/// A version of JSON Schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Draft {
    V4,
    V6,
    V7,
    V2019,
    #[default]
    V2020,
}

/// Where subschemas stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The keyword's value.
    Value,
    /// Each entry of the keyword's map.
    Entries,
    /// Each item of the keyword's list.
    Items,
}

/// The keywords with subschemas, the place of these and the first draft that has them.
pub(crate) const SUBSCHEMAS: [(&str, Place, Draft); 23] = [
    ("definitions", Place::Entries, Draft::V4),
    ("not", Place::Value, Draft::V4),
    ("allOf", Place::Items, Draft::V4),
    ("anyOf", Place::Items, Draft::V4),
    ("oneOf", Place::Items, Draft::V4),
    ("properties", Place::Entries, Draft::V4),
    ("additionalProperties", Place::Value, Draft::V4),
    ("patternProperties", Place::Entries, Draft::V4),
    ("items", Place::Value, Draft::V4),
    ("items", Place::Items, Draft::V4),
    ("additionalItems", Place::Value, Draft::V4),
    ("dependencies", Place::Entries, Draft::V4),
    ("propertyNames", Place::Value, Draft::V6),
    ("contains", Place::Value, Draft::V6),
    ("if", Place::Value, Draft::V7),
    ("then", Place::Value, Draft::V7),
    ("else", Place::Value, Draft::V7),
    ("$defs", Place::Entries, Draft::V2019),
    ("dependentSchemas", Place::Entries, Draft::V2019),
    ("unevaluatedProperties", Place::Value, Draft::V2019),
    ("unevaluatedItems", Place::Value, Draft::V2019),
    ("contentSchema", Place::Value, Draft::V2019),
    ("prefixItems", Place::Items, Draft::V2020),
];

impl Draft {
    /// How many there are.
    pub(crate) const COUNT: usize = 5;

    /// The draft of a `$schema`, if it names one.
    pub(crate) fn of(schema: &str) -> Option<Self> {
        let (url, fragment) = schema.split_once('#').unwrap_or((schema, ""));
        if !fragment.is_empty() {
            return None;
        }
        let path = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")).unwrap_or(url);
        match path {
            "json-schema.org/schema" | "json-schema.org/draft/2020-12/schema" => Some(Self::V2020),
            "json-schema.org/draft/2019-09/schema" => Some(Self::V2019),
            "json-schema.org/draft-07/schema" => Some(Self::V7),
            "json-schema.org/draft-06/schema" => Some(Self::V6),
            "json-schema.org/draft-04/schema" => Some(Self::V4),
            _ => None,
        }
    }

    /// The address of the schema for schemas.
    pub(crate) fn url(self) -> &'static str {
        match self {
            Self::V4 => "http://json-schema.org/draft-04/schema",
            Self::V6 => "http://json-schema.org/draft-06/schema",
            Self::V7 => "http://json-schema.org/draft-07/schema",
            Self::V2019 => "https://json-schema.org/draft/2019-09/schema",
            Self::V2020 => "https://json-schema.org/draft/2020-12/schema",
        }
    }

    /// The keyword that names a schema.
    pub(crate) fn id_keyword(self) -> &'static str {
        if self == Self::V4 { "id" } else { "$id" }
    }

    /// The name a schema gives itself, without fragment.
    pub(crate) fn id_of(self, schema: &Value) -> Option<&str> {
        // Before 2019 a $ref hid everything beside it.
        if self < Self::V2019 && schema.get("$ref").is_some() {
            return None;
        }
        let id = schema.get(self.id_keyword())?.as_str()?;
        let id = id.split('#').next().unwrap_or(id);
        (!id.is_empty()).then_some(id)
    }
}

macro_rules! metaschemas {
    ($($path:literal => $file:literal),+ $(,)?) => {
        /// Each is read when it is asked for: a schema is of one draft.
        static METASCHEMAS: [(&str, LazyLock<Value>); [$($path),+].len()] = [$((
            $path,
            LazyLock::new(|| {
                serde_json::from_str(include_str!(concat!("metaschemas/", $file, ".json")))
                    .expect("the files are part of the program")
            }),
        )),+];
    };
}

metaschemas! {
    "draft-04/schema" => "draft-04",
    "draft-06/schema" => "draft-06",
    "draft-07/schema" => "draft-07",
    "draft/2019-09/schema" => "2019-09-schema",
    "draft/2019-09/meta/applicator" => "2019-09-applicator",
    "draft/2019-09/meta/content" => "2019-09-content",
    "draft/2019-09/meta/core" => "2019-09-core",
    "draft/2019-09/meta/format" => "2019-09-format",
    "draft/2019-09/meta/meta-data" => "2019-09-meta-data",
    "draft/2019-09/meta/validation" => "2019-09-validation",
    "draft/2020-12/schema" => "2020-12-schema",
    "draft/2020-12/meta/applicator" => "2020-12-applicator",
    "draft/2020-12/meta/content" => "2020-12-content",
    "draft/2020-12/meta/core" => "2020-12-core",
    "draft/2020-12/meta/format-annotation" => "2020-12-format-annotation",
    "draft/2020-12/meta/format-assertion" => "2020-12-format-assertion",
    "draft/2020-12/meta/meta-data" => "2020-12-meta-data",
    "draft/2020-12/meta/unevaluated" => "2020-12-unevaluated",
    "draft/2020-12/meta/validation" => "2020-12-validation",
}

/// The document at an address of json-schema.org, if it is one of the schemas for schemas.
pub(crate) fn metaschema(url: &str) -> Option<&'static Value> {
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    let path = host.strip_prefix("json-schema.org/")?;
    let path = if path == "schema" { "draft/2020-12/schema" } else { path };
    METASCHEMAS.iter().find(|(known, _)| *known == path).map(|(_, document)| &**document)
}
