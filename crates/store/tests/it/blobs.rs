//! Bytes in and out, on files, in memory and on a real S3 server.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use bytes::Bytes;
use chandlery_core::Digest;
use chandlery_store::{BlobReader, Blobs, BlobsUrl, StorageKey, Store};

use crate::support::{Fixture, on_every_place};

on_every_place!(in_and_out, ranges, put_twice, refused, a_store_of_another_installation);

/// Sizes on both sides of a piece (1 MiB) and of a part (8 MiB).
const SIZES: [usize; 7] = [0, 1, 100_000, 1 << 20, (1 << 20) + 1, 8 << 20, (17 << 20) + 3];

fn content(size: usize) -> Bytes {
    (0..size).map(|index| (index / 251 + index * 7) as u8).collect::<Vec<_>>().into()
}

/// Files below `tmp/` and uploads' directories, locks aside.
fn temporary_files(fixture: &Fixture) -> Vec<String> {
    let mut files = Vec::new();
    let mut directories =
        vec![fixture.directory.path().join("data/tmp"), fixture.directory.path().join("uploads")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => directories.push(path),
                false if path.ends_with("lock") => {}
                false => files.push(path.display().to_string()),
            }
        }
    }
    files
}

async fn in_and_out(fixture: &Fixture) {
    let blobs = fixture.store.blobs();
    for size in SIZES {
        let content = content(size);
        let mut upload = blobs.begin(size as u64);
        for piece in content.chunks(70_001) {
            upload.write(piece).await.unwrap();
        }
        assert_eq!(upload.size(), size as u64);
        let blob = upload.finish_as(&Digest::of(&content)).await.unwrap();
        assert_eq!((blob.digest(), blob.size()), (&Digest::of(&content), size as u64));
        assert_eq!(blob.bytes().is_some(), size <= 1 << 20, "{size}");
        assert_eq!(blobs.size(blob.digest()).await.unwrap(), None, "not there before it is put");

        let mut read = Vec::new();
        let mut reader = blob.reader();
        reader.read_to_end(&mut read).unwrap();
        assert!(read == content, "{size} bytes read before they are put");
        if size > 10 {
            let mut tail = [0; 4];
            reader.seek(SeekFrom::End(-4)).unwrap();
            reader.read_exact(&mut tail).unwrap();
            assert_eq!(tail, content[size - 4..]);
        }

        blobs.put(&blob).await.unwrap();
        drop(blob);
        let digest = Digest::of(&content);
        assert_eq!(blobs.size(&digest).await.unwrap(), Some(size as u64));
        assert!(blobs.exists(&digest).await.unwrap());
        let read = blobs.read_all(&digest, size as u64, u64::MAX).await.unwrap();
        assert!(read == content, "{size} bytes read after they were put");
    }
    assert_eq!(temporary_files(fixture), Vec::<String>::new());
}

async fn ranges(fixture: &Fixture) {
    let blobs = fixture.store.blobs();
    let content = content(3 << 20);
    let size = content.len() as u64;
    let blob = blobs.begin_with(content.clone()).await.unwrap();
    blobs.put(&blob).await.unwrap();
    for range in [0..1, 0..size, 5..5, 1000..2_000_000, size - 1..size, size..size] {
        let reader = blobs.open_blob(blob.digest(), size, Some(range.clone())).await.unwrap();
        assert_eq!(reader.length(), range.end - range.start);
        let expected = content.slice(range.start as usize..range.end as usize);
        assert!(reader.read_all().await.unwrap() == expected, "{range:?}");
    }
    #[expect(clippy::reversed_empty_ranges, reason = "one of the inputs that must be refused")]
    for range in [0..size + 1, size + 1..size + 1, 2..1] {
        let error = blobs.open_blob(blob.digest(), size, Some(range)).await.unwrap_err();
        assert_eq!(error.code(), "invalid");
    }
}

async fn put_twice(fixture: &Fixture) {
    let blobs = fixture.store.blobs();
    for size in [1000, 9 << 20] {
        let content = content(size);
        let one = blobs.begin_with(content.clone()).await.unwrap();
        let two = blobs.begin_with(content.clone()).await.unwrap();
        let (first, second) = tokio::join!(blobs.put(&one), blobs.put(&two));
        first.unwrap();
        second.unwrap();
        blobs.put(&one).await.unwrap();
        drop((one, two));
        let read = blobs.read_all(&Digest::of(&content), size as u64, u64::MAX).await.unwrap();
        assert!(read == content);
    }
    assert_eq!(temporary_files(fixture), Vec::<String>::new());
}

