//! Login by a real identity provider, dex, over real HTTP.

mod browser;
mod dex;

use serde_json::{Value, json};

use self::browser::{Browser, target};
use self::dex::{CLIENT, Dex, EMAIL, PASSWORD, SECRET};
use crate::http::{Answer, Request, basic};
use crate::program::Home;
use crate::server::{self, Server, free_port};

/// A server with its identity provider.
struct Pair {
    server: Server,
    dex: Dex,
}

impl Pair {
    fn start(flags: &[&str]) -> Self {
        Self::with_tokens_for("1h", flags)
    }

    /// ID tokens live this long; the server has more flags.
    fn with_tokens_for(lifetime: &str, flags: &[&str]) -> Self {
        let listen = format!("127.0.0.1:{}", free_port());
        let url = format!("http://{listen}");
        let dex = Dex::start(&url, lifetime);
        let home = Home::new();
        home.write("admin-password", server::PASSWORD);
        home.write("client-secret", SECRET);
        let issuer = dex.issuer();
        let mut all = vec!["--data-dir", "data", "--admin-password-file", "admin-password"];
        all.extend(["--listen", &listen, "--public-url", &url, "--oidc-issuer", &issuer]);
        all.extend(["--oidc-client-id", CLIENT, "--oidc-client-secret-file", "client-secret"]);
        all.extend(["--oidc-scopes", "profile email groups", "--oidc-display-name", "Example Inc."]);
        all.extend_from_slice(flags);
        Self { server: Server::start_in(home, &all), dex }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    /// Begins a login; gives where the browser is sent.
    fn begin(&self, browser: &mut Browser) -> String {
        let url = self.url("/login/oidc?return_to=/apps%3Fpage=2");
        let answer = browser.get(&url).expect(303);
        let cookie = answer.header("set-cookie");
        assert!(cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
        target(&url, &answer)
    }

    /// Logs in at the provider; gives where it sends the browser.
    fn authorised(&self, browser: &mut Browser) -> String {
        let url = self.begin(browser);
        browser.log_in_by_proxy(&url)
    }

    /// The whole login.
    fn log_in(&self, browser: &mut Browser) -> Answer {
        let back = self.authorised(browser);
        browser.get(&back)
    }

    /// The caller, as the session of the browser says.
    fn whoami(&self, browser: &mut Browser) -> Value {
        let answer = browser.get(&self.url("/api/v1/whoami")).expect(200);
        serde_json::from_slice(&answer.body).unwrap()
    }

    fn has_session(&self, browser: &mut Browser) -> bool {
        browser.get(&self.url("/api/v1/session")).status == 200
    }

    /// Sends JSON as `admin`.
    fn rest(&self, method: &str, path: &str, body: &Value, status: u16) -> Value {
        self.server.rest(method, &format!("/api/v1{path}"), body, status)
    }

    fn admin_gets(&self, path: &str) -> Value {
        let answer = self.server.send_as_admin(Request::get(&format!("/api/v1{path}"))).expect(200);
        serde_json::from_slice(&answer.body).unwrap()
    }
}

/// A page that refuses a login and says why.
#[track_caller]
fn refused(answer: Answer, status: u16, reason: &str) {
    let answer = answer.expect(status);
    assert!(answer.text().contains(reason), "{reason:?} is not in {}", answer.text());
    assert!(answer.header("content-type").starts_with("text/html"), "{:?}", answer.headers);
    assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    assert!(!answer.headers.iter().any(|(_, value)| value.contains("chs_")), "{:?}", answer.headers);
}

#[test]
fn the_first_login_by_the_form_makes_an_account() {
    let pair = Pair::start(&["--oidc-name-claim", "name"]);
    let methods = pair.server.send(&Request::get("/api/v1/login-methods")).expect(200);
    let expected = json!({
        "password": true,
        "oidc": { "display_name": "Example Inc.", "url": "/login/oidc" },
    });
    assert_eq!(serde_json::from_slice::<Value>(&methods.body).unwrap(), expected);
    for _ in 0..2 {
        let mut browser = Browser::default();
        let url = pair.begin(&mut browser);
        assert!(url.contains("code_challenge_method=S256") && url.contains("&nonce="), "{url}");
        browser.log_in_by_form(&url, EMAIL, "wrong").expect(401);
        let mut answer = browser.log_in_by_form(&url, EMAIL, PASSWORD);
        while target(&url, &answer).starts_with(&pair.dex.issuer()) {
            answer = browser.get(&target(&url, &answer));
        }
        let back = target(&url, &answer);
        assert!(back.starts_with(&pair.url("/login/oidc/callback?")), "{back}");
        let page = browser.get(&back).expect(200);
        assert!(page.text().contains("content=\"0; url=/apps?page=2\""), "{}", page.text());
        let cookies: Vec<_> = page.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
        assert!(cookies.iter().any(|(_, value)| value.starts_with("chandlery=chs_")
            && value.ends_with("; HttpOnly; SameSite=Strict")));
        assert!(cookies.iter().any(|(_, value)| value.starts_with("chandlery-login=;")));
        let whoami = pair.whoami(&mut browser);
        assert_eq!((&whoami["account"], &whoami["role"]), (&json!("jane"), &json!("platform-regular")));
    }
    let accounts = pair.admin_gets("/accounts");
    assert_eq!(accounts["items"].as_array().unwrap().len(), 2, "{accounts}");
    let account = pair.admin_gets("/accounts/jane");
    assert_eq!((&account["display_name"], &account["email"]), (&json!("Jane"), &json!(EMAIL)));
    let audit = pair.admin_gets("/audit").to_string();
    assert!(audit.contains(&format!("by {}", pair.dex.issuer())), "{audit}");
    // It has no password, not even an empty one.
    let by_password = Request::get("/api/v1/accounts").header("Authorization", &basic("jane", ""));
    pair.server.send(&by_password).expect(401);
    let log = pair.server.log();
    for secret in [SECRET, "code=", "chs_"] {
        assert!(!log.contains(secret), "{secret:?} is in the log: {log}");
    }
}

#[test]
fn groups_give_rights_and_take_them_away() {
    let pair = Pair::start(&[]);
    for (path, body) in [
        ("/roles", json!({ "name": "app-review", "permissions": ["apps.review", "categories.manage"] })),
        ("/group-roles", json!({ "group": "reviewers", "role": "app-review" })),
        ("/workspaces", json!({ "name": "team" })),
        ("/workspaces", json!({ "name": "other" })),
        ("/workspaces/team/group-roles", json!({ "group": "team:devs", "role": "workspace-regular" })),
    ] {
        pair.rest("POST", path, &body, 201);
    }
    let mut first = Browser::of("jane", "reviewers, team:devs, unknown");
    pair.log_in(&mut first).expect(200);
    let with_groups = pair.whoami(&mut first);
    assert_eq!(with_groups["role"], "platform-regular", "what is given by hand stays as it is");
    assert_eq!(with_groups["permissions"], json!(["apps.review", "categories.manage"]));
    let held = &with_groups["workspaces"][0];
    assert_eq!((&held["workspace"], &held["role"]), (&json!("team"), &json!("workspace-regular")));
    first.get(&pair.url("/api/v1/reviews")).expect(200);
    first.get(&pair.url("/api/v1/workspaces/team/apps")).expect(200);
    let listed = first.get(&pair.url("/api/v1/workspaces")).expect(200).text();
    assert!(listed.contains("\"team\"") && !listed.contains("\"other\""), "{listed}");

    let hand = json!({ "account": "jane", "role": "workspace-viewer" });
    pair.rest("POST", "/workspaces/other/members", &hand, 201);
    let request = Request::post("", json!({ "name": "mine", "scope": "all" }).to_string())
        .header("Content-Type", "application/json")
        .header("Sec-Fetch-Site", "same-origin");
    let made = first.send(&pair.url("/api/v1/tokens"), request).expect(201);
    let made: Value = serde_json::from_slice(&made.body).unwrap();
    let token = format!("Bearer {}", made["secret"].as_str().unwrap());
    let reviews =
        || pair.server.send(&Request::get("/api/v1/reviews").header("Authorization", &token)).status;
    assert_eq!(reviews(), 200);

    // Another login, without one of the groups: the older session and the token lose what it gave.
    let mut second = Browser::of("jane", "team:devs");
    pair.log_in(&mut second).expect(200);
    assert_eq!(reviews(), 403);
    for browser in [&mut first, &mut second] {
        browser.get(&pair.url("/api/v1/reviews")).expect(403);
        browser.get(&pair.url("/api/v1/workspaces/team/apps")).expect(200);
    }
    second.becomes("jane", "jane@example.org", "");
    pair.log_in(&mut second).expect(200);
    for browser in [&mut first, &mut second] {
        browser.get(&pair.url("/api/v1/workspaces/team/apps")).expect(404);
        let whoami = pair.whoami(browser);
        assert_eq!(whoami["permissions"], json!([]));
        assert_eq!(whoami["workspaces"].as_array().unwrap().len(), 1, "{whoami}");
        assert_eq!(whoami["workspaces"][0]["workspace"], "other", "what is given by hand stays");
    }
    let audit = pair.admin_gets("/audit").to_string();
    assert!(audit.contains("gained reviewers, team:devs, unknown"), "{audit}");
    assert!(audit.contains("lost reviewers, unknown"), "{audit}");
}

#[test]
fn answers_that_prove_nothing_are_refused() {
    let pair = Pair::start(&[]);
    let not_begun = "was not begun in this browser";
    let mut browser = Browser::of("jane", "");

    let back = pair.authorised(&mut browser);
    let (before, after) = back.split_once("state=").unwrap();
    let rest = after.find('&').map_or("", |end| &after[end..]);
    refused(browser.get(&format!("{before}state=other{rest}")), 400, not_begun);
    // Nor does it work with the right one afterwards: the attempt is over.
    refused(browser.get(&back), 400, not_begun);

    let back = pair.authorised(&mut browser);
    refused(Browser::default().get(&back), 400, not_begun);
    let mut other = Browser::of("mallory", "");
    pair.begin(&mut other);
    refused(other.get(&back), 400, not_begun);
    let as_program = Request::get(back.strip_prefix(pair.server.url()).unwrap());
    let problem = pair.server.send(&as_program).expect(400);
    assert_eq!(problem.header("content-type"), "application/problem+json");

    let mut replayed = browser.clone();
    browser.get(&back).expect(200);
    refused(replayed.get(&back), 403, "did not accept the login");
    assert!(pair.has_session(&mut browser) && !pair.has_session(&mut replayed));

    let mut browser = Browser::of("jane", "");
    let denied = |browser: &mut Browser, extra: &str| {
        let begun = pair.begin(browser);
        let state = begun.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        browser.get(&pair.url(&format!("/login/oidc/callback?state={state}{extra}")))
    };
    let description = "&error=access_denied&error_description=not+%3Cb%3Etoday%3C/b%3E";
    let reason = "refused: access_denied: not &lt;b&gt;today&lt;/b&gt;";
    refused(denied(&mut browser, description), 403, reason);
    refused(denied(&mut browser, ""), 400, "sent none");
    refused(denied(&mut browser, "&code=made-up"), 403, "did not accept the login");
    refused(denied(&mut browser, "&code=x&iss=https://evil.example.org"), 400, "another identity provider");

    // What is changed on the way to the provider does not fit when it comes back.
    for (parameter, reason) in
        [("nonce", "cannot be trusted: Invalid nonce"), ("code_challenge", "did not accept the login")]
    {
        let begun = pair.begin(&mut browser);
        let (before, after) = begun.split_once(&format!("&{parameter}=")).unwrap();
        let rest = after.find('&').map_or("", |end| &after[end..]);
        // As long as the real one.
        let changed = format!("{before}&{parameter}={}{rest}", "A".repeat(43));
        let back = browser.log_in_by_proxy(&changed);
        refused(browser.get(&back), 403, reason);
    }
    assert!(!pair.has_session(&mut browser));
}

#[test]
fn expired_tokens_are_refused() {
    let pair = Pair::with_tokens_for("1ns", &[]);
    let mut browser = Browser::of("jane", "");
    refused(pair.log_in(&mut browser), 403, "cannot be trusted: Expired");
    assert!(!pair.has_session(&mut browser));
    assert_eq!(pair.admin_gets("/accounts")["items"].as_array().unwrap().len(), 1);
}

#[test]
fn accounts_are_nobody_elses() {
    let pair = Pair::start(&[]);
    let body = json!({ "name": "taken", "role": "platform-regular", "password": "a good password",
        "email": "taken@example.org" });
    pair.rest("POST", "/accounts", &body, 201);
    // Neither the name nor the address of an account makes it somebody's.
    let mut browser = Browser::of("taken", "");
    refused(pair.log_in(&mut browser), 409, "an account taken already");
    browser.becomes("robot.team.ci", "", "");
    refused(pair.log_in(&mut browser), 400, "robot");
    browser.becomes("\u{738b}", "", "");
    refused(pair.log_in(&mut browser), 403, "makes no login name");
    browser.becomes("other", "taken@example.org", "");
    pair.log_in(&mut browser).expect(200);
    assert_eq!(pair.whoami(&mut browser)["account"], "other");

    pair.rest("PATCH", "/accounts/other", &json!({ "disabled": true }), 200);
    assert!(!pair.has_session(&mut browser));
    refused(pair.log_in(&mut browser), 403, "the account other is disabled");
    pair.rest("PATCH", "/accounts/other", &json!({ "disabled": false }), 200);
    pair.log_in(&mut browser).expect(200);
    assert!(pair.has_session(&mut browser));
}

#[test]
fn operators_say_who_is_let_in() {
    let flags = ["--oidc-allowed-domains", "example.org,example.com", "--oidc-required-group", "staff"];
    let pair = Pair::start(&[&flags[..], &["--oidc-create-accounts=false"]].concat());
    let mut browser = Browser::of("jane", "");
    refused(pair.log_in(&mut browser), 403, "only members of the group staff");
    browser.becomes("jane", "jane@evil.example", "staff");
    refused(pair.log_in(&mut browser), 403, "an e-mail address of example.org, example.com");
    browser.becomes("jane", "jane@example.com", "staff");
    refused(pair.log_in(&mut browser), 403, "makes none at the first login");
    assert!(!pair.has_session(&mut browser));
}

#[test]
fn nobody_is_sent_to_another_server() {
    let pair = Pair::start(&[]);
    let mut browser = Browser::of("jane", "");
    for path in ["https://evil.example.org", "//evil.example.org", "/%5Cevil.example.org", "apps", "/%0Aa"] {
        let url = pair.url(&format!("/login/oidc?return_to={path}"));
        refused(browser.get(&url), 400, "is not a path of this server");
    }
    refused(browser.get(&pair.url("/login/oidc?next=/")), 400, "unknown field");
}

#[test]
fn a_provider_may_go_and_come_back_with_other_keys() {
    let mut pair = Pair::start(&[]);
    pair.dex.stop();
    let mut browser = Browser::of("jane", "");
    let down = browser.get(&pair.url("/login/oidc"));
    assert_eq!(down.header("retry-after"), "1");
    refused(down, 503, "the identity provider is unavailable");
    // Passwords go on.
    let login = json!({ "account": "admin", "password": server::PASSWORD }).to_string();
    let login = Request::post("/api/v1/session", login).header("Content-Type", "application/json");
    pair.server.send(&login).expect(201);

    pair.dex.start_again();
    pair.log_in(&mut browser).expect(200);
    pair.dex.stop();
    let back = pair.begin(&mut browser);
    let state = back.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let callback = pair.url(&format!("/login/oidc/callback?code=x&state={state}"));
    refused(browser.get(&callback), 503, "the identity provider is unavailable");
    // The server knows the old keys only.
    pair.dex.start_again();
    pair.log_in(&mut browser).expect(200);
    assert_eq!(pair.whoami(&mut browser)["account"], "jane");
}
