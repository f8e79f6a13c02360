//! The requests of an object store's client, sent by the outbound client.

use futures_util::stream;
use http::{Request, Response};
use opendal::{Buffer, Error, ErrorKind, HttpBody, HttpTransport, Result};

use crate::foreign::{LARGEST_INDEX, limits};
use crate::outbound::{self, Outbound, OutboundError};

/// Sends what the client of the store has signed. Signatures are headers, which no redirect to another host gets.
pub(super) struct Transport(pub(super) Outbound);

impl HttpTransport for Transport {
    async fn fetch(&self, request: Request<Buffer>) -> Result<Response<HttpBody>> {
        let (parts, body) = request.into_parts();
        if !body.is_empty() {
            return Err(Error::new(ErrorKind::Unsupported, "foreign buckets are only read"));
        }
        let outgoing =
            outbound::Request::new(parts.method, &parts.uri.to_string()).limits(limits(LARGEST_INDEX));
        let outgoing = parts
            .headers
            .iter()
            .fold(outgoing, |outgoing, (name, value)| outgoing.header(name.clone(), value.clone()));
        let answer = self.0.send(outgoing).await.map_err(failed)?;
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
