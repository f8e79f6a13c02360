//! Which templates make something else in each run.

use jiff::{SignedDuration, Timestamp};

use super::RenderError;
use super::engine::{RenderOptions, Rendered, render};
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
    let options = RenderOptions { now: Some(now), seed: Some(1), ..options.clone() };
    let first = render(prepared, &options)?;
    Ok(match render_later(prepared, &options, &first)? {
        None => Vec::new(),
        Some(second) => differing_files(&first, &second),
    })
}

/// Renders once more, at another time and with other luck than the first time, whose options name both; none if no
/// template asked for anything that could differ.
pub(crate) fn render_later(
    prepared: &Prepared,
    options: &RenderOptions,
    first: &Rendered,
) -> Result<Option<Rendered>, RenderError> {
    if first.varying_functions.is_empty() {
        return Ok(None);
    }
    let later = options.now.map(|now| now.saturating_add(LATER).unwrap_or(now));
    let seed = options.seed.map(|seed| seed.wrapping_add(1));
    render(prepared, &RenderOptions { now: later, seed, ..options.clone() }).map(Some)
}

/// The paths of the templates that made something else.
pub(crate) fn differing_files(first: &Rendered, second: &Rendered) -> Vec<String> {
    let differs = |path: &&String| first.files.get(*path) != second.files.get(*path);
    first.files.keys().filter(differs).cloned().collect()
}
