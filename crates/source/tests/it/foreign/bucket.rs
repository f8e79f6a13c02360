//! Buckets of a real object store: versitygw over a folder.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chandlery_source::foreign::{Access, Code, Credentials, Known, Location, PackageKind, Source, Stage};
use tempfile::TempDir;

use super::{check_packages, list, list_all, package, source_with};
use crate::server::{Answer, Server};

/// A running server whose buckets are the folders of `data`.
struct Store {
    data: TempDir,
    port: u16,
    child: Child,
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Store {
    async fn start() -> Self {
        let program = std::env::var_os("CHANDLERY_S3_SERVER").map(PathBuf::from).unwrap_or_else(|| {
            let home = std::env::var_os("HOME").expect("HOME is set");
            PathBuf::from(home).join(".cache/chandlery/peers/bin/versitygw")
        });
        let data = tempfile::tempdir().unwrap();
        std::fs::create_dir(data.path().join("charts")).unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let child = Command::new(program)
            .args(["--access", "key", "--secret", "hunter2", "--port", &format!("127.0.0.1:{port}"), "posix"])
            .arg(data.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("versitygw is there: build the peers of interop/ first");
        let store = Self { data, port, child };
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        store
    }

    fn put(&self, key: &str, bytes: impl AsRef<[u8]>) {
        let path = self.data.path().join("charts").join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn source(&self, place: &str, credentials: Credentials) -> Source {
        source_with(&format!("s3://127.0.0.1:{}/{place}", self.port), Access::default(), credentials)
    }
}

fn key() -> Credentials {
    Credentials::access_key("key", "hunter2")
}

#[tokio::test]
async fn buckets() {
    let store = Store::start().await;
    let at = |place: &str| store.source(place, key());

    let empty = list_all(&at("charts/none")).await.unwrap_err();
    assert_eq!((empty.stage, empty.code), (Stage::Content, Code::NotARepository), "{empty}");

    // Packages without an index.
    store.put("loose/web-1.0.0.tgz", package("web", "1.0.0"));
    store.put("loose/deep/db-2.0.0.tgz", package("db", "2.0.0"));
    store.put("loose/broken-1.0.0.tgz", "nothing");
    store.put("loose/README.md", "text");
    let loose = at("charts/loose/");
    let first = list_all(&loose).await.unwrap();
    assert_eq!(first.names(), ["db 2.0.0", "web 1.0.0"]);
    assert_eq!((first.counts.charts, first.counts.versions, first.counts.invalid), (2, 2, 1));
    assert_eq!(first.skipped[0].name, "broken-1.0.0.tgz");
    assert!(first.packages.iter().all(|package| package.kind == PackageKind::Chart));
    check_packages(&loose, &first).await;
    assert!(list(&loose, Some(&first.validator), first.known()).await.unwrap().is_none());

    store.put("loose/web-1.1.0.tgz", package("web", "1.1.0"));
    let second = list(&loose, Some(&first.validator), first.known()).await.unwrap().unwrap();
    assert_eq!((second.names(), second.known), (vec!["web 1.1.0".to_owned()], 2));

    // An index.
    let index = "apiVersion: v1\nentries: {web: [{apiVersion: v2, name: web, version: 1.0.0, urls: [web-1.0.0.tgz], \
                 digest: DIGEST}]}\n";
    let bytes = package("web", "1.0.0");
    store.put("indexed/web-1.0.0.tgz", &bytes);
    let digest = chandlery_core::Digest::of(&bytes).to_hex();
    store.put("indexed/index.yaml", index.replace("DIGEST", &digest));
    let indexed = at("charts/indexed/index.yaml");
    let first = list_all(&indexed).await.unwrap();
    assert_eq!(first.names(), ["web 1.0.0"]);
    check_packages(&indexed, &first).await;
    assert!(list(&indexed, Some(&first.validator), Known::default()).await.unwrap().is_none());

    // A provenance file beside one of two packages.
    store.put("loose/web-1.0.0.tgz.prov", "signed");
    let signed = async |source: &Source, key: &str| {
        let key = key.to_owned();
        source.open_provenance(&Location::Object { key }, "1.0.0", 1 << 20).await
    };
    let reader = signed(&loose, "web-1.0.0.tgz").await.unwrap().unwrap();
    assert_eq!(reader.bytes().await.unwrap(), b"signed");
    assert!(signed(&loose, "web-1.1.0.tgz").await.unwrap().is_none());
    assert!(signed(&at("nobucket/"), "web-1.1.0.tgz").await.is_err(), "the package is not there either");

    // Who may not.
    let wrong = store.source("charts/loose", Credentials::access_key("key", "wrong"));
    let cases = [
        (wrong, Code::ObjectStoreDenied),
        (store.source("charts/loose", Credentials::default()), Code::ObjectStoreDenied),
        (store.source("charts/loose", Credentials::access_key("", "x")), Code::NoAccessKey),
        (store.source("charts/loose", Credentials::access_key("key", "")), Code::NoSecretKey),
        (at("nobucket/"), Code::NotARepository),
    ];
    for (source, code) in cases {
        let failure = list_all(&source).await.unwrap_err();
        assert_eq!(failure.code, code, "{failure}");
        assert!(!format!("{failure:?}").contains("hunter2"));
    }
}

/// The checks of addresses hold for object stores as well.
#[tokio::test]
async fn where_buckets_lead() {
    let server = Server::start(|_| Answer::redirect("http://169.254.169.254/latest")).await;
    for url in [format!("s3://{}/charts", server.address), "s3://169.254.169.254/charts".to_owned()] {
        let failure = list_all(&source_with(&url, Access::default(), key())).await.unwrap_err();
        assert_eq!((failure.stage, failure.code), (Stage::Dns, Code::NoAccess), "{failure}");
    }
    assert!(server.requests()[0].contains("authorization: AWS4-HMAC-SHA256"));
}
