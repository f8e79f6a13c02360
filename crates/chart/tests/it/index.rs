//! Indexes, byte for byte against those of the real `helm repo index` in the corpus.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use chandlery_chart::{
    DirectoryIndexOptions, IndexFile, Limits, Timestamp, index_directory, write_chart_header,
    write_document_footer, write_document_header, write_entry,
};
use chandlery_core::Digest;

const TIME: &str = "2026-01-02T03:04:05.678Z";

struct Case {
    name: String,
    files: Vec<String>,
    base_url: String,
    golden: String,
}

fn cases() -> Vec<Case> {
    let mut folders: Vec<_> = fs::read_dir(crate::common::corpus().join("index"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    let read = |folder: &Path, name: &str| fs::read_to_string(folder.join(name)).unwrap();
    folders
        .iter()
        .map(|folder| {
            let options: serde_json::Value = serde_json::from_str(&read(folder, "opts.json")).unwrap();
            Case {
                name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
                files: read(folder, "files.txt").lines().map(str::to_owned).collect(),
                base_url: options["base_url"].as_str().unwrap_or_default().to_owned(),
                golden: read(folder, "index.yaml"),
            }
        })
        .collect()
}

fn read_index(text: &str) -> IndexFile {
    let loaded = IndexFile::read(text.as_bytes(), &chandlery_yaml::Limits::default()).unwrap();
    assert_eq!(loaded.warnings, Vec::<String>::new());
    loaded.index
}

#[test]
fn every_golden_index_is_read_and_written_again() {
    let cases = cases();
    assert_eq!(cases.len(), 30);
    let mut versions = 0;
    for case in cases {
        let index = read_index(&case.golden);
        versions += index.entries.values().map(Vec::len).sum::<usize>();
        assert_eq!(index.to_yaml().unwrap(), case.golden, "{}", case.name);
        let json = IndexFile::read(index.to_json().as_bytes(), &chandlery_yaml::Limits::default()).unwrap();
        assert_eq!(json.index, index, "{}", case.name);
    }
    assert_eq!(versions, 1_097);
}

#[test]
fn parts_make_the_whole() {
    for case in cases() {
        let index = read_index(&case.golden);
        let mut text = String::new();
        let charts = index.charts();
        write_document_header(&mut text, !charts.is_empty());
        for (name, entries) in charts {
            write_chart_header(&mut text, name).unwrap();
            for entry in entries {
                write_entry(&mut text, &entry.fields()).unwrap();
            }
        }
        write_document_footer(&mut text, index.generated.as_str(), None);
        assert_eq!(text, case.golden, "{}", case.name);
    }
}

/// Puts the packages of a case that the corpus has into a folder; gives the file names that it has not. A package of
/// the same name with other bytes counts as missing.
fn lay_out(case: &Case, folder: &Path) -> BTreeSet<String> {
    let charts = crate::common::corpus().join("charts");
    let golden = read_index(&case.golden);
    let digests: BTreeSet<&str> =
        golden.entries.values().flatten().map(|entry| entry.digest.as_str()).collect();
    let is_known = |path: &Path| {
        fs::read(path).is_ok_and(|bytes| digests.contains(Digest::of(&bytes).to_hex().as_str()))
    };
    let mut missing = BTreeSet::new();
    for file in &case.files {
        let name = file.rsplit('/').next().unwrap();
        let target = folder.join(file);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        match file.as_str() {
            "corrupt-1.0.0.tgz" => fs::write(&target, b"\x1f\x8bnot a package").unwrap(),
            "nochart-1.0.0.tgz" => fs::write(&target, b"plain text").unwrap(),
            "README.md" | "audiobookshelf-1.2.2.tgz.prov" => fs::write(&target, b"text").unwrap(),
            _ if is_known(&charts.join(name)) || (is_deeper(file) && charts.join(name).exists()) => {
                fs::copy(charts.join(name), &target).unwrap();
            }
            _ => {
                missing.insert(name.to_owned());
            }
        }
    }
    missing
}

/// The golden index without the entries of missing packages, and with our times.
fn expected_index(case: &Case, missing: &BTreeSet<String>) -> String {
    let mut index = read_index(&case.golden);
    let time: Timestamp = TIME.parse().unwrap();
    index.generated = time.clone();
    for entries in index.entries.values_mut() {
        entries.retain(|entry| {
            let path = entry.urls[0].split('?').next().unwrap();
            !missing.contains(path.rsplit('/').next().unwrap())
        });
        for entry in entries {
            entry.created = time.clone();
        }
    }
    index.entries.retain(|_, entries| !entries.is_empty());
    index.to_yaml().unwrap()
}

/// Helm looks one folder deep only, so these are not in the golden index.
fn is_deeper(file: &str) -> bool {
    file.matches('/').count() > 1
}

#[test]
fn folders_are_indexed_as_helm_does() {
    // The packages of these four cases were renamed or merged with an index that the corpus does not have.
    let left_out = ["22-renamed-files", "23-same-chart-two-files", "26-merge-disjoint", "27-merge-overlap"];
    let mut compared = 0;
    for case in cases() {
        if left_out.contains(&case.name.as_str()) {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let missing = lay_out(&case, folder.path());
        let options = DirectoryIndexOptions {
            base_url: case.base_url.clone(),
            generated: TIME.parse().unwrap(),
            parallelism: 2,
            limits: Limits::default(),
        };
        let found = index_directory(folder.path(), &options, &|_, _| {}).unwrap();
        let broken = ["corrupt-1.0.0.tgz", "nochart-1.0.0.tgz"];
        let skipped = case.files.iter().filter(|file| broken.contains(&file.as_str())).count();
        assert_eq!(found.skipped.len(), skipped, "{}: {:?}", case.name, found.skipped);
        compared += found.index.entries.values().map(Vec::len).sum::<usize>();
        assert_eq!(found.index.to_yaml().unwrap(), expected_index(&case, &missing), "{}", case.name);
    }
    assert_eq!(compared, 701);
}

fn entry(name: &str, version: &str, url: &str) -> String {
    format!("  - created: \"{TIME}\"\n    name: {name}\n    urls:\n    - {url}\n    version: {version}\n")
}

/// The answers of Helm 3.22.
#[test]
fn merging_keeps_what_the_new_index_has() {
    let index = |entries: &[(&str, &str)], url: &str| {
        let items: String = entries.iter().map(|(name, version)| entry(name, version, url)).collect();
        read_index(&format!("apiVersion: v1\nentries:\n  a:\n{items}generated: \"{TIME}\"\n"))
    };
    let mut new = index(&[("a", "1.2.3"), ("a", "2.0.0-rc.1"), ("a", "v3.0.0")], "new");
    let old =
        ["1.2.3", "1.2.3+build", "1.2.4", "1.2", "2.0.0-rc.2", "2.0.0", "3.0.0", "4.0.0", "4.0.0", "0.1.0"];
    new.merge(index(&old.map(|version| ("a", version)), "old"));
    new.sort();
    let merged: Vec<_> = new.entries["a"]
        .iter()
        .map(|entry| (entry.metadata.version.as_str(), entry.urls[0].as_str()))
        .collect();
    let expected = [
        ("4.0.0", "old"),
        ("v3.0.0", "new"),
        ("2.0.0", "old"),
        ("2.0.0-rc.2", "old"),
        ("2.0.0-rc.1", "new"),
        ("1.2.4", "old"),
        ("1.2.3", "new"),
        ("0.1.0", "old"),
    ];
    assert_eq!(merged, expected);
}

#[test]
fn damaged_indexes() {
    let limits = chandlery_yaml::Limits::default();
    let head = "apiVersion: v1\nentries:\n  a:\n";
    let good = entry("a", "1.0.0", "x");
    let fatal = [
        (String::new(), "empty index.yaml file"),
        ("entries: {}\n".to_owned(), "no API version specified"),
        (format!("{head}{good}    surprise: 1\n"), "unknown field \"entries.a[0].surprise\""),
        (format!("{head}{good}    name: again\n"), "already set in map"),
        (format!("{head}{good}    maintainers:\n    - phone: 1\n"), "maintainers[0].phone"),
        (format!("{head}{good}surprise: 1\n"), "unknown field \"surprise\""),
        (format!("{head}{good}    dependencies: 3\n"), "dependencies: expected a list, found a number"),
        ("apiVersion: v1\nentries: [1]\n".to_owned(), "entries: expected a map, found a list"),
        ("apiVersion: v1\nentries: {a: 1}\n".to_owned(), "entries.a: expected a list, found a number"),
        ("apiVersion: v1\nentries: {a: [x]}\n".to_owned(), "entries.a[0]: expected a map, found text"),
        (format!("{head}{good}    bad: \u{1}\n"), "control characters are not allowed"),
        ("[".repeat(1 << 20), "yaml"),
        ("{".to_owned(), "yaml"),
    ];
    for (text, expected) in fatal {
        let error = IndexFile::read(text.as_bytes(), &limits).unwrap_err().to_string();
        assert!(error.contains(expected) && error.len() < 300, "{error}");
    }
    let dropped = [
        ("  - null\n".to_owned(), "empty entry"),
        (entry("a", "abc", "x"), "version \"abc\" is invalid"),
        (entry("..", "1.0.0", "x"), "name \"..\" is not allowed"),
        ("  - {}\n".to_owned(), "name is required"),
        (format!("{}    maintainers: [null]\n", entry("a", "2.0.0", "x")), "empty or null nodes"),
        (format!("{}    dependencies: [null]\n", entry("a", "2.0.0", "x")), "empty or null nodes"),
        (format!("{}    type: thing\n", entry("a", "2.0.0", "x")), "application or library"),
    ];
    for (item, warning) in dropped {
        let text = format!("{head}{item}{good}");
        let loaded = IndexFile::read(text.as_bytes(), &limits).unwrap();
        assert_eq!(loaded.index.entries["a"].len(), 1, "{item}");
        assert!(loaded.warnings.len() == 1 && loaded.warnings[0].contains(warning), "{:?}", loaded.warnings);
    }
    let twins = format!("{head}{good}    dependencies: [{{name: b}}, {{name: b}}]\n");
    assert_eq!(read_index(&twins).entries["a"].len(), 1);
    for empty in ["apiVersion: v1\n", "apiVersion: v1\nentries:\n", "apiVersion: v1\nentries: {a: null}\n"] {
        assert_eq!(read_index(empty).entries.values().map(Vec::len).sum::<usize>(), 0);
    }
    let json = r#"{"apiVersion":"v1","surprise":1,"entries":{"a":[{"name":"a","version":"1.0.0","x":2}]}}"#;
    assert_eq!(read_index(json).entries["a"].len(), 1);
}

#[test]
fn chart_names_of_every_kind() {
    let long = format!("{}\u{85}\u{2028}\\\"ü📚", "n".repeat(129));
    for name in ["a", "true", "1.0", "with space", "a: b", "ü", "- x", &long, &"\u{1}".repeat(250)] {
        let mut text = String::new();
        write_document_header(&mut text, true);
        write_chart_header(&mut text, name).unwrap();
        text.push_str(&entry("a", "1.0.0", "x"));
        write_document_footer(&mut text, TIME, Some("{}"));
        let index = read_index(&text);
        assert_eq!(index.entries.keys().collect::<Vec<_>>(), [name]);
        assert_eq!(index.entries[name].len(), 1);
    }
}
