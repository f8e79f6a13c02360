//! The first page of every list.

use anyhow::{Result, ensure};
use chandlery_search::View;
use serde_json::json;

use super::histogram::Durations;
use crate::bench::Bench;
use crate::catalogue::corpus::Corpus;
use crate::catalogue::{
    ADMIN, BIG_APP, BIG_APP_VERSIONS, BIG_WORKSPACE, CATEGORY, Catalogue, TENANT, app_name, apps,
};
use crate::client::Client;
use crate::report::{Row, format_seconds};
use crate::servers::Chandlery;
use crate::statistics::percentile;

/// What a page of the lists may take on the server, in seconds.
const LIMIT: f64 = 0.010;

/// A list: what it is called, its route, the path that is asked for, and who asks.
struct List {
    name: &'static str,
    route: &'static str,
    path: String,
    token: &'static str,
}

/// What one list took on one database, in seconds.
struct Figures {
    database: &'static str,
    server_mean: f64,
    server_p99_bound: f64,
    client_p50: f64,
    client_p99: f64,
}

pub(super) fn rows(bench: &Bench, catalogues: &[&Catalogue]) -> Result<Vec<Row>> {
    let lists = lists();
    let mut figures: Vec<Vec<Figures>> = lists.iter().map(|_| Vec::new()).collect();
    let mut changes = Vec::new();
    for catalogue in catalogues {
        let server = catalogue.start(bench)?;
        for (list, figures) in lists.iter().zip(&mut figures) {
            figures.push(measure(bench, catalogue, &server, list)?);
        }
        changes.push(after_a_change(bench, catalogue, &server)?);
        server.process.stop()?;
    }
    let count = apps(bench);
    let mut rows: Vec<Row> = lists.iter().zip(&figures).map(|(list, figures)| row(list, figures)).collect();
    let name = format!("categories with counts, right after an app moved to another one, {count} apps");
    rows.push(row_of(name, &changes));
    Ok(rows)
}

fn row(list: &List, figures: &[Figures]) -> Row {
    row_of(format!("first page: {}", list.name), figures)
}

fn row_of(name: String, figures: &[Figures]) -> Row {
    let texts = figures.iter().map(|one| {
        format!(
            "{} mean {}, p99 ≤ {} (client p50 {}, p99 {})",
            one.database,
            format_seconds(one.server_mean),
            format_seconds(one.server_p99_bound),
            format_seconds(one.client_p50),
            format_seconds(one.client_p99)
        )
    });
    let worst = figures.iter().map(|one| one.server_p99_bound).fold(0.0, f64::max);
    let rounds = figures.iter().map(|one| (one.database, one.server_mean, one.client_p99));
    Row::new(name)
        .ours(texts.collect::<Vec<_>>().join("; "))
        .at_most(worst, LIMIT, "p99 ≤ 10 ms of the server's time")
        .rounds(json!(rounds.collect::<Vec<_>>()))
}

/// Asks for a page again and again; `before` does something before each time.
fn sample(
    server: &Chandlery,
    list: &List,
    database: &'static str,
    times: usize,
    mut before: impl FnMut(usize) -> Result<()>,
) -> Result<Figures> {
    let mut client = server.client_of(list.token);
    let mut metrics = server.client_of(ADMIN);
    // The first one finds out who asks, and prepares statements.
    ask(&mut client, &list.path)?;
    let earlier = Durations::read(&mut metrics, "GET", list.route)?;
    let mut seconds = Vec::with_capacity(times);
    for number in 0..times {
        before(number)?;
        seconds.push(ask(&mut client, &list.path)?);
    }
    let durations = Durations::read(&mut metrics, "GET", list.route)?.since(&earlier);
    Ok(Figures {
        database,
        server_mean: durations.mean(),
        server_p99_bound: durations.p99_bound(),
        client_p50: percentile(&seconds, 50),
        client_p99: percentile(&seconds, 99),
    })
}

fn ask(client: &mut Client, path: &str) -> Result<f64> {
    let began = std::time::Instant::now();
    let answer = client.get_ok(path, &[])?;
    ensure!(answer.body.len() > 100, "{path} is empty: {}", String::from_utf8_lossy(&answer.body));
    Ok(began.elapsed().as_secs_f64())
}

fn measure(bench: &Bench, catalogue: &Catalogue, server: &Chandlery, list: &List) -> Result<Figures> {
    sample(server, list, catalogue.database, bench.size(300, 30), |_| Ok(()))
}

