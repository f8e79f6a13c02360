//! Routes, lists, look-ups and downloads.

use super::plain;
use crate::differential::Group;
use crate::differential::cases::{ask, delete, get, head, named, post, raw, with_header};
use crate::packages::{Package, package, provenance};

pub(super) fn routes() -> Group {
    let paths = [
        "/",
        "/health",
        "/info",
        "/metrics",
        "/static/x.css",
        "/artifacthub-repo.yml",
        "/index.yaml",
        "/api/charts",
        "/nope",
        "/api",
        "/api/",
        "/index.yaml/",
        "/health/",
        "/api/charts/",
        "/api/charts/none",
        "/api/charts/none/",
        "/api/charts/none/1.0.0",
        "/api/charts/none/1.0.0/templates",
        "/api/charts/none/1.0.0/values",
        "/api/charts/none/1.0.0/nope",
        "/charts/",
        "/charts/x.zip",
        "/charts/x-1.tgz",
        "/charts/x-1.tgz.prov",
        "/charts/xtgz",
        "/charts/index-cache.yaml",
        "/charts/../../etc/passwd.tgz",
        "/charts/..%2F..%2Fetc%2Fpasswd.tgz",
        "/charts/%2e%2e%2fx.tgz",
        "/api%2Fcharts",
        "//index.yaml",
        "/index.yaml?x=1",
        "/INDEX.yaml",
        "/api/prov",
    ];
    plain("routes", paths.into_iter().map(get).collect())
}

pub(super) fn unused_methods() -> Group {
    let heads = ["/", "/health", "/info", "/charts/x.tgz", "/api/charts", "/index.yaml", "/api/charts/none"];
    let mut cases: Vec<_> = heads.into_iter().map(head).collect();
    cases.push(head("/api/charts/none/1.0.0"));
    for method in ["OPTIONS", "PUT", "PATCH", "DELETE"] {
        cases.push(ask(method, "/api/charts"));
        cases.push(ask(method, "/index.yaml"));
    }
    cases.push(post("POST /index.yaml", "/index.yaml", "x"));
    cases.push(post("POST /charts/x.tgz", "/charts/x.tgz", "x"));
    cases.push(post("POST /api/charts/a/1.0.0", "/api/charts/a/1.0.0", "x"));
    plain("methods", cases)
}

pub(super) fn one_chart() -> Group {
    let cases = vec![
        raw("upload", package("mychart", "0.1.0")),
        head("/api/charts/mychart"),
        head("/api/charts/mychart/0.1.0"),
        get("/index.yaml"),
        get("/api/charts"),
        get("/api/charts/mychart"),
        get("/api/charts/mychart/0.1.0"),
        get("/api/charts/mychart/0.1.0/templates"),
        get("/api/charts/mychart/0.1.0/values"),
        get("/charts/mychart-0.1.0.tgz"),
        head("/charts/mychart-0.1.0.tgz"),
        with_header(named("range", get("/charts/mychart-0.1.0.tgz")), "Range", "bytes=0-3"),
        get("/charts/mychart-0.1.0.tgz.prov"),
        post("provenance", "/api/prov", provenance("mychart", "0.1.0")),
        named("with provenance", get("/charts/mychart-0.1.0.tgz.prov")),
        with_header(named("gzip", get("/index.yaml")), "Accept-Encoding", "gzip"),
        get("/api/charts/mychart/0.1.0/"),
        get("/api/charts/mychart/"),
        get("/api/charts/MYCHART"),
        get("/charts/mychart-0.1.0.TGZ"),
        raw("bare upload", Package::bare("bare", "apiVersion: v2\nname: bare\nversion: 0.1.0\n").bytes()),
        head("/api/charts/bare/0.1.0"),
        get("/api/charts/bare/0.1.0/templates"),
        get("/api/charts/bare/0.1.0/values"),
        raw("plus", package("plus", "1.0.0+build.5")),
        head("/api/charts/plus"),
        get("/charts/plus-1.0.0+build.5.tgz"),
        get("/charts/plus-1.0.0%2Bbuild.5.tgz"),
        get("/api/charts/plus/1.0.0+build.5"),
        get("/api/charts/plus/1.0.0%2Bbuild.5"),
        raw("everything in Chart.yaml", Package::bare("full", FULL).bytes()),
        head("/api/charts/full"),
        get("/api/charts/full/1.2.3"),
        raw("dependencies of the old kind", old_chart()),
        head("/api/charts/old"),
        get("/api/charts/old/1.0.0"),
        delete("/api/charts/mychart/0.1.0"),
        named("provenance gone", get("/charts/mychart-0.1.0.tgz.prov")),
        named("chart gone", get("/api/charts/mychart")),
    ];
    plain("chart", cases)
}

