//! Deliveries: signed, tried again, given up, and never forgotten.

use chandlery_store::DatabaseUrl;
use chandlery_store::deliveries::AT_ONCE_FROM_A_QUEUE;
use chandlery_store::testing::TestPostgres;
use http::Method;
use serde_json::json;

use super::{
    Receiver, SECRETS, WEBHOOKS, after_attempts, allow_loopback, create, delivery, hook, ping, server,
};
use crate::support::{ChildServer, TestServer, eventually};

const HOOK: &str = "/api/v1/workspaces/team/webhooks/hook";

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_arrives_signed() {
    let (server, admin) = server().await;
    let receiver = Receiver::start().await;
    create(&admin, &hook("hook", &receiver.url())).await.expect(201);
    let id = ping(&admin, HOOK).await;
    let received = receiver.receives(1).await;
    assert_eq!((received[0].secret, &received[0].body["event"]), (0, &json!("ping")));
    assert_eq!(received[0].body["actor"], "admin");
    let found = after_attempts(&admin, HOOK, id, 1).await;
    assert_eq!((&found["status"], &found["webhook_id"]), (&json!("delivered"), &json!(received[0].id)));
    assert_eq!(found["last_attempt"]["http_status"], 204);
    assert!(found["next_attempt_at"].is_null(), "{found}");
    // A new secret signs from now on.
    admin.send_json(Method::PATCH, HOOK, &json!({ "secret": SECRETS[1] })).await.expect(200);
    let id = ping(&admin, HOOK).await;
    assert_eq!(receiver.receives(2).await[1].secret, 1);
    after_attempts(&admin, HOOK, id, 1).await;
    // Nobody reads a secret: not here, not in the database.
    for path in [HOOK, WEBHOOKS, &format!("{HOOK}/deliveries")] {
        let text = admin.get(path).await.expect(200).text();
        assert!(!text.contains("\"secret\"") && !text.contains("whsec_"), "{text}");
    }
    let figures = admin.get("/metrics").await.expect(200).text();
    assert!(
        figures.contains("chandlery_notifications_total{channel=\"webhook\",outcome=\"delivered\"} 2"),
        "{figures}"
    );
    let directory = server.stop().await;
    let bytes = std::fs::read(directory.path().join("data/chandlery.db")).unwrap();
    for secret in SECRETS {
        assert!(!bytes.windows(secret.len() - 6).any(|window| window == &secret.as_bytes()[6..]));
    }
}

/// 500, then 204: the second attempt has the same id. Whoever cannot wait asks for it.
#[tokio::test(flavor = "multi_thread")]
async fn failures_are_tried_again() {
    let (_server, admin) = server().await;
    let receiver = Receiver::start().await;
    receiver.answer(&[500, 302]);
    create(&admin, &hook("hook", &receiver.url())).await.expect(201);
    let id = ping(&admin, HOOK).await;
    let failed = after_attempts(&admin, HOOK, id, 1).await;
    assert_eq!((&failed["status"], &failed["last_attempt"]["http_status"]), (&json!("pending"), &json!(500)));
    assert_eq!(failed["last_attempt"]["failure"], "status");
    let again = format!("{HOOK}/deliveries/{id}/redeliver");
    admin.post(&again, "").await.expect(200);
    // It redirects to a metadata service, where nobody follows.
    let redirected = after_attempts(&admin, HOOK, id, 2).await;
    assert_eq!(redirected["last_attempt"]["http_status"], 302);
    admin.post(&again, "").await.expect(200);
    let delivered = after_attempts(&admin, HOOK, id, 3).await;
    assert_eq!(delivered["status"], "delivered");
    // Once more, from the beginning.
    admin.post(&again, "").await.expect(200);
    let received = receiver.receives(4).await;
    assert!(received.iter().all(|one| one.id == received[0].id && one.body == received[0].body));
    assert_eq!(after_attempts(&admin, HOOK, id, 1).await["status"], "delivered");
    assert!(!failed.to_string().contains("path-is-secret"), "{failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hopeless_receivers_are_given_up() {
    let (_server, admin) = server().await;
    let receiver = Receiver::start().await;
    receiver.answer(&[500, 502, 503, 404, 400, 429, 500, 500]);
    create(&admin, &hook("hook", &receiver.url())).await.expect(201);
    let id = ping(&admin, HOOK).await;
    for attempt in 1..8 {
        assert_eq!(after_attempts(&admin, HOOK, id, attempt).await["status"], "pending");
        admin.post(&format!("{HOOK}/deliveries/{id}/redeliver"), "").await.expect(200);
    }
    let given_up = after_attempts(&admin, HOOK, id, 8).await;
    assert_eq!((&given_up["status"], &given_up["next_attempt_at"]), (&json!("failed"), &json!(null)));
    assert_eq!(receiver.received().len(), 8);
    // 410 says that there is nobody any more.
    receiver.answer(&[410]);
    let id = ping(&admin, HOOK).await;
    assert_eq!(after_attempts(&admin, HOOK, id, 1).await["status"], "failed");
    assert_eq!(admin.get(HOOK).await.expect(200).json()["active"], false);
    // A test is for finding out: it is sent all the same.
    let id = ping(&admin, HOOK).await;
    assert_eq!(after_attempts(&admin, HOOK, id, 1).await["status"], "delivered");
}

/// The address is checked again at each attempt: what was allowed when the webhook was made may be so no longer.
#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_checked_at_each_attempt() {
    let (server, admin) = server().await;
    let receiver = Receiver::start().await;
    let by_name = receiver.url().replace("127.0.0.1", "localhost");
    for (name, url) in [("by-address", receiver.url()), ("by-name", by_name)] {
        // `localhost` may have an address of version 6 as well, which is not allowed here.
        let answer = create(&admin, &hook(name, &url)).await;
        assert!(answer.status == 201 || (name == "by-name" && answer.status == 400), "{}", answer.text());
    }
    let directory = server.stop().await;
    let server = TestServer::start_in(directory, |_| {}).await.unwrap();
    let admin = admin.at(server.url());
    let path = format!("{WEBHOOKS}/by-address");
    let id = ping(&admin, &path).await;
    let refused = after_attempts(&admin, &path, id, 1).await;
    assert_eq!(refused["last_attempt"]["failure"], "address_refused");
    assert_eq!((&refused["status"], receiver.received().len()), (&json!("pending"), 0));
    let text = refused["last_attempt"]["error"].as_str().unwrap();
    assert!(text.contains("a loopback address; an operator can allow its range"), "{text}");
}

