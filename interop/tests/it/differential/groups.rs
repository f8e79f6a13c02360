//! What both servers are asked, and how they are started (chartmuseum.md 1.1 to 1.7 and 3.1).

mod reading;
mod settings;
mod upload;

use serde_json::Value;

use super::cases::{chunked, delete, form, form_to, get, head, post, raw, with_header};
use super::{Case, Group};
use crate::http::Part;
use crate::packages::{Package, package, provenance};

/// A group of servers with nothing set.
fn plain(name: &'static str, cases: Vec<Case>) -> Group {
    Group { name, their_flags: &[], our_flags: &[], our_settings: Value::Null, our_repositories: &[], cases }
}

/// One part of a form with a file.
fn part(field: &'static str, content: Vec<u8>) -> Part<'static> {
    (field, Some("file"), content)
}

pub(super) fn all() -> Vec<Group> {
    let mut groups = vec![
        reading::routes(),
        reading::unused_methods(),
        reading::one_chart(),
        reading::versions(),
        reading::lists(),
        upload::raw_bodies(),
        upload::metadata(),
        upload::forms(),
        upload::provenance_files(),
        deletion(),
        tenants(),
    ];
    groups.extend(settings::all());
    groups
}

fn deletion() -> Group {
    let cases = vec![
        delete("/api/charts/none/1.0.0"),
        raw("upload", package("mychart2", "0.1.0-SNAPSHOT-1")),
        delete("/api/charts/mychart2/latest"),
        delete("/api/charts/mychart2-0.1.0-SNAPSHOT/1"),
        get("/charts/mychart2-0.1.0-SNAPSHOT-1.tgz"),
        raw("a chart", package("a", "1.0.0")),
        raw("another", package("a", "1.1.0")),
        post("its provenance", "/api/prov", provenance("a", "1.0.0")),
        head("/api/charts/a/1.1.0"),
        delete("/api/charts/a/1.0.0"),
        get("/charts/a-1.0.0.tgz"),
        get("/charts/a-1.0.0.tgz.prov"),
        get("/api/charts/a"),
        super::cases::named("again", delete("/api/charts/a/1.0.0")),
        delete("/api/charts/a"),
        raw("uploaded again", package("a", "1.0.0")),
    ];
    plain("delete", cases)
}

/// Two levels of tenants are our workspaces and repositories.
fn tenants() -> Group {
    let cases = vec![
        get("/org/repo/index.yaml"),
        get("/api/org/repo/charts"),
        post("upload", "/api/org/repo/charts", package("a", "1.0.0")),
        form_to("form", "/api/org/repo/charts", &[part("chart", package("b", "1.0.0"))]),
        chunked(form_to("chunked form", "/api/org/repo/charts", &[part("chart", package("c", "1.0.0"))])),
        post("provenance", "/api/org/repo/prov", provenance("a", "1.0.0")),
        head("/api/org/repo/charts/a"),
        head("/api/org/repo/charts/b"),
        head("/api/org/repo/charts/c"),
        super::cases::named("full index", get("/org/repo/index.yaml")),
        get("/org/repo/charts/a-1.0.0.tgz"),
        get("/org/repo/charts/a-1.0.0.tgz.prov"),
        get("/api/org/repo/charts/a/1.0.0"),
        get("/api/org/repo/charts/a/none"),
        delete("/api/org/repo/charts/a/1.0.0"),
        get("/other/repo/index.yaml"),
        get("/index.yaml"),
        get("/org/index.yaml"),
        get("/health"),
        with_header(super::cases::named("request id", get("/health")), "X-Request-Id", "abc"),
        get("/org/repo/health"),
        get("/api/charts"),
        get("/a/b/c/index.yaml"),
        get("/%2e%2e/repo/index.yaml"),
    ];
    Group { their_flags: &["--depth", "2"], our_repositories: &["org/repo"], ..plain("tenants", cases) }
}

/// The bytes of a chart with this Chart.yaml.
fn chart_yaml(text: &str) -> Vec<u8> {
    Package::bare("top", text).bytes()
}

/// A case for each of these forms.
fn form_of(name: &str, parts: &[Part<'static>]) -> Case {
    form(name, parts)
}
