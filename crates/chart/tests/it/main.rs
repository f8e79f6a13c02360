//! Tests of the crate from outside, as its users call it.

mod common;
mod corpus;
mod hostile;
mod index;
mod package;
mod provenance;
mod render;
mod semver;
mod values;
