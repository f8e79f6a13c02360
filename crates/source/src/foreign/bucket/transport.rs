//! The requests of an object store's client, sent by the outbound client.

use futures_util::stream;
use http::{Method, Request, Response};
use opendal::{Buffer, Error, ErrorKind, HttpBody, HttpTransport, Result};

use crate::foreign::{LARGEST_INDEX, limits};
use crate::outbound::{self, Outbound, OutboundError};

/// Where the keys of service accounts of Google are exchanged for tokens: nothing else is ever sent a body.
const GOOGLE_TOKENS: &str = "https://oauth2.googleapis.com/token";

/// Sends what the client of the store has signed. Signatures are headers, which no redirect to another host gets.
pub(super) struct Transport {
    /// For the store.
    pub(super) own: Outbound,
    /// For a server of tokens.
    pub(super) other: Outbound,
}

impl HttpTransport for Transport {
    async fn fetch(&self, request: Request<Buffer>) -> Result<Response<HttpBody>> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string();
        let (client, outgoing) = match (parts.method == Method::POST && url == GOOGLE_TOKENS, body.is_empty())
        {
            (true, _) => (&self.other, outbound::Request::post(&url, body.to_bytes())),
            (false, true) => (&self.own, outbound::Request::new(parts.method, &url)),
            (false, false) => {
                return Err(Error::new(ErrorKind::Unsupported, "foreign buckets are only read"));
            }
        };
        let outgoing = outgoing.limits(limits(LARGEST_INDEX));
        let outgoing = parts
            .headers
            .iter()
            .fold(outgoing, |outgoing, (name, value)| outgoing.header(name.clone(), value.clone()));
        let answer = client.send(outgoing).await.map_err(failed)?;
        let mut response = Response::builder().status(answer.status()).extension(parts.uri);
        if let Some(headers) = response.headers_mut() {
            headers.clone_from(answer.headers());
        }
        let chunks = stream::try_unfold(answer, |mut answer| async move {
            let chunk = answer.chunk().await.map_err(failed)?;
            Ok(chunk.map(|bytes| (Buffer::from(bytes), answer)))
        });
        // The length is checked by the client below.
        let body = HttpBody::new(Box::pin(chunks), None);
        response.body(body).map_err(|error| Error::new(ErrorKind::Unexpected, error.to_string()))
    }
}

fn failed(error: OutboundError) -> Error {
    Error::new(ErrorKind::Unexpected, "the request failed").set_source(error)
}
