//! The OpenAPI document of the REST API, made from the table of routes.
//!
//! Most of what it says of an operation comes from its handler: the name of the function is the operation's id, its
//! module the tag, its arguments the parameters and the body, so none of them can be documented wrongly. The row adds a
//! summary and the answer; what the row needs decides which credentials help and which errors are possible.

mod document;
pub(crate) mod input;
mod page;
mod parameters;

pub(crate) use document::document;
pub(crate) use input::{Inputs, Reads};
pub(crate) use page::{escaped, page};

use http::StatusCode;
use utoipa::ToSchema;
use utoipa::openapi::{Ref, RefOr, Schema};

/// Named schemas, some of them more than once.
pub(crate) type Schemas = Vec<(String, RefOr<Schema>)>;

/// A reference to the schema of `T`, which goes to `schemas` with all that it refers to itself.
pub(crate) fn reference<T: ToSchema>(schemas: &mut Schemas) -> RefOr<Schema> {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
    Ref::from_schema_name(T::name()).into()
}

/// What a successful answer carries.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// No body.
    Nothing,
    /// JSON of a type.
    Json(fn(&mut Schemas) -> RefOr<Schema>),
    /// Something else, by its media type.
    Media(&'static str),
}

impl Answer {
    /// Whether it has a field `secret`: what is shown once, and stored nowhere.
    pub(crate) fn has_secret(self) -> bool {
        let Self::Json(schema) = self else { return false };
        let mut schemas = Schemas::new();
        schema(&mut schemas);
        let texts = schemas.iter().map(|(_, schema)| serde_json::to_value(schema).unwrap_or_default());
        texts.into_iter().any(|schema| names_secret(&schema))
    }
}

fn names_secret(schema: &serde_json::Value) -> bool {
    use serde_json::Value;
    match schema {
        Value::Object(fields) => fields.iter().any(|(name, value)| {
            (name == "properties" && value.get("secret").is_some()) || names_secret(value)
        }),
        Value::Array(values) => values.iter().any(names_secret),
        _ => false,
    }
}

/// What the document says of a row, apart from what the row says itself.
#[derive(Clone)]
pub(crate) struct Operation {
    /// The handler's path in the code: `…::http::MODULE::FUNCTION`.
    pub(crate) handler: &'static str,
    /// One line.
    pub(crate) summary: &'static str,
    /// What the handler reads of a request.
    pub(crate) reads: fn(&mut Reads),
    /// The status of success.
    pub(crate) status: StatusCode,
    /// The body of success.
    pub(crate) answer: Answer,
    /// Errors that neither the need nor the arguments tell.
    pub(crate) errors: Vec<StatusCode>,
}

impl Operation {
    /// The operation's id: the name of the handler.
    pub(crate) fn id(&self) -> &'static str {
        self.handler.rsplit("::").next().unwrap_or_default()
    }

    /// The operation's tag: the handler's module.
    pub(crate) fn tag(&self) -> &'static str {
        self.handler.rsplit("::").nth(1).unwrap_or_default()
    }
}
