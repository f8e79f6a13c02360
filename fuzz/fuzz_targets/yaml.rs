//! Bytes as a YAML document: what is read can be written in both styles, and reads the same again.

#![no_main]

use chandlery_yaml::{Limits, Options, from_slice, to_string, to_string_pretty};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { nodes: 20_000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let Ok(value) = from_slice(bytes, &options) else { return };
    for written in [to_string(&value), to_string_pretty(&value)] {
        let written = written.expect("what was read can be written");
        let again = from_slice(written.as_bytes(), &options).expect("what was written can be read");
        assert_eq!(again, value, "{written}");
    }
});
