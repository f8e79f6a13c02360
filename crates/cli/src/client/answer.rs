//! What a server's refusal means for the person at the terminal.

use anyhow::{Result, anyhow};
use chandlery_api::Problem;
use reqwest::{Response, StatusCode};
use serde::Deserialize;

/// The most of an error body that is read, in bytes.
const LONGEST_ERROR_BODY: usize = 64 << 10;

/// A refused request.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The status.
    pub(crate) status: StatusCode,
    /// What the server said, or a stand-in.
    pub(crate) detail: String,
    /// The id to ask the operator about.
    request_id: Option<String>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} ({})", self.detail, self.status.as_u16())?;
        if self.status.is_server_error()
            && let Some(id) = &self.request_id
        {
            write!(formatter, "; the server's log knows more, request id {id}")?;
        }
        match self.status {
            StatusCode::UNAUTHORIZED => {
                formatter.write_str("; log in with `chandlery login URL` or set CHANDLERY_TOKEN_FILE")
            }
            StatusCode::TOO_MANY_REQUESTS => formatter.write_str("; try again later"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

/// The error body of the ChartMuseum API.
#[derive(Deserialize)]
struct ChartMuseumError {
    error: String,
}

/// Gives the answer back if its status is a success, and the server's own words otherwise.
///
/// # Errors
/// A [`Refusal`] for every status but 2xx.
pub(crate) async fn expect_success(response: Response) -> Result<Response> {
    if response.status().is_success() {
        return Ok(response);
    }
    Err(anyhow!(read_refusal(response).await))
}

async fn read_refusal(mut response: Response) -> Refusal {
    let status = response.status();
    let header = response.headers().get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    // A body that breaks off is as good as none.
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ERROR_BODY {
            break;
        }
    }
    explain(status, header, &body)
}

fn explain(status: StatusCode, header: Option<String>, body: &[u8]) -> Refusal {
    if let Ok(problem) = serde_json::from_slice::<Problem>(body) {
        return Refusal { status, detail: problem.detail, request_id: Some(problem.request_id) };
    }
    let detail = match serde_json::from_slice::<ChartMuseumError>(body) {
        Ok(chartmuseum) => chartmuseum.error,
        Err(_) => {
            format!("the server answered {}", status.canonical_reason().unwrap_or("with an unknown status"))
        }
    };
    Refusal { status, detail, request_id: header }
}

/// The status of a refusal somewhere in an error.
pub(crate) fn status_of(error: &anyhow::Error) -> Option<StatusCode> {
    error.downcast_ref::<Refusal>().map(|refusal| refusal.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_words_come_first() {
        let problem =
            r#"{"status":500,"code":"internal","title":"x","detail":"internal error","request_id":"r1"}"#;
        let missing =
            r#"{"status":404,"code":"not_found","title":"x","detail":"a/b not found","request_id":"r2"}"#;
        let cases = [
            (500, None, problem, "internal error (500); the server's log knows more, request id r1"),
            (404, None, missing, "a/b not found (404)"),
            (409, None, r#"{"error":"file already exists"}"#, "file already exists (409)"),
            (
                502,
                Some("r3"),
                "<html>",
                "the server answered Bad Gateway (502); the server's log knows more, request id r3",
            ),
            (413, None, "request too large", "the server answered Payload Too Large (413)"),
            (
                401,
                None,
                r#"{"error":"unauthorized"}"#,
                "unauthorized (401); log in with `chandlery login URL` or set CHANDLERY_TOKEN_FILE",
            ),
        ];
        for (status, header, body, expected) in cases {
            let status = StatusCode::from_u16(status).unwrap();
            let refusal = explain(status, header.map(str::to_owned), body.as_bytes());
            assert_eq!(refusal.to_string(), expected);
        }
    }
}
