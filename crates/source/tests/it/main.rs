//! The outbound client, foreign repositories, webhooks and mail against servers on loopback: each speaks just enough of its protocol to be
//! the peer that a case needs, also the ones that no honest server would be.

mod foreign;
mod limits;
mod mail;
mod names;
mod proxies;
mod redirects;
mod server;
mod tls;
mod webhooks;
