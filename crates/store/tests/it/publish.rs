//! Publishing and deleting: outcomes, limits, races.

use chandlery_core::Digest;
use chandlery_store::packages::{self, DeletedVersion, PublishLimits};
use chandlery_store::{charts, provenance as provenances};

use crate::support::{Fixture, at, on_every_database, package, package_of, provenance};

on_every_database!(
    a_package,
    a_package_with_its_provenance,
    overwriting,
    a_file_name_of_another_chart,
    limits,
    retention,
    deleting,
    two_uploads_of_one_version,
    eight_writers,
);

async fn file_names(fixture: &Fixture, repository_id: i64) -> Vec<String> {
    let reader = fixture.store.database().reader();
    let mut names = provenances::names(reader, repository_id).await.unwrap();
    for chart in charts::names(reader, repository_id, 0, 1000).await.unwrap() {
        let versions = charts::versions(reader, repository_id, &chart).await.unwrap();
        names.extend(versions.into_iter().map(|row| row.file_name));
    }
    names.sort_unstable();
    names
}

async fn a_package(fixture: &Fixture) {
    let store = &fixture.store;
    let id = fixture.repository().await;
    let upload = package(id, "a", "1.0.0").at(at(1));
    let outcome = upload.publish(store).await.unwrap();
    assert_eq!((outcome.generation, outcome.replaced, outcome.evicted.len()), (1, false, 0));
    assert_eq!(fixture.generation(id).await, 1);
    let digest = Digest::of(&upload.contents[0]);
    let bytes = store.blobs().read_all(&digest, upload.contents[0].len() as u64, 1000).await.unwrap();
    assert_eq!(bytes, upload.contents[0]);

    let again = upload.publish(store).await.unwrap_err();
    assert_eq!((again.code(), again.to_string().as_str()), ("already_exists", "a-1.0.0.tgz already exists"));
    assert_eq!(fixture.generation(id).await, 1, "a refused upload changes nothing");
    assert_eq!(charts::changed_since(store.database().reader(), id, 1).await.unwrap(), []);

    let mut lying = package(id, "b", "1.0.0");
    lying.contents[0].push(b'!');
    assert_eq!(lying.publish(store).await.unwrap_err().code(), "internal");
}

async fn a_package_with_its_provenance(fixture: &Fixture) {
    let store = &fixture.store;
    let id = fixture.repository().await;
    provenance(id, "a-1.tgz.prov", b"alone").publish(store).await.unwrap();
    let refused = package(id, "a", "1").with_provenance(b"both").publish(store).await.unwrap_err();
    assert_eq!(refused.to_string(), "a-1.tgz.prov already exists");
    assert_eq!(file_names(fixture, id).await, ["a-1.tgz.prov"], "nothing of a refused upload stays");
    let outcome = package(id, "a", "1").with_provenance(b"both").overwrite().publish(store).await.unwrap();
    assert_eq!((outcome.generation, outcome.replaced), (2, false));
    let found = provenances::find(store.database().reader(), id, "a-1.tgz.prov").await.unwrap().unwrap();
    assert_eq!((found.digest, found.size), (Digest::of(b"both"), 4));
    assert_eq!(provenances::find(store.database().reader(), id, "a-2.tgz.prov").await.unwrap(), None);
    // The same bytes as package and provenance are one blob.
    let same = package_of(id, "b", "1", b"same".to_vec()).with_provenance(b"same");
    same.publish(store).await.unwrap();
    assert_eq!(file_names(fixture, id).await, ["a-1.tgz", "a-1.tgz.prov", "b-1.tgz", "b-1.tgz.prov"]);
}

async fn overwriting(fixture: &Fixture) {
    let store = &fixture.store;
    let id = fixture.repository().await;
    package(id, "a", "1").at(at(1)).publish(store).await.unwrap();
    let new = package_of(id, "a", "1", b"new".to_vec()).at(at(2)).overwrite();
    let outcome = new.publish(store).await.unwrap();
    assert_eq!((outcome.generation, outcome.replaced), (2, true));
    let row = charts::version(store.database().reader(), id, "a", "1").await.unwrap().unwrap();
    assert_eq!((row.digest, row.size, row.created_at), (Digest::of(b"new"), 3, at(2)));
    let fresh = package(id, "a", "2").overwrite().publish(store).await.unwrap();
    assert_eq!((fresh.generation, fresh.replaced), (3, false), "leave to overwrite is not an order to");
}

