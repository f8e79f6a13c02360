//! The files of the corpus.

use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The folder of the corpus, from the environment.
pub(super) fn corpus_folder() -> PathBuf {
    let folder = std::env::var_os("CHANDLERY_CORPUS").map(PathBuf::from).unwrap_or_else(|| {
        panic!(
            "this test needs the corpus of public charts: set CHANDLERY_CORPUS to its folder \
             (the one with charts/ and index/), or run `make test`, which does"
        )
    });
    assert!(
        folder.join("charts").is_dir(),
        "CHANDLERY_CORPUS is {}, but there is no folder charts/ in it",
        folder.display()
    );
    folder
}

/// Calls `visit` with the name and text of each YAML file in each chart, templates excepted.
pub(super) fn visit_yaml_files(mut visit: impl FnMut(&str, &str)) {
    for entry in std::fs::read_dir(corpus_folder().join("charts")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "tgz") {
            visit_chart(&path, &mut visit);
        }
    }
}

fn visit_chart(path: &Path, visit: &mut impl FnMut(&str, &str)) {
    let file = std::fs::File::open(path).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
        if !is_yaml || name.contains("/templates/") {
            continue;
        }
        let mut text = String::new();
        if entry.read_to_string(&mut text).is_ok() {
            visit(&format!("{}: {name}", path.display()), &text);
        }
    }
}
