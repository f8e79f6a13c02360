//! Input made to hurt: each is refused, quickly, and nothing panics.

use chandlery_yaml::{
    Dialect, Emitter, ErrorKind, Limits, Options, documents, from_slice, from_str, to_string,
    to_string_pretty,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::is_same;

fn refusal(text: &str) -> (ErrorKind, String) {
    let error = from_str(text, &Options::default()).expect_err("must be refused");
    (error.kind(), error.to_string())
}

#[test]
fn bombs_are_refused() {
    let laughs =
        std::iter::once("a0: &a0 [x]\n".to_owned()).chain((1..30).map(|level| {
            format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", "))
        }));
    let merges = std::iter::once("a0: &a0 {k: x}\n".to_owned()).chain((1..30).map(|level| {
        format!("a{level}: &a{level}\n  <<: [{}]\n", vec![format!("*a{}", level - 1); 9].join(", "))
    }));
    let long_text = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a, ".repeat(90));
    let cases = [laughs.collect::<String>(), merges.collect(), long_text];
    for case in cases {
        assert_eq!(
            refusal(&case),
            (ErrorKind::Limit, "yaml: document contains excessive aliasing".to_owned())
        );
    }
}

#[test]
fn moderate_aliasing_is_allowed() {
    let text = format!("a: &a {{k: v}}\nb: [{}]\n", "*a, ".repeat(10_000));
    let value = from_str(&text, &Options::default()).unwrap();
    assert_eq!(value["b"].as_array().unwrap().len(), 10_000);
}

#[test]
fn deep_nesting_is_refused() {
    let depths = [1_001, 20_000, 1_000_000];
    for depth in depths {
        for text in [
            "[".repeat(depth),
            "{a: ".repeat(depth),
            "[".repeat(depth) + &"]".repeat(depth),
            "- ".repeat(depth) + "x",
            "? ".repeat(depth) + "x",
            "&a ".to_owned() + &"[".repeat(depth),
        ] {
            let (kind, text) = refusal(&text);
            assert_eq!(kind, ErrorKind::Limit, "{text}");
            assert!(text.ends_with("exceeded max depth of 1000"), "{text}");
        }
    }
    let climbing: String = (0..20_000).map(|level| format!("{}a:\n", " ".repeat(level % 2_000))).collect();
    assert_eq!(refusal(&climbing).0, ErrorKind::Limit);
}

#[test]
fn depth_reached_through_aliases_is_refused() {
    let chain: String = (1..3_000).map(|level| format!("- &a{level} [*a{}]\n", level - 1)).collect();
    assert_eq!(refusal(&format!("- &a0 x\n{chain}")).0, ErrorKind::Limit);
}

