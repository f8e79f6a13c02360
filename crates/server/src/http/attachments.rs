//! `/api/v1/workspaces/{workspace}/apps/{app}/icon`, `…/screenshots` and `…/pictures`: what an app looks like.

use std::convert::Infallible;

use axum::extract::{FromRequest, Path, Request, State};
use axum::response::{IntoResponse, Response};
use chandlery_api::OrderScreenshots;
use chandlery_core::{Error, Result};
use futures_util::TryStreamExt;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{KnownFormat, SchemaFormat};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Required, Type};

use super::Json;
use super::apps::app_answer;
use super::conditional::{IfMatch, file_answer};
use super::files::open;
use super::uploads::{bounded, content_type};
use crate::app::{App, SharedApp};
use crate::error::ApiError;
use crate::media::image::{Kind, headers_for};
use crate::openapi::input::{Input, Reads};
use crate::service::apps::AppScope;
use crate::service::attachments::{self as service, StoredPicture};

type Answer = Result<Response, ApiError>;

/// The parts of the path: workspace and app are in the scope.
type Parts = Path<(String, String, String)>;

/// A request with a picture as its body.
pub(crate) struct PictureRequest(Request);

impl<S: Sync> FromRequest<S> for PictureRequest {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        Ok(Self(request))
    }
}

/// What a picture may be sent as.
const MEDIA_TYPES: [&str; 6] =
    ["image/png", "image/jpeg", "image/webp", "image/gif", "image/svg+xml", "application/octet-stream"];

impl Input for PictureRequest {
    fn describe(reads: &mut Reads) {
        let mut body = RequestBodyBuilder::new();
        for media_type in MEDIA_TYPES {
            let file = ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
            body = body.content(media_type, ContentBuilder::new().schema(Some(file)).build());
        }
        reads.body = Some(body.required(Some(Required::True)).build());
        reads.errors.extend([StatusCode::PAYLOAD_TOO_LARGE, StatusCode::UNSUPPORTED_MEDIA_TYPE]);
    }
}

impl PictureRequest {
    /// Reads the file, up to the limit of its kind.
    async fn receive(self, app: &App, kind: Kind) -> Result<Vec<u8>> {
        let media_type = content_type(self.0.headers()).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !media_type.is_empty() && !MEDIA_TYPES.contains(&media_type.as_str()) {
            return Err(Error::UnsupportedType(format!(
                "the body has to be the picture itself, not {media_type}: send it as one of {}",
                MEDIA_TYPES.join(", ")
            )));
        }
        let mut chunks = bounded(app, self.0)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = chunks.try_next().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > kind.max_bytes() {
                return Err(Error::TooLarge {
                    what: kind.field().to_owned(),
                    limit: kind.max_bytes() as u64,
                });
            }
        }
        Ok(bytes)
    }
}

/// `PUT …/icon`
pub(crate) async fn set_app_icon(
    State(app): State<SharedApp>,
    scope: AppScope,
    if_match: IfMatch,
    request: PictureRequest,
) -> Answer {
    let file = request.receive(&app, Kind::Icon).await?;
    Ok(app_answer(StatusCode::OK, &service::set_icon(&app, &scope, &if_match, file).await?))
}

/// `DELETE …/icon`
pub(crate) async fn delete_app_icon(
    State(app): State<SharedApp>,
    scope: AppScope,
    if_match: IfMatch,
) -> Answer {
    service::remove_icon(&app, &scope, &if_match).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST …/screenshots`
pub(crate) async fn create_screenshot(
    State(app): State<SharedApp>,
    scope: AppScope,
    if_match: IfMatch,
    request: PictureRequest,
) -> Answer {
    let file = request.receive(&app, Kind::Screenshot).await?;
    Ok(app_answer(StatusCode::CREATED, &service::add_screenshot(&app, &scope, &if_match, file).await?))
}

/// `PUT …/screenshots`
pub(crate) async fn order_screenshots(
    State(app): State<SharedApp>,
    scope: AppScope,
    if_match: IfMatch,
    Json(request): Json<OrderScreenshots>,
) -> Answer {
    Ok(app_answer(StatusCode::OK, &service::order_screenshots(&app, &scope, &if_match, &request).await?))
}

/// `DELETE …/screenshots/{picture}`
pub(crate) async fn delete_screenshot(
    State(app): State<SharedApp>,
    scope: AppScope,
    Path((_, _, picture)): Parts,
    if_match: IfMatch,
) -> Answer {
    service::remove_screenshot(&app, &scope, &if_match, &picture).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET …/pictures/{picture}`
pub(crate) async fn get_picture(
    State(app): State<SharedApp>,
    scope: AppScope,
    Path((_, _, picture)): Parts,
    headers: HeaderMap,
) -> Answer {
    Ok(send(&app, &headers, &service::find(&scope, &picture)?, Audience::Caller).await?)
}

/// Who may keep a picture.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// Caches on the way as well: it is shown to everybody.
    Everybody,
    /// Who asked.
    Caller,
}

/// The answer with a picture: it is named by its digest, so it never changes.
pub(super) async fn send(
    app: &App,
    request: &HeaderMap,
    picture: &StoredPicture,
    audience: Audience,
) -> Result<Response> {
    let file = picture.file();
    let body = |range| open(app, &file, range, None, None);
    let mut response = file_answer(request, file.etag(), file.size, "application/octet-stream", body).await?;
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(match audience {
            Audience::Everybody => "public, max-age=31536000, immutable",
            Audience::Caller => "private, max-age=31536000, immutable",
        }),
    );
    for (name, value) in headers_for(&picture.content_type) {
        headers.insert(name, value);
    }
    Ok(response)
}
