//! Packages for apps: a form with files, or the name of a package that a repository holds.

use std::convert::Infallible;

use axum::extract::{FromRequest, Request};
use chandlery_api::PackageReference;
use chandlery_core::{Actor, AppName, Error, Result};
use chandlery_store::FinishedBlob;
use futures_util::TryStreamExt;
use http::StatusCode;
use multer::{Field, Multipart};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{AdditionalProperties, KnownFormat, SchemaFormat};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Required, Type};

use super::Json;
use super::uploads::{bounded, content_type, is_form, receive as receive_blob, stream_error};
use crate::app::{App, Scope};
use crate::openapi::input::{Input, Reads};
use crate::openapi::reference;
use crate::service::app_versions::{NewPackage, NewVersion};

/// A request with a package in its body.
pub(crate) struct PackageRequest(Request);

impl<S: Sync> FromRequest<S> for PackageRequest {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        Ok(Self(request))
    }
}

impl Input for PackageRequest {
    fn describe(reads: &mut Reads) {
        let text = |form: KnownFormat| {
            ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(form)))
        };
        let file = || text(KnownFormat::Binary);
        let form = ObjectBuilder::new()
            .property("package", file().description(Some("The chart, packed.")))
            .property("provenance", file().description(Some("Its provenance file.")))
            .property("name", reference::<AppName>(&mut reads.schemas))
            .property(
                "update_log",
                ObjectBuilder::new().schema_type(Type::String).description(Some("What has changed.")),
            )
            .required("package")
            .additional_properties(Some(AdditionalProperties::FreeForm(false)));
        let form = ContentBuilder::new().schema(Some(form)).build();
        let json =
            ContentBuilder::new().schema(Some(reference::<PackageReference>(&mut reads.schemas))).build();
        let body =
            RequestBodyBuilder::new().content("multipart/form-data", form).content("application/json", json);
        reads.body = Some(body.required(Some(Required::True)).build());
        reads.errors.extend([StatusCode::PAYLOAD_TOO_LARGE, StatusCode::UNSUPPORTED_MEDIA_TYPE]);
    }
}

/// What a client sent.
pub(crate) struct Sent {
    /// The name of a new app.
    pub(crate) name: Option<AppName>,
    /// The version.
    pub(crate) version: NewVersion,
}

/// Reads a `multipart/form-data` body with the files `package` and `provenance` and the texts `name` and `update_log`,
/// or a JSON body that names a package of a repository.
///
/// # Errors
/// [`Error::Invalid`] for a form without a package, or with parts that nobody reads; [`Error::TooLarge`].
pub(crate) async fn receive(
    app: &App,
    actor: &Actor,
    PackageRequest(request): PackageRequest,
) -> Result<Sent> {
    if !is_form(request.headers()) {
        return refer(app, actor, request).await;
    }
    let boundary = content_type(request.headers()).and_then(|value| multer::parse_boundary(value).ok());
    let boundary = boundary.ok_or_else(|| Error::invalid("body", "is a form without a boundary"))?;
    let mut form = Multipart::new(bounded(app, request)?, boundary);
    let mut parts = Parts::default();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        parts.add(app, field).await?;
    }
    let package =
        parts.package.ok_or_else(|| Error::invalid("package", "is missing: send the chart's .tgz"))?;
    let package = NewPackage::uploaded(package, parts.provenance).await?;
    let name = parts.name.map(|name| name.parse()).transpose()?;
    Ok(Sent { name, version: NewVersion { package, update_log: parts.update_log.unwrap_or_default() } })
}

#[derive(Default)]
struct Parts {
    package: Option<FinishedBlob>,
    provenance: Option<FinishedBlob>,
    name: Option<String>,
    update_log: Option<String>,
}

impl Parts {
    async fn add(&mut self, app: &App, field: Field<'static>) -> Result<()> {
        let name = field.name().unwrap_or_default().to_owned();
        let taken = match name.as_str() {
            "package" => self.package.replace(file(app, field).await?).is_some(),
            "provenance" => self.provenance.replace(file(app, field).await?).is_some(),
            "name" => self.name.replace(text(&name, field).await?).is_some(),
            "update_log" => self.update_log.replace(text(&name, field).await?).is_some(),
            _ => {
                let reason = "is not one of package, provenance, name, update_log";
                return Err(Error::invalid("body", format!("the part {name:?} {reason}")));
            }
        };
        match taken {
            true => Err(Error::invalid(name, "is sent twice")),
            false => Ok(()),
        }
    }
}

async fn file(app: &App, field: Field<'static>) -> Result<FinishedBlob> {
    receive_blob(app, field.map_err(broken)).await
}

/// The most bytes of a text in a form.
const LONGEST_TEXT: usize = 1 << 20;

async fn text(name: &str, mut field: Field<'static>) -> Result<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LONGEST_TEXT {
            return Err(Error::TooLarge { what: name.to_owned(), limit: LONGEST_TEXT as u64 });
        }
    }
    String::from_utf8(bytes).map_err(|_| Error::invalid(name, "is not valid UTF-8"))
}

fn broken(error: multer::Error) -> Error {
    match error {
        multer::Error::StreamReadFailed(source) => stream_error(source),
        other => Error::invalid("body", other.to_string()),
    }
}

/// A package that a repository holds, which the caller may read.
async fn refer(app: &App, actor: &Actor, request: Request) -> Result<Sent> {
    let Json::<PackageReference>(reference) =
        Json::from_request(request, &()).await.map_err(|error| error.0)?;
    let repository = app.repositories.find(&reference.repository).await.map_err(|error| match error {
        // In the words for one that exists and may not be seen.
        Error::NotFound(_) => Error::not_found("repository"),
        other => other,
    })?;
    let scope = Scope { actor: actor.clone(), repository };
    let package = NewPackage::of_repository(app, &scope, &reference.chart, &reference.version).await?;
    Ok(Sent { name: reference.name, version: NewVersion { package, update_log: reference.update_log } })
}
