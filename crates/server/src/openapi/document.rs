//! The document itself.

use std::collections::{BTreeMap, BTreeSet};

use chandlery_api::Problem;
use chandlery_core::{Permission, Who};
use http::{Method, StatusCode};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, Paths};
use utoipa::openapi::response::{Response, ResponseBuilder, ResponsesBuilder};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ComponentsBuilder, ContentBuilder, InfoBuilder, LicenseBuilder, ObjectBuilder, OpenApi,
    OpenApiBuilder, Ref, RefOr, Required, Server, Type,
};

use super::parameters::{ERRORS, PATH_PARAMETERS, TAGS};
use super::{Answer, Operation, Reads, Schemas, reference};
use crate::idempotency::{KEY_LENGTHS, Repeats};
use crate::routes::{Documented, Need};

const DESCRIPTION: &str = "\
The REST API of Chandlery. Bodies are JSON; errors are problem documents (RFC 9457) with a stable `code`. Unknown \
parameters and fields are refused. Lists come in pages: `next` is the `cursor` of the page that follows, and the `Link` \
header has its whole address. A POST with an `Idempotency-Key` is done once: the same request, byte for byte, gets the kept \
answer (`Idempotency-Replayed: true`); another request with the key, or one while the first is under way, gets 409 with the \
code `idempotency_key_reused` or `idempotency_key_in_use`. Only success is kept. Operations that answer with a secret, or \
make a session, do not keep it and refuse the header.";

/// The document of these rows, for a server whose paths begin at `server`.
///
/// # Panics
/// For a row that names a path parameter, tag or error that the tables do not have.
pub(crate) fn document(rows: &[Documented], server: &str) -> OpenApi {
    let mut schemas = Schemas::new();
    reference::<Problem>(&mut schemas);
    let mut paths = Paths::new();
    for row in rows {
        let operation = operation(row, &mut schemas);
        paths.add_path_operation(row.path, vec![method(&row.method)], operation);
    }
    let license = LicenseBuilder::new().name("Apache License 2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("Chandlery")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(license))
        .build();
    let used: BTreeSet<_> = rows.iter().map(|row| row.operation.tag()).collect();
    let tags = TAGS.iter().filter(|(name, _)| used.contains(name));
    let tags = tags.map(|(name, text)| TagBuilder::new().name(*name).description(Some(*text)).build());
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([Server::new(server)]))
        .paths(paths)
        .components(Some(components(schemas)))
        .tags(Some(tags.collect::<Vec<_>>()))
        .build()
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::GET => HttpMethod::Get,
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        ref other => unreachable!("the REST API has no {other}"),
    }
}

fn operation(row: &Documented, schemas: &mut Schemas) -> OperationBuilder {
    let Operation { summary, reads, status, answer, ref errors, .. } = row.operation;
    let tag = row.operation.tag();
    assert!(
        TAGS.iter().any(|(known, _)| *known == tag),
        "describe the tag {tag} in openapi::parameters::TAGS"
    );
    let mut read = Reads::default();
    reads(&mut read);
    let path_parameters = path_parameters(row.path, schemas);
    let mut failures = read.errors;
    failures.extend(errors_of(row.need));
    failures.extend(errors);
    // Parameters that no handler asks for are refused everywhere.
    failures.insert(StatusCode::BAD_REQUEST);
    if !path_parameters.is_empty() {
        failures.insert(StatusCode::NOT_FOUND);
    }
    let mut parameters = read.parameters;
    if row.repeats == Repeats::AnsweredFromMemory {
        parameters.push(idempotency_key());
        failures.insert(StatusCode::CONFLICT);
    }
    schemas.extend(read.schemas);
    let mut responses = ResponsesBuilder::new().response(status.as_str(), success(status, answer, schemas));
    for failure in failures {
        responses = responses.response(failure.as_str(), Ref::from_response_name(error_name(failure)));
    }
    OperationBuilder::new()
        .operation_id(Some(row.operation.id()))
        .tag(tag)
        .summary(Some(summary))
        .description(needed(row.need))
        .parameters(Some(path_parameters.into_iter().chain(parameters)))
        .request_body(read.body)
        .securities(Some(securities(row.need)))
        .responses(responses)
}

/// The parameters that the pattern names, in its order.
fn path_parameters(pattern: &str, schemas: &mut Schemas) -> Vec<Parameter> {
    let names = pattern.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let described = names.map(|name| {
        let known = PATH_PARAMETERS.iter().find(|parameter| parameter.name == name);
        let known = known.unwrap_or_else(|| {
            panic!("describe the path parameter {name} in openapi::parameters::PATH_PARAMETERS")
        });
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(known.description))
            .schema(Some((known.schema)(schemas)))
            .build()
    });
    described.collect()
}

/// The header of requests that are to be done once.
fn idempotency_key() -> Parameter {
    let (shortest, longest) = KEY_LENGTHS;
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(shortest))
        .max_length(Some(longest))
        .pattern(Some("^[!-~]+$"));
    let description = "A name of the caller's for this request, such as a UUID: within 24 hours the same request \
                       with it gets the same answer, and is not done again.";
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(text.build()))
        .build()
}

fn success(status: StatusCode, answer: Answer, schemas: &mut Schemas) -> Response {
    let response = ResponseBuilder::new().description(status.canonical_reason().unwrap_or_default());
    match answer {
        Answer::Nothing => response.build(),
        Answer::Json(schema) => {
            let content = ContentBuilder::new().schema(Some(schema(schemas))).build();
            response.content("application/json", content).build()
        }
        Answer::Media(kind) => response.content(kind, ContentBuilder::new().build()).build(),
    }
}

