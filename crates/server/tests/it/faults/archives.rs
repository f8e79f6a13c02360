//! Archives made to do harm (the list of helm.md section 8).

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::EntryType;

use crate::support::{
    Archive, Form, TestServer, chart_yaml, in_bounded_time, package, package_of, provenance,
};

const MIB: usize = 1 << 20;

fn chart() -> Archive {
    Archive::chart("evil", "1.0.0")
}

/// A chart whose charts/ holds a chart whose charts/ holds…
fn nested(depth: usize) -> Bytes {
    (0..depth).fold(chart().finish(), |inner, _| chart().file("chart/charts/evil.tgz", inner).finish())
}

/// A gzip stream of so many zeros, as the content of a tar header that announces them.
fn bomb(bytes: usize) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..bytes / MIB {
        encoder.write_all(&[0; MIB]).unwrap();
    }
    encoder.finish().unwrap().into()
}

fn archives() -> Vec<(&'static str, Bytes)> {
    let path = |path: &str| chart().file(path, "x").finish();
    let kind = |kind, target| chart().link(kind, "chart/link", target).finish();
    let good = chart().finish();
    let mut flipped = good.to_vec();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    let mut wrong_checksum = good.to_vec();
    let checksum = wrong_checksum.len() - 8;
    wrong_checksum[checksum] ^= 0xff;
    let mut large_files = Archive::stored().file("chart/Chart.yaml", chart_yaml("evil", "1.0.0"));
    for number in 0..21 {
        large_files = large_files.file(&format!("chart/{number}"), vec![number; 5 * MIB]);
    }
    let mut many = chart();
    for number in 0..1_000_000 {
        many = many.file(&format!("chart/{number}"), "");
    }
    vec![
        ("nothing", Bytes::new()),
        ("not gzip", Bytes::from_static(b"PK\x03\x04 this is another kind of archive")),
        ("truncated", good.slice(..good.len() / 2)),
        ("header only", good.slice(..10)),
        ("damaged", flipped.into()),
        ("wrong checksum", wrong_checksum.into()),
        ("no tar", bomb(MIB)),
        ("zeros", bomb(512 * MIB)),
        ("no files", Archive::new().finish()),
        ("parent directory", path("chart/../../evil")),
        ("beside the top directory", path("../evil")),
        ("root", path("/etc/passwd")),
        ("drive on top", path("c:/evil")),
        ("absolute", path("chart//etc/passwd")),
        ("drive", path("chart/c:/windows/x")),
        ("backslashes", path("chart\\..\\..\\evil")),
        ("no top directory", path("evil")),
        ("symbolic link", kind(EntryType::Symlink, "/etc/passwd")),
        ("hard link", kind(EntryType::Link, "chart/Chart.yaml")),
        ("fifo", kind(EntryType::Fifo, "")),
        ("character device", kind(EntryType::Char, "")),
        ("block device", kind(EntryType::Block, "")),
        ("the same file twice", chart().file("chart/a", "1").file("chart/a", "2").finish()),
        ("Chart.yaml twice", chart().file("chart/Chart.yaml", chart_yaml("other", "1.0.0")).finish()),
        ("one file too large", chart().file("chart/large", vec![7; 5 * MIB + 1]).finish()),
        ("all files too large", large_files.finish()),
        ("a million entries", many.finish()),
        ("nested", nested(50)),
        ("a bad chart inside", chart().file("chart/charts/x/Chart.yaml", "name: [").finish()),
        ("no Chart.yaml", Archive::new().file("chart/values.yaml", "a: 1\n").finish()),
        ("bad values", chart().file("chart/values.yaml", "a: [").finish()),
    ]
}

