//! The files of packages for people.

use chandlery_chart::Limits;
use chandlery_chart::contents::{FileKind, list_files, read_all_templates, read_content, read_pages};

use crate::common::{CHART_YAML, TarBuilder, sound};

fn nested() -> Vec<u8> {
    let inner = sound().file("t/templates/i.yaml", "inner").file("t/README.md", "# inner").gzip();
    TarBuilder::default()
        .file("t/Chart.yaml", CHART_YAML)
        .file("t/values.yaml", "# a\nä: 1\n")
        .file("t/README.md", "# t")
        .file("t/CHANGELOG.md", "## 1")
        .file("t/logo.png", b"\x89PNG\0")
        .file("t/latin.txt", b"\xe4")
        .file("t/templates/a.yaml", "a")
        .file("t/charts/s-1.tgz", inner)
        .file("t/charts/d/Chart.yaml", CHART_YAML)
        .file("t/charts/d/templates/d.yaml", "d")
        .file("t/charts/broken.tgz", "no package")
        .gzip()
}

#[test]
fn files_of_packages_in_packages_are_listed() {
    let package = nested();
    let files = list_files(&package[..], &Limits::default()).unwrap();
    let shown: Vec<(&str, FileKind, bool)> =
        files.iter().map(|file| (file.path.as_str(), file.kind, file.is_binary)).collect();
    assert_eq!(
        shown,
        [
            ("Chart.yaml", FileKind::Chart, false),
            ("values.yaml", FileKind::Values, false),
            ("README.md", FileKind::Readme, false),
            ("CHANGELOG.md", FileKind::Changelog, false),
            ("logo.png", FileKind::Other, true),
            ("latin.txt", FileKind::Other, true),
            ("templates/a.yaml", FileKind::Template, false),
            ("charts/s-1.tgz", FileKind::Package, true),
            ("charts/s-1.tgz/Chart.yaml", FileKind::Chart, false),
            ("charts/s-1.tgz/templates/i.yaml", FileKind::Template, false),
            ("charts/s-1.tgz/README.md", FileKind::Readme, false),
            ("charts/d/Chart.yaml", FileKind::Chart, false),
            ("charts/d/templates/d.yaml", FileKind::Template, false),
            ("charts/broken.tgz", FileKind::Package, false),
        ]
    );
    assert_eq!(files[1].size, 10);
    assert!(list_files(&package[..100], &Limits::default()).is_err());
    let few = Limits { entries: 12, ..Limits::default() };
    assert!(list_files(&package[..], &few).is_err(), "files in packages count");
}

#[test]
fn single_files_up_to_a_size() {
    let package = nested();
    let read = |path: &str, most| read_content(&package[..], path, most, &Limits::default()).unwrap();
    let inner = read("charts/s-1.tgz/templates/i.yaml", 100).unwrap();
    assert_eq!((&inner.data[..], inner.is_cut, inner.entry.size), (&b"inner"[..], false, 5));
    // Half a character is none.
    let values = read("values.yaml", 5).unwrap();
    assert_eq!((&values.data[..], values.is_cut, values.entry.size), (&b"# a\n"[..], true, 10));
    let logo = read("logo.png", 2).unwrap();
    assert_eq!((&logo.data[..], logo.is_cut, logo.entry.is_binary), (&b"\x89P"[..], true, true));
    assert_eq!(read("no/such/file", 5), None);
    let templates = read_all_templates(&package[..], 100, &Limits::default()).unwrap();
    let paths: Vec<&str> = templates.iter().map(|template| template.entry.path.as_str()).collect();
    assert_eq!(paths, ["templates/a.yaml", "charts/s-1.tgz/templates/i.yaml", "charts/d/templates/d.yaml"]);
}

#[test]
fn pages_are_those_of_the_chart_itself() {
    let pages = read_pages(&nested()[..], 100, &Limits::default()).unwrap();
    assert_eq!(&pages.readme.unwrap().data[..], b"# t");
    assert_eq!(&pages.changelog.unwrap().data[..], b"## 1");
    assert_eq!(pages.values.unwrap().entry.path, "values.yaml");
    assert_eq!((pages.schema, pages.license), (None, None));
}
