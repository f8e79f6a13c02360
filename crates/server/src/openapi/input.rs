//! What handlers read of a request, told by the types of their arguments.

use std::collections::BTreeSet;

use axum::extract::{Path, Request, State};
use http::{HeaderMap, StatusCode};
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ContentBuilder, RefOr, Required, Schema, Type};

use super::{Schemas, reference};
use crate::app::{Scope, SharedApp, WorkspaceScope};
use crate::http::{Json, PeerAddress, Query};
use crate::routes::Caller;
use crate::service::apps::AppScope;

/// What is read of a request beside its path, and which errors that brings.
#[derive(Default)]
pub(crate) struct Reads {
    /// Query parameters and headers.
    pub(crate) parameters: Vec<Parameter>,
    /// The body.
    pub(crate) body: Option<RequestBody>,
    /// Statuses that follow from bad input.
    pub(crate) errors: BTreeSet<StatusCode>,
    /// The schemas of all of it.
    pub(crate) schemas: Schemas,
}

/// An argument of a handler.
#[diagnostic::on_unimplemented(
    message = "the OpenAPI document does not know what `{Self}` reads of a request",
    note = "implement `openapi::input::Input` for this extractor, beside it"
)]
pub(crate) trait Input {
    /// Whether it reads query parameters: a request with some is refused where no argument does.
    const QUERY: bool = false;

    /// Notes what it reads: nothing that a client sends, unless said.
    fn describe(_reads: &mut Reads) {}
}

/// All arguments of a handler, in the form of axum's marker types: `(Kind, First, Second, …)`.
pub(crate) trait Inputs {
    /// Whether one of them reads query parameters.
    const QUERY: bool;

    /// Notes what they read.
    fn describe(reads: &mut Reads);
}

macro_rules! inputs {
    ($($argument:ident),*) => {
        impl<Kind, $($argument: Input),*> Inputs for (Kind, $($argument,)*) {
            const QUERY: bool = false $(|| $argument::QUERY)*;

            fn describe(reads: &mut Reads) {
                // Without arguments there is nothing to note.
                let _ = &reads;
                $($argument::describe(reads);)*
            }
        }
    };
}

inputs!();
inputs!(A);
inputs!(A, B);
inputs!(A, B, C);
inputs!(A, B, C, D);
inputs!(A, B, C, D, E);
inputs!(A, B, C, D, E, F);
inputs!(A, B, C, D, E, F, G);

impl Input for State<SharedApp> {}
impl Input for Caller {}
impl Input for Scope {}
impl Input for WorkspaceScope {}
impl Input for AppScope {}
impl Input for PeerAddress {}
impl Input for HeaderMap {}
impl Input for Request {}

// Only of strings, which cannot fail: a name that breaks its rule is the handler's to answer.
impl Input for Path<String> {}
impl Input for Path<(String, String)> {}
impl Input for Path<(String, String, String)> {}

impl<T: ToSchema> Input for Json<T> {
    fn describe(reads: &mut Reads) {
        let content = ContentBuilder::new().schema(Some(reference::<T>(&mut reads.schemas))).build();
        let body = RequestBodyBuilder::new().content("application/json", content);
        reads.body = Some(body.required(Some(Required::True)).build());
        reads.errors.extend([StatusCode::PAYLOAD_TOO_LARGE, StatusCode::UNSUPPORTED_MEDIA_TYPE]);
    }
}

impl<T: ToSchema> Input for Query<T> {
    const QUERY: bool = true;

    fn describe(reads: &mut Reads) {
        T::schemas(&mut reads.schemas);
        let RefOr::T(Schema::Object(object)) = T::schema() else {
            unreachable!("{}: query parameters are a struct with plain fields", T::name());
        };
        for (name, schema) in object.properties {
            let required = object.required.contains(&name);
            reads.parameters.push(query_parameter(name, required, present(schema)));
        }
    }
}

/// A header that may be sent.
pub(crate) fn header_parameter(name: &str, description: &str) -> Parameter {
    let text = utoipa::openapi::ObjectBuilder::new().schema_type(Type::String);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(text.build()))
        .build()
}

fn query_parameter(name: String, required: bool, mut schema: RefOr<Schema>) -> Parameter {
    let description = match &mut schema {
        RefOr::T(Schema::Object(object)) => object.description.take(),
        RefOr::T(Schema::Array(array)) => array.description.take(),
        _ => None,
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(if required { Required::True } else { Required::False })
        .description(description)
        .schema(Some(schema))
        .build()
}

/// The schema without `null`: a query parameter that has no value is absent.
fn present(schema: RefOr<Schema>) -> RefOr<Schema> {
    let is_null = |schema: &RefOr<Schema>| matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null));
    match schema {
        RefOr::T(Schema::Object(mut object)) => {
            object.schema_type = without_null(object.schema_type);
            RefOr::T(Schema::Object(object))
        }
        RefOr::T(Schema::Array(mut array)) => {
            array.schema_type = without_null(array.schema_type);
            RefOr::T(Schema::Array(array))
        }
        RefOr::T(Schema::OneOf(mut one_of))
            if one_of.items.len() == 2 && one_of.items.iter().any(is_null) =>
        {
            one_of.items.retain(|item| !is_null(item));
            one_of.items.pop().unwrap_or(RefOr::T(Schema::OneOf(one_of)))
        }
        other => other,
    }
}

fn without_null(kind: SchemaType) -> SchemaType {
    match kind {
        SchemaType::Array(mut types) => {
            types.retain(|kind| *kind != Type::Null);
            match types.as_slice() {
                [only] => SchemaType::Type(only.clone()),
                _ => SchemaType::Array(types),
            }
        }
        other => other,
    }
}
