//! Bytes of packages on their way out.

mod connections;
mod ranges;
mod tls;