/// Every key that Helm knows.
const FULL: &str = "apiVersion: v2\nname: full\nversion: 1.2.3\nkubeVersion: '>=1.20'\ndescription: \"a <b> & c\\td\"\n\
    type: application\nkeywords: [one, two]\nhome: https://example.org\nsources: [https://example.org/a, https://example.org/b]\n\
    dependencies:\n- name: dep\n  version: ^1.0.0\n  repository: https://example.org/charts\n  condition: dep.enabled\n  \
    tags: [x]\n  import-values: [a, {child: b, parent: c}]\n  alias: other\n- name: second\n  version: '1'\n  repository: ''\n\
    maintainers:\n- name: A\n  email: a@example.org\n  url: https://example.org/a\n- name: B\nicon: https://example.org/i.png\n\
    appVersion: 1.10\ndeprecated: true\nannotations:\n  a.b/c: 'x: y'\n  n: '1'\ncondition: c\ntags: t\nunknown: key\n";

fn old_chart() -> Vec<u8> {
    Package::bare("old", "name: old\nversion: 1.0.0\n")
        .with(
            "requirements.yaml",
            "dependencies:\n- name: r\n  version: 1.x.x\n  repository: https://example.org\n",
        )
        .bytes()
}

pub(super) fn versions() -> Group {
    let charts = [
        ("a", "0.1.0"),
        ("a", "0.2.0"),
        ("a", "1.0.0-rc.1"),
        ("a", "1.0.0+build.5"),
        ("b", "v2.0.0"),
        ("c", "1.0.0-alpha"),
        ("d", "1.2"),
        ("d", "1.10.0"),
        ("d", "1.9.0"),
    ];
    let mut cases: Vec<_> = charts
        .iter()
        .map(|(name, version)| raw(&format!("upload {name} {version}"), package(name, version)))
        .collect();
    cases.extend(charts.iter().map(|(name, version)| head(&format!("/api/charts/{name}/{version}"))));
    let look_ups = [
        ("a", "latest"),
        ("a", "0.1.0"),
        ("a", "0.1"),
        ("a", "%5E0.1.0"),
        ("a", "~0.1"),
        ("a", "%3E=0.2"),
        ("a", "%3E=0.2-0"),
        ("a", "*"),
        ("a", "x"),
        ("a", "0.1.0%20-%200.2.0"),
        ("a", "%3C0.2%20%7C%7C%20%3E5"),
        ("a", "!=0.2.0"),
        ("a", "1.0.0"),
        ("a", "1.0.0+build.5"),
        ("a", "1.0.0+other"),
        ("a", "1.0.0-rc.1"),
        ("a", "9.9.9"),
        ("a", "1.2.3.4"),
        ("a", "abc"),
        ("a", "%20"),
        ("b", "2.0.0"),
        ("b", "v2.0.0"),
        ("b", "2"),
        ("c", "latest"),
        ("c", "1.0.0"),
        ("c", "1.0.0-alpha"),
        ("d", "latest"),
        ("d", "1.2"),
        ("d", "1.2.0"),
        ("none", "latest"),
        ("none", "1.0.0"),
    ];
    cases.extend(look_ups.iter().map(|(name, version)| get(&format!("/api/charts/{name}/{version}"))));
    cases.extend(["a", "b", "c", "d"].iter().map(|name| get(&format!("/api/charts/{name}"))));
    cases.push(get("/api/charts/a/latest/values"));
    cases.push(get("/api/charts/a/9.9.9/values"));
    cases.push(head("/api/charts/a/latest"));
    cases.push(head("/api/charts/a/9.9.9"));
    plain("versions", cases)
}

pub(super) fn lists() -> Group {
    let mut cases: Vec<_> = ["c", "a", "B", "d"]
        .iter()
        .map(|name| raw(&format!("upload {name}"), package(name, "1.0.0")))
        .collect();
    cases.extend(["a", "B", "c", "d"].iter().map(|name| head(&format!("/api/charts/{name}"))));
    let queries = [
        "",
        "offset=-1",
        "offset=x",
        "offset=",
        "limit=0",
        "limit=",
        "limit=-1",
        "limit=x",
        "limit=1",
        "limit=2",
        "limit=99",
        "offset=0",
        "offset=1",
        "offset=1&limit=2",
        "offset=2&limit=2",
        "offset=99&limit=1",
        "offset=99",
        "other=1",
        "offset=1&offset=2&limit=1",
        "limit=99999999999999999999",
    ];
    cases.extend(queries.iter().map(|query| get(&format!("/api/charts?{query}"))));
    plain("lists", cases)
}
