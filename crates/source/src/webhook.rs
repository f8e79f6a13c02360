//! Webhooks: signed, sent once, and when to try again.
//!
//! The form is that of the [Standard Webhooks](https://www.standardwebhooks.com) specification, so that receivers find
//! a library that verifies it. Keeping deliveries and waking up for the next attempt is the caller's.

mod signature;

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::outbound::{Limits, Outbound, OutboundError, Request};

pub use signature::{SigningSecret, sign};

/// The most that is kept of an answer, in bytes.
pub const KEPT_OF_ANSWER: usize = 1 << 10;

/// What a receiver may take: it should put the event into a queue and answer.
const LIMITS: Limits =
    Limits { total: Duration::from_secs(20), body: KEPT_OF_ANSWER as u64, headers: 64 << 10, redirects: 0 };

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
/// Seconds before each attempt, counted from the end of the one before: about 43 hours in all.
const DELAYS: [u64; 8] = [0, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR];

/// How long to wait before the given attempt (the first is 1) after the one before it, `None` to give up.
#[must_use]
pub fn delay_before_attempt(attempt: u32) -> Option<Duration> {
    let index = usize::try_from(attempt.checked_sub(1)?).ok()?;
    DELAYS.get(index).copied().map(Duration::from_secs)
}

/// One message for one receiver. A repeated attempt has the same id and a timestamp of its own.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Names the event, the same in every attempt, so that a receiver can tell repetitions: letters, digits, `-`, `_`.
    pub id: String,
    /// The time of this attempt in seconds since 1970.
    pub timestamp: i64,
    /// The event as JSON.
    pub body: Bytes,
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// From the start to the end of what was read of the answer.
    pub duration: Duration,
    /// The first [`KEPT_OF_ANSWER`] bytes of the answer, with `U+FFFD` for what is not UTF-8.
    pub answer: String,
    /// Why it failed: the stage of the outbound client (`status` for an answer without success) and a sentence.
    pub failure: Option<(&'static str, String)>,
    /// What to do next.
    pub outcome: Outcome,
}

/// What to do after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing: the receiver has it (2xx).
    Delivered,
    /// Try again after [`delay_before_attempt`].
    Retry,
    /// Give this delivery up; it would fail in the same way for ever.
    GiveUp,
    /// Give it up and switch the webhook off: the receiver is gone (410) and says so.
    Gone,
}

/// Sends one delivery to `url`, signed with each of `secrets` (two while one replaces the other). No redirect is
/// followed: a 3xx is a failure.
pub async fn deliver(
    outbound: &Outbound,
    url: &str,
    secrets: &[SigningSecret],
    delivery: &Delivery,
) -> Attempt {
    let started = Instant::now();
    let answered = match request(url, secrets, delivery) {
        Ok(request) => outbound.send(request).await,
        Err(error) => Err(error),
    };
    let (status, answer, error) = match answered {
        Ok(response) => {
            let (status, origin) = (response.status(), response.url().origin().ascii_serialization());
            let answer = response.beginning(KEPT_OF_ANSWER).await;
            let failed =
                (!status.is_success()).then(|| OutboundError::Status { origin, status: status.as_u16() });
            (Some(status), answer, failed)
        }
        Err(error) => (None, Vec::new(), Some(error)),
    };
    Attempt {
        status: status.map(|status| status.as_u16()),
        duration: started.elapsed(),
        answer: String::from_utf8_lossy(&answer).into_owned(),
        outcome: outcome(status, error.as_ref()),
        failure: error.map(|error| (error.stage(), error.to_string())),
    }
}

fn outcome(status: Option<StatusCode>, error: Option<&OutboundError>) -> Outcome {
    match (status, error) {
        (Some(StatusCode::GONE), _) => Outcome::Gone,
        (_, None) => Outcome::Delivered,
        (_, Some(OutboundError::Url { .. })) => Outcome::GiveUp,
        (_, Some(_)) => Outcome::Retry,
    }
}

fn request(url: &str, secrets: &[SigningSecret], delivery: &Delivery) -> Result<Request, OutboundError> {
    let Delivery { id, timestamp, body } = delivery;
    let signature = sign(secrets, id, *timestamp, body);
    let value = |text: &str| {
        HeaderValue::from_str(text)
            .map_err(|_| OutboundError::Url { reason: "the id of the delivery is not one".to_owned() })
    };
    Ok(Request::post(url, body.clone())
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header(HeaderName::from_static("webhook-id"), value(id)?)
        .header(HeaderName::from_static("webhook-timestamp"), HeaderValue::from(*timestamp))
        .header(HeaderName::from_static("webhook-signature"), value(&signature)?)
        .limits(LIMITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays() {
        let seconds: Vec<_> = (0..=9).map(|n| delay_before_attempt(n).map(|delay| delay.as_secs())).collect();
        let hour = 3600;
        let expected = [
            None,
            Some(0),
            Some(30),
            Some(120),
            Some(600),
            Some(hour),
            Some(6 * hour),
            Some(12 * hour),
            Some(24 * hour),
            None,
        ];
        assert_eq!(seconds, expected);
        assert_eq!(delay_before_attempt(u32::MAX), None);
    }

    #[test]
    fn outcomes() {
        let url = OutboundError::Url { reason: String::new() };
        let slow = OutboundError::TooSlow { origin: String::new(), limit: Duration::ZERO };
        let status = |status| OutboundError::Status { origin: String::new(), status };
        let cases = [
            (Some(200), None, Outcome::Delivered),
            (Some(204), None, Outcome::Delivered),
            (Some(302), Some(status(302)), Outcome::Retry),
            (Some(404), Some(status(404)), Outcome::Retry),
            (Some(410), Some(status(410)), Outcome::Gone),
            (Some(500), Some(status(500)), Outcome::Retry),
            (None, Some(url), Outcome::GiveUp),
            (None, Some(slow), Outcome::Retry),
        ];
        for (code, error, expected) in cases {
            let code = code.map(|code| StatusCode::from_u16(code).unwrap());
            assert_eq!(outcome(code, error.as_ref()), expected, "{code:?} {error:?}");
        }
    }
}
