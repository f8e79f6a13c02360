//! Servers with settings.

use serde_json::json;

use super::{part, plain};
use crate::differential::cases::{
    authorized, chunked, delete, form, get, head, named, post, raw, with_header,
};
use crate::differential::{Group, admin};
use crate::http::basic;
use crate::packages::{package, provenance};

pub(super) fn all() -> Vec<Group> {
    vec![
        no_api(),
        no_delete(),
        context_path(),
        overwrite(),
        no_force(),
        upload_size(),
        storage_objects(),
        fields(),
        chart_url(),
        cors(),
        anonymous(),
        anonymous_get(),
    ]
}

fn no_api() -> Group {
    let cases = vec![
        get("/api/charts"),
        raw("upload", "x"),
        post("provenance", "/api/prov", "x"),
        delete("/api/charts/a/1.0.0"),
        get("/index.yaml"),
        get("/health"),
    ];
    Group { their_flags: &["--disable-api"], our_flags: &["--disable-api"], ..plain("no-api", cases) }
}

fn no_delete() -> Group {
    let cases =
        vec![raw("upload", package("a", "1.0.0")), delete("/api/charts/a/1.0.0"), get("/api/charts/a/1.0.0")];
    Group {
        their_flags: &["--disable-delete"],
        our_flags: &["--disable-delete"],
        ..plain("no-delete", cases)
    }
}

fn context_path() -> Group {
    let mut cases: Vec<_> =
        ["/health", "/", "/index.yaml", "/ctxANY/index.yaml", "/ctx", "/ctx/", "/ctx/health"]
            .into_iter()
            .map(get)
            .collect();
    cases.extend([
        get("/ctx/index.yaml"),
        get("/ctx/nope"),
        post("upload", "/ctx/api/charts", package("a", "1.0.0")),
        head("/ctx/api/charts/a"),
        get("/ctx/api/charts/a"),
        get("/ctx/charts/a-1.0.0.tgz"),
        named("full index", get("/ctx/index.yaml")),
        post("without it", "/api/charts", package("b", "1.0.0")),
    ]);
    let flags: &[&str] = &["--context-path", "/ctx"];
    Group { their_flags: flags, our_flags: flags, ..plain("context-path", cases) }
}

fn overwrite() -> Group {
    let cases = vec![
        raw("first", package("a", "1.0.0")),
        raw("second", crate::packages::Package::new("a", "1.0.0").with("x", "y").bytes()),
        get("/charts/a-1.0.0.tgz"),
        form("form", &[part("chart", package("a", "1.0.0"))]),
        post("provenance", "/api/prov", provenance("a", "1.0.0")),
        post("provenance again", "/api/prov", provenance("a", "1.0.0")),
        head("/api/charts/a/1.0.0"),
        get("/api/charts/a"),
    ];
    Group {
        their_flags: &["--allow-overwrite", "--disable-force-overwrite"],
        our_flags: &["--disable-force"],
        our_settings: json!({ "allow_overwrite": true }),
        ..plain("overwrite", cases)
    }
}

fn no_force() -> Group {
    let cases = vec![
        raw("first", package("a", "1.0.0")),
        post("forced", "/api/charts?force", package("a", "1.0.0")),
        post("provenance", "/api/prov?force", provenance("a", "1.0.0")),
        post("provenance again", "/api/prov?force", provenance("a", "1.0.0")),
    ];
    Group {
        their_flags: &["--disable-force-overwrite"],
        our_flags: &["--disable-force"],
        ..plain("no-force", cases)
    }
}

/// The size of the largest body in the group below.
const LIMIT: usize = 2048;

fn upload_size() -> Group {
    let padded = |size: usize| {
        let mut bytes = package("a", "1.0.0");
        bytes.resize(size, 0);
        bytes
    };
    let cases = vec![
        raw("exactly", padded(LIMIT)),
        raw("one more", padded(LIMIT + 1)),
        chunked(raw("one more in chunks", padded(LIMIT + 1))),
        post("provenance", "/api/prov", padded(LIMIT + 1)),
        form("form", &[part("chart", padded(LIMIT))]),
    ];
    let flags: &[&str] = &["--max-upload-size", "2048"];
    Group { their_flags: flags, our_flags: flags, ..plain("upload-size", cases) }
}

