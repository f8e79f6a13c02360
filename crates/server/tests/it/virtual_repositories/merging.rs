//! Which charts and versions are served, and from where.

use chandlery_core::Digest;
use serde_json::{Value, json};

use super::{add_external, add_virtual, listed, package_by, publish};
use crate::sources::{Pair, on_both_databases};
use crate::support::{Client, package_of, provenance};

on_both_databases!(every_face_follows_the_rule, a_name_of_ours_is_nobody_elses, files_of_one_name);

/// Four members, hosted and external ones by turns, and a reserved pattern.
async fn four_members(pair: &Pair) {
    let Pair { publisher, admin, .. } = pair;
    publisher.create_repository("team/more", &json!({ "visibility": "public" })).await;
    publish(
        publisher,
        "team/apps",
        &["redis-1.0.0", "redis-2.0.0", "web-9.0.0", "acme-db-5.0.0", "only-up-1.0.0"],
    )
    .await;
    publish(publisher, "team/more", &["redis-2.0.0", "redis-3.0.0", "acme-own-7.0.0", "Acme-DB-8.0.0"]).await;
    for path in ["acme/own", "acme/other"] {
        admin.create_repository(path, &json!({ "visibility": "public" })).await;
    }
    publish(admin, "acme/own", &["web-1.0.0", "acme-own-1.0.0", "only-own-1.0.0"]).await;
    publish(admin, "acme/other", &["web-1.0.0", "web-1.1.0"]).await;
    add_external(pair, "mirrors/upstream", "team/apps").await;
    add_external(pair, "mirrors/second", "team/more").await;
    let members = ["mirrors/upstream", "acme/own", "mirrors/second", "acme/other"];
    let merges = json!({ "members": members, "reserved": ["acme-*"] });
    let view =
        add_virtual(admin, "acme/all", json!({ "visibility": "public" }), merges).await.expect(201).json();
    assert_eq!((&view["kind"], &view["virtual"]), (&json!("virtual"), &json!({ "members": members })));
}

