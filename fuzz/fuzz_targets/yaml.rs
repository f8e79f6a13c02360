//! Bytes as a YAML document: what is read can be written in both styles, as often as one likes.
//!
//! Helm's bytes are the rule, and they do not always read as what was written: a quoted key `<<` loses its quotes.

#![no_main]

use chandlery_yaml::{Limits, Options, from_slice, to_string, to_string_pretty};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { nodes: 20_000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let Ok(value) = from_slice(bytes, &options) else { return };
    for write in [to_string, to_string_pretty] {
        let Ok(written) = write(&value) else { continue };
        let Ok(again) = from_slice(written.as_bytes(), &options) else { continue };
        if let Ok(twice) = write(&again) {
            assert!(from_slice(twice.as_bytes(), &options).is_ok(), "{written}");
        }
    }
});