fn chart_yamls() -> Vec<(&'static str, String)> {
    let with = |more: &str| format!("{}{more}", chart_yaml("evil", "1.0.0"));
    let aliases = (1..30).fold("x0: &x0 [lol]\n".to_owned(), |text, level| {
        let before = level - 1;
        text + &format!("x{level}: &x{level} [*x{before}, *x{before}, *x{before}, *x{before}]\n")
    });
    vec![
        ("null in dependencies", with("dependencies: [null]\n")),
        ("null in maintainers", with("maintainers: [null]\n")),
        ("a list for a name", "apiVersion: v2\nname: [a]\nversion: 1.0.0\n".to_owned()),
        ("a map for a version", "apiVersion: v2\nname: evil\nversion: {a: b}\n".to_owned()),
        ("a number for keywords", with("keywords: 1\n")),
        ("10 MB", with(&format!("description: {}\n", "x".repeat(10 * MIB)))),
        ("a name of 10 MB", chart_yaml(&"x".repeat(4 * MIB), "1.0.0")),
        ("a version of 4 MB", chart_yaml("evil", &format!("1.0.0-{}", "x".repeat(4 * MIB)))),
        ("a dot", chart_yaml(".", "1.0.0")),
        ("two dots", chart_yaml("..", "1.0.0")),
        ("a slash", chart_yaml("a/b", "1.0.0")),
        ("a backslash", chart_yaml("..\\..\\evil", "1.0.0")),
        ("parent directories", chart_yaml("../../../../charts/org2/repo2/evil", "1.0.0")),
        ("parent directories in the version", chart_yaml("evil", "1.0.0/../../../x")),
        ("a long name", chart_yaml(&"x".repeat(251), "1.0.0")),
        ("an alias bomb", with(&aliases)),
        ("deep nesting", with(&format!("x: {}{}\n", "[".repeat(20_000), "]".repeat(20_000)))),
        ("no map", "- a\n- b\n".to_owned()),
        ("broken", "name: \"evil\nversion".to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn are_refused_and_leave_nothing() {
    // So much that what is refused is what is inside.
    let server = TestServer::with(|config| config.max_upload_size = 1 << 30).await;
    let admin = server.admin().await;
    admin.post("/api/charts", package("good", "1.0.0")).await.expect(201);
    let before = (server.stored_files(), admin.get("/index.yaml").await.body);
    let generation = async || {
        admin.get("/api/v1/repositories/default/charts").await.expect(200).json()["generation"].clone()
    };
    let generation_before = generation().await;
    let from_yaml = chart_yamls().into_iter().map(|(what, text)| (what, package_of(&text)));
    let mut accepted = Vec::new();
    for (what, archive) in archives().into_iter().chain(from_yaml) {
        for in_form in [false, true] {
            let upload = async {
                match in_form {
                    true => admin.post_form("/api/charts", Form::new().file("chart", "a", &archive)).await,
                    false => admin.post("/api/charts", archive.clone()).await,
                }
            };
            let answer = in_bounded_time(what, upload).await;
            if answer.status != 400 {
                accepted.push((what, answer.status, answer.text()));
                continue;
            }
            let text = answer.json()["error"].as_str().unwrap().to_owned();
            assert!(!text.is_empty() && text.len() < 1000, "{what}: {} bytes: {text:.300}", text.len());
            assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{what}: {text:?}");
        }
    }
    assert!(accepted.is_empty(), "{accepted:#?}");
    assert_eq!(before, (server.stored_files(), admin.get("/index.yaml").await.body));
    assert_eq!(generation_before, generation().await);
}

/// What harms nobody is taken as Helm takes it, and an index with it still parses.
#[tokio::test(flavor = "multi_thread")]
async fn odd_but_good() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let backslashes = Archive::new().file("odd\\Chart.yaml", chart_yaml("odd", "1.0.0")).finish();
    let exact = Archive::chart("exact", "1.0.0").file("chart/large", vec![7; 5 * MIB]).finish();
    let directories = Archive::new()
        .entry(EntryType::Directory, b"chart/", b"", b"")
        .file("chart/Chart.yaml", chart_yaml("directories", "1.0.0"))
        .entry(EntryType::Directory, b"chart/templates/", b"", b"")
        .finish();
    let longest = package(&"n".repeat(140), "1.0.0");
    let texts = [
        "name: '- a: b'\nversion: 1.0.0\ndescription: \"# \\u2028 {{ }} ]\"\nannotations: {'': '', '~': 'null', 'a: b': \"c\\nd\"}\n",
        "name: 'true'\nversion: '1'\nappVersion: '0x10'\nkeywords: ['no', '1e3', '~']\n",
        "name: '123'\nversion: 1.0.0\nhome: \"javascript:alert(1)\"\nicon: \"https://example.org/<script>\"\n",
    ];
    let odd = texts.map(|text| package_of(&format!("apiVersion: v2\n{text}")));
    for archive in [backslashes, exact, directories, longest].into_iter().chain(odd) {
        admin.post("/api/charts", archive).await.expect(201);
    }
    let index = admin.index("/index.yaml").await;
    assert_eq!(index.entries.len(), 7);
    for name in ["- a: b", "true", "123"] {
        assert_eq!(index.entries[name][0].metadata.name, name);
    }
    assert_eq!(index.entries["true"][0].metadata.app_version, "0x10");
}

/// Helm drops what cannot be printed from the texts of a Chart.yaml; what is left names the chart.
#[tokio::test(flavor = "multi_thread")]
async fn control_characters() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for (name, cleaned) in [
        ("be\u{7}ll", "bell"),
        ("esc\u{1b}[2Jape", "esc[2Jape"),
        ("line\nname: other", "line name: other"),
        ("ze\0ro", "zero"),
        ("over\u{202e}ride", "override"),
    ] {
        admin.post("/api/charts", package(name, "1.0.0")).await.expect(201);
        let index = admin.index("/index.yaml").await;
        assert!(index.entries.contains_key(cleaned), "{name:?}: {:?}", index.entries.keys());
        let entry = &index.entries[cleaned][0];
        admin.get(&format!("/{}", entry.urls[0])).await.expect(200);
        let text = admin.get("/index.yaml").await.text();
        assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{text:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_provenance_files() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let before = server.stored_files();
    let good = provenance("a", "1.0.0");
    let huge = Bytes::from([&b"-----BEGIN PGP SIGNED MESSAGE-----\n"[..], &vec![b'x'; 20 * MIB]].concat());
    for bad in [
        Bytes::new(),
        Bytes::from_static(b"nonsense"),
        Bytes::from_static(b"\xff\xfe\x00"),
        good.slice(1..),
        Bytes::from_static(b"-----BEGIN PGP SIGNED MESSAGE-----\nname: a\n"),
        huge,
    ] {
        let answer = in_bounded_time("an answer", admin.post("/api/prov", bad.clone())).await;
        answer.is_error(500, "invalid provenance file");
        let form = Form::new().file("prov", "a", &bad);
        in_bounded_time("an answer", admin.post_form("/api/charts", form)).await.expect(400);
    }
    for (name, version) in [
        ("../../evil", "1.0.0"),
        ("a/b", "1.0.0"),
        ("a\\b", "1.0.0"),
        ("a\u{7}", "1.0.0"),
        ("a", "../1"),
        ("..", "/x"),
    ] {
        let bad = provenance(name, version);
        let answer = admin.post("/api/prov", bad.clone()).await.expect(400);
        assert!(
            answer.json()["error"].as_str().unwrap().ends_with("is improperly formatted"),
            "{}",
            answer.text()
        );
        admin.post_form("/api/charts", Form::new().file("prov", "a", &bad)).await.expect(400);
    }
    let long = provenance(&"x".repeat(MIB), "1.0.0");
    let answer = admin.post("/api/prov", long).await.expect(400);
    assert!(answer.body.len() < 1000, "{} bytes", answer.body.len());
    assert_eq!(server.stored_files(), before);
    // Lines may end as on Windows.
    let windows = String::from_utf8(good.to_vec()).unwrap().replace('\n', "\r\n");
    admin.post("/api/prov", windows.clone()).await.expect(201);
    admin.get("/charts/a-1.0.0.tgz.prov").await.is(200, &windows);
}
