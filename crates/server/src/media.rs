//! Pictures and texts that somebody uploaded, made safe to show to everybody else.
//!
//! Pure functions: bytes in, bytes out. [`image::normalise`] takes up to some hundred milliseconds of computing for the
//! largest pictures; call it where that blocks nobody.

pub mod image;
pub mod markdown;
