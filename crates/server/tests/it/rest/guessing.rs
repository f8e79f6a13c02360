//! Guessing passwords.

use crate::support::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn is_slowed_down() {
    let server = TestServer::start().await;
    let (token, nobody) = (server.admin().await, server.anonymous());
    let guess = async |name: &str, number: u32| {
        nobody.with_password(name, &format!("guess {number}")).get("/api/v1/whoami").await
    };
    for name in ["admin", "does-not-exist"] {
        let mut refused = None;
        for number in 0..40 {
            let answer = guess(name, number).await;
            if answer.status == 429 {
                refused = Some(answer);
                break;
            }
            answer.is_problem(401, "unauthenticated");
        }
        let refused = refused.expect("guessing goes on without an end");
        refused.is_problem(429, "too_many_attempts");
        let seconds: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        // The dialect of the other routes.
        let answer = nobody.with_password(name, "one more guess").get("/index.yaml").await.expect(429);
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
        assert!(!answer.header("retry-after").is_empty());
    }
    // Tokens and other accounts are not held up.
    token.get("/api/v1/whoami").await.expect(200);
    guess("another", 0).await.is_problem(401, "unauthenticated");
}
