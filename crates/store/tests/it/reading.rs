//! What readers see: order, paging, changes, counts.

use chandlery_store::charts::{self, ChartPager, ChartVersions, Counts};
use chandlery_store::packages;

use crate::support::{Fixture, at, on_every_database, package, repository};

on_every_database!(names_sort_by_their_bytes, versions_of_a_chart, every_chart_once, changes_since, counting);

async fn names_sort_by_their_bytes(fixture: &Fixture) {
    let id = fixture.repository().await;
    let names = ["b", "B", "a", "a-b", "aB", "ab", "a b", "ä", "Z", "_", "0", "ab0"];
    for name in names {
        package(id, name, "1.0.0").publish(&fixture.store).await.unwrap();
    }
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    let reader = fixture.store.database().reader();
    assert_eq!(charts::names(reader, id, 0, 100).await.unwrap(), sorted);
    assert_eq!(charts::names(reader, id, 3, 4).await.unwrap(), sorted[3..7]);
    assert_eq!(charts::names(reader, id, 12, 4).await.unwrap(), Vec::<String>::new());
    assert_eq!(charts::names(reader, id, 0, u64::MAX).await.unwrap().len(), names.len());
    let walked: Vec<_> = walk(fixture, id).await.into_iter().map(|chart| chart.name).collect();
    assert_eq!(walked, sorted);
}

async fn versions_of_a_chart(fixture: &Fixture) {
    let store = &fixture.store;
    let (id, other) = (fixture.repository().await, repository(store, "other").await);
    for version in ["1.10.0", "1.9.0", "1.0.0+build", "1.0.0-rc.1"] {
        package(id, "a", version).at(at(5)).publish(store).await.unwrap();
    }
    package(other, "a", "2.0.0").publish(store).await.unwrap();
    let reader = store.database().reader();
    let versions = charts::versions(reader, id, "a").await.unwrap();
    let texts: Vec<_> = versions.iter().map(|row| row.version.as_str()).collect();
    assert_eq!(texts, ["1.0.0+build", "1.0.0-rc.1", "1.10.0", "1.9.0"]);
    assert_eq!(versions[0].file_name, "a-1.0.0+build.tgz");
    assert_eq!(versions[0].metadata, r#"{"name":"a","version":"1.0.0+build"}"#);
    assert_eq!(versions[0].created_at, at(5));

    assert_eq!(charts::version(reader, id, "a", "1.9.0").await.unwrap().as_ref(), Some(&versions[3]));
    for (chart, version) in [("a", "2.0.0"), ("A", "1.9.0"), ("a", "1.9"), ("", "")] {
        assert_eq!(charts::version(reader, id, chart, version).await.unwrap(), None, "{chart} {version}");
    }
    let file = packages::find_file(reader, id, "a-1.9.0.tgz").await.unwrap().unwrap();
    assert_eq!((file.digest, file.size, file.created_at), (versions[3].digest, versions[3].size, at(5)));
    assert_eq!(packages::find_file(reader, id, "a-2.0.0.tgz").await.unwrap(), None);
    assert_eq!(charts::versions(reader, id, "b").await.unwrap(), []);
}

async fn walk(fixture: &Fixture, repository_id: i64) -> Vec<ChartVersions> {
    let mut pager = ChartPager::new(repository_id);
    let mut walked = Vec::new();
    while let Some(chart) = pager.next(fixture.store.database().reader()).await.unwrap() {
        walked.push(chart);
    }
    walked
}

/// Charts of sizes on both sides of a page of 500 rows, and a chart whose page ends exactly with it.
async fn every_chart_once(fixture: &Fixture) {
    let store = &fixture.store;
    let id = fixture.repository().await;
    let sizes = [("a", 499), ("b", 1), ("c", 1), ("d", 1201), ("e", 1), ("f", 297), ("g", 2)];
    let transaction = store.database().begin().await.unwrap();
    for (chart, count) in sizes {
        for number in 0..count {
            let upload = package(id, chart, &format!("0.0.{number}"));
            packages::record(&transaction, &upload.request).await.unwrap();
        }
    }
    transaction.commit().await.unwrap();
    assert_eq!(fixture.generation(id).await, 2002);
    // More charts without versions than a page looks at, before, between and behind the others.
    for name in (0..30).flat_map(|number| ["A", "b", "z"].map(|letter| format!("{letter}-{number}"))) {
        package(id, &name, "1").publish(store).await.unwrap();
        let transaction = store.database().begin().await.unwrap();
        packages::delete_version(&transaction, id, &name, "1", at(0)).await.unwrap();
        transaction.commit().await.unwrap();
    }
    let walked = walk(fixture, id).await;
    let found: Vec<_> = walked.iter().map(|chart| (chart.name.as_str(), chart.versions.len())).collect();
    assert_eq!(found, sizes);
    for chart in &walked {
        assert_eq!(
            chart.versions,
            charts::versions(store.database().reader(), id, &chart.name).await.unwrap()
        );
    }
    assert_eq!(self::walk(fixture, id + 1).await, []);
}

async fn changes_since(fixture: &Fixture) {
    let store = &fixture.store;
    let id = fixture.repository().await;
    let reader = store.database().reader();
    let changes = |generation| async move {
        let changes = charts::changed_since(reader, id, generation).await.unwrap();
        changes.into_iter().map(|change| (change.name, change.generation)).collect::<Vec<_>>()
    };
    assert_eq!(changes(0).await, []);
    for (chart, version) in [("a", "1"), ("b", "1"), ("a", "2"), ("c", "1")] {
        package(id, chart, version).publish(store).await.unwrap();
    }
    let pair = |name: &str, generation| (name.to_owned(), generation);
    assert_eq!(changes(0).await, [pair("b", 2), pair("a", 3), pair("c", 4)]);
    assert_eq!(changes(3).await, [pair("c", 4)]);
    assert_eq!(changes(4).await, []);

    let transaction = store.database().begin().await.unwrap();
    packages::delete_version(&transaction, id, "c", "1", at(1)).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(changes(4).await, [pair("c", 5)], "a removal is a change");
    assert_eq!(charts::versions(reader, id, "c").await.unwrap(), []);
    assert_eq!(charts::names(reader, id, 0, 9).await.unwrap(), ["a", "b"]);
}

async fn counting(fixture: &Fixture) {
    let store = &fixture.store;
    let (id, other) = (fixture.repository().await, repository(store, "other").await);
    let empty = repository(store, "empty").await;
    for (id, chart, version) in [(id, "a", "1"), (id, "a", "2"), (id, "b", "1"), (other, "a", "1")] {
        package(id, chart, version).publish(store).await.unwrap();
    }
    let counts = charts::counts(store.database().reader(), &[id, other, empty]).await.unwrap();
    let expected = |charts, versions| Counts { charts, versions };
    assert_eq!(counts, [(id, expected(2, 3)), (other, expected(1, 1))]);
}