/// Killed while the receiver has the request and has not answered: the next start sends it again, under the same id.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_sends_again() {
    let receiver = Receiver::start().await;
    let hold = receiver.hold();
    let directory = tempfile::tempdir().unwrap();
    let settings = ChildServer::settings(directory.path()).allow("127.0.0.0/8");
    let child = settings.start();
    let admin = child.admin().await;
    admin.send_json(Method::POST, "/api/v1/workspaces", &json!({ "name": "team" })).await.expect(201);
    create(&admin, &hook("hook", &receiver.url())).await.expect(201);
    let id = ping(&admin, HOOK).await;
    receiver.receives(1).await;
    child.kill();
    hold.notify_one();
    let child = settings.start();
    let admin = admin.at(child.url());
    let received = receiver.receives(2).await;
    assert_eq!(received[0].id, received[1].id);
    // As many as wait.
    hold.notify_one();
    let found = eventually("the answer", async || {
        hold.notify_one();
        let found = delivery(&admin, HOOK, id).await;
        (found["status"] == "delivered").then_some(found)
    })
    .await;
    assert_eq!(found["attempts"], 2);
}

/// A server without a key keeps no secret, and says who can mend it.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_nothing_is_kept() {
    let postgres = chandlery_store::testing::TestPostgres::shared();
    let chandlery_store::DatabaseUrl::Postgres(url) = postgres.create_database() else {
        panic!("it is PostgreSQL")
    };
    let server = TestServer::with(|config| {
        allow_loopback(config);
        config.database_url = Some(url);
    })
    .await;
    let admin = server.admin().await;
    admin.send_json(Method::POST, "/api/v1/workspaces", &json!({ "name": "team" })).await.expect(201);
    let refused = create(&admin, &hook("hook", "https://example.invalid/")).await.is_problem(409, "conflict");
    assert!(refused["detail"].as_str().unwrap().contains("encryption-key-file"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_receiver_holds_up_itself_only_on_sqlite() {
    a_slow_receiver_holds_up_itself_only(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_receiver_holds_up_itself_only_on_postgres() {
    let postgres = TestPostgres::shared();
    let DatabaseUrl::Postgres(url) = postgres.create_database() else { panic!("it is PostgreSQL") };
    a_slow_receiver_holds_up_itself_only(Some(url)).await;
}

/// A hundred deliveries wait for a receiver that does not answer; one for another receiver comes after them and arrives.
async fn a_slow_receiver_holds_up_itself_only(database: Option<String>) {
    const MANY: usize = 100;
    let server = TestServer::with(|config| {
        allow_loopback(config);
        config.encryption_keys = Some("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=".parse().unwrap());
        config.database_url = database;
    })
    .await;
    let admin = server.admin().await;
    admin.send_json(Method::POST, "/api/v1/workspaces", &json!({ "name": "team" })).await.expect(201);
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    create(&admin, &hook("slow", &slow.url())).await.expect(201);
    create(&admin, &hook("quick", &quick.url())).await.expect(201);
    slow.hold();
    let slow_hook = format!("{WEBHOOKS}/slow");
    let mut first = Vec::new();
    for _ in 0..MANY {
        first.push(ping(&admin, &slow_hook).await);
    }
    slow.receives(AT_ONCE_FROM_A_QUEUE).await;
    ping(&admin, &format!("{WEBHOOKS}/quick")).await;
    quick.receives(1).await;
    for id in [first[0], first[MANY / 2], first[MANY - 1]] {
        assert_eq!(delivery(&admin, &slow_hook, id).await["status"], "pending");
    }
    slow.release();
    slow.receives(MANY).await;
    assert_eq!(slow.most_at_once(), AT_ONCE_FROM_A_QUEUE);
}
