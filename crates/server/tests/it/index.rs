//! `index.yaml`: what it says, when, and in which encoding.

mod content;
mod encodings;
mod freshness;
