//! The notes for whoever installs a chart, which are rendered with its templates but are no manifest.

use std::collections::BTreeMap;

/// How the names of notes end.
const SUFFIX: &str = "NOTES.txt";

/// Is this the path of notes? Helm takes every name that ends so.
pub(super) fn is_notes(path: &str) -> bool {
    path.ends_with(SUFFIX)
}

/// The notes among rendered files, as `helm install` prints them.
///
/// They are those of the chart itself (`CHART/templates/NOTES.txt`); with `subcharts` those of its subcharts too, sorted
/// by path. (Helm's order is random.)
#[must_use]
pub fn notes(files: &BTreeMap<String, String>, chart: &str, subcharts: bool) -> String {
    let own = format!("{chart}/templates/{SUFFIX}");
    let mut notes = String::new();
    for (_, text) in files.iter().filter(|(path, _)| **path == own || (subcharts && is_notes(path))) {
        if !notes.is_empty() {
            notes.push('\n');
        }
        notes.push_str(text);
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notes_of_the_chart_or_of_all() {
        let files = [
            ("t/charts/s/templates/NOTES.txt", "sub"),
            ("t/charts/empty/templates/NOTES.txt", ""),
            ("t/templates/NOTES.txt", "root\n"),
            ("t/templates/MORE-NOTES.txt", "more"),
            ("t/templates/notes.txt", "a: 1"),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
        assert_eq!(notes(&files, "t", false), "root\n");
        assert_eq!(notes(&files, "t", true), "sub\nmore\nroot\n");
        assert_eq!(notes(&files, "other", false), "");
    }
}
