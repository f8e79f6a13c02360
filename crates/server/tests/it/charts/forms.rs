//! Multipart forms (spec 1.5).

use futures_util::stream;
use http::{Method, header};
use serde_json::json;

use super::{PLACES, SAVED, prepared};
use crate::support::{Answer, Form, TestServer, package, provenance};

const NOTHING: &str = "no package or provenance file found in form fields chart and prov";

#[tokio::test(flavor = "multi_thread")]
async fn fields() {
    let server = TestServer::start().await;
    let admin = prepared(&server, json!({})).await;
    for place in PLACES {
        let url = place.charts();
        let chart = |version| package("mychart", version);
        let prov = |version| provenance("mychart", version);
        let only_chart = || Form::new().file("chart", "/tmp/x/mychart-0.1.0.tgz", &chart("0.1.0"));
        let only_prov = || Form::new().file("prov", "../../evil", &prov("0.1.0"));
        let both = || Form::new().file("prov", "a", &prov("0.2.0")).file("chart", "b", &chart("0.2.0"));
        for form in [only_chart(), only_prov(), both()] {
            admin.post_form(&url, form).await.is(201, SAVED);
        }
        for form in [only_chart(), only_prov(), both()] {
            admin.post_form(&url, form).await.is_error(409, "chart already exists");
        }
        for form in [only_chart(), only_prov(), both()] {
            admin.post_form(&format!("{url}?force"), form).await.is(201, SAVED);
        }
        // An existing provenance file keeps a new chart out when both come together, and nothing is stored.
        admin.post(&place.provenance(), prov("0.3.0")).await.is(201, SAVED);
        let form = Form::new().file("chart", "a", &chart("0.3.0")).file("prov", "b", &prov("0.3.0"));
        admin.post_form(&url, form).await.is_error(409, "chart already exists");
        admin.get(&place.file("mychart-0.3.0.tgz")).await.is_error(404, "object not found");
        // Two that do not belong together are stored side by side.
        let form =
            Form::new().file("chart", "a", &chart("0.4.0")).file("prov", "b", &provenance("other", "1.0.0"));
        admin.post_form(&url, form).await.is(201, SAVED);
        for (name, expected) in [
            ("mychart-0.1.0.tgz", chart("0.1.0")),
            ("mychart-0.1.0.tgz.prov", prov("0.1.0")),
            ("mychart-0.2.0.tgz", chart("0.2.0")),
            ("mychart-0.2.0.tgz.prov", prov("0.2.0")),
            ("mychart-0.4.0.tgz", chart("0.4.0")),
            ("other-1.0.0.tgz.prov", provenance("other", "1.0.0")),
        ] {
            assert_eq!(admin.get(&place.file(name)).await.expect(200).body, expected, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_stored_of_a_bad_form() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let before = server.stored_files();
    let (chart, prov) = (package("mychart", "0.1.0"), provenance("mychart", "0.1.0"));
    let evil = "../../../../charts/org2/repo2/evil";
    let cases = [
        Form::new(),
        Form::new().file("unknown", "a", &chart),
        Form::new().file("Chart", "a", &chart),
        Form::new().file("chart", "a", &prov),
        Form::new().file("prov", "a", &chart),
        Form::new().file("chart", "a", b""),
        Form::new().file("chart", "a", &chart).file("prov", "b", b"no provenance"),
        Form::new().file("chart", "a", b"no package").file("prov", "b", &prov),
        Form::new().file("chart", "a", &package(evil, "0.1.0")),
        Form::new().file("prov", "a", &provenance(evil, "0.1.0")),
        Form::new().text("chart", &chart),
    ];
    for form in cases {
        let answer = admin.post_form("/api/charts", form).await.expect(400);
        assert!(!answer.json()["error"].as_str().unwrap().is_empty());
    }
    let bad_provenance = Form::new().file("chart", "a", &chart).file("prov", "b", b"no provenance");
    admin.post_form("/api/charts", bad_provenance).await.is_error(400, "invalid provenance file");
    for form in [Form::new().file("unknown", "a", &chart), Form::new().text("chart", &chart)] {
        admin.post_form("/api/charts", form).await.is_error(400, NOTHING);
    }
    assert_eq!(server.stored_files(), before);
    assert!(admin.index("/index.yaml").await.entries.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_forms_hold_nothing() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let chart = package("mychart", "0.1.0");
    let form = || Form::new().file("chart", "a", &chart);
    let (other, none) = ("multipart/form-data; boundary=other", "multipart/form-data");
    let usual = Form::content_type();
    for (kind, body) in [
        (usual.as_str(), form().finish(false)),
        (other, form().finish(true)),
        (none, form().finish(true)),
        (usual.as_str(), "".into()),
        (usual.as_str(), "garbage".into()),
    ] {
        let request = admin.request(Method::POST, "/api/charts").header(header::CONTENT_TYPE, kind);
        Answer::to(request.body(body)).await.is_error(400, NOTHING);
    }
    assert!(server.temporary_files().is_empty());
}

/// As cm-push sends it: chunked, with a path of the client as the file's name.
#[tokio::test(flavor = "multi_thread")]
async fn chunked_forms() {
    let server = TestServer::start().await;
    let admin = prepared(&server, json!({})).await;
    for place in PLACES {
        let chart = package("mychart", "0.1.0");
        let body = Form::new().file("chart", "/tmp/helm-push-1/mychart-0.1.0.tgz", &chart).finish(true);
        let pieces: Vec<Result<_, std::io::Error>> =
            (0..body.len()).step_by(7).map(|at| Ok(body.slice(at..body.len().min(at + 7)))).collect();
        let request = admin
            .request(Method::POST, &place.charts())
            .header(header::CONTENT_TYPE, Form::content_type())
            .body(reqwest::Body::wrap_stream(stream::iter(pieces)));
        Answer::to(request).await.is(201, SAVED);
        assert_eq!(admin.get(&place.file("mychart-0.1.0.tgz")).await.expect(200).body, chart);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_other_names() {
    let server = TestServer::with(|config| {
        config.chartmuseum.chart_field = Some("package".to_owned());
        config.chartmuseum.provenance_field = Some("signature".to_owned());
    })
    .await;
    let admin = server.admin().await;
    let chart = |version| package("mychart", version);
    let prov = |version| provenance("mychart", version);
    let cases = [
        Form::new().file("package", "a", &chart("0.1.0")).file("signature", "b", &prov("0.1.0")),
        Form::new().file("chart", "a", &chart("0.2.0")).file("signature", "b", &prov("0.2.0")),
        Form::new().file("package", "a", &chart("0.3.0")).file("prov", "b", &prov("0.3.0")),
        // The default field is looked at first, and the first part of each field counts.
        Form::new().file("package", "a", b"ignored").file("chart", "b", &chart("0.4.0")),
        Form::new().file("chart", "a", &chart("0.5.0")).file("chart", "b", b"ignored"),
        // A part without a file name is none.
        Form::new().text("chart", b"ignored").file("chart", "a", &chart("0.6.0")),
    ];
    for form in cases {
        admin.post_form("/api/charts", form).await.is(201, SAVED);
    }
    let index = admin.index("/index.yaml").await;
    let versions: Vec<_> =
        index.entries["mychart"].iter().map(|entry| entry.metadata.version.as_str()).collect();
    assert_eq!(versions, ["0.6.0", "0.5.0", "0.4.0", "0.3.0", "0.2.0", "0.1.0"]);
    for version in ["0.1.0", "0.2.0", "0.3.0"] {
        admin.get(&format!("/charts/mychart-{version}.tgz.prov")).await.expect(200);
    }
    let nothing = "no package or provenance file found in form fields package and signature";
    admin.post_form("/api/charts", Form::new().file("x", "a", b"b")).await.is_error(400, nothing);
}
