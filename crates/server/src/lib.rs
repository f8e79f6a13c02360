//! The Chandlery server: configuration, services and HTTP faces.