/// The categories with their counts, when what is counted has just changed. It is as before at the end.
fn after_a_change(bench: &Bench, catalogue: &Catalogue, server: &Chandlery) -> Result<Figures> {
    let times = bench.size(50, 6);
    let list = List::of("categories", "/api/v1/categories", "");
    let app = big_app();
    let mut client = server.client_of(ADMIN);
    let path = format!("/api/v1/workspaces/{BIG_WORKSPACE}/apps/{app}/category");
    sample(server, &list, catalogue.database, times, |number| {
        // The app's own is the first one of these.
        let category = ["database", CATEGORY][(number + 1) % 2];
        let body = json!({ "category": category }).to_string();
        let headers = [("Content-Type", "application/json")];
        let answer = client.request("PUT", &path, &headers, body.as_bytes())?;
        ensure!(matches!(answer.status, 200 | 204), "{path}: {}", answer.status);
        Ok(())
    })
}

fn big_app() -> String {
    app_name(&Corpus::new().document(BIG_APP, View::Store))
}

impl List {
    /// A list at its route, with parameters, as `admin` sees it.
    fn of(name: &'static str, route: &'static str, parameters: &str) -> Self {
        let path = route
            .replace("{workspace}", BIG_WORKSPACE)
            .replace("{app}", &big_app())
            .replace("{version}", &format!("1.{}.0", BIG_APP_VERSIONS - 2));
        Self { name, route, path: format!("{path}{parameters}"), token: ADMIN }
    }

    /// The same for somebody with forty workspaces.
    fn by_tenant(self) -> Self {
        Self { token: TENANT, ..self }
    }
}

fn lists() -> Vec<List> {
    const STORE: &str = "/api/v1/store/apps";
    const APPS: &str = "/api/v1/workspaces/{workspace}/apps";
    const VERSIONS: &str = "/api/v1/workspaces/{workspace}/apps/{app}/versions";
    let in_category = format!("?category={CATEGORY}&sort=downloads");
    let in_workspace = format!("?workspace={BIG_WORKSPACE}&sort=newest");
    vec![
        List::of("store, by name", STORE, ""),
        List::of("store, newest first", STORE, "?sort=newest"),
        List::of("store, most downloaded first", STORE, "?sort=downloads").by_tenant(),
        List::of("store, a category, most downloaded first", STORE, &in_category).by_tenant(),
        List::of("store, a workspace, newest first", STORE, &in_workspace).by_tenant(),
        List::of("versions of an app in the store", "/api/v1/store/apps/{workspace}/{app}/versions", ""),
        List::of("categories", "/api/v1/categories", "").by_tenant(),
        List::of("apps of all workspaces", "/api/v1/apps", ""),
        List::of("apps of forty workspaces", "/api/v1/apps", "").by_tenant(),
        List::of("apps of a workspace", APPS, ""),
        List::of("apps of a workspace in a state", APPS, "?state=suspended"),
        List::of("apps of a workspace in a category", APPS, &format!("?category={CATEGORY}")),
        List::of("versions of an app", VERSIONS, ""),
        List::of("reviews, not processed", "/api/v1/reviews", "?status=unprocessed"),
        List::of("reviews, processed", "/api/v1/reviews", "?status=processed"),
        List::of("reviews, all", "/api/v1/reviews", ""),
        List::of("audit of the platform", "/api/v1/audit", ""),
        List::of("audit of the platform, an action", "/api/v1/audit", "?action=release"),
        List::of(
            "audit of a workspace, an action",
            "/api/v1/workspaces/{workspace}/audit",
            "?action=release",
        ),
        List::of("audit of the platform, one actor", "/api/v1/audit", "?actor=person-77"),
        List::of("audit of a workspace", "/api/v1/workspaces/{workspace}/audit", ""),
        List::of("audit of an app", "/api/v1/workspaces/{workspace}/apps/{app}/audit", ""),
        List::of("accounts", "/api/v1/accounts", ""),
        List::of("workspaces", "/api/v1/workspaces", ""),
        List::of("workspaces of a member", "/api/v1/workspaces", "").by_tenant(),
        List::of("members", "/api/v1/workspaces/{workspace}/members", ""),
        List::of("projects", "/api/v1/workspaces/{workspace}/projects", ""),
        List::of("invitations", "/api/v1/workspaces/{workspace}/invitations", ""),
        List::of("robots", "/api/v1/workspaces/{workspace}/robots", ""),
        List::of("roles of a workspace", "/api/v1/workspaces/{workspace}/roles", ""),
        List::of("roles of the platform", "/api/v1/roles", ""),
        List::of("tokens", "/api/v1/tokens", ""),
        List::of("repositories", "/api/v1/repositories", ""),
    ]
}
