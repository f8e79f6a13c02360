//! Charts from directories, and packages written and read again.

use std::fs;
use std::path::Path;

use chandlery_chart::{Archive, Chart, Limits, PackageOptions};

use crate::common::{CHART_YAML, sound};

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn packed(chart: &Chart, modified: Option<i64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    chart.write_package(modified, &mut bytes).unwrap();
    bytes
}

fn paths(package: &[u8]) -> Vec<String> {
    let archive = Archive::read(package, &Limits::default()).unwrap();
    archive.files.into_iter().map(|file| file.path).collect()
}

#[test]
fn a_directory_becomes_a_package() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("{}/{}.txt", "directory/".repeat(12), "n".repeat(60));
    let too_long = format!("files/{}.txt", "x".repeat(150));
    write(
        folder.path(),
        &[
            (
                "Chart.yaml",
                "# comment\nname: t\nversion: 0.1.0\napiVersion: v2\nunknown: x\ndependencies: [{name: s}]\n",
            ),
            (
                "Chart.lock",
                "generated: \"2026-01-02T03:04:05Z\"\ndigest: d\ndependencies:\n- {name: s, version: 1.0.0}\n",
            ),
            ("values.yaml", "\u{feff}# kept\na: 1\n"),
            ("values.schema.json", "{}"),
            ("templates/b.yaml", "b"),
            ("templates/a.yaml", "a"),
            ("templates/.hidden", "no"),
            ("README.md", "read"),
            ("notes.tmp", "no"),
            ("scratch/x", "no"),
            ("ünïcode.txt", "u"),
            (&long, "long"),
            (&too_long, "longer"),
            (".helmignore", "*.tmp\nscratch/\n"),
            ("charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 1.0.0\n"),
            ("charts/s/templates/s.yaml", "s"),
        ],
    );
    let chart = Chart::read_directory(folder.path(), &Limits::default()).unwrap();
    assert_eq!(chart.values_file.as_ref().unwrap().data, "# kept\na: 1\n");
    let chart = chart.prepare_package(&PackageOptions::default()).unwrap();
    let package = packed(&chart, Some(1_700_000_000));
    let expected = [
        "Chart.yaml",
        "Chart.lock",
        "values.yaml",
        "values.schema.json",
        "templates/a.yaml",
        "templates/b.yaml",
        ".helmignore",
        "README.md",
        &long,
        &too_long,
        "ünïcode.txt",
        "charts/s/Chart.yaml",
        "charts/s/templates/s.yaml",
    ];
    assert_eq!(paths(&package), expected.map(|path| path.replace("//", "/")));
    let archive = Archive::read(&package[..], &Limits::default()).unwrap();
    assert!(archive.files.iter().all(|file| file.modified == 1_700_000_000));
    let yaml = "apiVersion: v2\ndependencies:\n- name: s\n  repository: \"\"\nname: t\nversion: 0.1.0\n";
    assert_eq!(archive.files[0].data, yaml);
    assert_eq!(
        archive.files[1].data,
        "dependencies:\n- name: s\n  repository: \"\"\n  version: 1.0.0\ndigest: d\ngenerated: \"2026-01-02T03:04:05Z\"\n"
    );
    assert_eq!(package[..4], [0x1f, 0x8b, 8, 0b1_0100]);
    assert_eq!(package, packed(&chart, Some(1_700_000_000)));
    let again = Chart::read_directory(folder.path(), &Limits::default()).unwrap();
    assert_eq!(packed(&chart, None), packed(&again, None));
}

#[test]
fn versions_and_missing_dependencies() {
    let read = || Chart::read(&sound().gzip()[..], &Limits::default()).unwrap();
    let options = |version: &str| PackageOptions {
        version: Some(version.to_owned()),
        app_version: Some("9".to_owned()),
        modified: None,
    };
    let chart = read().prepare_package(&options("1.2.3+b")).unwrap();
    assert_eq!(
        (chart.metadata.file_name().as_str(), chart.metadata.app_version.as_str()),
        ("t-1.2.3+b.tgz", "9")
    );
    let error = read().prepare_package(&options("one")).unwrap_err().to_string();
    assert_eq!(error, "version \"one\": invalid semantic version");
    let lonely = format!("{CHART_YAML}dependencies: [{{name: a}}, {{name: b}}]\n");
    let package = crate::common::TarBuilder::default().file("t/Chart.yaml", lonely).gzip();
    let error = Chart::read(&package[..], &Limits::default())
        .unwrap()
        .prepare_package(&PackageOptions::default())
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("found in Chart.yaml, but missing in charts/ directory: a, b"), "{error}");
    let schema = sound().file("t/values.schema.json", "{").gzip();
    let error =
        Chart::read(&schema[..], &Limits::default()).unwrap().write_package(None, Vec::new()).unwrap_err();
    assert!(error.to_string().contains("invalid JSON in values.schema.json"));
}

#[test]
fn old_charts_keep_their_dependencies_apart() {
    let package = crate::common::TarBuilder::default()
        .file("t/Chart.yaml", "name: t\nversion: 1\n")
        .file("t/requirements.yaml", "dependencies:\n- name: s\n  version: 1.x\n")
        .file("t/requirements.lock", "digest: d\ngenerated: 2026-01-02T03:04:05.5+01:00\n")
        .file("t/charts/s/Chart.yaml", "name: s\nversion: 1.0.0\n")
        .gzip();
    let chart = Chart::read(&package[..], &Limits::default()).unwrap();
    assert_eq!(chart.metadata.api_version, "v1");
    assert_eq!(chart.metadata.dependencies[0].version, "1.x");
    assert_eq!(chart.lock.as_ref().unwrap().generated.as_str(), "2026-01-02T03:04:05.5+01:00");
    let written = packed(&chart, None);
    let expected = ["Chart.yaml", "requirements.yaml", "requirements.lock", "charts/s/Chart.yaml"];
    assert_eq!(paths(&written), expected);
    assert_eq!(Chart::read(&written[..], &Limits::default()).unwrap().metadata, chart.metadata);
}