fn storage_objects() -> Group {
    let cases = vec![
        raw("first", package("a", "1.0.0")),
        raw("second", package("b", "1.0.0")),
        raw("first again", package("a", "1.0.0")),
        post("first forced", "/api/charts?force", package("a", "1.0.0")),
        post("provenance", "/api/prov", provenance("b", "1.0.0")),
        form("form", &[part("chart", package("b", "1.0.0"))]),
    ];
    Group {
        their_flags: &["--max-storage-objects", "1", "--disable-statefiles"],
        our_settings: json!({ "max_storage_objects": 1 }),
        ..plain("storage-objects", cases)
    }
}

fn fields() -> Group {
    let cases = vec![
        form("own field", &[part("cc", package("a", "1.0.0"))]),
        form("usual field", &[part("chart", package("b", "1.0.0"))]),
        form("own fields", &[part("cc", package("c", "1.0.0")), part("pp", provenance("c", "1.0.0"))]),
        form("none", &[part("zz", package("d", "1.0.0"))]),
        get("/charts/a-1.0.0.tgz"),
        get("/charts/c-1.0.0.tgz.prov"),
        head("/api/charts/b"),
        head("/api/charts/a"),
    ];
    Group {
        their_flags: &["--chart-post-form-field-name", "cc", "--prov-post-form-field-name", "pp"],
        our_flags: &["--chart-field", "cc", "--prov-field", "pp"],
        ..plain("fields", cases)
    }
}

fn chart_url() -> Group {
    let cases = vec![
        raw("upload", package("a", "1.0.0")),
        head("/api/charts/a"),
        get("/api/charts/a/1.0.0"),
        get("/index.yaml"),
        get("/charts/a-1.0.0.tgz"),
    ];
    Group {
        their_flags: &["--chart-url", "https://charts.example.org/"],
        our_flags: &["--public-url", "https://charts.example.org/"],
        ..plain("chart-url", cases)
    }
}

fn cors() -> Group {
    let cases = vec![get("/index.yaml"), get("/api/charts"), get("/api/charts/none"), get("/apix")];
    Group {
        their_flags: &["--cors-alloworigin", "*"],
        our_flags: &["--cors-allow-origin", "*"],
        ..plain("cors", cases)
    }
}

fn anonymous() -> Group {
    let mut cases: Vec<_> =
        ["/index.yaml", "/api/charts", "/charts/a-1.0.0.tgz", "/health", "/info", "/", "/nope"]
            .into_iter()
            .map(|path| authorized(None, get(path)))
            .collect();
    let wrong = basic("admin", "wrong");
    cases.extend([
        authorized(None, raw("upload", package("a", "1.0.0"))),
        authorized(None, delete("/api/charts/a/1.0.0")),
        authorized(None, head("/api/charts/a")),
        authorized(Some(&wrong), named("wrong password", get("/index.yaml"))),
        authorized(Some("Basic !!!"), named("no base64", get("/index.yaml"))),
        authorized(Some(&wrong), raw("upload with a wrong password", package("a", "1.0.0"))),
        authorized(Some(&admin().unwrap().to_lowercase()), named("damaged", get("/index.yaml"))),
        with_header(named("right", get("/index.yaml")), "X-Request-Id", "abc"),
        authorized(
            Some(&admin().unwrap().replace("Basic", "basic")),
            named("lower-case scheme", get("/index.yaml")),
        ),
    ]);
    plain("anonymous", cases)
}

fn anonymous_get() -> Group {
    let mut cases: Vec<_> = ["/index.yaml", "/api/charts", "/", "/charts/a-1.0.0.tgz"]
        .into_iter()
        .map(|path| authorized(None, get(path)))
        .collect();
    cases.push(authorized(None, raw("upload", package("a", "1.0.0"))));
    cases.push(authorized(None, head("/api/charts/a")));
    cases.push(authorized(None, post("provenance", "/api/prov", provenance("a", "1.0.0"))));
    Group {
        their_flags: &["--auth-anonymous-get"],
        our_flags: &["--default-repository-public"],
        ..plain("anonymous-get", cases)
    }
}
