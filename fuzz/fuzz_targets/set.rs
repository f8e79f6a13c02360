//! Lines as flags of every kind, laid one over the other: what is taken can be written and read.

#![no_main]

use chandlery_chart::render::{SetKind, apply_flags, set_values};
use libfuzzer_sys::fuzz_target;
use serde_json::Map;

const KINDS: [SetKind; 5] = [SetKind::Typed, SetKind::Text, SetKind::Json, SetKind::Literal, SetKind::File];

fuzz_target!(|text: &str| {
    if has_long_lists(text) {
        return;
    }
    let mut all = Map::new();
    let mut read_file =
        |path: &str| if path.len() > 8 { Err("too long".to_owned()) } else { Ok(path.to_owned()) };
    for kind in KINDS {
        let mut values = Map::new();
        for line in text.lines().take(8) {
            let _ = set_values(&mut values, kind, line, &mut read_file);
            let _ = set_values(&mut all, kind, line, &mut read_file);
        }
        let written = serde_json::to_string(&values).expect("values have a JSON form");
        assert!(serde_json::from_str::<serde_json::Value>(&written).is_ok());
    }
    let flags: Vec<_> = text
        .lines()
        .take(8)
        .zip(KINDS.into_iter().cycle())
        .map(|(line, kind)| (kind, line.to_owned()))
        .collect();
    let _ = apply_flags(&mut all, &flags, &mut read_file);
});

/// Is an index large, but below the limit? Helm makes lists of so many nulls; nothing is learned from filling them.
fn has_long_lists(text: &str) -> bool {
    let digits = |part: &str| part.bytes().take_while(u8::is_ascii_digit).count();
    text.split('[').skip(1).any(|part| (4..6).contains(&digits(part)))
}
