//! Icons and screenshots: what is taken, what is kept of it, and who sees it when.

use std::io::Cursor;
use std::time::Duration;

use http::Method;
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::{APPS, People, act, form};
use crate::support::{Answer, Client, TestServer};

on_both_databases!(
    the_store_shows_what_the_release_took,
    what_is_no_picture_is_refused,
    screenshots_have_an_order,
    of_ten_at_once_six_are_kept
);

const ICON: &str = "/api/v1/workspaces/demo/apps/emq/icon";
const SCREENSHOTS: &str = "/api/v1/workspaces/demo/apps/emq/screenshots";
const STORE_APP: &str = "/api/v1/store/apps/demo/emq";

fn picture(shade: u8, side: u32) -> DynamicImage {
    RgbaImage::from_pixel(side, side, Rgba([shade, 1, 2, 255])).into()
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn png(shade: u8) -> Vec<u8> {
    encoded(&picture(shade, 8), ImageFormat::Png)
}

const SVG: &str =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"16\" height=\"8\"><path d=\"M0 0h1v1z\"/></svg>";

async fn send(client: &Client, method: Method, path: &str, kind: &str, file: impl Into<Vec<u8>>) -> Answer {
    let request = client.request(method, path).header("content-type", kind).body(file.into());
    Answer::to(request).await
}

async fn set_icon(client: &Client, file: Vec<u8>) -> Value {
    send(client, Method::PUT, ICON, "image/png", file).await.expect(200).json()
}

async fn add_screenshot(client: &Client, shade: u8) -> Answer {
    send(client, Method::POST, SCREENSHOTS, "image/png", png(shade)).await
}

fn url(picture: &Value) -> &str {
    picture["url"].as_str().unwrap_or_else(|| panic!("no picture: {picture}"))
}

async fn the_store_shows_what_the_release_took(people: People) {
    let People { isv, reviewer, stranger, .. } = &people;
    people.submitted("1.0.0").await;
    // What is kept is pixels: the text in the file is not.
    let mut file = png(1);
    file.extend_from_slice(b"<script>");
    let view = set_icon(isv, file).await;
    let first = view["icon"].clone();
    assert_eq!((&first["content_type"], &first["width"]), (&json!("image/png"), &json!(8)));
    assert_eq!(view["revision"], 2);
    add_screenshot(isv, 10).await.expect(201);
    let got = isv.get(url(&first)).await.expect(200);
    assert!(!got.text().contains("<script>"));
    assert_eq!(got.body.len(), usize::try_from(first["size"].as_u64().unwrap()).unwrap());
    for (name, value) in [
        ("content-type", "image/png"),
        ("cache-control", "private, max-age=31536000, immutable"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("content-disposition", "inline; filename=\"picture.png\""),
    ] {
        assert_eq!(got.header(name), value, "{name}");
    }
    assert_eq!(got.header("etag"), format!("\"{}\"", first["digest"].as_str().unwrap()));
    isv.get_with(url(&first), "if-none-match", got.header("etag")).await.expect(304);
    // Reviewers see what was submitted, with its pictures; others nothing at all.
    reviewer.get(url(&first)).await.expect(200);
    stranger.get(url(&first)).await.is_problem(404, "not_found");
    stranger.get(STORE_APP).await.expect(404);

    act(reviewer, "1.0.0", "pass", json!({})).await.expect(200);
    act(isv, "1.0.0", "release", json!({})).await.expect(200);
    let shown = stranger.get(STORE_APP).await.expect(200).json();
    assert_eq!(shown["icon"]["digest"], first["digest"]);
    assert_eq!(shown["screenshots"].as_array().unwrap().len(), 1);
    let list = stranger.get("/api/v1/store/apps").await.expect(200).json();
    assert_eq!(list["items"][0]["icon"], shown["icon"]);
    let public = stranger.get(url(&shown["icon"])).await.expect(200);
    assert_eq!(public.body, got.body);

    // The draft changes, with its texts as well: the store does not, until the next release.
    let second = set_icon(isv, SVG.into()).await["icon"].clone();
    let texts = json!({ "information": { "summary": "new" } });
    let edited = isv.send_json(Method::PATCH, &format!("{APPS}/emq"), &texts).await.expect(200).json();
    assert_eq!((&edited["icon"], edited["screenshots"].as_array().unwrap().len()), (&second, 1));
    let draft = isv.get(url(&second)).await.expect(200);
    assert_eq!(draft.text(), SVG);
    for (name, value) in [
        ("content-type", "image/svg+xml"),
        ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
        ("content-disposition", "attachment; filename=\"picture.svg\""),
    ] {
        assert_eq!(draft.header(name), value, "{name}");
    }
    assert_eq!(stranger.get(STORE_APP).await.json()["icon"]["digest"], first["digest"]);
    let unreleased = format!("{STORE_APP}/pictures/{}", second["digest"].as_str().unwrap());
    stranger.get(&unreleased).await.is_problem(404, "not_found");
    // It is no picture of the draft any more, and still one of the store.
    isv.get(url(&first)).await.is_problem(404, "not_found");
    stranger.get(url(&shown["icon"])).await.expect(200);

    people.released("1.1.0").await;
    assert_eq!(stranger.get(STORE_APP).await.json()["icon"]["digest"], second["digest"]);
    stranger.get(&unreleased).await.expect(200);
    stranger.get(url(&shown["icon"])).await.is_problem(404, "not_found");

    isv.delete(ICON).await.expect(204);
    isv.delete(ICON).await.is_problem(404, "not_found");
    assert_eq!(isv.get(&format!("{APPS}/emq")).await.json()["icon"], Value::Null);
    act(reviewer, "1.0.0", "suspend", json!({})).await.expect(200);
    act(reviewer, "1.1.0", "suspend", json!({})).await.expect(200);
    stranger.get(&unreleased).await.is_problem(404, "not_found");
}

async fn what_is_no_picture_is_refused(people: People) {
    let People { isv, stranger, .. } = &people;
    isv.post_form(APPS, form("1.0.0")).await.expect(201);
    let too_wide = encoded(&RgbaImage::new(1025, 1).into(), ImageFormat::Png);
    let script = SVG.replace("<path", "<script>alert(1)</script><path");
    let cases: [(&str, Vec<u8>, u16, &str, &str); 9] = [
        ("image/png", b"".into(), 400, "invalid", "is not a picture"),
        ("image/png", b"GIF".into(), 400, "invalid", "is not a picture"),
        ("image/png", png(1)[..20].into(), 400, "invalid", "damaged"),
        ("image/png", too_wide, 400, "invalid", "larger than 1024×1024"),
        ("image/png", bomb(), 400, "invalid", "larger than 1024×1024"),
        ("image/svg+xml", script.into(), 400, "invalid", "script"),
        ("image/png", vec![0; (1 << 20) + 1], 413, "too_large", "icon"),
        ("text/html", png(1), 415, "unsupported_type", "text/html"),
        ("multipart/form-data; boundary=x", png(1), 415, "unsupported_type", "the picture itself"),
    ];
    for (kind, file, status, code, words) in cases {
        let problem = send(isv, Method::PUT, ICON, kind, file).await.is_problem(status, code);
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    }
    // What it is, its bytes say; a photograph of a phone is as good as any.
    let jpeg = encoded(&DynamicImage::from(picture(3, 600).into_rgb8()), ImageFormat::Jpeg);
    let kept = send(isv, Method::PUT, ICON, "application/octet-stream", jpeg).await.expect(200).json();
    assert_eq!((&kept["icon"]["content_type"], &kept["icon"]["width"]), (&json!("image/png"), &json!(256)));
    send(stranger, Method::PUT, ICON, "image/png", png(1)).await.is_problem(404, "not_found");
    // Somebody else's change is not overwritten.
    let request = isv.request(Method::PUT, ICON).header("if-match", "\"1\"").body(png(2));
    Answer::to(request).await.is_problem(412, "precondition_failed");
}

/// A file of some bytes that says it is a picture of 100,000×100,000 pixels.
fn bomb() -> Vec<u8> {
    let mut file = png(1);
    file[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
    file[20..24].copy_from_slice(&100_000_u32.to_be_bytes());
    let checksum = crc32fast::hash(&file[12..29]);
    file[29..33].copy_from_slice(&checksum.to_be_bytes());
    file
}

fn digests(app: &Value) -> Vec<Value> {
    app["screenshots"].as_array().unwrap().iter().map(|picture| picture["digest"].clone()).collect()
}

async fn screenshots_have_an_order(people: People) {
    let isv = &people.isv;
    isv.post_form(APPS, form("1.0.0")).await.expect(201);
    for shade in 0..6 {
        add_screenshot(isv, shade).await.expect(201);
    }
    add_screenshot(isv, 0).await.is_problem(409, "already_exists");
    add_screenshot(isv, 6).await.is_problem(409, "conflict");
    let app = isv.get(&format!("{APPS}/emq")).await.json();
    let mut order = digests(&app);
    assert_eq!(order.len(), 6);
    order.reverse();
    let body = json!({ "screenshots": order });
    let turned = isv.send_json(Method::PUT, SCREENSHOTS, &body).await.expect(200).json();
    assert_eq!(digests(&turned), order);
    for wrong in [json!(order[1..]), json!([]), json!(vec![&order[0]; 6])] {
        let body = json!({ "screenshots": wrong });
        isv.send_json(Method::PUT, SCREENSHOTS, &body).await.is_problem(400, "invalid");
    }
    let path = format!("{SCREENSHOTS}/{}", order[2].as_str().unwrap());
    isv.delete(&path).await.expect(204);
    isv.delete(&path).await.is_problem(404, "not_found");
    order.remove(2);
    let app = isv.get(&format!("{APPS}/emq")).await.json();
    assert_eq!(digests(&app), order);
    add_screenshot(isv, 6).await.expect(201);
}

async fn of_ten_at_once_six_are_kept(people: People) {
    let isv = &people.isv;
    isv.post_form(APPS, form("1.0.0")).await.expect(201);
    let answers = futures_util::future::join_all((0..10).map(|shade| add_screenshot(isv, shade))).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((made, refused), (6, 4));
    assert_eq!(digests(&isv.get(&format!("{APPS}/emq")).await.json()).len(), 6);
}

/// The bytes of pictures stay as long as the draft or the store shows them.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_go_when_nobody_shows_them() {
    let people = People::on_sqlite().await;
    let isv = &people.isv;
    people.submitted("1.0.0").await;
    set_icon(isv, png(1)).await;
    act(&people.reviewer, "1.0.0", "pass", json!({})).await.expect(200);
    act(isv, "1.0.0", "release", json!({})).await.expect(200);
    let released = isv.get(STORE_APP).await.json()["icon"].clone();
    let draft = set_icon(isv, png(2)).await["icon"].clone();
    let store = people.server.store().await;
    let collect = || async {
        for hours in [1, 3] {
            let now = Timestamp::now() + hours.hours();
            store.collect_garbage(Duration::from_secs(3600), now).await.unwrap();
        }
    };
    let there = |picture: &Value| {
        let digest = picture["digest"].as_str().unwrap().parse().unwrap();
        let store = &store;
        async move { store.blobs().exists(&digest).await.unwrap() }
    };
    collect().await;
    assert!(there(&released).await && there(&draft).await);
    let last = set_icon(isv, png(3)).await["icon"].clone();
    collect().await;
    assert!(there(&released).await && !there(&draft).await && there(&last).await);
    people.released("1.1.0").await;
    collect().await;
    assert!(!there(&released).await && there(&last).await);
    isv.get(&format!("{STORE_APP}/pictures/{}", last["digest"].as_str().unwrap())).await.expect(200);
}

/// The store's index has the uploaded icon instead of the chart's, as of the last release, in all entries of the chart.
#[tokio::test(flavor = "multi_thread")]
async fn the_index_has_the_icon() {
    let server = TestServer::with(|config| {
        config.public_url = Some("https://charts.example".to_owned());
        config.context_path = "/ctx".to_owned();
    })
    .await;
    let people = People::at(server, None).await;
    let icons = || async {
        let index = people.isv.index("/store/index.yaml").await;
        index.entries["emq"].iter().map(|entry| entry.metadata.icon.clone()).collect::<Vec<_>>()
    };
    people.released("1.0.0").await;
    assert_eq!(icons().await, [""]);
    let icon = set_icon(&people.isv, png(1)).await["icon"].clone();
    assert!(url(&icon).starts_with("/ctx/api/v1/workspaces/demo/apps/emq/pictures/"), "{icon}");
    assert_eq!(icons().await, [""]);
    people.released("1.1.0").await;
    let digest = icon["digest"].as_str().unwrap();
    let address = format!("https://charts.example/ctx{STORE_APP}/pictures/{digest}");
    assert_eq!(icons().await, [address.as_str(), &address]);
    people.isv.delete(ICON).await.expect(204);
    people.released("1.2.0").await;
    assert_eq!(icons().await, ["", "", ""]);
    // A server that begins with what is there says the same.
    set_icon(&people.isv, png(1)).await;
    people.released("1.3.0").await;
    let before = people.isv.get("/store/index.yaml").await.expect(200).text();
    let directory = people.server.stop().await;
    let server = TestServer::start_in(directory, |config| {
        config.public_url = Some("https://charts.example".to_owned());
        config.context_path = "/ctx".to_owned();
    })
    .await
    .unwrap();
    assert_eq!(people.isv.at(server.url()).get("/store/index.yaml").await.expect(200).text(), before);
}
