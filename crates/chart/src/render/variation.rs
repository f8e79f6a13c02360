//! Which templates make something else in each run.

use jiff::{SignedDuration, Timestamp};

use super::RenderError;
use super::engine::{RenderOptions, render};
use super::prepare::Prepared;

/// The time between the two renders that are compared: every unit that a template may print differs.
const LATER: SignedDuration =
    SignedDuration::from_hours(24 * 400 + 1).saturating_add(SignedDuration::from_secs(61));

/// The paths of the templates whose text depends on chance or on the clock, found by rendering twice.
///
/// # Errors
/// As of [`render`].
pub fn varying_files(prepared: &Prepared, options: &RenderOptions) -> Result<Vec<String>, RenderError> {
    let now = options.now.unwrap_or_else(Timestamp::now);
    let first = render(prepared, &RenderOptions { now: Some(now), seed: Some(1), ..options.clone() })?;
    if first.varying_functions.is_empty() {
        return Ok(Vec::new());
    }
    let later = now.saturating_add(LATER).unwrap_or(now);
    let second = render(prepared, &RenderOptions { now: Some(later), seed: Some(2), ..options.clone() })?;
    let differs = |path: &&String| first.files.get(*path) != second.files.get(*path);
    Ok(first.files.keys().filter(differs).cloned().collect())
}
