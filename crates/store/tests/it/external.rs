//! External repositories: rows that follow a source, leases, and bytes that come and go.

mod imports;

use std::collections::HashMap;
use std::time::Duration;

use chandlery_core::Digest;
use chandlery_store::external_charts::{self, Applied, ExternalVersion};
use chandlery_store::packages::StoredFile;
use chandlery_store::source_runs::{self, SourceCounts, SourceRunRow};
use chandlery_store::sources::{self, SourceChange, SourceOutcome, SourceRow, SourceState};
use chandlery_store::{Store, charts, external_provenances, packages, provenance};

use crate::support::{Fixture, at, on_every_database, package};

on_every_database!(rows_follow_the_source);
on_every_database!(bytes_come_and_go);
on_every_database!(provenance_files_go_with_their_packages);
on_every_database!(one_holder_of_a_lease);

/// Versions of a chart, each described by its version and a word.
fn chart(name: &str, versions: &[(&str, &str)]) -> Vec<ExternalVersion> {
    let version = |(version, word): &(&str, &str)| ExternalVersion {
        chart: name.to_owned(),
        version: (*version).to_owned(),
        file_name: format!("{name}-{version}.tgz"),
        digest: Digest::of(format!("{name} {version}").as_bytes()),
        created_at: at(1),
        metadata: format!("{{\"name\":\"{name}\",\"version\":\"{version}\",\"description\":\"{word}\"}}"),
        location: format!("https://example.org/{name}-{version}.tgz"),
        fingerprint: Digest::of(format!("{name} {version} {word}").as_bytes()),
    };
    versions.iter().map(version).collect()
}

/// A sync of a source that lists just these versions.
async fn sync(store: &Store, id: i64, listed: &[ExternalVersion]) -> Applied {
    let known = external_charts::listed(store.database().reader(), id).await.unwrap();
    let mut unlisted: HashMap<Digest, i64> =
        known.iter().map(|version| (version.fingerprint, version.id)).collect();
    let (_, new): (Vec<_>, Vec<_>) =
        listed.iter().cloned().partition(|version| unlisted.remove(&version.fingerprint).is_some());
    let unlisted: Vec<_> = unlisted.into_iter().collect();
    let mut applied = Applied::default();
    let transaction = store.database().begin().await.unwrap();
    let generation = external_charts::advance(&transaction, id, at(2)).await.unwrap();
    external_charts::put(&transaction, id, generation, new, &mut applied).await.unwrap();
    external_charts::vanish(&transaction, generation, &unlisted, at(2), &mut applied).await.unwrap();
    transaction.commit().await.unwrap();
    applied
}

/// The versions of a chart, each with what it says of itself.
async fn listed(store: &Store, id: i64, chart: &str) -> Vec<(String, String)> {
    let rows = charts::versions(store.database().reader(), id, chart).await.unwrap();
    let said = |metadata: &str| metadata.rsplit('"').nth(1).unwrap().to_owned();
    rows.iter().map(|row| (row.version.clone(), said(&row.metadata))).collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(left, right)| ((*left).to_owned(), (*right).to_owned())).collect()
}

