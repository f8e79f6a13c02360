//! External repositories by our commands.

use std::collections::BTreeSet;

use serde_json::Value;

use super::face::{Face, Given, REPOSITORY};
use crate::cli::logged_in;
use crate::program::{Home, Outcome};
use crate::server::Server;

/// `admin`, who is logged in.
pub(super) struct Commands(Home);

/// A field of the API, its flag of `repo add` and `repo set-source`, and its flag of `repo validate`.
type Flag = (&'static str, &'static str, &'static str);

/// Those whose value is written on the command line.
const WORDS: [Flag; 8] = [
    ("kind", "--kind", "--kind"),
    ("tls", "--tls", "--tls"),
    ("region", "--region", "--region"),
    ("reference", "--ref", "--ref"),
    ("sub_path", "--sub-path", "--path"),
    ("cache", "--cache", ""),
    ("username", "--source-username", "--username"),
    ("access_key_id", "--access-key-id", "--username"),
];

/// Those whose value is in a file.
const FILES: [Flag; 6] = [
    ("certificate_authority", "--source-ca-file", "--ca-file"),
    ("password", "--source-password-file", "--password-file"),
    ("secret_access_key", "--secret-key-file", "--password-file"),
    ("token", "--source-token-file", "--token-file"),
    ("client_certificate", "--client-certificate-file", "--client-certificate-file"),
    ("docker_config", "--docker-config-file", "--registry-config"),
];

impl Commands {
    /// The flags of `repo add`, or of `repo validate`.
    fn flags(&self, given: &Given, is_validation: bool) -> Vec<String> {
        let fields = [&given.settings, &given.credentials];
        let value = |name: &str| match fields.iter().find_map(|fields| fields.get(name))? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let pick = |(_, add, validate): Flag| if is_validation { validate } else { add };
        let words = WORDS.into_iter().filter_map(|flag| Some((pick(flag), value(flag.0)?)));
        let files = FILES.into_iter().filter_map(|flag| {
            let path = self.0.write(flag.0, value(flag.0)?);
            Some((pick(flag), path.to_str().unwrap().to_owned()))
        });
        let flags = words.chain(files).filter(|(flag, _)| !flag.is_empty());
        flags.flat_map(|(flag, value)| [flag.to_owned(), value]).collect()
    }

    fn run(&self, words: &[&str], given: &Given) -> Outcome {
        let flags = self.flags(given, words.contains(&"validate"));
        let words = words.iter().copied().chain([given.url.as_str()]);
        let flags = flags.iter().map(String::as_str);
        let outcome = self.0.chandlery(&words.chain(flags).collect::<Vec<_>>());
        let secrets = given.credentials.as_object().into_iter().flatten();
        for (name, secret) in secrets.filter(|(name, _)| name.contains("secret") || *name == "password") {
            let secret = secret.as_str().filter(|secret| !secret.is_empty());
            let shown = secret.is_some_and(|secret| format!("{outcome:?}").contains(secret));
            assert!(!shown, "{name} is in {outcome:?}");
        }
        outcome
    }

    fn json(&self, words: &[&str]) -> Value {
        self.0.chandlery(&[words, &["-o", "json"]].concat()).succeeded().json()
    }
}

fn done(outcome: &Outcome) -> Result<(), String> {
    if outcome.code == 0 { Ok(()) } else { Err(outcome.messages.clone()) }
}

impl Face for Commands {
    fn sign_in(server: &Server) -> Self {
        Self(logged_in(server))
    }

    fn create_workspace(&self) {
        self.0.chandlery(&["workspace", "create", "mirrors"]).succeeded();
    }

    fn validate(&self, given: &Given) -> Value {
        let outcome = self.run(&["repo", "validate", "-o", "json"], given);
        let view = outcome.json();
        assert_eq!(outcome.code, i32::from(view["valid"] != true), "{outcome:?}");
        view
    }

    fn add(&self, given: &Given) -> Result<(), String> {
        let add = ["repo", "add", REPOSITORY, "--visibility", "public", "--period", "0", "--wait"];
        done(&self.run(&add, given))
    }

    fn replace(&self, given: &Given) {
        self.run(&["repo", "set-source", REPOSITORY, "--period", "0"], given).succeeded();
    }

    fn source(&self) -> Value {
        self.json(&["repo", "source", REPOSITORY])
    }

    fn check(&self) -> Value {
        self.0.chandlery(&["repo", "check", REPOSITORY, "-o", "json"]).json()
    }

    fn versions(&self) -> BTreeSet<String> {
        let found = self.json(&["search", "--repo", REPOSITORY, "--versions"]);
        found.as_array().unwrap().iter().map(super::name_and_version).collect()
    }

    fn sync(&self) -> Result<(), String> {
        done(&self.0.chandlery(&["repo", "sync", REPOSITORY, "--wait"]))
    }

    fn events(&self) -> Vec<Value> {
        self.json(&["repo", "events", REPOSITORY]).as_array().unwrap().clone()
    }

    fn removal(&self) -> (u64, u64) {
        let told = self.0.chandlery(&["repo", "delete", REPOSITORY]).failed(2, "add --yes").messages;
        let number = |unit: &str| {
            let before = told.split_once(unit).and_then(|(before, _)| before.rsplit(' ').next());
            before.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no {unit} in {told}"))
        };
        (number(" charts"), number(" versions"))
    }

    fn delete(&self) {
        self.0.chandlery(&["repo", "delete", REPOSITORY, "--yes"]).succeeded();
        self.0.chandlery(&["repo", "get", REPOSITORY]).failed(1, "404");
    }
}
