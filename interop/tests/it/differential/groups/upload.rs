//! Uploads of every kind.

use super::{chart_yaml, form_of, part, plain};
use crate::differential::Group;
use crate::differential::cases::{chunked, get, head, named, post, raw, typed};
use crate::http::{FORM, form_body};
use crate::packages::{Package, gzip, package, provenance};

pub(super) fn raw_bodies() -> Group {
    let chart = package("a", "1.0.0");
    let mut cases = vec![
        typed(raw("no media type of ours", chart.clone()), "application/x-www-form-urlencoded"),
        raw("again", chart.clone()),
        typed(raw("again with a media type", chart.clone()), "application/gzip"),
    ];
    for query in ["force", "force=true", "force=false", "Force", "forced", "x=1&force"] {
        cases.push(post(&format!("?{query}"), &format!("/api/charts?{query}"), chart.clone()));
    }
    let truncated = chart[..chart.len() - 20].to_vec();
    let broken: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("three bytes", b"abc".to_vec()),
        ("no gzip", vec![b'x'; 100]),
        ("gzip of nothing", gzip(b"")),
        ("gzip of junk", gzip(b"junk")),
        ("cut", truncated),
        ("no Chart.yaml", Package::bare("x", "").with("values.yaml", "a: 1\n").bytes()),
        ("bad values", bare("novals").with("values.yaml", "a: [\n").bytes()),
        ("bad subchart", package_with_bad_subchart()),
    ];
    cases.extend(broken.into_iter().map(|(name, bytes)| raw(name, bytes)));
    cases.extend([
        chunked(post("chunked", "/api/charts?force", chart.clone())),
        raw("bytes after gzip", [package("trail", "1.0.0"), vec![0; 20]].concat()),
        raw("another top directory", chart_yaml("apiVersion: v2\nname: elsewhere\nversion: 1.0.0\n")),
        get("/charts/elsewhere-1.0.0.tgz"),
        head("/api/charts/elsewhere"),
        head("/api/charts/trail"),
        named("index", get("/api/charts")),
        raw(
            "a file twice",
            bare("twice").with("values.yaml", "a: 1\n").with("values.yaml", "a: 2\n").bytes(),
        ),
    ]);
    plain("raw", cases)
}