async fn rows_follow_the_source(fixture: &Fixture) {
    let store = &fixture.store;
    let reader = store.database().reader();
    let id = fixture.repository().await;
    let b = chart("b", &[("1", "x")]);
    let first = [chart("a", &[("1", "x"), ("2", "x")]), b.clone()].concat();
    assert_eq!(sync(store, id, &first).await, Applied { added: 3, ..Applied::default() });
    assert_eq!(sync(store, id, &first).await, Applied::default());

    let second = [chart("a", &[("2", "y"), ("3", "x")]), b.clone()].concat();
    assert_eq!(
        sync(store, id, &second).await,
        Applied { added: 1, changed: 1, vanished: 1, ..Applied::default() },
        "1 went, 2 says something else, 3 is new"
    );
    assert_eq!(listed(store, id, "a").await, owned(&[("2", "y"), ("3", "x")]));
    assert_eq!(listed(store, id, "b").await, owned(&[("1", "x")]));
    let changes = charts::changed_since(reader, id, 2).await.unwrap();
    assert_eq!(changes.iter().map(|change| change.name.as_str()).collect::<Vec<_>>(), ["a"]);

    let mut swapped = [chart("a", &[("2", "other"), ("3", "x")]), b.clone()].concat();
    swapped[0].digest = Digest::of(b"other");
    let applied = sync(store, id, &swapped).await;
    assert_eq!(applied.claims, [("a".to_owned(), "2".to_owned(), Digest::of(b"other"))]);
    assert_eq!(listed(store, id, "a").await, owned(&[("2", "y"), ("3", "x")]), "the first one stays");
    let row = charts::version(reader, id, "a", "2").await.unwrap().unwrap();
    assert_eq!(row.digest, Digest::of(b"a 2"));
    assert_eq!(sync(store, id, &swapped).await, Applied::default(), "told once");
    let claims = external_charts::claims(reader, id, 10).await.unwrap();
    assert_eq!((claims.len(), claims[0].claimed), (1, Digest::of(b"other")));
    let applied = sync(store, id, &second).await;
    assert_eq!((applied.changed, applied.claims.len()), (1, 0), "it was put right");
    sync(store, id, &swapped).await;
    for (digest, accepted) in [(b"third".as_slice(), false), (b"other", true)] {
        let transaction = store.database().begin().await.unwrap();
        let digest = Digest::of(digest);
        let outcome =
            external_charts::accept_claim(&transaction, id, "a", "2", &digest, at(3)).await.unwrap();
        assert_eq!(outcome.is_some(), accepted);
        if accepted {
            transaction.commit().await.unwrap();
        } else {
            transaction.rollback().await.unwrap();
        }
    }
    let applied = sync(store, id, &swapped).await;
    assert_eq!((applied.changed, applied.claims.len()), (1, 0));
    assert_eq!(listed(store, id, "a").await, owned(&[("2", "other"), ("3", "x")]));

    let clashing = [chart("a", &[("1-1", "x")]), chart("a-1", &[("1", "x")])].concat();
    let applied = sync(store, id, &clashing).await;
    assert_eq!((applied.added, applied.vanished), (1, 3));
    assert_eq!(applied.clashes, ["a-1-1.tgz"]);
    assert_eq!(sync(store, id, &[]).await.vanished, 1, "what clashed was never there");
    assert!(external_charts::listed(reader, id).await.unwrap().is_empty());
}

/// Stores the bytes of a version, as a pull does.
async fn store_bytes(store: &Store, id: i64, chart: &str, version: &str) -> i64 {
    let name = format!("{chart}-{version}.tgz");
    let file = external_charts::find(store.database().reader(), id, &name).await.unwrap().unwrap();
    let content = format!("{chart} {version}");
    let blob = store.blobs().begin_with(content.clone().into()).await.unwrap();
    let transaction = store.begin_with(std::slice::from_ref(&blob)).await.unwrap();
    let size = content.len() as u64;
    assert!(
        external_charts::mark_stored(&transaction, file.id, &file.digest, size).await.unwrap(),
        "it still asks for them"
    );
    transaction.commit().await.unwrap();
    file.id
}

