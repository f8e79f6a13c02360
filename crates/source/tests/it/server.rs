//! Clients for the servers of tests, and names that they know.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use chandlery_source::outbound::{Limits, Outbound, OutboundSettings};
pub(crate) use chandlery_source::testing::{Answer, Server};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Settings that allow loopback.
pub(crate) fn settings() -> OutboundSettings {
    OutboundSettings { allowed: "127.0.0.0/8".parse().unwrap(), ..OutboundSettings::default() }
}

/// A client that may reach loopback, with the system's resolver.
pub(crate) fn client() -> Outbound {
    Outbound::new(settings()).unwrap()
}

/// A client that may reach loopback and takes its addresses from `names`.
pub(crate) fn client_with(names: &Arc<Names>) -> Outbound {
    Outbound::with_resolver(settings(), names.clone()).unwrap()
}

/// Limits for what must be refused quickly.
pub(crate) fn limits() -> Limits {
    Limits { body: 64 << 10, ..Limits::default() }
}

/// A resolver with prepared answers: one list of addresses for each look-up, the last for ever.
#[derive(Default)]
pub(crate) struct Names {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    pub(crate) fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |list: &&[&str]| list.iter().map(|address| address.parse().unwrap()).collect();
        let answers = Mutex::new(answers.iter().map(parse).collect());
        Arc::new(Self { answers, asked: Mutex::default() })
    }

    /// The names that were looked up.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        self.asked.lock().unwrap().push(name.as_str().to_owned());
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        let addresses = answer.unwrap_or_default().into_iter().map(|address| SocketAddr::new(address, 0));
        Box::pin(std::future::ready(Ok(Box::new(addresses) as Addrs)))
    }
}
