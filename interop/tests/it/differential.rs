//! The same requests to ChartMuseum and to us.
//!
//! What differs must be listed in `differences.yaml`, and what is listed there must differ: the file is the whole truth
//! about where the two part.

mod cases;
mod compare;
mod groups;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::chartmuseum::ChartMuseum;
use crate::http::{Answer, Request, basic};
use crate::server::{PASSWORD, Server};
use compare::{matches, shown};

/// One request of a group, in order.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) request: Request,
    pub(super) authorization: Option<String>,
}

/// A pair of fresh servers, and what they are asked.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) their_flags: &'static [&'static str],
    pub(super) our_flags: &'static [&'static str],
    /// Settings of our default repository where ChartMuseum has flags.
    pub(super) our_settings: serde_json::Value,
    /// Repositories to create on our side; ChartMuseum makes them by being asked.
    pub(super) our_repositories: &'static [&'static str],
    pub(super) cases: Vec<Case>,
}

/// One intended difference.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    /// `GROUP/NAME` of the cases, `*` for anything.
    case: String,
    /// Their answer, `*` for anything.
    theirs: String,
    /// Our answer.
    ours: String,
    /// Why we differ.
    reason: String,
}

fn listed() -> Vec<Difference> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("differences.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let listed: Vec<Difference> =
        chandlery_yaml::from_str_as(&text, &chandlery_yaml::Options::default()).unwrap();
    for difference in &listed {
        assert!(!difference.reason.trim().is_empty(), "no reason: {difference:?}");
        assert_ne!(difference.theirs, difference.ours, "{difference:?}");
    }
    listed
}

/// A case that came out differently.
struct Found {
    case: String,
    theirs: String,
    ours: String,
}

impl Found {
    fn is(&self, difference: &Difference) -> bool {
        matches(&difference.case, &self.case)
            && matches(&difference.theirs, &self.theirs)
            && matches(&difference.ours, &self.ours)
    }
}

/// How often a reader asks ChartMuseum again, which acknowledges before its index has caught up.
const PATIENCE: usize = 100;

/// Asks both; nothing if they agree.
fn ask(group: &Group, case: &Case, pair: &(ChartMuseum, Server), listed: &[Difference]) -> Option<Found> {
    let name = format!("{}/{}", group.name, case.name);
    let send = |address: &str| -> Answer {
        match &case.authorization {
            Some(value) => case.request.clone().header("Authorization", value).send(address),
            None => case.request.send(address),
        }
    };
    let ours = shown(&send(pair.1.address()));
    let is_read = matches!(case.request.method.as_str(), "GET" | "HEAD");
    for attempt in 0.. {
        let theirs = shown(&send(pair.0.address()));
        if theirs == ours {
            return None;
        }
        let found = Found { case: name.clone(), theirs, ours: ours.clone() };
        if !is_read || attempt == PATIENCE || listed.iter().any(|one| found.is(one)) {
            return Some(found);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    None
}

fn run(group: &Group, listed: &[Difference]) -> Vec<Found> {
    let server = Server::start_with(group.our_flags);
    if !group.our_settings.is_null() {
        let path = format!("{}/api/v1/repositories/default/charts", server.path());
        server.rest("PATCH", &path, &group.our_settings, 200);
    }
    for path in group.our_repositories {
        server.create_repository(path, "private");
    }
    let pair = (ChartMuseum::start(group.their_flags), server);
    group.cases.iter().filter_map(|case| ask(group, case, &pair, listed)).collect()
}

#[test]
fn chartmuseum_and_chandlery_answer_alike_but_for_what_is_listed() {
    let groups = groups::all();
    let listed = listed();
    let mut names = BTreeSet::new();
    for (group, case) in groups.iter().flat_map(|group| group.cases.iter().map(move |case| (group, case))) {
        assert!(names.insert((group.name, &case.name)), "two cases are {}/{}", group.name, case.name);
    }
    let found: Vec<Found> = std::thread::scope(|scope| {
        let runs: Vec<_> = groups.iter().map(|group| scope.spawn(|| run(group, &listed))).collect();
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    let mut faults = Vec::new();
    for one in &found {
        let times = listed.iter().filter(|difference| one.is(difference)).count();
        if times != 1 {
            let Found { case, theirs, ours } = one;
            faults.push(format!(
                "listed {times} times:\n- case: {case:?}\n  theirs: {theirs:?}\n  ours: {ours:?}"
            ));
        }
    }
    let unseen = listed.iter().filter(|difference| !found.iter().any(|one| one.is(difference)));
    faults.extend(unseen.map(|difference| format!("listed, but did not occur: {difference:?}")));
    assert!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), names.len(), faults.join("\n"));
    assert!(names.len() > 200, "only {} cases", names.len());
}

/// The value of `Authorization` that most cases carry.
pub(super) fn admin() -> Option<String> {
    Some(basic("admin", PASSWORD))
}