#[test]
fn the_deepest_value_is_safe_on_a_small_stack() {
    let work = || {
        let depth = Limits::default().depth;
        let text = "[".repeat(depth) + &"]".repeat(depth);
        let value = from_str(&text, &Options::default()).unwrap();
        let mapping = "{a: ".repeat(depth) + &"}".repeat(depth);
        let mapping = from_str(&mapping, &Options::default()).unwrap();
        for value in [value, mapping] {
            let copy = value.clone();
            assert_eq!(copy, value);
            assert!(to_string(&value).unwrap().len() > depth);
            assert!(to_string_pretty(&value).unwrap().len() > depth);
            let deeper = Value::Array(vec![value]);
            assert_eq!(to_string(&deeper).unwrap_err().kind(), ErrorKind::Limit);
        }
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn sizes_are_limited() {
    let limits = Limits { input_bytes: 100, nodes: 10, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let kind = |text: &str| from_str(text, &options).map_err(|error| error.kind());
    assert_eq!(kind(&"a".repeat(101)), Err(ErrorKind::Limit));
    assert_eq!(kind("[1, 2, 3, 4, 5, 6, 7, 8, 9]"), Err(ErrorKind::Limit));
    assert!(kind("[1, 2, 3, 4, 5, 6, 7, 8]").is_ok());
    assert_eq!(documents(&"a".repeat(101), &options).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn tag_directives_are_limited() {
    let text: String = (0..200_000).map(|number| format!("%TAG !{number}! x\n")).collect();
    assert_eq!(refusal(&format!("{text}---\na")).0, ErrorKind::Limit);
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let cases: [(&[u8], &str); 10] = [
        (b"a: \xFFb", "invalid leading UTF-8 octet"),
        (b"a: \xC3", "incomplete UTF-8 octet sequence"),
        (b"a: \xC3b", "invalid trailing UTF-8 octet"),
        (b"a: \xC0\x80", "invalid length of a UTF-8 sequence"),
        (b"a: \xED\xA0\x80", "invalid Unicode character"),
        (b"\xFF\xFEa", "incomplete UTF-16 character"),
        (b"\xFF\xFE\x00\xDC", "unexpected low surrogate area"),
        (b"\xFE\xFF\xD8\x00\x00a", "expected low surrogate area"),
        (b"\xFE\xFF\xDB\x20", "incomplete UTF-16 surrogate pair"),
        (b"a: \0", "control characters are not allowed"),
    ];
    for (bytes, problem) in cases {
        let error = from_slice(bytes, &Options::default()).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::Encoding, format!("yaml: {problem}")));
    }
    let value = from_slice(b"\xFF\xFEa\0:\0 \0b\0", &Options::default()).unwrap();
    assert_eq!(value["a"], "b");
}

#[test]
fn faults_have_their_true_place() {
    let cases = [
        ("a: b: c", "yaml: mapping values are not allowed in this context", 1, 5),
        ("a: 1\nb: c: d", "yaml: line 2: mapping values are not allowed in this context", 2, 5),
        ("a:\n- b\nc: [\n}", "yaml: line 3: did not find expected node content", 4, 1),
        ("a: 1\n\nb: *c", "yaml: unknown anchor 'c' referenced", 3, 4),
        ("é: \"\\q\"", "yaml: found unknown escape character", 1, 5),
        ("a: .nan", "json: unsupported value: NaN", 1, 4),
    ];
    for (text, message, line, column) in cases {
        let error = from_str(text, &Options::default()).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!((error.line(), error.column()), (Some(line), Some(column)), "{text}");
    }
}

fn yaml_like() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "b: ",
        "- ",
        "? ",
        ": ",
        "\n",
        "\n  ",
        "\n    ",
        " ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&x ",
        "*x",
        "!!int ",
        "!!binary ",
        "!<a>",
        "<<: ",
        "|",
        ">-",
        "|2\n",
        "'",
        "\"",
        "\\",
        "\\u00e9",
        "#",
        "---",
        "...",
        "%TAG ! a\n",
        "\t",
        "é",
        "\u{85}",
        "\u{2028}",
        "\r",
        "1e3",
        "0x1",
        ".inf",
        "[]",
        "{}",
        "\u{feff}",
        "\0",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        yaml_like().prop_map(Value::from),
        "\\PC{0,100}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[ -~é\n]{0,12}", inner, 0..6)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = from_slice(&bytes, &Options::default());
    }

    #[test]
    fn any_pieces_of_yaml_are_read_without_panic(text in yaml_like()) {
        let strict = Options { strict_duplicates: true, ..Options::default() };
        let _ = from_str(&text, &strict);
        let _ = documents(&text, &Options::default());
    }

    #[test]
    fn what_pretty_writes_reads_back(value in any_value()) {
        // A text that holds a LS or PS, begins with a BOM, or has several lines of which the first begins with a tab,
        // does not survive go-yaml's emitter either; nor does the key `<<`, which it writes plain.
        let written = to_string_pretty(&value).unwrap();
        prop_assume!(!written.contains(['\u{2028}', '\u{2029}']) && !written.contains("<<: "));
        prop_assume!(!written.lines().any(|line| line.trim_start_matches(' ').starts_with('\t')));
        let read = from_str(&written, &Options::default());
        prop_assert!(read.as_ref().is_ok_and(|read| is_same(read, &value)), "{:?} from\n{}", read, written);
    }

    #[test]
    fn what_is_written_in_parts_is_the_whole(value in any_value()) {
        let Ok(whole) = to_string(&serde_json::json!({ "k": { "v": value } })) else { return Ok(()) };
        let mut part = Emitter::at_indent(Dialect::Compact, "k:\n".to_owned(), 2);
        part.begin_mapping();
        part.key("v");
        part.value(&value).unwrap();
        part.end_mapping();
        prop_assert_eq!(part.finish().unwrap(), whole);
    }
}