/// Errors that the guard of the route answers with.
fn errors_of(need: Need) -> &'static [StatusCode] {
    const UNAUTHENTICATED: StatusCode = StatusCode::UNAUTHORIZED;
    const GUESSING: StatusCode = StatusCode::TOO_MANY_REQUESTS;
    const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
    use StatusCode as Status;
    match need {
        Need::Nothing => &[],
        Need::Anyone | Need::Account => &[UNAUTHENTICATED, GUESSING, UNAVAILABLE],
        Need::FullAccount | Need::Platform(_) => &[UNAUTHENTICATED, Status::FORBIDDEN, GUESSING, UNAVAILABLE],
        // Whoever may not see the place gets 404.
        Need::Store | Need::Repository(Permission::AppsView) => {
            &[UNAUTHENTICATED, Status::NOT_FOUND, GUESSING, UNAVAILABLE]
        }
        Need::Member => &[UNAUTHENTICATED, Status::NOT_FOUND, GUESSING, UNAVAILABLE],
        // Whoever sees an app may read it.
        Need::App(Permission::AppsView) => &[UNAUTHENTICATED, Status::NOT_FOUND, GUESSING, UNAVAILABLE],
        Need::Workspace(_) | Need::App(_) | Need::Lifecycle(_) | Need::Repository(_) => {
            &[UNAUTHENTICATED, Status::FORBIDDEN, Status::NOT_FOUND, GUESSING, UNAVAILABLE]
        }
    }
}

/// What the caller has to be, in words.
fn needed(need: Need) -> Option<String> {
    match need {
        Need::Nothing | Need::Anyone => None,
        Need::Account => Some("Needs an account.".to_owned()),
        Need::FullAccount => {
            Some("Needs an account, by its password or by a token without limits.".to_owned())
        }
        Need::Platform(permission) => {
            Some(format!("Needs the permission `{}` on the platform.", permission.as_str()))
        }
        Need::Store => Some("Needs the right to read the store: the visibility of its repository `system/store` says who has it.".to_owned()),
        Need::Member => Some("Needs any right in the workspace.".to_owned()),
        Need::Workspace(permission) => {
            Some(format!("Needs the permission `{}` in the workspace.", permission.as_str()))
        }
        Need::App(Permission::AppsView) => Some(
            "Needs the permission `apps.view` in the workspace, or `apps.review` on the platform once a version was submitted.".to_owned(),
        ),
        Need::App(permission) => {
            Some(format!("Needs the permission `{}` in the app's workspace.", permission.as_str()))
        }
        Need::Lifecycle(action) => Some(format!("Needs {}.", who_may(action.who()))),
        Need::Repository(permission) => {
            Some(format!("Needs the permission `{}` in the repository.", permission.as_str()))
        }
    }
}

fn who_may(who: Who) -> String {
    match who {
        Who::Workspace(permission) => {
            format!("the permission `{}` in the app's workspace", permission.as_str())
        }
        Who::Platform(permission) => format!("the permission `{}` on the platform", permission.as_str()),
        Who::Reviewer(permission) => format!(
            "the permission `{}` on the platform; who submitted a version does not review it unless the settings of reviews allow it",
            permission.as_str()
        ),
        Who::SubmitterOr(permission) => format!(
            "to be who submitted the version, or the permission `{}` in the app's workspace",
            permission.as_str()
        ),
        Who::Administrator => "every permission there is".to_owned(),
    }
}

const TOKEN: &str = "token";
const PASSWORD: &str = "password";
const SESSION: &str = "session";

/// Which credentials help; the empty requirement is that none is needed.
fn securities(need: Need) -> Vec<SecurityRequirement> {
    let by = |scheme: &str| SecurityRequirement::new(scheme, [] as [&str; 0]);
    match need {
        Need::Nothing => Vec::new(),
        Need::Anyone | Need::Store | Need::Repository(Permission::AppsView) => {
            vec![SecurityRequirement::default(), by(TOKEN), by(PASSWORD), by(SESSION)]
        }
        _ => vec![by(TOKEN), by(PASSWORD), by(SESSION)],
    }
}

fn error_name(status: StatusCode) -> &'static str {
    let known = ERRORS.iter().find(|(known, ..)| *known == status);
    known.unwrap_or_else(|| panic!("describe {status} in openapi::parameters::ERRORS")).1
}

fn components(schemas: Schemas) -> Components {
    let mut distinct = BTreeMap::new();
    for (name, schema) in schemas {
        let before = distinct.insert(name.clone(), schema.clone());
        assert!(before.is_none_or(|before| before == schema), "two types are called {name}: rename one");
    }
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token, `chy_…`. It serves as a password, too."));
    let password = HttpBuilder::new()
        .scheme(HttpAuthScheme::Basic)
        .description(Some("The name and the password of an account."));
    let session = ApiKeyValue::with_description(
        "chandlery",
        "The console's session, for its own pages only. With HTTPS the cookie is called `__Host-chandlery`.",
    );
    let mut components = ComponentsBuilder::new()
        .schemas_from_iter(distinct)
        .security_scheme(TOKEN, SecurityScheme::Http(token.build()))
        .security_scheme(PASSWORD, SecurityScheme::Http(password.build()))
        .security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    for (_, name, description) in ERRORS {
        let problem = RefOr::Ref(Ref::from_schema_name("Problem"));
        let content = ContentBuilder::new().schema(Some(problem)).build();
        let response = ResponseBuilder::new().description(*description);
        components =
            components.response(*name, response.content("application/problem+json", content).build());
    }
    components.build()
}

#[cfg(test)]
mod tests;
