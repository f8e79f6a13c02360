//! What is remembered of apps that are made by rule.

use std::time::Duration;

use chandlery_core::{AppName, Error};
use chandlery_store::apps::{self, NewApp};
use chandlery_store::imports::{self, Failure, Hold, Position};
use chandlery_store::{Store, repositories, sources};

use super::{change, chart, sync};
use crate::support::{Fixture, at, on_every_database};

on_every_database!(changes_are_followed_in_their_order, what_was_imported_is_remembered);

/// A repository with a source.
async fn external(fixture: &Fixture) -> i64 {
    let id = fixture.repository().await;
    let transaction = fixture.store.database().begin().await.unwrap();
    sources::create(&transaction, id, &change(10)).await.unwrap();
    transaction.commit().await.unwrap();
    id
}

async fn changed(store: &Store, id: i64, limit: u64) -> Vec<String> {
    let reader = store.database().reader();
    let position = imports::position(reader, id).await.unwrap();
    let changed = imports::changed(reader, id, &position, limit).await.unwrap();
    changed.into_iter().map(|position| position.chart).collect()
}

async fn changes_are_followed_in_their_order(fixture: &Fixture) {
    let store = &fixture.store;
    let (reader, writer) = (store.database().reader(), store.database().writer());
    let id = external(fixture).await;
    let first = [chart("b", &[("1", "x")]), chart("a", &[("1", "x"), ("2", "x")]), chart("c", &[("1", "x")])];
    sync(store, id, &first.concat()).await;
    assert_eq!(changed(store, id, 10).await, ["a", "b", "c"]);
    assert_eq!(changed(store, id, 2).await, ["a", "b"]);

    assert!(sources::lease(writer, id, "me", at(10), Duration::from_secs(60)).await.unwrap());
    let hold = Hold { repository_id: id, revision: 0, holder: "me" };
    let all = imports::changed(reader, id, &Position::default(), 10).await.unwrap();
    let others = [Hold { holder: "other", ..hold }, Hold { revision: 1, ..hold }];
    for other in others {
        assert!(!imports::advance(writer, other, &all[1]).await.unwrap());
        assert!(!imports::holds(reader, other).await.unwrap());
    }
    assert_eq!(changed(store, id, 10).await, ["a", "b", "c"]);
    assert!(imports::holds(reader, hold).await.unwrap());
    assert!(imports::advance(writer, hold, &all[1]).await.unwrap());
    assert_eq!(changed(store, id, 10).await, ["c"], "it goes on within a generation");
    assert!(imports::advance(writer, hold, &all[2]).await.unwrap());
    assert_eq!(changed(store, id, 10).await, [""; 0]);

    // One changes, one vanishes, one stays.
    let second = [chart("b", &[("1", "y")]), chart("a", &[("2", "x")]), chart("c", &[("1", "x")])];
    sync(store, id, &second.concat()).await;
    assert_eq!(changed(store, id, 10).await, ["a", "b"]);
    let listed = imports::listed(reader, id, "a").await.unwrap();
    assert_eq!(listed.iter().map(|listed| listed.file_name.as_str()).collect::<Vec<_>>(), ["a-2.tgz"]);
    let transaction = store.database().begin().await.unwrap();
    imports::restart(&transaction, id).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(changed(store, id, 10).await, ["c", "a", "b"]);
}

/// An app that a chart became; its row.
async fn imported(store: &Store, id: i64, name: &str) -> Result<i64, Error> {
    let workspace_id =
        repositories::find_by_id(store.database().reader(), id).await.unwrap().unwrap().workspace_id;
    let app_name: AppName = name.parse().unwrap();
    let transaction = store.database().begin().await.unwrap();
    let app = NewApp {
        workspace_id,
        name: &app_name,
        chart_name: "a",
        display_name: name,
        information: "{}",
        created_by: "source:team/charts",
        created_at: at(1),
    };
    let app_id = apps::create(&transaction, &app).await?;
    imports::create_app(&transaction, id, "a", app_id).await?;
    transaction.commit().await?;
    Ok(app_id)
}

async fn what_was_imported_is_remembered(fixture: &Fixture) {
    let store = &fixture.store;
    let (reader, writer) = (store.database().reader(), store.database().writer());
    let id = external(fixture).await;
    assert_eq!(imports::app_of(reader, id, "a").await.unwrap(), None);
    let app_id = imported(store, id, "one").await.unwrap();
    assert_eq!(imports::app_of(reader, id, "a").await.unwrap(), Some(app_id));
    let error = imported(store, id, "two").await.unwrap_err();
    assert!(matches!(error, Error::AlreadyExists(_)), "{error}");
    let (count, names) = imports::apps(reader, id, 10).await.unwrap();
    assert_eq!((count, names.iter().map(AppName::as_str).collect::<Vec<_>>()), (1, vec!["one"]));
    let origins = imports::origins(reader, &[app_id, app_id + 1]).await.unwrap();
    assert_eq!(origins.len(), 1);
    assert_eq!(
        (origins[&app_id].path.to_string(), origins[&app_id].scope.id),
        ("team/charts".to_owned(), id)
    );

    for _ in 0..2 {
        imports::create_version(writer, id, "a", "1").await.unwrap();
    }
    let failure =
        |problem: &str, blocked| Failure { chart: "a".to_owned(), problem: problem.to_owned(), blocked };
    imports::set_failure(writer, id, &failure("no", true), at(5)).await.unwrap();
    imports::set_failure(writer, id, &failure("not now", false), at(6)).await.unwrap();
    let other = Failure { chart: "b".to_owned(), ..failure("no", true) };
    imports::set_failure(writer, id, &other, at(5)).await.unwrap();
    let failures = imports::failures(reader, id, 10).await.unwrap();
    assert_eq!(failures, [other, failure("not now", false)], "the longest ago first");
    imports::clear_failure(writer, id, "b").await.unwrap();
    assert_eq!(imports::failures(reader, id, u64::MAX).await.unwrap(), [failure("not now", false)]);

    // Who deletes the app does not have its versions come back.
    let transaction = store.database().begin().await.unwrap();
    apps::delete(&transaction, app_id).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(imports::app_of(reader, id, "a").await.unwrap(), None);
    assert!(imports::versions(reader, id, "a").await.unwrap().contains("1"));

    let app_id = imported(store, id, "three").await.unwrap();
    repositories::delete(writer, id).await.unwrap();
    assert!(apps::find_by_id(reader, app_id).await.unwrap().is_some(), "the app stays");
    assert!(imports::origins(reader, &[app_id]).await.unwrap().is_empty());
    assert!(imports::versions(reader, id, "a").await.unwrap().is_empty());
}