async fn refused(fixture: &Fixture) {
    let blobs = fixture.store.blobs();
    let content = content(3 << 20);
    for limit in [0, 999, (3 << 20) - 1] {
        let mut upload = blobs.begin(limit);
        let mut outcome = Ok(());
        for piece in content.chunks(100_000) {
            outcome = upload.write(piece).await;
            if outcome.is_err() {
                break;
            }
        }
        assert_eq!(
            outcome.unwrap_err().to_string(),
            format!("the upload is larger than the limit of {limit} bytes")
        );
    }
    let other = Digest::of(b"other");
    let mut upload = blobs.begin(u64::MAX);
    upload.write(&content).await.unwrap();
    let error = upload.finish_as(&other).await.unwrap_err();
    assert!(error.to_string().contains(&Digest::of(&content).to_hex()), "{error}");
    assert_eq!(temporary_files(fixture), Vec::<String>::new());

    assert_eq!(blobs.size(&other).await.unwrap(), None);
    assert_eq!(blobs.open_blob(&other, 5, None).await.unwrap_err().code(), "not_found");
    assert_eq!(blobs.open_blob(&other, 0, None).await.unwrap_err().code(), "not_found");
    let blob = blobs.begin_with(content.clone()).await.unwrap();
    blobs.put(&blob).await.unwrap();
    let error = blobs.read_all(blob.digest(), blob.size(), 100).await.unwrap_err();
    assert_eq!(error.code(), "too_large");
}

/// A second database over the same blobs would collect them as garbage.
async fn a_store_of_another_installation(fixture: &Fixture) {
    let other = Fixture::new(crate::support::Database::Sqlite).await;
    let mut settings = fixture.settings.clone();
    settings.database = other.settings.database.clone();
    let outcome = Store::open(&settings).await;
    match settings.blobs {
        // Every process has a memory of its own.
        BlobsUrl::Memory => drop(outcome.unwrap()),
        _ => {
            let error = outcome.unwrap_err();
            assert_eq!(error.code(), "conflict");
            assert!(error.to_string().contains(fixture.store.instance_id()), "{error}");
        }
    }
    Store::open(&fixture.settings).await.unwrap();
}

fn place_of(root: &Path, digest: &Digest) -> std::path::PathBuf {
    root.join(StorageKey::Blob(*digest).to_string())
}

#[tokio::test]
async fn an_open_file_outlives_its_blob() {
    let directory = tempfile::tempdir().unwrap();
    let blobs =
        Blobs::open(&BlobsUrl::FileSystem(directory.path().into()), Path::new("unused")).await.unwrap();
    let blob = blobs.begin_with(Bytes::from_static(b"content")).await.unwrap();
    blobs.put(&blob).await.unwrap();
    let reader = blobs.open_blob(blob.digest(), 7, None).await.unwrap();
    std::fs::remove_file(place_of(directory.path(), blob.digest())).unwrap();
    assert!(matches!(reader, BlobReader::File { offset: 0, length: 7, .. }));
    assert_eq!(reader.read_all().await.unwrap(), "content");
}

/// What garbage collection takes away between put and commit is put again from the upload, small or large.
#[tokio::test]
async fn a_blob_that_vanished_is_put_again() {
    let directory = tempfile::tempdir().unwrap();
    let blobs =
        Blobs::open(&BlobsUrl::FileSystem(directory.path().into()), Path::new("unused")).await.unwrap();
    for size in [10, 3 << 20] {
        let blob = blobs.begin_with(content(size)).await.unwrap();
        for _ in 0..3 {
            blobs.put(&blob).await.unwrap();
            let path = place_of(directory.path(), blob.digest());
            assert!(std::fs::read(&path).unwrap() == content(size));
            std::fs::remove_file(path).unwrap();
        }
    }
}

/// A blob that lost its tail (a disk that lied about a sync) is not served, and the next upload mends it.
#[tokio::test]
async fn a_damaged_file_is_noticed_and_mended() {
    let directory = tempfile::tempdir().unwrap();
    let blobs =
        Blobs::open(&BlobsUrl::FileSystem(directory.path().into()), Path::new("unused")).await.unwrap();
    let blob = blobs.begin_with(Bytes::from_static(b"content")).await.unwrap();
    blobs.put(&blob).await.unwrap();
    std::fs::write(place_of(directory.path(), blob.digest()), b"cont").unwrap();
    assert_eq!(blobs.open_blob(blob.digest(), 7, None).await.unwrap_err().code(), "internal");
    blobs.put(&blob).await.unwrap();
    assert_eq!(blobs.read_all(blob.digest(), 7, 7).await.unwrap(), "content");
}

/// Uploads of a process that was killed are swept; those of one that runs are not.
#[tokio::test]
async fn only_the_dead_are_swept() {
    let directory = tempfile::tempdir().unwrap();
    let url = BlobsUrl::FileSystem(directory.path().into());
    let living = Blobs::open(&url, Path::new("unused")).await.unwrap();
    let mut upload = living.begin(u64::MAX);
    upload.write(content(3 << 20)).await.unwrap();
    let dead = directory.path().join("tmp/dead");
    std::fs::create_dir(&dead).unwrap();
    std::fs::write(dead.join("0"), "half").unwrap();
    std::fs::write(dead.join("lock"), "").unwrap();
    Blobs::open(&url, Path::new("unused")).await.unwrap();
    assert!(!dead.exists());
    let blob = upload.finish().await.unwrap();
    living.put(&blob).await.unwrap();
    assert!(living.exists(&Digest::of(&content(3 << 20))).await.unwrap());
    drop((living, blob));
    let left: Vec<_> = std::fs::read_dir(directory.path().join("tmp"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["lock"]);
}
