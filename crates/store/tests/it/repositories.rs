//! Workspaces and repositories.

use chandlery_core::{RepositorySettings, Visibility, WorkspaceName};
use chandlery_store::repositories;
use chandlery_store::{Store, charts, packages, workspaces};

use crate::support::{Fixture, at, on_every_database, package, provenance, repository};

on_every_database!(
    repositories_live,
    deleting_takes_everything_along,
    row_numbers_are_not_used_twice,
    opening_at_once
);

async fn repositories_live(fixture: &Fixture) {
    let connection = fixture.store.database().writer();
    let team: WorkspaceName = "team".parse().unwrap();
    let workspace = workspaces::create(connection, &team, at(0)).await.unwrap();
    let taken = workspaces::create(connection, &team, at(0)).await.unwrap_err();
    assert_eq!(taken.to_string(), "workspace team already exists");
    assert_eq!(workspaces::find(connection, &team).await.unwrap(), Some(workspace.clone()));

    let settings = RepositorySettings {
        visibility: Visibility::Public,
        allow_overwrite: true,
        max_package_size: Some(1),
        max_versions_per_chart: Some(2),
        max_storage_objects: Some(3),
        keep_versions: Some(4),
        artifacthub_repository_id: Some("id".to_owned()),
        description: "words – ☃".to_owned(),
    };
    let name = "charts".parse().unwrap();
    let id = repositories::create(connection, workspace.id, &name, &settings, at(1)).await.unwrap();
    let taken = repositories::create(connection, workspace.id, &name, &settings, at(1)).await.unwrap_err();
    assert_eq!(taken.to_string(), "repository charts already exists");
    let path = "team/charts".parse().unwrap();
    let row = repositories::find(connection, &path).await.unwrap().unwrap();
    assert_eq!((row.id, &row.path, &row.settings, row.generation), (id, &path, &settings, 0));
    assert_eq!((row.created_at, row.updated_at), (at(1), at(1)));
    assert_eq!(repositories::find_by_id(connection, id).await.unwrap(), Some(row.clone()));
    assert_eq!(repositories::find(connection, &"team/other".parse().unwrap()).await.unwrap(), None);
    assert_eq!(repositories::list(connection, None, 9).await.unwrap(), std::slice::from_ref(&row));
    assert_eq!(repositories::list(connection, Some(&"team/b".parse().unwrap()), 9).await.unwrap(), [row]);
    assert_eq!(repositories::list(connection, Some(&path), 9).await.unwrap(), []);

    repositories::update(connection, id, &RepositorySettings::default(), at(2)).await.unwrap();
    let row = repositories::find_by_id(connection, id).await.unwrap().unwrap();
    assert_eq!((row.settings, row.generation, row.updated_at), (RepositorySettings::default(), 0, at(2)));
    assert_eq!(repositories::generations(connection).await.unwrap(), [(id, 0)]);

    let full = workspaces::delete(connection, &team).await.unwrap_err();
    assert_eq!(full.to_string(), "workspace team has repositories, apps or projects: delete them first");
    repositories::delete(connection, id).await.unwrap();
    assert_eq!(repositories::generation(connection, id).await.unwrap(), None);
    for error in [
        repositories::delete(connection, id).await.unwrap_err(),
        repositories::update(connection, id, &RepositorySettings::default(), at(3)).await.unwrap_err(),
        package(id, "a", "1.0.0").publish(&fixture.store).await.unwrap_err(),
    ] {
        assert_eq!(error.to_string(), "repository not found");
    }
    workspaces::delete(connection, &team).await.unwrap();
    assert_eq!(workspaces::delete(connection, &team).await.unwrap_err().code(), "not_found");
    assert_eq!(workspaces::list(connection, None, "", 100).await.unwrap(), []);
}

async fn deleting_takes_everything_along(fixture: &Fixture) {
    let store = &fixture.store;
    let (gone, stays) = (fixture.repository().await, repository(store, "other").await);
    for id in [gone, stays] {
        package(id, "a", "1.0.0").with_provenance(b"signed").publish(store).await.unwrap();
        provenance(id, "b-1.tgz.prov", b"b").publish(store).await.unwrap();
    }
    let reader = store.database().reader();
    repositories::delete(store.database().writer(), gone).await.unwrap();
    assert_eq!(charts::names(reader, gone, 0, 10).await.unwrap(), Vec::<String>::new());
    assert_eq!(packages::find_file(reader, gone, "a-1.0.0.tgz").await.unwrap(), None);
    assert_eq!(chandlery_store::provenance::names(reader, gone).await.unwrap(), Vec::<String>::new());
    assert_eq!(charts::names(reader, stays, 0, 10).await.unwrap(), ["a"]);
    assert_eq!(
        chandlery_store::provenance::names(reader, stays).await.unwrap(),
        ["a-1.0.0.tgz.prov", "b-1.tgz.prov"]
    );
}

async fn row_numbers_are_not_used_twice(fixture: &Fixture) {
    let first = fixture.repository().await;
    repositories::delete(fixture.store.database().writer(), first).await.unwrap();
    assert!(fixture.repository().await > first);
}

/// Replicas that start at the same moment on an empty or a full database.
async fn opening_at_once(fixture: &Fixture) {
    let opened = futures_util::future::join_all((0..4).map(|_| Store::open(&fixture.settings))).await;
    for store in opened {
        let store = store.unwrap();
        assert_eq!(store.instance_id(), fixture.store.instance_id());
        store.database().check().await.unwrap();
        store.blobs().check().await.unwrap();
    }
}
