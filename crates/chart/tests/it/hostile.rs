//! Bad packages: each gets a clear error, soon and in bounded memory.

use std::io::{self, Read};

use chandlery_chart::{Archive, ArchiveError, Chart, Limits, inspect, read_values};

use crate::common::{CHART_YAML, TarBuilder, gzip, sound};

/// The error of reading a package in every way there is; all must agree.
fn refusal(package: &[u8]) -> String {
    let limits = Limits::default();
    let error = inspect(package, &limits).expect_err("it is refused").to_string();
    assert_eq!(Chart::read(package, &limits).expect_err("it is refused").to_string(), error);
    assert!(error.len() < 400, "{error}");
    error
}

fn assert_refused(package: &[u8], expected: &str) {
    let error = refusal(package);
    assert!(error.contains(expected), "{error:?} does not contain {expected:?}");
}

/// Refused already by the archive reader, without looking for a chart.
fn assert_archive_refused(package: &[u8], expected: &str) {
    assert_refused(package, expected);
    let error = Archive::read(package, &Limits::default()).expect_err("it is refused").to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn not_an_archive() {
    let whole = sound().file("t/values.yaml", "a: 1\n".repeat(10_000)).gzip();
    assert_archive_refused(b"", "EOF");
    assert_archive_refused(b"\x1f\x8b", "unexpected EOF");
    assert_archive_refused(b"garbage", "unexpected EOF");
    assert_archive_refused(b"garbage that is longer", "gzip: invalid header");
    assert_archive_refused(&gzip(b""), "no files in chart archive");
    assert_archive_refused(&gzip(b"not a tar archive"), "unexpected EOF");
    assert_archive_refused(&gzip(&[b'x'; 2048]), "invalid tar header");
    assert_archive_refused(&gzip(&[0; 1024]), "no files in chart archive");
    assert_archive_refused(&whole[..15], "unexpected EOF");
    assert_archive_refused(&whole[..whole.len() / 2], "unexpected EOF in \"values.yaml\"");
    let mut damaged = whole.clone();
    damaged[40..60].fill(0xff);
    assert!(refusal(&damaged).contains("flate: corrupt input before offset"));
    let mut wrong_checksum = whole.clone();
    let at = whole.len() - 8;
    wrong_checksum[at] ^= 1;
    assert_archive_refused(&wrong_checksum, "gzip: invalid checksum");
    let mut tar = sound().file("t/b", "").finish();
    tar[1024 + 5] ^= 1;
    assert_archive_refused(&gzip(&tar), "invalid tar header after \"Chart.yaml\"");
}

#[test]
fn what_helm_tolerates() {
    let limits = Limits::default();
    let accepted = [
        [sound().gzip(), b"trailing bytes".to_vec()].concat(),
        [sound().gzip(), vec![0; 3]].concat(),
        gzip(&sound().finish()[..1024]),
        TarBuilder::default().file("t\\Chart.yaml", CHART_YAML).gzip(),
        TarBuilder::default().file("other/Chart.yaml", CHART_YAML).file("top/templates/x.yaml", "").gzip(),
        TarBuilder::default().file("t/Chart.yaml", format!("\u{feff}{CHART_YAML}")).gzip(),
        sound().entry(b"t/", b'5', b"").entry(b"pax_global_header", b'g', b"11 comment=\n").gzip(),
        sound().entry(b"PaxHeaders", b'x', b"22 path=t/values.yaml\n").file("short", "a: 1").gzip(),
        sound().entry(b"@LongLink", b'L', b"t/values.yaml\0").file("short", "a: 1").gzip(),
        sound().entry(b"t/dir/", 0, b"").file("t/charts/_off/Chart.yaml", "[").file("t/charts/.x", "").gzip(),
        sound().file("t/charts/a-1.tgz.prov", "text").gzip(),
        sound().file("t/charts/s/Chart.yaml", CHART_YAML).gzip(),
        sound().file("t/charts/s-1.tgz", sound().gzip()).file("t/charts/s-2.tgz", sound().gzip()).gzip(),
        sound().file("t/big", vec![0; 5 << 20]).gzip(),
    ];
    for (case, package) in accepted.iter().enumerate() {
        let summary = inspect(&package[..], &limits).unwrap_or_else(|error| panic!("case {case}: {error}"));
        assert_eq!(summary.metadata.name, "t");
        Chart::read(&package[..], &limits).unwrap();
    }
    let members = [gzip(&sound().finish()[..700]), gzip(&sound().finish()[700..])].concat();
    assert_eq!(inspect(&members[..], &limits).unwrap().metadata.version, "0.1.0");
    assert_eq!(read_values(&accepted[7][..], &limits).unwrap().unwrap(), "a: 1");
    assert_eq!(read_values(&accepted[8][..], &limits).unwrap().unwrap(), "a: 1");
}

#[test]
fn paths_that_leave_the_chart() {
    let cases: &[(&[u8], &str)] = &[
        (b"../../etc/passwd", "parent directory"),
        (b"t/../../evil", "parent directory"),
        (b"t\\..\\..\\evil", "parent directory"),
        (b"t//etc/passwd", "absolute paths"),
        (b"t/c:/windows/evil", "illegally named"),
        (b"t\\C:\\windows\\evil", "illegally named"),
        (b"README.md", "outside the base directory"),
        (b"Chart.yaml/x", "not in base directory"),
        (b"t/\xff\xfe", "not UTF-8"),
    ];
    for (name, expected) in cases {
        let package = sound().entry(name, b'0', b"evil").gzip();
        assert_archive_refused(&package, expected);
        assert!(refusal(&package).contains(String::from_utf8_lossy(&name[..1]).as_ref()));
    }
    let long_path = format!("t/{}", "d/".repeat(2000));
    let record = format!("{} path={long_path}\n", long_path.len() + 11);
    assert_archive_refused(
        &sound().entry(b"PaxHeaders", b'x', record.as_bytes()).file("short", "").gzip(),
        "too long",
    );
    assert_archive_refused(
        &sound().entry(b"PaxHeaders", b'x', b"20 path=t/../../evil\n").file("short", "").gzip(),
        "invalid tar header",
    );
    assert_archive_refused(
        &sound().entry(b"PaxHeaders", b'x', b"21 path=t/../../evil\n").file("short", "").gzip(),
        "parent directory",
    );
}

#[test]
fn links_and_special_files() {
    let cases = [
        (b'1', "hard link"),
        (b'2', "symbolic link"),
        (b'3', "character device"),
        (b'4', "block device"),
        (b'6', "FIFO"),
        (b'S', "sparse file"),
        (b'Z', "entry of unknown kind"),
    ];
    for (kind, expected) in cases {
        let package = sound().entry(b"t/thing", kind, b"").gzip();
        assert_archive_refused(&package, expected);
        assert_archive_refused(&package, "t/thing");
    }
    let sparse = sound().entry(b"p", b'x', b"22 GNU.sparse.major=1\n").file("t/thing", "").gzip();
    assert_archive_refused(&sparse, "sparse file");
}

#[test]
fn two_readers_must_see_one_archive() {
    assert_archive_refused(
        &sound().file("t/a", "1").file("t/a", "2").gzip(),
        "chart contains \"a\" more than once",
    );
    assert_archive_refused(&sound().file("u/./Chart.yaml", CHART_YAML).gzip(), "more than once");
    assert_archive_refused(
        &sound().entry(b"p", b'x', b"10 size=1\n").file("t/a", "12").gzip(),
        "invalid tar header",
    );
    assert_archive_refused(
        &sound().entry(b"p", b'x', b"99 path=x\n").file("t/a", "").gzip(),
        "invalid tar header",
    );
    let mut endless = sound();
    endless.header(b"t/x", b'x', 1 << 32);
    assert_archive_refused(&endless.gzip(), "invalid tar header");
}

#[test]
fn too_large() {
    assert_archive_refused(
        &sound().file("t/big", vec![0; (5 << 20) + 1]).gzip(),
        "decompressed chart file \"big\" is larger than the maximum file size 5242880",
    );
    let mut promised = sound();
    promised.header(b"t/big", b'0', 1 << 32);
    assert_archive_refused(&promised.gzip(), "larger than the maximum file size");
    // Noise does not pack, so that the ratio is not what stops it.
    let noise: Vec<u8> = (0..5_u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let whole = (0..21).fold(sound(), |tar, number| tar.file(&format!("t/{number}"), &noise));
    assert_archive_refused(&whole.gzip(), "decompressed chart is larger than the maximum size 104857600");
}

/// Gives the same bytes over and over, so that a bomb costs the test no memory.
struct Repeated<'a> {
    bytes: &'a [u8],
    times: usize,
    position: usize,
}

impl Read for Repeated<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position == self.bytes.len() && self.times > 1 {
            (self.position, self.times) = (0, self.times - 1);
        }
        let read = (&self.bytes[self.position..]).read(buffer)?;
        self.position += read;
        Ok(read)
    }
}

