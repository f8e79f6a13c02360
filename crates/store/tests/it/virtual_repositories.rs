//! Virtual repositories: their members in order, and what members have.

use chandlery_store::virtual_repositories::{self, VirtualChange};
use chandlery_store::{Store, repositories};

use crate::support::{Fixture, at, on_every_database, package, repository};

on_every_database!(members_come_and_go, members_are_asked_together);

fn change<'a>(members: &'a [i64], reserved: &'a str) -> VirtualChange<'a> {
    VirtualChange { reserved, members }
}

/// A virtual repository of these members.
async fn merged(store: &Store, name: &str, members: &[i64]) -> i64 {
    let id = repository(store, name).await;
    let transaction = store.database().begin().await.unwrap();
    virtual_repositories::create(&transaction, id, &change(members, "[]")).await.unwrap();
    transaction.commit().await.unwrap();
    id
}

async fn members_of(store: &Store, id: i64) -> Vec<i64> {
    let members = virtual_repositories::members(store.database().reader(), &[id]).await.unwrap();
    members.get(&id).into_iter().flatten().map(|row| row.id).collect()
}

/// What the row of a virtual repository says: reserved names, revision, the last change.
async fn told(store: &Store, id: i64) -> (String, i64, jiff::Timestamp) {
    let row = repositories::find_by_id(store.database().reader(), id).await.unwrap().unwrap();
    let merge = row.merge.unwrap();
    (merge.reserved, merge.revision, row.updated_at)
}

async fn members_come_and_go(fixture: &Fixture) {
    let store = &fixture.store;
    let (a, b, c) =
        (repository(store, "a").await, repository(store, "b").await, repository(store, "c").await);
    let all = merged(store, "all", &[c, a]).await;
    let some = merged(store, "some", &[a]).await;
    assert_eq!(members_of(store, all).await, [c, a]);
    assert_eq!(told(store, all).await, ("[]".to_owned(), 0, at(0)));
    let reader = store.database().reader();
    let row = repositories::find_by_id(reader, a).await.unwrap().unwrap();
    assert_eq!(row.merge, None, "a has packages of its own");

    let replace = async |revision, members: &[i64], reserved| {
        let transaction = store.database().begin().await.unwrap();
        let change = change(members, reserved);
        let outcome = virtual_repositories::replace(&transaction, all, revision, &change, at(5)).await;
        match &outcome {
            Ok(()) => transaction.commit().await.unwrap(),
            Err(_) => transaction.rollback().await.unwrap(),
        }
        outcome.map_err(|error| error.code())
    };
    assert_eq!(replace(0, &[a, b, c], "[\"x-*\"]").await, Ok(()));
    assert_eq!(replace(0, &[a], "[]").await, Err("conflict"), "somebody was quicker");
    assert_eq!(replace(1, &[a, i64::MAX], "[]").await, Err("not_found"));
    assert_eq!(members_of(store, all).await, [a, b, c]);
    assert_eq!(told(store, all).await, ("[\"x-*\"]".to_owned(), 1, at(5)));
    let both = virtual_repositories::members(reader, &[all, some, a]).await.unwrap();
    assert_eq!((both.len(), both[&all].len(), both[&some].len()), (2, 3, 1));
    assert_eq!(both[&all][0].path.to_string(), "team/a");

    let containing = async |id| -> Vec<i64> {
        let rows = virtual_repositories::containing(reader, id).await.unwrap();
        rows.iter().map(|row| row.id).collect()
    };
    assert_eq!(containing(a).await, [all, some]);
    assert_eq!(containing(all).await, Vec::<i64>::new());
    let transaction = store.database().begin().await.unwrap();
    virtual_repositories::take_out(&transaction, a, &[all, some], at(7)).await.unwrap();
    repositories::delete(&transaction, a).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!((members_of(store, all).await, members_of(store, some).await), (vec![b, c], vec![]));
    assert_eq!(told(store, all).await, ("[\"x-*\"]".to_owned(), 2, at(7)));

    repositories::delete(store.database().writer(), all).await.unwrap();
    assert_eq!(containing(b).await, Vec::<i64>::new());
    assert!(repositories::find_by_id(reader, b).await.unwrap().is_some(), "members stay");
}

async fn members_are_asked_together(fixture: &Fixture) {
    let store = &fixture.store;
    let (a, b) = (repository(store, "a").await, repository(store, "b").await);
    for (id, chart, version) in
        [(a, "web", "1.0.0"), (b, "web", "1.0.0"), (b, "web", "2.0.0"), (a, "x-1", "2"), (b, "x", "1-2")]
    {
        package(id, chart, version).publish(store).await.unwrap();
    }
    let reader = store.database().reader();
    let holders = async |among: &[i64], chart| {
        let mut holders = virtual_repositories::holders(reader, among, chart).await.unwrap();
        holders.sort_unstable();
        holders
    };
    assert_eq!(holders(&[a, b], "web").await, [a, b]);
    assert_eq!(holders(&[b], "web").await, [b]);
    assert_eq!(holders(&[a, b], "x").await, [b]);
    assert_eq!(holders(&[a, b], "none").await, Vec::<i64>::new());
    assert_eq!(holders(&[], "web").await, Vec::<i64>::new());

    let files = async |among: &[i64], name| {
        let mut files = virtual_repositories::find_files(reader, among, name).await.unwrap();
        files.sort_unstable_by_key(|held| held.repository_id);
        let told =
            files.into_iter().map(|held| (held.repository_id, held.chart, held.version, held.file.stored));
        told.collect::<Vec<_>>()
    };
    let held = |id, chart: &str, version: &str| (id, chart.to_owned(), version.to_owned(), true);
    assert_eq!(files(&[a, b], "web-2.0.0.tgz").await, [held(b, "web", "2.0.0")]);
    assert_eq!(files(&[a, b], "x-1-2.tgz").await, [held(a, "x-1", "2"), held(b, "x", "1-2")]);
    assert_eq!(files(&[a], "web-2.0.0.tgz").await, []);
    assert_eq!(files(&[], "web-2.0.0.tgz").await, []);

    // A chart without versions is no chart.
    for id in [a, b] {
        let transaction = store.database().begin().await.unwrap();
        chandlery_store::packages::delete_version(&transaction, id, "web", "1.0.0", at(3)).await.unwrap();
        transaction.commit().await.unwrap();
    }
    assert_eq!(holders(&[a, b], "web").await, [b]);
}
