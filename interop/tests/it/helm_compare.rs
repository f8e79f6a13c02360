//! One command run by Helm and by us.

use std::path::PathBuf;

use crate::environment::{Peer, corpus};
use crate::program::{Home, Outcome};

/// How many charts of the corpus are taken, so that the tests end in a minute.
const SAMPLE: usize = 60;

/// What a comparison came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// Output, message and exit code are equal.
    Equal,
    /// Helm's own output differs from run to run.
    Varies,
}

/// Charts from all over the corpus.
pub(crate) fn sample() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(corpus().join("charts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let step = files.len() / SAMPLE;
    files.into_iter().step_by(step.max(1)).collect()
}

/// The folder of a chart that `create` made.
pub(crate) fn starter(home: &Home) -> String {
    if !home.path().join("made/shop").exists() {
        home.chandlery(&["create", "made/shop"]).succeeded();
    }
    "made/shop".to_owned()
}

/// Runs a command in both programs and expects the same; `ours` are further flags of our own.
#[track_caller]
pub(crate) fn compare(home: &Home, helm: Peer, arguments: &[&str], ours: &[&str]) -> Comparison {
    let run_theirs = || plain(&home.peer(helm, arguments));
    let own = plain(&home.chandlery(&[arguments, ours].concat()));
    let theirs = run_theirs();
    if own == theirs {
        return Comparison::Equal;
    }
    let again = [run_theirs(), run_theirs(), run_theirs()];
    if again.iter().any(|one| *one != theirs) {
        assert_eq!(own.0, theirs.0, "{arguments:?}: the exit code");
        return Comparison::Varies;
    }
    assert_eq!(own, theirs, "{arguments:?}");
    Comparison::Equal
}

/// The exit code, the output and the message, without what each program says in its own way: log lines, its name, and
/// where it unpacked a package.
fn plain(outcome: &Outcome) -> (i32, String, String) {
    let is_log = |line: &&str| !line.starts_with("level=") && !line.starts_with("warning: ");
    let message: Vec<&str> = outcome.messages.lines().filter(is_log).collect();
    let message = message.join("\n").replace("Error: ", "error: ").replace("'chandlery ", "'helm ");
    // Helm names the folder that it unpacked a package to, we the package.
    let output = outcome.output.lines().map(|line| match line.split_once("/helm-lint") {
        Some((before, rest)) => {
            let severity = before.split_once("] ").map_or("", |(severity, _)| severity);
            format!("{severity}] PACKAGE: {}", rest.split_once(": ").map_or("", |(_, message)| message))
        }
        None => line.to_owned(),
    });
    (outcome.code, output.collect::<Vec<_>>().join("\n"), message.trim().to_owned())
}