#[test]
fn bombs() {
    let zeros = (0..19).fold(sound(), |tar, number| tar.file(&format!("t/{number}"), vec![0; 5 << 20]));
    assert_archive_refused(&zeros.gzip(), "chart inflates to more than 200 times its packed size");

    let mut header = TarBuilder::default();
    header.header(b"t/e", b'5', 0);
    let headers = header.finish()[..512].repeat(1000);
    let packed = gzip(&headers);
    let million = Repeated { bytes: &packed, times: 1000, position: 0 };
    let error = inspect(million, &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "chart contains more than 50000 entries");

    let nested = (0..50).fold(sound().gzip(), |inner, _| sound().file("t/charts/n.tgz", inner).gzip());
    assert_refused(&nested, "charts are nested more than 16 deep");
    let deep = format!("t/{}Chart.yaml", "charts/n/".repeat(50));
    let folders = (0..50).fold(sound(), |tar, depth| {
        let name = format!("t/{}Chart.yaml", "charts/n/".repeat(depth + 1));
        let record = format!(" path={name}\n");
        let length = record.len() + if record.len() + 2 < 100 { 2 } else { 3 };
        tar.entry(b"p", b'x', format!("{length}{record}").as_bytes()).file("short", CHART_YAML)
    });
    assert!(deep.len() < Limits::default().path_bytes);
    assert_refused(&folders.gzip(), "charts are nested more than 16 deep");

    // One budget for all: each package below is within the limits, together they are not.
    let noise: Vec<u8> = (0..5_u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let small = Limits { total_bytes: 16 << 20, ..Limits::default() };
    let inner = sound().file("t/noise", &noise).gzip();
    assert!(inspect(&inner[..], &small).is_ok());
    let outer = (0..4).fold(sound(), |tar, number| tar.file(&format!("t/charts/{number}.tgz"), &inner));
    let error = inspect(&outer.gzip()[..], &small).unwrap_err();
    assert!(matches!(error, ArchiveError::TooLarge { .. } | ArchiveError::FileTooLarge { .. }), "{error}");
}

/// A `Chart.yaml` with further lines.
fn with_chart_yaml(text: &str) -> Vec<u8> {
    TarBuilder::default().file("t/Chart.yaml", text).gzip()
}

#[test]
fn metadata_of_wrong_shapes() {
    let long_name = "a".repeat(4 << 20);
    let cases = [
        ("", "validation: chart.metadata.name is required"),
        ("- a\n", "cannot load Chart.yaml: expected a map, found a list"),
        ("text", "cannot load Chart.yaml: expected a map, found text"),
        ("{", "cannot load Chart.yaml: error converting YAML to JSON: yaml:"),
        ("name: t\n", "validation: chart.metadata.version is required"),
        ("version: 1.0.0\n", "validation: chart.metadata.name is required"),
        ("name: [t]\nversion: 1\n", "cannot load Chart.yaml: name: expected text, found a list"),
        ("name: t\nversion: {a: b}\n", "version: expected text, found a map"),
        ("name: t\nversion: abc\n", "validation: chart.metadata.version \"abc\" is invalid"),
        ("name: t\nversion: 1.2.3.4\n", "version \"1.2.3.4\" is invalid"),
        ("name: t\nversion: \"1\\e[31m\"\n", "version \"1\\x1b[31m\" is invalid"),
        ("name: .\nversion: 1\n", "validation: chart.metadata.name \".\" is not allowed"),
        ("name: ..\nversion: 1\n", "validation: chart.metadata.name \"..\" is not allowed"),
        ("name: a/b\nversion: 1\n", "validation: chart.metadata.name \"a/b\" is invalid"),
        ("name: ../a\nversion: 1\n", "validation: chart.metadata.name \"../a\" is invalid"),
        ("name: \"\\x01\\x02\"\nversion: 1\n", "validation: chart.metadata.name is required"),
        ("name: t\nversion: 1\nbad: \u{1}\n", "control characters are not allowed"),
        (
            "name: t\nversion: 1\ntype: Library\n",
            "validation: chart.metadata.type must be application or library",
        ),
        ("name: t\nversion: 1\nkeywords: abc\n", "keywords: expected a list, found text"),
        ("name: t\nversion: 1\nkeywords: [[a]]\n", "keywords[0]: expected text, found a list"),
        ("name: t\nversion: 1\ndeprecated: \"true\"\n", "deprecated: expected true or false, found text"),
        ("name: t\nversion: 1\nannotations: [a]\n", "annotations: expected a map, found a list"),
        ("name: t\nversion: 1\nannotations: {a: {b: c}}\n", "annotations.\"a\": expected text, found a map"),
        ("name: t\nversion: 1\nmaintainers: [null]\n", "maintainers must not contain empty or null nodes"),
        ("name: t\nversion: 1\nmaintainers: [x]\n", "maintainers[0]: expected a map, found text"),
        ("name: t\nversion: 1\ndependencies: [null]\n", "dependencies must not contain empty or null nodes"),
        ("name: t\nversion: 1\ndependencies: {}\n", "dependencies: expected a list, found a map"),
        (
            "name: t\nversion: 1\ndependencies: [{name: a, alias: \"../x\"}]\n",
            "dependency \"a\" has disallowed characters in the alias",
        ),
        (
            "name: t\nversion: 1\ndependencies: [{name: a}, {name: b, alias: a}]\n",
            "more than one dependency with name or alias \"a\"",
        ),
        (&format!("name: t\nversion: {long_name}\n"), "is invalid"),
        (&format!("name: {long_name}/\nversion: 1\n"), "is invalid"),
        (&format!("name: {long_name}\nversion: 1\n"), "is longer than 250 bytes"),
    ];
    for (text, expected) in cases {
        let error = refusal(&with_chart_yaml(text));
        assert!(error.contains(expected), "{text:.80}: {error}");
    }
    // Helm reads this and fails when it writes the index.
    let unwritable = with_chart_yaml("name: t\nversion: 1\nannotations: {a: \"\\x7f\"}\n");
    let error = inspect(&unwritable[..], &Limits::default()).unwrap_err().to_string();
    assert!(error.contains("control characters are not allowed"), "{error}");
    assert_refused(&with_chart_yaml(&"#".repeat(10 << 20)), "larger than the maximum file size");
    assert_refused(&TarBuilder::default().file("t/README.md", "").gzip(), "Chart.yaml file is missing");
    assert_refused(
        &TarBuilder::default().file("./t/Chart.yaml", CHART_YAML).gzip(),
        "Chart.yaml file is missing",
    );
}

#[test]
fn yaml_bombs() {
    let laughs = (1..30).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
        let alias = format!("*a{}, ", level - 1).repeat(9);
        format!("{text}a{level}: &a{level} [{alias}]\n")
    });
    for text in [
        laughs,
        "[".repeat(1 << 20),
        "{a: ".repeat(20_000),
        "- ".repeat(1 << 20),
        "a: {}\n? ".repeat(300_000),
    ] {
        assert_refused(&with_chart_yaml(&text), "cannot load Chart.yaml: ");
        assert_refused(&sound().file("t/values.yaml", &text).gzip(), "cannot load values.yaml: ");
        assert_refused(&sound().file("t/Chart.lock", &text).gzip(), "cannot load Chart.lock: ");
    }
}

