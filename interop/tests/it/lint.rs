//! `lint` finds what `helm lint` finds.

use std::path::Path;

use crate::environment::Peer;
use crate::helm_compare::{compare, sample, starter};
use crate::program::Home;

#[test]
fn public_charts_have_helms_findings() {
    let home = Home::new();
    for chart in sample() {
        let name = chart.file_name().unwrap().to_str().unwrap();
        home.write(name, std::fs::read(&chart).unwrap());
        compare(&home, Peer::Helm4, &["lint", name], &[]);
    }
}

#[test]
fn own_charts_are_clean_in_both_helms() {
    let home = Home::new();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/chandlery").display().to_string();
    for chart in [own, starter(&home)] {
        compare(&home, Peer::Helm4, &["lint", "--strict", "--with-subcharts", &chart], &[]);
        home.peer(Peer::Helm3, &["lint", "--strict", &chart]).succeeded();
        home.chandlery(&["lint", "--strict", &chart]).succeeded();
    }
}