/// A version, who published it, and the member it comes from.
type Served = (&'static str, &'static str, &'static str);

/// What is served: charts, and their versions newest first.
const SERVED: [(&str, &[Served]); 5] = [
    ("acme-own", &[("1.0.0", "acme/own", "acme/own")]),
    ("only-own", &[("1.0.0", "acme/own", "acme/own")]),
    ("only-up", &[("1.0.0", "team/apps", "mirrors/upstream")]),
    (
        "redis",
        &[
            ("3.0.0", "team/more", "mirrors/second"),
            ("2.0.0", "team/apps", "mirrors/upstream"),
            ("1.0.0", "team/apps", "mirrors/upstream"),
        ],
    ),
    ("web", &[("1.1.0", "acme/other", "acme/other"), ("1.0.0", "acme/own", "acme/own")]),
];

/// What is not: a version of a member, and why.
const SHADOWED: [(&str, &str, &str, &str); 6] = [
    ("redis", "2.0.0", "mirrors/second", "earlier-member"),
    ("web", "1.0.0", "acme/other", "earlier-member"),
    ("web", "9.0.0", "mirrors/upstream", "own-name"),
    ("acme-db", "5.0.0", "mirrors/upstream", "reserved"),
    ("acme-own", "7.0.0", "mirrors/second", "reserved"),
    ("Acme-DB", "8.0.0", "mirrors/second", "reserved"),
];

async fn every_face_follows_the_rule(pair: Pair) {
    four_members(&pair).await;
    let anyone = pair.server.anonymous();
    let index = anyone.index("/acme/all/index.yaml").await;
    let charts: Vec<&str> = index.entries.keys().map(String::as_str).collect();
    assert_eq!(charts, SERVED.map(|(chart, _)| chart));
    for (chart, versions) in SERVED {
        let expected: Vec<(String, String)> =
            versions.iter().map(|(version, by, _)| ((*version).to_owned(), format!("by {by}"))).collect();
        assert_eq!(listed(&index, chart), expected, "{chart}");
        let entries = anyone.get(&format!("/api/acme/all/charts/{chart}")).await.expect(200).json();
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
        let told = |entry: &Value| (text(entry, "version"), text(entry, "description"));
        let told: Vec<_> = entries.as_array().unwrap().iter().map(told).collect();
        assert_eq!(told, expected, "{chart}");
        for (version, by, _) in versions {
            served_by(&anyone, chart, version, by).await;
        }
        origins(&anyone, chart, versions).await;
    }
    let list = anyone.get("/api/acme/all/charts").await.expect(200).json();
    assert_eq!(list.as_object().unwrap().keys().collect::<Vec<_>>(), SERVED.map(|(chart, _)| chart));
    let page = anyone.get("/acme/all/api/charts?offset=1&limit=2").await.expect(200).json();
    assert_eq!(page.as_object().unwrap().keys().collect::<Vec<_>>(), ["only-own", "only-up"]);
    let newest = anyone.get("/api/acme/all/charts/web/%5E1").await.expect(200).json();
    assert_eq!(newest["version"], "1.1.0");
    for (chart, version, ..) in SHADOWED.iter().filter(|(.., why)| *why != "earlier-member") {
        anyone
            .get(&format!("/acme/all/charts/{chart}-{version}.tgz"))
            .await
            .is_error(404, "object not found");
        anyone.get(&format!("/api/acme/all/charts/{chart}/{version}")).await.expect(404);
    }
    let hits = anyone.get("/api/v1/search?q=web").await.expect(200).json();
    let hits: Vec<_> =
        hits["items"].as_array().unwrap().iter().map(|hit| (&hit["repository"], &hit["version"])).collect();
    let all = hits.iter().find(|(repository, _)| **repository == "acme/all");
    assert_eq!(all.map(|(_, version)| *version), Some(&json!("1.1.0")), "{hits:?}");
}

/// The package of a version and what is read out of it.
async fn served_by(anyone: &Client, chart: &str, version: &str, by: &str) {
    let package = package_by(by, chart, version);
    let answer = anyone.get(&format!("/acme/all/charts/{chart}-{version}.tgz")).await.expect(200);
    assert_eq!(answer.body, package, "{chart} {version}");
    let told = anyone.get(&format!("/api/acme/all/charts/{chart}/{version}")).await.expect(200).json();
    assert_eq!(told["digest"], json!(Digest::of(&package)));
    assert_eq!(told["urls"], json!([format!("charts/{chart}-{version}.tgz")]));
    let values = anyone.get(&format!("/api/acme/all/charts/{chart}/{version}/values")).await.expect(200);
    assert!(values.text().contains("replicas: 1"));
}

/// What is told of where a chart comes from.
async fn origins(anyone: &Client, chart: &str, versions: &[Served]) {
    let resolve = format!("/api/v1/repositories/acme/all/virtual/resolve?chart={chart}");
    let told = anyone.get(&resolve).await.expect(200).json();
    let pairs = |list: &Value, second: &str| -> Vec<(String, String, String)> {
        let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
        let items = list.as_array().unwrap().iter();
        items.map(|item| (text(item, "version"), text(item, "member"), text(item, second))).collect()
    };
    let expected: Vec<_> = versions
        .iter()
        .map(|(version, by, member)| {
            let digest = Digest::of(&package_by(by, chart, version)).to_hex();
            ((*version).to_owned(), (*member).to_owned(), digest)
        })
        .collect();
    assert_eq!(pairs(&told["versions"], "digest"), expected, "{chart}");
    let expected: Vec<_> = SHADOWED
        .iter()
        .filter(|(of, ..)| *of == chart)
        .map(|(_, version, member, why)| ((*version).to_owned(), (*member).to_owned(), (*why).to_owned()))
        .collect();
    assert_eq!(pairs(&told["shadowed"], "because"), expected, "{chart}");
    let (version, ..) = versions[0];
    let one = anyone.get(&format!("{resolve}&version={version}")).await.expect(200).json();
    assert_eq!(one["versions"].as_array().unwrap().len(), 1, "{one}");
}

/// Somebody elsewhere publishes a newer version under a name of ours.
async fn a_name_of_ours_is_nobody_elses(pair: Pair) {
    let Pair { publisher, admin, server, .. } = &pair;
    admin.create_repository("acme/own", &json!({ "visibility": "public" })).await;
    publish(publisher, "team/apps", &["acme-later-9.0.0", "tool-1.0.0"]).await;
    add_external(&pair, "mirrors/upstream", "team/apps").await;
    let merges = json!({ "members": ["mirrors/upstream", "acme/own"], "reserved": ["acme-*"] });
    add_virtual(admin, "acme/all", json!({ "visibility": "public" }), merges).await.expect(201);
    let anyone = server.anonymous();
    let versions = async |chart: &str| -> Vec<String> {
        let index = anyone.index("/acme/all/index.yaml").await;
        listed(&index, chart).into_iter().map(|(_, by)| by).collect()
    };
    // Reserved before there is anything of ours; not reserved and nobody's yet.
    assert_eq!(versions("acme-later").await, Vec::<String>::new());
    assert_eq!(versions("tool").await, ["by team/apps"]);
    anyone.get("/acme/all/charts/tool-1.0.0.tgz").await.expect(200);

    // With our first version the name is ours.
    publish(admin, "acme/own", &["acme-later-0.1.0", "tool-0.1.0"]).await;
    for chart in ["acme-later", "tool"] {
        assert_eq!(versions(chart).await, ["by acme/own"], "{chart}");
        let latest = anyone.get(&format!("/api/acme/all/charts/{chart}/latest")).await.expect(200).json();
        assert_eq!(latest["version"], "0.1.0", "{chart}");
    }
    anyone.get("/acme/all/charts/tool-1.0.0.tgz").await.expect(404);
    anyone.get("/mirrors/upstream/charts/tool-1.0.0.tgz").await.expect(200);
    let resolve = "/api/v1/repositories/acme/all/virtual/resolve?chart=acme-later";
    assert_eq!(anyone.get(resolve).await.json()["reserved_by"], "acme-*");

    publish(publisher, "team/apps", &["tool-99.0.0", "acme-later-99.0.0"]).await;
    super::sync(&pair, "mirrors/upstream").await;
    for chart in ["acme-later", "tool"] {
        assert_eq!(versions(chart).await, ["by acme/own"], "{chart}");
        anyone.get(&format!("/acme/all/charts/{chart}-99.0.0.tgz")).await.expect(404);
    }

    for (chart, status) in [("tool", 200), ("acme-later", 404)] {
        admin.delete(&format!("/api/acme/own/charts/{chart}/0.1.0")).await.expect(200);
        let answer = anyone.get(&format!("/api/acme/all/charts/{chart}")).await;
        assert_eq!(answer.status, status, "{chart}: only what is reserved stays ours without a version");
    }
}

/// Two charts may share the name of a file; ours is what it names.
async fn files_of_one_name(pair: Pair) {
    let Pair { publisher, admin, server, .. } = &pair;
    admin.create_repository("acme/own", &json!({ "visibility": "public" })).await;
    let text = "apiVersion: v2\nname: db\nversion: 1.0.0-1\n";
    admin.post("/api/acme/own/charts", package_of(text)).await.expect(201);
    admin.post("/api/acme/own/prov", provenance("db", "1.0.0-1")).await.expect(201);
    admin.post("/api/acme/own/prov", provenance("lone", "1.0.0")).await.expect(201);
    publish(publisher, "team/apps", &["db-1.0.0-1"]).await;
    add_external(&pair, "mirrors/upstream", "team/apps").await;
    let merges = json!({ "members": ["mirrors/upstream", "acme/own"] });
    add_virtual(admin, "acme/all", json!({ "visibility": "public" }), merges).await.expect(201);
    let anyone = server.anonymous();
    let pulled = anyone.get("/acme/all/charts/db-1.0.0-1.tgz").await.expect(200);
    assert_eq!(pulled.body, package_of(text));
    let signed = anyone.get("/acme/all/charts/db-1.0.0-1.tgz.prov").await.expect(200);
    assert_eq!(signed.body, provenance("db", "1.0.0-1"));
    anyone.get("/acme/all/charts/lone-1.0.0.tgz.prov").await.expect(200);
    anyone.get("/acme/all/charts/none-1.0.0.tgz.prov").await.is_error(404, "object not found");
}
