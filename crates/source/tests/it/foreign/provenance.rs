//! The provenance files of packages, wherever those are.

use chandlery_core::Digest;
use chandlery_source::foreign::{Access, Credentials, Failure, Location, Source};
use chandlery_source::testing::GitRepository;

use super::{list_all, package, source, source_with};
use crate::server::{Answer, Server};

const LIMIT: u64 = 1 << 20;

/// The provenance file of a package at version 1.0.0 as text.
async fn fetch(source: &Source, location: &Location) -> Result<Option<String>, Failure> {
    match source.open_provenance(location, "1.0.0", LIMIT).await? {
        Some(reader) => Ok(Some(String::from_utf8(reader.bytes().await?).unwrap())),
        None => Ok(None),
    }
}

fn signed(text: &str) -> Result<Option<String>, Failure> {
    Ok(Some(text.to_owned()))
}

#[tokio::test]
async fn of_web_servers() {
    let server = Server::start(|request| {
        let target = request.split(' ').nth(1).unwrap();
        match target {
            "/web-1.0.0.tgz.prov?key=1" => Answer::ok("signed"),
            "/hidden.tgz" => Answer::ok("package"),
            "/hidden.tgz.prov" | "/refused.tgz" | "/refused.tgz.prov" => Answer::status("403 Forbidden", ""),
            "/gone.tgz.prov" => Answer::status("410 Gone", ""),
            "/guarded.tgz.prov" => Answer::status("401 Unauthorized", ""),
            "/broken.tgz.prov" => Answer::status("500 Oops", ""),
            "/large.tgz.prov" => Answer::ok(&"x".repeat(LIMIT as usize + 1)),
            _ => Answer::status("404 Not Found", ""),
        }
    })
    .await;
    let source = source(&server.url("/"));
    let at = |path: &str| Location::Url { url: server.url(path) };
    assert_eq!(fetch(&source, &at("/web-1.0.0.tgz?key=1")).await, signed("signed"));
    // Who may read the package, and is refused what lies beside it, is told so that it is not there.
    for path in ["/none.tgz", "/gone.tgz", "/hidden.tgz"] {
        assert_eq!(fetch(&source, &at(path)).await, Ok(None), "{path}");
    }
    for (path, status) in [
        ("/refused.tgz", Some(403)),
        ("/guarded.tgz", Some(401)),
        ("/broken.tgz", Some(500)),
        ("/large.tgz", None),
    ] {
        let failure = fetch(&source, &at(path)).await.unwrap_err();
        assert_eq!(failure.status, status, "{path}: {failure}");
    }
}

#[tokio::test]
async fn of_files_in_git() {
    let repository = GitRepository::new();
    repository.put("charts/web-1.0.0.tgz", package("web", "1.0.0"));
    repository.put("charts/web-1.0.0.tgz.prov", "signed");
    repository.put("charts/db-1.0.0.tgz", package("db", "1.0.0"));
    repository.put("charts/folder/Chart.yaml", "apiVersion: v2\nname: folder\nversion: 1.0.0\n");
    repository.put("charts/folder.prov", "nobody's");
    repository.commit();
    let root = repository.path().to_owned();
    let server = Server::start(move |request| chandlery_source::testing::git_backend(&root, request)).await;
    let open =
        || source_with(&format!("git+{}", server.url("/.git")), Access::default(), Credentials::default());
    let all = list_all(&open()).await.unwrap();
    assert_eq!(all.names(), ["db 1.0.0", "folder 1.0.0", "web 1.0.0"]);
    repository.put("charts/web-1.0.0.tgz.prov", "signed anew");
    repository.put("charts/db-1.0.0.tgz.prov", "signed late");
    repository.commit();
    // As it was in the commit that was listed.
    let source = open();
    for (package, expected) in all.packages.iter().zip([None, None, Some("signed")]) {
        let found = fetch(&source, package.location.as_ref().unwrap()).await.unwrap();
        assert_eq!(found.as_deref(), expected, "{}", package.name);
    }
}

fn sha256(text: &str) -> String {
    format!("sha256:{}", Digest::of(text.as_bytes()))
}

/// A manifest of a chart whose files are these texts.
fn manifest(package: &str, provenance: Option<&str>) -> String {
    let layer = |kind: &str, text: &str| {
        format!(r#"{{"mediaType":"application/vnd.cncf.helm.chart.{kind}","digest":"{}"}}"#, sha256(text))
    };
    let package = layer("content.v1.tar+gzip", package);
    let layers = provenance.map(|text| layer("provenance.v1.prov", text)).into_iter().chain([package]);
    let layers = layers.collect::<Vec<_>>().join(",");
    format!(
        r#"{{"config":{{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"x"}},"layers":[{layers}]}}"#
    )
}

#[tokio::test]
async fn of_charts_in_registries() {
    let server = Server::start(|request| {
        let target = request.split(' ').nth(1).unwrap().to_owned();
        match target.strip_prefix("/v2/team/").and_then(|rest| rest.split_once('/')) {
            Some(("web", "manifests/1.0.0")) => Answer::ok(&manifest("package", Some("signed"))),
            Some(("spoilt", "manifests/1.0.0")) => Answer::ok(&manifest("package", Some("something"))),
            Some(("db", "manifests/1.0.0")) => Answer::ok(&manifest("package", None)),
            Some((_, blob)) if blob.ends_with(&sha256("signed")) => Answer::ok("signed"),
            Some((_, blob)) if blob.ends_with(&sha256("something")) => Answer::ok("something else"),
            _ => Answer::status("404 Not Found", "{\"errors\":[]}"),
        }
    })
    .await;
    let access = Access { tls: Some(false), ..Access::default() };
    let own = source_with(&format!("oci://{}/team", server.address), access.clone(), Credentials::default());
    // As versions that were listed before there were provenance files have it.
    let blob = |repository: &str, package: &str| -> Location {
        let (repository, digest) = (format!("team/{repository}"), sha256(package));
        let json = serde_json::json!({ "kind": "blob", "repository": repository, "digest": digest });
        serde_json::from_value(json).unwrap()
    };
    assert_eq!(fetch(&own, &blob("web", "package")).await, signed("signed"));
    assert_eq!(fetch(&own, &blob("db", "package")).await, Ok(None));
    for (location, words) in [
        (blob("web", "first"), "names another one now"),
        (blob("none", "package"), "there is no"),
        (blob("spoilt", "package"), "its manifest says"),
    ] {
        let failure = fetch(&own, &location).await.unwrap_err();
        assert!(failure.cause.contains(words), "{failure}");
    }
    let other = source_with("http://index.test/", access, Credentials::default());
    let chart = |repository: &str| Location::Chart {
        host: server.address.to_string(),
        repository: format!("team/{repository}"),
        reference: "1.0.0".to_owned(),
    };
    assert_eq!(fetch(&other, &chart("web")).await, signed("signed"));
    assert_eq!(fetch(&other, &chart("db")).await, Ok(None));
}