#[cfg(unix)]
#[test]
fn links_are_followed_inside_the_chart_only() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("t");
    write(&root, &[("Chart.yaml", CHART_YAML), ("files/a", "a"), (".helmignore", "off\n")]);
    fs::write(folder.path().join("secret"), "s").unwrap();
    symlink("files", root.join("alias")).unwrap();
    symlink("../secret", root.join("off")).unwrap();
    let error = Chart::read_directory(&root, &Limits::default()).unwrap_err().to_string();
    assert_eq!(error, "chart contains a symbolic link that leaves the chart directory: \"off\"");
    fs::remove_file(root.join("off")).unwrap();
    let chart = Chart::read_directory(&root, &Limits::default()).unwrap();
    let files: Vec<_> = chart.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(files, [".helmignore", "alias/a", "files/a"]);
    symlink("..", root.join("files/up")).unwrap();
    let error = Chart::read_directory(&root, &Limits::default()).unwrap_err().to_string();
    assert!(error.contains("link to a directory around it"), "{error}");
    fs::remove_file(root.join("files/up")).unwrap();
    symlink("nowhere", root.join("broken")).unwrap();
    assert!(Chart::read_directory(&root, &Limits::default()).unwrap_err().is_io());
}

#[test]
fn directories_have_the_limits_of_packages() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("Chart.yaml", CHART_YAML), ("big", &"x".repeat(2000))]);
    let read =
        |limits: Limits| Chart::read_directory(folder.path(), &limits).map_err(|error| error.to_string());
    assert!(read(Limits::default()).is_ok());
    assert!(
        read(Limits { file_bytes: 1999, ..Limits::default() }).unwrap_err().contains("\"big\" is larger")
    );
    assert!(
        read(Limits { total_bytes: 2000, ..Limits::default() }).unwrap_err().contains("maximum size 2000")
    );
    assert!(read(Limits { entries: 1, ..Limits::default() }).unwrap_err().contains("more than 1 entries"));
    write(folder.path(), &[(".helmignore", "a\n**\n")]);
    assert!(read(Limits::default()).unwrap_err().contains(".helmignore line 2"));
    assert!(Chart::read_directory(&folder.path().join("none"), &Limits::default()).unwrap_err().is_io());
}

#[test]
fn corpus_charts_survive_packing() {
    let charts = crate::common::corpus().join("charts");
    let mut names: Vec<_> = fs::read_dir(charts).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    for path in names.into_iter().step_by(7) {
        let chart = Chart::read(fs::File::open(&path).unwrap(), &Limits::default()).unwrap();
        let written = packed(&chart, None);
        let again = Chart::read(&written[..], &Limits::default()).unwrap();
        assert_eq!(again.metadata, chart.metadata, "{}", path.display());
        assert_eq!(
            (again.templates, again.files, again.values),
            (chart.templates, chart.files, chart.values)
        );
        assert_eq!(again.subcharts.len(), chart.subcharts.len());
    }
}

#[test]
fn names_that_a_package_cannot_hold() {
    let chart = |subcharts: &[(&str, &str, &str)]| {
        let package = subcharts.iter().fold(sound(), |tar, (folder, name, version)| {
            let yaml = format!("name: {name}\nversion: {version}\n");
            tar.file(&format!("t/charts/{folder}/Chart.yaml"), yaml)
        });
        Chart::read(&package.gzip()[..], &Limits::default()).unwrap()
    };
    let written = |chart: &Chart| {
        let mut bytes = Vec::new();
        chart.write_package(None, &mut bytes).map(|()| bytes).map_err(|error| error.to_string())
    };
    let twins = chart(&[("a", "s", "1.0.0"), ("b", "s", "2.0.0"), ("c", "d.tgz", "1.0.0")]);
    let package = written(&twins).unwrap();
    assert_eq!(
        paths(&package),
        ["Chart.yaml", "charts/s/Chart.yaml", "charts/s-2.0.0.tgz", "charts/d.tgz-1.0.0.tgz"]
    );
    let again = Chart::read(&package[..], &Limits::default()).unwrap();
    let mut versions: Vec<_> = again.subcharts.iter().map(|chart| chart.metadata.file_name()).collect();
    versions.sort();
    assert_eq!(versions, ["d.tgz-1.0.0.tgz", "s-1.0.0.tgz", "s-2.0.0.tgz"]);

    let same = chart(&[("a", "s", "1.0.0"), ("b", "s", "1.0.0"), ("c", "s", "1.0.0")]);
    assert_eq!(written(&same).unwrap_err(), "cannot package chart \"t\": it has charts/s-1.0.0.tgz twice");
    assert!(written(&chart(&[("a", "_s", "1.0.0")])).unwrap_err().contains("would be skipped"));
    assert!(written(&chart(&[("a", "s\\", "1.0.0")])).unwrap_err().contains("\"t/charts/s\\\\/Chart.yaml\""));

    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("Chart.yaml", CHART_YAML), ("..notes", "")]);
    let chart = Chart::read_directory(folder.path(), &Limits::default()).unwrap();
    assert!(written(&chart).unwrap_err().contains("\"t/..notes\""));
}