/// Chart `a`, version `1-2`, and chart `a-1`, version `2`, want the same file name.
async fn a_file_name_of_another_chart(fixture: &Fixture) {
    let store = &fixture.store;
    let id = fixture.repository().await;
    package(id, "a", "1-2").publish(store).await.unwrap();
    for upload in [package(id, "a-1", "2"), package(id, "a-1", "2").overwrite()] {
        let error = upload.publish(store).await.unwrap_err();
        assert_eq!(error.to_string(), "a-1-2.tgz already exists");
    }
    assert_eq!(charts::names(store.database().reader(), id, 0, 9).await.unwrap(), ["a"]);
}

async fn limits(fixture: &Fixture) {
    let store = &fixture.store;
    let id = fixture.repository().await;
    let two_versions = PublishLimits { max_versions_per_chart: Some(2), ..PublishLimits::default() };
    for version in ["1", "2"] {
        package(id, "a", version).limits(two_versions).publish(store).await.unwrap();
    }
    let error = package(id, "a", "3").limits(two_versions).publish(store).await.unwrap_err();
    assert_eq!(error.code(), "quota_exceeded");
    assert!(error.to_string().contains("chart a has reached the limit of 2 versions"), "{error}");
    package(id, "a", "2").overwrite().limits(two_versions).publish(store).await.unwrap();
    package(id, "b", "1").limits(two_versions).publish(store).await.unwrap();

    let four_files = PublishLimits { max_storage_objects: Some(4), ..PublishLimits::default() };
    let both = package(id, "c", "1").with_provenance(b"c").limits(four_files);
    assert_eq!(both.publish(store).await.unwrap_err().code(), "quota_exceeded", "3 + 2 files");
    provenance(id, "x-1.tgz.prov", b"x").limits(four_files).publish(store).await.unwrap();
    for upload in [package(id, "c", "1"), provenance(id, "y-1.tgz.prov", b"y")] {
        assert_eq!(upload.limits(four_files).publish(store).await.unwrap_err().code(), "quota_exceeded");
    }
    package(id, "b", "1").overwrite().limits(four_files).publish(store).await.unwrap();
    provenance(id, "x-1.tgz.prov", b"z").overwrite().limits(four_files).publish(store).await.unwrap();
    assert_eq!(file_names(fixture, id).await, ["a-1.tgz", "a-2.tgz", "b-1.tgz", "x-1.tgz.prov"]);
}

async fn retention(fixture: &Fixture) {
    let store = &fixture.store;
    let id = fixture.repository().await;
    for (version, second) in [("3", 1), ("1", 2), ("2", 3)] {
        package(id, "a", version)
            .with_provenance(version.as_bytes())
            .at(at(second))
            .publish(store)
            .await
            .unwrap();
    }
    package(id, "b", "1").at(at(0)).publish(store).await.unwrap();
    let keep = |count| PublishLimits { keep_versions: Some(count), ..PublishLimits::default() };
    let replaced = package(id, "a", "3").at(at(4)).overwrite().limits(keep(1)).publish(store).await.unwrap();
    assert_eq!(
        replaced.evicted,
        Vec::<String>::new(),
        "a forced upload of an existing version evicts nothing"
    );
    // "3" was uploaded last now. The clock of this one is behind, and yet it stays.
    let outcome = package(id, "a", "4").at(at(0)).limits(keep(2)).publish(store).await.unwrap();
    assert_eq!(outcome.evicted, ["a-1.tgz", "a-2.tgz"]);
    assert_eq!(file_names(fixture, id).await, ["a-3.tgz", "a-3.tgz.prov", "a-4.tgz", "b-1.tgz"]);
    let outcome = package(id, "a", "5").at(at(9)).limits(keep(0)).publish(store).await.unwrap();
    assert_eq!(outcome.evicted, ["a-4.tgz", "a-3.tgz"], "the new version stays in any case");
    // Evicting first makes room.
    let both = PublishLimits { max_versions_per_chart: Some(1), max_storage_objects: Some(2), ..keep(1) };
    package(id, "a", "6").at(at(10)).limits(both).publish(store).await.unwrap();
    assert_eq!(file_names(fixture, id).await, ["a-6.tgz", "b-1.tgz"]);
}