#[test]
fn other_files_that_must_parse() {
    let cases = [
        ("t/values.yaml", "- a\n", "cannot load values.yaml: expected a map, found a list"),
        ("t/values.yaml", "a: [\n", "cannot load values.yaml: error converting YAML to JSON: yaml"),
        ("t/values.yaml", "a: 1\n---\ntext\n", "cannot load values.yaml: expected a map, found text"),
        ("t/Chart.lock", "generated: yesterday\n", "cannot load Chart.lock: generated: expected a time"),
        ("t/Chart.lock", "dependencies: 1\n", "cannot load Chart.lock: dependencies: expected a list"),
        ("t/requirements.lock", "- 1\n", "cannot load requirements.lock: expected a map"),
        (
            "t/requirements.yaml",
            "dependencies: 1\n",
            "cannot load requirements.yaml: dependencies: expected a list",
        ),
        ("t/requirements.yaml", "name: ..\n", "name \"..\" is not allowed"),
        ("t/charts/README.md", "", "error unpacking subchart README.md in t: Chart.yaml file is missing"),
        ("t/charts/a/README.md", "", "error unpacking subchart a in t: Chart.yaml file is missing"),
        ("t/charts/a/s.tgz", "", "error unpacking subchart a in t: Chart.yaml file is missing"),
        ("t/charts/s.tgz", "", "error unpacking subchart s.tgz in t: EOF"),
        ("t/charts/s.tgz", "no package at all", "error unpacking subchart s.tgz in t: gzip: invalid header"),
        ("t/charts/s.tgz/Chart.yaml", CHART_YAML, "error unpacking subchart s.tgz in t"),
        (
            "t/charts/a/Chart.yaml",
            "name: a\nversion: x\n",
            "subchart a in t: validation: chart.metadata.version \"x\"",
        ),
        ("t/charts/a/values.yaml", "[", "error unpacking subchart a in t: cannot load values.yaml"),
    ];
    for (path, text, expected) in cases {
        assert_refused(&sound().file(path, text).gzip(), expected);
    }
    let inner = sound().file("t/charts/deep/x", "").gzip();
    assert_refused(
        &sound().file("t/charts/s.tgz", inner).gzip(),
        "error unpacking subchart s.tgz in t: error unpacking subchart deep in t: Chart.yaml file is missing",
    );
    let link = sound().entry(b"t/l", b'2', b"").gzip();
    assert_refused(
        &sound().file("t/charts/s.tgz", link).gzip(),
        "subchart s.tgz in t: chart illegally contains a symbolic link",
    );
}

/// A source that breaks.
struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is on fire"))
    }
}

#[test]
fn a_failing_source_is_not_the_package_s_fault() {
    let package = sound().file("t/a", vec![7; 100]).gzip();
    for whole_bytes in [0, 5, 40, package.len() - 8] {
        let error = inspect((&package[..whole_bytes]).chain(Failing), &Limits::default()).unwrap_err();
        assert!(error.is_io(), "{error}");
        assert_eq!(chandlery_core::Error::from(error).code(), "unavailable");
    }
    let error = inspect(&b"x"[..], &Limits::default()).unwrap_err();
    assert_eq!(chandlery_core::Error::from(error).code(), "invalid");
}
