//! Bytes as `Chart.yaml`: what is read and valid can be written, and reads the same again.

#![no_main]

use chandlery_chart::Metadata;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(mut metadata) = Metadata::from_yaml(text) else { return };
    if metadata.validate().is_err() {
        return;
    }
    let Ok(written) = metadata.to_yaml() else { return };
    let again = Metadata::from_yaml(&written).expect("what was written can be read");
    assert_eq!(without_floats(again), without_floats(metadata), "{written}");
});

/// Numbers in `import-values` may change their spelling, as they do in Helm.
fn without_floats(mut metadata: Metadata) -> Metadata {
    for dependency in &mut metadata.dependencies {
        dependency.import_values.clear();
    }
    metadata
}