async fn delete(fixture: &Fixture, id: i64, chart: &str, version: &str) -> Result<DeletedVersion, String> {
    let transaction = fixture.store.database().begin().await.unwrap();
    match packages::delete_version(&transaction, id, chart, version, at(50)).await {
        Ok(deleted) => {
            transaction.commit().await.unwrap();
            Ok(deleted)
        }
        Err(error) => {
            transaction.rollback().await.unwrap();
            Err(error.to_string())
        }
    }
}

async fn deleting(fixture: &Fixture) {
    let store = &fixture.store;
    let id = fixture.repository().await;
    package(id, "my", "chart2-0.1.0").publish(store).await.unwrap();
    package(id, "a", "1").with_provenance(b"a").publish(store).await.unwrap();
    package(id, "a", "1-2").publish(store).await.unwrap();
    let deleted = delete(fixture, id, "a", "1").await.unwrap();
    let names = (deleted.chart.as_str(), deleted.version.as_str(), deleted.file_name.as_str());
    assert_eq!((names, deleted.generation), (("a", "1", "a-1.tgz"), 4));
    assert_eq!(file_names(fixture, id).await, ["a-1-2.tgz", "my-chart2-0.1.0.tgz"]);
    assert_eq!(delete(fixture, id, "a", "1").await.unwrap_err(), "version 1 of chart a not found");
    assert_eq!(fixture.generation(id).await, 4);
    // Any split of the file name, as ChartMuseum has it.
    let deleted = delete(fixture, id, "a-1", "2").await.unwrap();
    assert_eq!((deleted.chart.as_str(), deleted.version.as_str(), deleted.generation), ("a", "1-2", 5));
    let deleted = delete(fixture, id, "my-chart2", "0.1.0").await.unwrap();
    assert_eq!((deleted.chart.as_str(), deleted.version.as_str()), ("my", "chart2-0.1.0"));
    assert_eq!(delete(fixture, id + 1, "a", "1").await.unwrap_err(), "repository not found");
    package(id, "a", "1").publish(store).await.unwrap();
    assert_eq!(file_names(fixture, id).await, ["a-1.tgz"]);
}

async fn two_uploads_of_one_version(fixture: &Fixture) {
    let store = &fixture.store;
    let id = fixture.repository().await;
    for round in 0..50 {
        let version = round.to_string();
        let uploads =
            ["one", "two"].map(|content| package_of(id, "a", &version, content.as_bytes().to_vec()));
        let (one, two) = tokio::join!(uploads[0].publish(store), uploads[1].publish(store));
        let outcomes = [one, two].map(|outcome| outcome.map_or_else(|error| error.code(), |_| "published"));
        assert!(
            matches!(outcomes, ["published", "already_exists"] | ["already_exists", "published"]),
            "{outcomes:?}"
        );
    }
    assert_eq!(fixture.generation(id).await, 50);
    assert_eq!(charts::versions(store.database().reader(), id, "a").await.unwrap().len(), 50);
}

/// Generations are handed out one by one, without gaps, whoever asks; and what they say changed did.
async fn eight_writers(fixture: &Fixture) {
    let id = fixture.repository().await;
    let writer = |number: i64| {
        let store = std::sync::Arc::clone(&fixture.store);
        tokio::spawn(async move {
            let mut generations = Vec::new();
            for round in 0..25 {
                let chart = format!("chart-{}", (number + round) % 5);
                // Shared contents make the writers meet in the rows of blobs too.
                let upload =
                    package_of(id, &chart, &format!("{number}.{round}"), vec![7; (round % 3) as usize])
                        .with_provenance(&[8; 2]);
                generations.push((upload.publish(&store).await.unwrap().generation, chart));
            }
            generations
        })
    };
    let mut generations = Vec::new();
    for written in futures_util::future::join_all((0..8).map(writer)).await {
        let written = written.unwrap();
        assert!(written.is_sorted(), "one writer sees generations grow");
        generations.extend(written);
    }
    generations.sort_unstable();
    assert!(generations.iter().map(|(generation, _)| *generation).eq(1..=200));
    assert_eq!(fixture.generation(id).await, 200);
    for change in charts::changed_since(fixture.store.database().reader(), id, 0).await.unwrap() {
        let last = generations.iter().rfind(|(_, chart)| *chart == change.name).unwrap();
        assert_eq!(change.generation, last.0);
    }
}
