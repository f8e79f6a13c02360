//! Tests of the crate from outside, as its users call it.

mod common;
mod corpus;
mod index;
mod semver;