fn bare(name: &str) -> Package {
    Package::bare(name, &format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n"))
}

fn package_with_bad_subchart() -> Vec<u8> {
    bare("subc").with("charts/x/Chart.yaml", "name: x\n").bytes()
}

pub(super) fn metadata() -> Group {
    let names_and_versions = [
        ("sp ace", "1.0.0"),
        ("UPPER_x.y", "1.0.0"),
        ("üni", "1.0.0"),
        (".", "1.0.0"),
        ("..", "1.0.0"),
        ("\"a/b\"", "1.0.0"),
        ("../../evil", "1.0.0"),
        ("\"\"", "1.0.0"),
        ("v", "v1"),
        ("w", "1.2"),
        ("z", "01.2.3"),
        ("f", "1.2.3.4"),
        ("g", "abc"),
        ("h", "1.0.0_x"),
        ("i", "1.0.0-01"),
        ("j", "\" 1.0.0\""),
        ("k", "1.0"),
        ("l", "\"\""),
    ];
    let mut cases = Vec::new();
    for (name, version) in names_and_versions {
        let bytes = chart_yaml(&format!("apiVersion: v2\nname: {name}\nversion: {version}\n"));
        cases.push(raw(&format!("name {name} version {version}"), bytes));
    }
    let dependency = "- {name: x, version: 1.0.0, repository: \"\"}\n";
    let shapes = [
        ("no apiVersion", "name: noapi\nversion: 1.0.0\n".to_owned()),
        ("apiVersion v3", "apiVersion: v3\nname: apithree\nversion: 1.0.0\n".to_owned()),
        ("unknown type", "apiVersion: v2\nname: type\nversion: 1.0.0\ntype: zzz\n".to_owned()),
        ("library", "apiVersion: v2\nname: lib\nversion: 1.0.0\ntype: library\n".to_owned()),
        ("unknown key", "apiVersion: v2\nname: unknown\nversion: 1.0.0\nfoo: bar\n".to_owned()),
        ("no version", "apiVersion: v2\nname: noversion\n".to_owned()),
        ("no name", "apiVersion: v2\nversion: 1.0.0\n".to_owned()),
        ("twice the dependency", format!("apiVersion: v2\nname: dup\nversion: 1.0.0\ndependencies:\n{dependency}{dependency}")),
        (
            "bad alias",
            "apiVersion: v2\nname: alias\nversion: 1.0.0\ndependencies:\n- {name: x, version: 1.0.0, alias: \"a b\"}\n".to_owned(),
        ),
        ("no YAML", ": : :\n- x".to_owned()),
        ("a list", "- a\n".to_owned()),
        ("empty", String::new()),
        ("byte order mark", "\u{feff}apiVersion: v2\nname: bom\nversion: 1.0.0\n".to_owned()),
        ("keywords of the wrong shape", "apiVersion: v2\nname: kw\nversion: 1.0.0\nkeywords: {a: b}\n".to_owned()),
        ("number for a version", "apiVersion: v2\nname: number\nversion: 2\n".to_owned()),
        ("blanks in a description", "apiVersion: v2\nname: blanks\nversion: 1.0.0\ndescription: \"a\\n\\tb\\u0007c\"\n".to_owned()),
    ];
    cases.extend(shapes.iter().map(|(name, text)| raw(name, chart_yaml(text))));
    for name in [
        "noapi",
        "apithree",
        "lib",
        "unknown",
        "bom",
        "number",
        "blanks",
        "v",
        "w",
        "z",
        "k",
        "sp%20ace",
        "UPPER_x.y",
    ] {
        cases.push(get(&format!("/api/charts/{name}")));
    }
    plain("metadata", cases)
}

pub(super) fn forms() -> Group {
    let chart = |name: &str| package(name, "1.0.0");
    let temporary = ("chart", Some("/tmp/push123/m9-1.0.0.tgz"), chart("m9"));
    let unclosed = typed(raw("not closed", form_body(&[part("chart", chart("m6"))], false)), FORM);
    let other_boundary = typed(
        raw("another boundary", form_body(&[part("chart", chart("m6"))], true)),
        "multipart/form-data; boundary=YY",
    );
    let no_boundary =
        typed(raw("no boundary", form_body(&[part("chart", chart("m6"))], true)), "multipart/form-data");
    let cases = vec![
        form_of("chart", &[part("chart", chart("m"))]),
        form_of("again", &[part("chart", chart("m"))]),
        super::form_to("force", "/api/charts?force", &[part("chart", chart("m"))]),
        form_of("provenance only", &[part("prov", provenance("m", "1.0.0"))]),
        form_of("both", &[part("prov", provenance("m2", "1.0.0")), part("chart", chart("m2"))]),
        form_of(
            "new chart, known provenance",
            &[part("chart", chart("m3")), part("prov", provenance("m2", "1.0.0"))],
        ),
        form_of("of two charts", &[part("chart", chart("m4")), part("prov", provenance("m5", "1.0.0"))]),
        form_of("unknown field", &[part("other", chart("m6"))]),
        form_of("no file name", &[("chart", None, chart("m6"))]),
        form_of("nothing", &[]),
        unclosed,
        other_boundary,
        no_boundary,
        form_of("provenance as chart", &[part("chart", provenance("m", "1.0.0"))]),
        form_of("chart as provenance", &[part("prov", chart("m6"))]),
        form_of("good chart, bad provenance", &[part("chart", chart("m6")), part("prov", b"x".to_vec())]),
        named("nothing was stored", get("/charts/m6-1.0.0.tgz")),
        form_of("two charts", &[part("chart", chart("m7")), part("chart", chart("m8"))]),
        get("/charts/m7-1.0.0.tgz"),
        get("/charts/m8-1.0.0.tgz"),
        chunked(form_of("chunked, path for a name", &[temporary])),
        get("/charts/m9-1.0.0.tgz"),
        form_of("path for a chart name", &[part("chart", chart_yaml("name: ../../evil\nversion: 1.0.0\n"))]),
        form_of("path in provenance", &[part("prov", provenance("../../evil", "1.0.0"))]),
        form_of("empty chart", &[part("chart", Vec::new())]),
        form_of("empty file name", &[("chart", Some(""), chart("m10"))]),
    ];
    plain("form", cases)
}

pub(super) fn provenance_files() -> Group {
    const PATH: &str = "/api/prov";
    let good = provenance("n", "1.0.0");
    let starred = String::from_utf8(provenance("starred", "1.0.0")).unwrap().replace("\nname:", "\n* name:");
    let windows = String::from_utf8(provenance("crlf", "1.0.0")).unwrap().replace('\n', "\r\n");
    let cases = vec![
        post("empty", PATH, ""),
        post("junk", PATH, "hello"),
        post("without its chart", PATH, good.clone()),
        get("/charts/n-1.0.0.tgz.prov"),
        post("again", PATH, good.clone()),
        post("force", "/api/prov?force", good.clone()),
        post("path", PATH, provenance("../../evil", "1.0.0")),
        typed(post("form", PATH, form_body(&[part("prov", provenance("q", "1.0.0"))], true)), FORM),
        post("something before", PATH, [b"\n".to_vec(), provenance("nl", "1.0.0")].concat()),
        post("no version", PATH, "-----BEGIN PGP SIGNED MESSAGE-----\nname: x\n"),
        post("stars", PATH, starred),
        post("Windows line ends", PATH, windows),
        get("/charts/crlf-1.0.0.tgz.prov"),
        post("then its chart", "/api/charts", package("n", "1.0.0")),
        named("still there", get("/charts/n-1.0.0.tgz.prov")),
    ];
    plain("provenance", cases)
}
