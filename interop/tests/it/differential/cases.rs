//! Short ways to write cases down.

use super::{Case, admin};
use crate::http::{FORM, Part, Request, form_body};

/// A request as `admin`, named by method and path.
pub(super) fn ask(method: &str, path: &str) -> Case {
    Case { name: format!("{method} {path}"), request: Request::new(method, path), authorization: admin() }
}

pub(super) fn get(path: &str) -> Case {
    ask("GET", path)
}

pub(super) fn head(path: &str) -> Case {
    ask("HEAD", path)
}

pub(super) fn delete(path: &str) -> Case {
    ask("DELETE", path)
}

/// A body for a path; the name says what it is.
pub(super) fn post(name: &str, path: &str, body: impl Into<Vec<u8>>) -> Case {
    Case { name: name.to_owned(), request: Request::post(path, body), authorization: admin() }
}

/// A package for the default repository.
pub(super) fn raw(name: &str, body: impl Into<Vec<u8>>) -> Case {
    post(name, "/api/charts", body)
}

/// A form for a path.
pub(super) fn form_to(name: &str, path: &str, parts: &[Part<'_>]) -> Case {
    typed(post(name, path, form_body(parts, true)), FORM)
}

/// A form for the default repository.
pub(super) fn form(name: &str, parts: &[Part<'_>]) -> Case {
    form_to(name, "/api/charts", parts)
}

/// The case with a content type.
pub(super) fn typed(case: Case, content_type: &str) -> Case {
    with_header(case, "Content-Type", content_type)
}

/// The case with a header.
pub(super) fn with_header(case: Case, name: &str, value: &str) -> Case {
    Case { request: case.request.header(name, value), ..case }
}

/// The case with its body in chunks.
pub(super) fn chunked(case: Case) -> Case {
    Case { request: case.request.chunked(), ..case }
}

/// The case under another name.
pub(super) fn named(name: &str, case: Case) -> Case {
    Case { name: name.to_owned(), ..case }
}

/// The case with other credentials, or none.
pub(super) fn authorized(authorization: Option<&str>, case: Case) -> Case {
    Case { authorization: authorization.map(ToOwned::to_owned), ..case }
}
