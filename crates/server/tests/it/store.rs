//! The store: its repository, its shelves, what it shows, and finding things in it.

mod categories;
mod listing;
mod repository;
mod searching;

use bytes::Bytes;
use chandlery_core::VersionState;
use chandlery_store::app_versions::{self, AppVersionChange, NewAppVersion, VersionPackage};
use chandlery_store::apps::{self, NewApp};
use chandlery_store::packages::{self, NewPackage, PublishLimits, PublishRequest};
use chandlery_store::{Store, listings, repositories, workspaces};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::{Archive, chart_yaml};

/// An app version that is put into the store behind the server's back, as a release does it.
pub(crate) struct Release<'a> {
    pub(crate) workspace: &'a str,
    pub(crate) app: &'a str,
    pub(crate) version: &'a str,
    pub(crate) display_name: &'a str,
    pub(crate) information: Value,
    pub(crate) update_log: &'a str,
    pub(crate) readme: &'a str,
}

impl<'a> Release<'a> {
    /// With nothing to read in it.
    pub(crate) fn of(workspace: &'a str, app: &'a str, version: &'a str) -> Self {
        Self {
            workspace,
            app,
            version,
            display_name: app,
            information: json!({}),
            update_log: "",
            readme: "",
        }
    }

    fn package(&self) -> Bytes {
        Archive::new()
            .file("chart/Chart.yaml", chart_yaml(self.app, self.version))
            .file("chart/values.yaml", "# how many\nreplicas: 1\n")
            .file("chart/values.schema.json", "{\"type\":\"object\"}\n")
            .file("chart/README.md", self.readme)
            .file("chart/templates/a.yaml", "kind: A\n")
            .finish()
    }

    /// Puts it in.
    pub(crate) async fn put(&self, store: &Store) {
        let now = Timestamp::now();
        let mut blob = store.blobs().begin(1 << 20);
        let bytes = self.package();
        blob.write(bytes.clone()).await.unwrap();
        let blob = blob.finish().await.unwrap();
        let package = VersionPackage {
            sort_key: self.version.to_owned(),
            app_version: String::new(),
            digest: *blob.digest(),
            size: blob.size(),
            provenance: None,
            metadata: json!({ "name": self.app, "version": self.version }).to_string(),
        };
        let transaction = store.begin_with(&[blob]).await.unwrap();
        let name = self.workspace.parse().unwrap();
        let workspace = match workspaces::find(&transaction, &name).await.unwrap() {
            Some(workspace) => workspace,
            None => workspaces::create(&transaction, &name, now).await.unwrap(),
        };
        let app_name = self.app.parse().unwrap();
        let app_id = match apps::find(&transaction, workspace.id, &app_name).await.unwrap() {
            Some(app) => app.id,
            None => {
                let information = self.information.to_string();
                let app = NewApp {
                    workspace_id: workspace.id,
                    name: &app_name,
                    chart_name: self.app,
                    display_name: self.display_name,
                    information: &information,
                    created_by: "isv",
                    created_at: now,
                };
                apps::create(&transaction, &app).await.unwrap()
            }
        };
        let version = NewAppVersion {
            app_id,
            version: self.version,
            package: &package,
            update_log: self.update_log,
            created_by: "isv",
            created_at: now,
        };
        let made = app_versions::create(&transaction, &version).await.unwrap();
        let change = AppVersionChange {
            state: Some(VersionState::Active),
            released_at: Some(now),
            ..AppVersionChange::default()
        };
        app_versions::update(&transaction, &made, &change, now).await.unwrap();
        let app = apps::find_by_id(&transaction, app_id).await.unwrap().unwrap();
        listings::release(&transaction, &app, self.version, now).await.unwrap();
        apps::refresh(&transaction, app_id, now).await.unwrap();
        let path = "system/store".parse().unwrap();
        let repository = repositories::find(&transaction, &path).await.unwrap().unwrap();
        let new_package = NewPackage {
            chart: self.app.to_owned(),
            version: self.version.to_owned(),
            file_name: format!("{}-{}.tgz", self.app, self.version),
            digest: package.digest,
            size: package.size,
            metadata: package.metadata,
        };
        let request = PublishRequest {
            repository_id: repository.id,
            package: Some(new_package),
            provenance: None,
            created_at: now,
            overwrite: false,
            limits: PublishLimits::default(),
        };
        packages::record(&transaction, &request).await.unwrap();
        transaction.commit().await.unwrap();
    }
}
