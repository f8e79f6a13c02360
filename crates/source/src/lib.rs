//! Everything Chandlery sends to other systems.
//!
//! [`outbound`] is the one client for every URL that somebody else wrote: a webhook, an icon, a foreign repository. It
//! resolves the name, checks every address, connects to what it checked, and bounds time, size and redirects, so that a
//! URL in a form cannot reach what the server can reach and its author cannot. [`foreign`] reads
//! repositories of others through it, [`webhook`] signs and sends deliveries
//! through it. [`mail`] speaks SMTP to the one host that the operator configured.

pub mod foreign;
pub mod mail;
pub mod outbound;
#[cfg(feature = "testing")]
pub mod testing;
pub mod webhook;
