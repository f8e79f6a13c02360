//! Bytes as `index.yaml`: what is read can be written, and reads the same again.

#![no_main]

use chandlery_chart::IndexFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = chandlery_yaml::Limits { nodes: 100_000, alias_bytes: 1 << 20, ..Default::default() };
    let Ok(loaded) = IndexFile::read(bytes, &limits) else { return };
    let mut index = loaded.index;
    let Ok(written) = index.to_yaml() else { return };
    let again =
        IndexFile::read(written.as_bytes(), &Default::default()).expect("what was written can be read");
    assert_eq!(again.index.charts().len(), index.charts().len(), "{written}");
    let before = index.clone();
    index.merge(before.clone());
    assert_eq!(index.charts().len(), before.charts().len().max(index.charts().len()));
    let _ = index.to_json();
});
