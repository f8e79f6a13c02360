//! Entity tags and compressed forms.

use std::io::Read;

use crate::support::{Answer, Client, TestServer, package};

/// The three forms of an index, which must say the same.
async fn forms(client: &Client) -> [Answer; 3] {
    let mut answers = Vec::new();
    for encoding in ["identity", "gzip", "zstd"] {
        let answer = client.get_with("/index.yaml", "accept-encoding", encoding).await.expect(200);
        let expected = if encoding == "identity" { "" } else { encoding };
        assert_eq!(answer.header("content-encoding"), expected);
        assert_eq!(answer.header("vary"), "Accept-Encoding, Authorization");
        assert_eq!(answer.header("cache-control"), "no-cache");
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        answers.push(answer);
    }
    answers.try_into().unwrap()
}

fn check_same(forms: &[Answer; 3]) {
    let [plain, gzip, zstd] = forms;
    let mut unpacked = Vec::new();
    // Not MultiGzDecoder: some clients read one member only.
    let mut decoder = flate2::bufread::GzDecoder::new(&gzip.body[..]);
    decoder.read_to_end(&mut unpacked).unwrap();
    assert!(decoder.into_inner().is_empty(), "bytes after the only member");
    assert!(unpacked == plain.body, "gzip says something else");
    assert!(zstd::stream::decode_all(&zstd.body[..]).unwrap() == plain.body, "zstd says something else");
    let tags = [plain, gzip, zstd].map(|answer| answer.header("etag").to_owned());
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2], "{tags:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn say_the_same_after_every_change() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    check_same(&forms(&admin).await);
    let mut last = String::new();
    for round in 0..30 {
        let (name, version) = (format!("chart-{}", round * 7 % 10), format!("{round}.0.0"));
        admin.post("/api/charts", package(&name, &version)).await.expect(201);
        if round % 3 == 2 {
            admin.delete(&format!("/api/charts/{name}/{version}")).await.expect(200);
        }
        if round % 5 == 4 {
            admin.post("/api/charts?force", package(&name, &version)).await.expect(201);
        }
        let forms = forms(&admin).await;
        check_same(&forms);
        assert_ne!(forms[0].header("etag"), last);
        last = forms[0].header("etag").to_owned();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn not_modified() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.post("/api/charts", package("a", "1.0.0")).await.expect(201);
    for encoding in ["identity", "gzip", "zstd"] {
        let with = async |tag: &str| {
            let request = admin.request(http::Method::GET, "/index.yaml").header("accept-encoding", encoding);
            Answer::to(request.header("if-none-match", tag)).await
        };
        let tag = with("\"other\"").await.expect(200).header("etag").to_owned();
        for matching in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let answer = with(&matching).await.expect(304);
            assert!(answer.body.is_empty(), "{matching}");
            assert_eq!(answer.header("etag"), tag);
            assert_eq!(answer.header("vary"), "Accept-Encoding, Authorization");
        }
        for other in ["\"x\"", "x", &tag[1..tag.len() - 1]] {
            with(other).await.expect(200);
        }
        admin.post("/api/charts?force", package("a", "1.0.0")).await.expect(201);
        with(&tag).await.expect(200);
    }
}
