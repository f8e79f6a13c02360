//! The audit log as a list and as a file: filters, and who may read which part of it.

use chandlery_store::DatabaseUrl;
use chandlery_store::testing::TestPostgres;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestServer};

fn lines(answer: &Answer) -> Vec<Value> {
    answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn make(admin: &Client, path: &str, body: Value) {
    admin.send_json(Method::POST, &format!("/api/v1/{path}"), &body).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    the_log_as_a_file(TestServer::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres() {
    let postgres = TestPostgres::shared();
    let DatabaseUrl::Postgres(url) = postgres.create_database() else { panic!("it is PostgreSQL") };
    the_log_as_a_file(TestServer::with(|config| config.database_url = Some(url)).await).await;
}

async fn the_log_as_a_file(server: TestServer) {
    let admin = server.admin().await;
    for workspace in ["demo", "other"] {
        make(&admin, "workspaces", json!({ "name": workspace })).await;
        make(&admin, &format!("workspaces/{workspace}/projects"), json!({ "name": "web" })).await;
    }
    // More than a batch.
    for number in 0..510 {
        let role = json!({ "name": format!("r{number}"), "permissions": [] });
        make(&admin, "workspaces/demo/roles", role).await;
    }
    let keeper = json!({ "name": "keeper", "role": "platform-regular", "password": "a good password" });
    make(&admin, "accounts", keeper).await;
    let member = json!({ "account": "keeper", "role": "workspace-admin" });
    make(&admin, "workspaces/demo/members", member).await;
    let keeper = server.anonymous().with_password("keeper", "a good password");

    let all = admin.get("/api/v1/audit.jsonl").await.expect(200);
    assert_eq!(all.header("content-type"), "application/x-ndjson");
    assert_eq!(all.header("content-disposition"), "attachment; filename=\"audit.jsonl\"");
    let all = lines(&all);
    assert!(all.len() > 510);
    let ids: Vec<_> = all.iter().map(|entry| entry["id"].as_i64().unwrap()).collect();
    assert!(ids.is_sorted_by(|one, next| one > next));
    let page = admin.get("/api/v1/audit?limit=3").await.expect(200).json();
    assert_eq!(page["items"], json!(all[..3]));

    let created = lines(&admin.get("/api/v1/audit.jsonl?action=project.create").await.expect(200));
    assert_eq!(created.len(), 2);
    let named = lines(&admin.get("/api/v1/audit.jsonl?kind=role&name=r7").await.expect(200));
    assert_eq!(named.len(), 1);
    let list = admin.get("/api/v1/audit?kind=role&name=r7").await.expect(200).json();
    assert_eq!(list["items"], json!(named));
    let before = named[0]["at"].as_str().unwrap();
    let early = lines(&admin.get(&format!("/api/v1/audit.jsonl?kind=role&until={before}")).await.expect(200));
    assert_eq!(early.len(), 7);
    admin.get("/api/v1/audit.csv?nothing=1").await.is_problem(400, "invalid");

    // Who manages a workspace reads what happened there, and nothing else.
    keeper.get("/api/v1/audit.csv").await.is_problem(403, "forbidden");
    keeper.get("/api/v1/workspaces/other/audit.csv").await.is_problem(404, "not_found");
    let own = lines(&keeper.get("/api/v1/workspaces/demo/audit.jsonl").await.expect(200));
    assert!(own.len() > 510 && own.iter().all(|entry| entry["workspace"] == "demo"));
    let table = keeper.get("/api/v1/workspaces/demo/audit.csv?kind=project").await.expect(200);
    assert!(table.header("content-type").starts_with("text/csv"));
    let text = table.text();
    let rows: Vec<_> = text.split_terminator("\r\n").collect();
    assert_eq!(rows[0], "id,at,actor,role,action,kind,name,workspace,phase,from,to,message,digest");
    assert_eq!(rows.len(), 2, "{text}");
    assert!(rows[1].contains(",admin,platform-admin,project.create,project,web,demo,"), "{text}");
}