async fn bytes_come_and_go(fixture: &Fixture) {
    const HOUR: Duration = Duration::from_secs(3600);
    let store = &fixture.store;
    let id = fixture.repository().await;
    let reader = store.database().reader();
    sync(store, id, &chart("a", &[("1", "x"), ("2", "x"), ("3", "x")])).await;
    let file = packages::find_file(reader, id, "a-1.tgz").await.unwrap().unwrap();
    assert!(!file.stored);
    let missing = external_charts::elsewhere(reader, id, 0, 10).await.unwrap();
    assert_eq!(missing.iter().map(|file| file.version.as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
    for version in ["1", "2", "3"] {
        store_bytes(store, id, "a", version).await;
    }
    assert_eq!(external_charts::elsewhere(reader, id, 0, 10).await.unwrap(), []);
    let file = packages::find_file(reader, id, "a-1.tgz").await.unwrap().unwrap();
    assert_eq!((file.stored, file.size), (true, 3));
    store.collect_garbage(HOUR, at(0)).await.unwrap();
    assert!(store.blobs().exists(&Digest::of(b"a 1")).await.unwrap(), "in use");

    sync(store, id, &chart("a", &[("2", "x"), ("3", "x")])).await;
    assert_eq!(listed(store, id, "a").await.len(), 3, "1 is here and can still be had");
    let cached = external_charts::cached(reader, id).await.unwrap();
    assert_eq!((cached.packages, cached.bytes, cached.vanished), (3, 9, 1));
    let kept = packages::find_file(reader, id, "a-2.tgz").await.unwrap().unwrap();
    assert!(kept.stored);
    assert_eq!(let_go(store, id, 9).await, 0, "there is room");
    assert_eq!(let_go(store, id, 3).await, 1, "3 is the newest, 1 has vanished");
    let file = packages::find_file(reader, id, "a-2.tgz").await.unwrap().unwrap();
    assert!(!file.stored);
    store.collect_garbage(HOUR, at(0)).await.unwrap();
    store.collect_garbage(HOUR, at(7200)).await.unwrap();
    assert!(!store.blobs().exists(&Digest::of(b"a 2")).await.unwrap(), "nobody needs it");
    assert!(store.blobs().exists(&Digest::of(b"a 1")).await.unwrap());
    store_bytes(store, id, "a", "2").await;
    assert!(store.blobs().exists(&Digest::of(b"a 2")).await.unwrap(), "fetched again");

    package(id, "pushed", "1").publish(store).await.unwrap();
    assert_eq!(let_go(store, id, 0).await, 2, "never what was pushed");
}

/// Lets go of what exceeds a quota.
async fn let_go(store: &Store, id: i64, quota: u64) -> u64 {
    let transaction = store.database().begin().await.unwrap();
    let count = external_charts::let_go(&transaction, id, quota, 0).await.unwrap();
    transaction.commit().await.unwrap();
    count
}

/// Stores a provenance file of ten bytes, as a pull does; whether it was taken.
async fn store_provenance(store: &Store, id: i64, package: &str) -> bool {
    let file = external_charts::find(store.database().reader(), id, package).await.unwrap().unwrap();
    let blob = store.blobs().begin_with(format!("by {package:.7}").into()).await.unwrap();
    let transaction = store.begin_with(std::slice::from_ref(&blob)).await.unwrap();
    let provenance =
        StoredFile { digest: *blob.digest(), size: blob.size(), created_at: at(5), stored: true };
    let taken = external_provenances::put(&transaction, id, &file, &provenance).await.unwrap();
    transaction.commit().await.unwrap();
    taken
}

/// The versions of packages for whose provenance files a mirror would ask.
async fn unasked(store: &Store, id: i64) -> Vec<String> {
    let files = external_provenances::unasked(store.database().reader(), id, 0, 10).await.unwrap();
    files.into_iter().map(|file| file.version).collect()
}

async fn provenance_files_go_with_their_packages(fixture: &Fixture) {
    const HOUR: Duration = Duration::from_secs(3600);
    let store = &fixture.store;
    let (reader, writer) = (store.database().reader(), store.database().writer());
    let id = fixture.repository().await;
    sync(store, id, &chart("a", &[("1", "x"), ("2", "x"), ("3", "x")])).await;
    assert!(!store_provenance(store, id, "a-1.tgz").await, "not without the package");
    let first = store_bytes(store, id, "a", "1").await;
    for version in ["2", "3"] {
        store_bytes(store, id, "a", version).await;
    }
    assert_eq!(unasked(store, id).await, ["1", "2", "3"]);
    assert_eq!(external_provenances::asked(reader, first).await.unwrap(), None);
    external_provenances::note_absence(writer, first, Some("another"), at(7)).await.unwrap();
    let asked = external_provenances::asked(reader, first).await.unwrap().unwrap();
    assert_eq!((asked.at, asked.refusal.as_deref()), (at(7), Some("another")));
    external_provenances::note_absence(writer, first, None, at(8)).await.unwrap();
    assert_eq!(external_provenances::asked(reader, first).await.unwrap().unwrap().refusal, None);
    for package in ["a-2.tgz", "a-3.tgz"] {
        assert!(store_provenance(store, id, package).await);
        assert!(store_provenance(store, id, package).await, "again");
    }
    assert_eq!(unasked(store, id).await, Vec::<String>::new());
    assert_eq!(provenance::names(reader, id).await.unwrap(), ["a-2.tgz.prov", "a-3.tgz.prov"]);
    let cached = external_charts::cached(reader, id).await.unwrap();
    assert_eq!((cached.packages, cached.bytes), (3, 29));

    // With room for 3 and half of 2.
    assert_eq!(let_go(store, id, 20).await, 2);
    assert_eq!(provenance::names(reader, id).await.unwrap(), ["a-3.tgz.prov"]);
    store_bytes(store, id, "a", "2").await;
    assert_eq!(unasked(store, id).await, ["2"], "it was let go, and may be had again");
    store.collect_garbage(HOUR, at(0)).await.unwrap();
    store.collect_garbage(HOUR, at(7200)).await.unwrap();
    for (text, stays) in [("by a-2.tgz", false), ("by a-3.tgz", true)] {
        assert_eq!(store.blobs().exists(&Digest::of(text.as_bytes())).await.unwrap(), stays, "{text}");
    }

    // Another package is taken for the version: what was signed was the first one.
    let mut swapped = chart("a", &[("2", "x"), ("3", "other")]);
    swapped[1].digest = Digest::of(b"other");
    sync(store, id, &swapped).await;
    let transaction = store.database().begin().await.unwrap();
    let accepted =
        external_charts::accept_claim(&transaction, id, "a", "3", &swapped[1].digest, at(9)).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(accepted.is_some());
    assert_eq!(provenance::names(reader, id).await.unwrap(), Vec::<String>::new());
    let third = external_charts::find(reader, id, "a-3.tgz").await.unwrap().unwrap();
    assert_eq!(external_provenances::asked(reader, third.id).await.unwrap(), None);
}

fn change(next_at: i64) -> SourceChange<'static> {
    SourceChange {
        kind: "http",
        url: "https://example.org",
        settings: "{}",
        credentials: "",
        next_at: Some(at(next_at)),
        cause: "created",
        actor: "somebody",
    }
}

async fn one_holder_of_a_lease(fixture: &Fixture) {
    const MINUTE: Duration = Duration::from_secs(60);
    let store = &fixture.store;
    let (reader, writer) = (store.database().reader(), store.database().writer());
    let id = fixture.repository().await;
    let transaction = store.database().begin().await.unwrap();
    sources::create(&transaction, id, &change(10)).await.unwrap();
    transaction.commit().await.unwrap();
    let read = async || -> SourceRow { sources::find(reader, id).await.unwrap().unwrap() };
    let row = read().await;
    assert_eq!((row.state, row.cause.as_str(), row.revision), (SourceState::Never, "created", 0));

    assert!(sources::due(reader, at(9), 10).await.unwrap().is_empty());
    assert_eq!(sources::due(reader, at(10), 10).await.unwrap(), [id]);
    assert!(sources::lease(writer, id, "one", at(10), MINUTE).await.unwrap());
    assert!(!sources::lease(writer, id, "two", at(11), MINUTE).await.unwrap());
    assert!(sources::lease(writer, id, "one", at(12), MINUTE).await.unwrap(), "renewed");
    assert!(sources::due(reader, at(30), 10).await.unwrap().is_empty());
    assert_eq!(sources::next_due(reader).await.unwrap(), Some(at(72)), "should the holder die");
    assert_eq!(sources::due(reader, at(72), 10).await.unwrap(), [id]);

    let outcome = |failure, validator, next_at| SourceOutcome {
        validator,
        failure,
        started_at: at(12),
        ended_at: at(20),
        next_at: Some(at(next_at)),
    };
    assert!(!sources::finish(writer, &row, "two", &outcome(None, None, 100)).await.unwrap());
    assert!(sources::finish(writer, &row, "one", &outcome(Some("no"), None, 100)).await.unwrap());
    let row = read().await;
    assert_eq!((row.state, row.failures, row.synced_at), (SourceState::Failed, 1, None));
    assert_eq!((row.cause.as_str(), row.next_at), ("period", Some(at(100))));

    assert!(sources::lease(writer, id, "one", at(100), MINUTE).await.unwrap());
    sources::request(writer, id, at(105), "demand", "me").await.unwrap();
    let good = SourceOutcome { started_at: at(100), ..outcome(None, Some("{1}"), 200) };
    assert!(sources::finish(writer, &row, "one", &good).await.unwrap());
    let row = read().await;
    assert_eq!((row.state, row.failures, row.validator.as_str()), (SourceState::Synced, 0, "{1}"));
    assert_eq!(row.next_at, Some(at(105)), "who asked meanwhile is not forgotten");
    assert_eq!((row.cause.as_str(), row.actor.as_str()), ("demand", "me"));

    assert!(sources::lease(writer, id, "one", at(105), MINUTE).await.unwrap());
    let transaction = store.database().begin().await.unwrap();
    sources::update(&transaction, id, 0, &change(106)).await.unwrap();
    assert!(sources::update(&transaction, id, 0, &change(106)).await.is_err(), "somebody was faster");
    transaction.commit().await.unwrap();
    let stale = SourceOutcome { started_at: at(105), ..outcome(None, Some("{2}"), 300) };
    assert!(sources::finish(writer, &row, "one", &stale).await.unwrap());
    let row = read().await;
    assert_eq!((row.validator.as_str(), row.next_at), ("", Some(at(106))), "it was another source");

    sources::set_hook(writer, id, Some("hash")).await.unwrap();
    assert_eq!(sources::find_hook(reader, "hash").await.unwrap(), Some(id));
    assert_eq!(sources::find_hook(reader, "other").await.unwrap(), None);
    for number in 0..103 {
        let run = SourceRunRow {
            id: 0,
            cause: "period".to_owned(),
            actor: String::new(),
            outcome: "synced".to_owned(),
            message: String::new(),
            problems: "[]".to_owned(),
            counts: SourceCounts { charts: number, ..SourceCounts::default() },
            started_at: at(1),
            ended_at: at(2),
        };
        source_runs::add(writer, id, &run).await.unwrap();
    }
    let runs = source_runs::list(reader, id, None, 1000).await.unwrap();
    assert_eq!((runs.len(), runs[0].counts.charts), (100, 102));
    let before = source_runs::list(reader, id, Some(runs[1].id), 1).await.unwrap();
    assert_eq!(before[0].counts.charts, 100);
}
