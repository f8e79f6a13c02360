//! Tests of the crate from outside, as its users call it.

mod common;
mod contents;
mod corpus;
mod hostile;
mod index;
mod package;
mod provenance;
mod render;
mod review;
mod semver;
mod values;
