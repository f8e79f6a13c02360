//! Parts of files and entity tags (RFC 9110 13 and 14).

use http::Method;

use crate::support::{Answer, Client, TestServer, package, provenance};

const URL: &str = "/charts/mychart-0.1.0.tgz";

async fn with(client: &Client, method: Method, headers: &[(&str, &str)]) -> Answer {
    let request = client.request(method, URL);
    Answer::to(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let chart = package("mychart", "0.1.0");
    admin.post("/api/charts", chart.clone()).await.expect(201);
    let size = chart.len();
    let last = size - 1;
    let parts = [
        ("bytes=0-0".to_owned(), 0, 0),
        ("bytes=0-".to_owned(), 0, last),
        (format!("bytes={last}-{last}"), last, last),
        (format!("bytes={last}-"), last, last),
        ("bytes=10-19".to_owned(), 10, 19),
        ("bytes=10-99999999".to_owned(), 10, last),
        ("bytes=-1".to_owned(), last, last),
        ("bytes=-20".to_owned(), size - 20, last),
        (format!("bytes=-{}", size * 2), 0, last),
    ];
    for (range, from, to) in parts {
        let answer = with(&admin, Method::GET, &[("range", &range)]).await.expect(206);
        assert_eq!(answer.body, chart[from..=to], "{range}");
        assert_eq!(answer.header("content-range"), format!("bytes {from}-{to}/{size}"));
        assert_eq!(answer.header("content-length"), (to - from + 1).to_string());
        assert_eq!(answer.header("accept-ranges"), "bytes");
    }
    for range in [format!("bytes={size}-"), format!("bytes={size}-{size}"), "bytes=-0".to_owned()] {
        let answer = with(&admin, Method::GET, &[("range", &range)]).await.expect(416);
        assert_eq!(answer.header("content-range"), format!("bytes */{size}"), "{range}");
        assert!(answer.body.is_empty());
    }
    for whole in ["bytes=5-2", "bytes=a-b", "lines=0-1", "bytes=0-1,4-5", "bytes="] {
        assert_eq!(with(&admin, Method::GET, &[("range", whole)]).await.expect(200).body, chart, "{whole}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_of_a_file_that_changed() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let chart = package("mychart", "0.1.0");
    admin.post("/api/charts", chart.clone()).await.expect(201);
    let tag = with(&admin, Method::HEAD, &[]).await.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", chandlery_core::Digest::of(&chart)));
    let part = with(&admin, Method::GET, &[("range", "bytes=0-3"), ("if-range", &tag)]).await;
    assert_eq!(part.expect(206).body, chart[..4]);
    for other in ["\"other\"", "W/\"x\"", "Sat, 21 Nov 2026 04:00:00 GMT"] {
        let whole = with(&admin, Method::GET, &[("range", "bytes=0-3"), ("if-range", other)]).await;
        assert_eq!(whole.expect(200).body, chart);
    }
    for matching in [tag.clone(), format!("W/{tag}"), "*".to_owned(), format!("\"x\" , {tag}")] {
        let answer = with(&admin, Method::GET, &[("if-none-match", &matching)]).await.expect(304);
        assert!(answer.body.is_empty() && answer.header("etag") == tag);
    }
    assert_eq!(with(&admin, Method::GET, &[("if-none-match", "\"x\"")]).await.expect(200).body, chart);
    let text = format!("{}description: new\n", crate::support::chart_yaml("mychart", "0.1.0"));
    let replaced = crate::support::package_of(&text);
    admin.post("/api/charts?force", replaced.clone()).await.expect(201);
    let whole = with(&admin, Method::GET, &[("range", "bytes=0-3"), ("if-range", &tag)]).await;
    assert_eq!(whole.expect(200).body, replaced);
    assert_eq!(with(&admin, Method::GET, &[("if-none-match", &tag)]).await.expect(200).body, replaced);
}

#[tokio::test(flavor = "multi_thread")]
async fn heads() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let (chart, prov) = (package("mychart", "0.1.0"), provenance("mychart", "0.1.0"));
    admin.post("/api/charts", chart.clone()).await.expect(201);
    admin.post("/api/prov", prov.clone()).await.expect(201);
    for (url, length) in [(URL.to_owned(), chart.len()), (format!("{URL}.prov"), prov.len())] {
        let head = admin.head(&url).await.expect(200);
        let get = admin.get(&url).await.expect(200);
        assert_eq!(head.header("content-length"), length.to_string());
        assert!(head.body.is_empty());
        for name in ["content-type", "etag", "accept-ranges", "cache-control", "content-length"] {
            assert_eq!(head.header(name), get.header(name), "{name}");
        }
    }
    assert!(admin.head("/charts/nothing.tgz").await.expect(404).body.is_empty());
}
