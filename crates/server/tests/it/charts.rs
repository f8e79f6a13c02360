//! ChartMuseum's API: the statuses and bodies that its clients know.

mod deleting;
mod forms;
mod limits;
mod names;
mod reading;
mod routing;
mod uploading;

use serde_json::json;

use crate::support::{Client, TestServer};

/// Where one repository's files and its API are.
#[derive(Clone, Copy, Debug)]
struct Place {
    files: &'static str,
    api: &'static str,
}

/// The default repository, and two that are addressed in the two ways.
const PLACES: [Place; 3] = [
    Place { files: "", api: "/api" },
    Place { files: "/org1/repo1", api: "/api/org1/repo1" },
    Place { files: "/org2/repo2", api: "/org2/repo2/api" },
];

impl Place {
    fn index(self) -> String {
        format!("{}/index.yaml", self.files)
    }

    fn file(self, name: &str) -> String {
        format!("{}/charts/{name}", self.files)
    }

    fn charts(self) -> String {
        format!("{}/charts", self.api)
    }

    fn provenance(self) -> String {
        format!("{}/prov", self.api)
    }

    fn chart(self, rest: &str) -> String {
        format!("{}/charts/{rest}", self.api)
    }

    /// The repository's path.
    fn path(self) -> &'static str {
        match self.files {
            "" => "default/charts",
            files => &files[1..],
        }
    }
}

/// Makes the repositories of [`PLACES`] with these settings, and gives who may do everything.
async fn prepared(server: &TestServer, settings: serde_json::Value) -> Client {
    let admin = server.admin().await;
    for place in PLACES {
        if !place.files.is_empty() {
            admin.create_repository(place.path(), &json!({})).await;
        }
        admin.set(place.path(), &settings).await;
    }
    admin
}

const SAVED: &str = r#"{"saved":true}"#;
const DELETED: &str = r#"{"deleted":true}"#;
