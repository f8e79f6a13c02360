//! The real server with the real store behind it, by HTTP.

mod authorisation;
mod charts;
mod index;
mod support;
