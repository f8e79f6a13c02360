//! The Chandlery server: configuration, services and HTTP faces.

mod config;

pub use config::{Access, ChartMuseumConfig, Config, Secret, Timeouts, TlsConfig};
