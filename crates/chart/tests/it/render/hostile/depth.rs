//! Deep values and templates, and large templates.

use super::{ACTIONS, BYTES, JSON, LEVELS, OPERANDS, STEPS, UNPRINTABLE, check_owned};

/// Maps and lists made level by level in a loop.
#[test]
fn deep_values() {
    const DEEPEST: &str =
        r#"{{ $d := dict }}{{ range until 100000 }}{{ $d = dict "a" $d "b" (list $d) }}{{ end }}"#;
    const MAPS: &str = r#"{{ $d := dict }}{{ range until 20000 }}{{ $d = dict "a" $d }}{{ end }}"#;
    const LISTS: &str = r#"{{ $d := list }}{{ range until 20000 }}{{ $d = list $d }}{{ end }}"#;
    const YAML: &str = "map[Error:error converting YAML to JSON: yaml: exceeded max depth of 1000]";
    const TWINS: &str = r#"{{ $d := dict }}{{ $e := dict }}{{ range until 20000 }}{{ $d = dict "a" $d }}{{ $e = dict "a" $e }}{{ end }}"#;
    let cases = [
        (DEEPEST, "dropped", "dropped"),
        (MAPS, "dropped", "dropped"),
        (LISTS, "dropped", "dropped"),
        (MAPS, "{{ $d }}", UNPRINTABLE),
        (LISTS, "{{ $d }}", UNPRINTABLE),
        (MAPS, "{{ toYaml $d }}|", "|"),
        (LISTS, "{{ toYaml $d }}|", "|"),
        (LISTS, "{{ toYamlPretty $d }}|", "|"),
        (MAPS, "{{ toJson $d }}|", JSON),
        (LISTS, "{{ toJson $d }}|", JSON),
        (LISTS, "{{ toPrettyJson $d }}|", JSON),
        (MAPS, "{{ toToml $d }}|", "ERR …the value is nested too deep to be written as TOML"),
        (MAPS, "{{ deepCopy $d | len }}", LEVELS),
        (LISTS, "{{ deepCopy $d | len }}", LEVELS),
        (TWINS, "{{ deepEqual $d $e }}", LEVELS),
        (TWINS, "{{ merge $d $e | len }}", LEVELS),
        (TWINS, "{{ mergeOverwrite $d $e | len }}", LEVELS),
        (TWINS, "{{ eq $d $e }}", UNPRINTABLE),
        (LISTS, "{{ uniq (list $d $d) | len }}", "1"),
        ("", r#"{{ $s := "" }}{{ range until 200000 }}{{ $s = print $s "[" }}{{ end }}{{ len $s }}"#, STEPS),
        ("", r#"{{ fromJson (repeat 100000 "[") }}"#, "map[Error:invalid character '[' exceeded max depth]"),
        ("", r#"{{ fromJsonArray (print (repeat 100000 "[") (repeat 100000 "]")) | len }}"#, "1"),
        ("", r#"{{ fromJsonArray (print (repeat 9999 "[") (repeat 9999 "]")) | toJson | len }}"#, "19998"),
        ("", r#"{{ fromJson (print (repeat 9999 "{\"a\":") "1" (repeat 9999 "}")) | toYaml | len }}"#, "0"),
        ("", r#"{{ fromYaml (repeat 100000 "[") }}"#, YAML),
        ("", r#"{{ fromYaml (repeat 100000 "{a: ") }}"#, YAML),
        ("", r#"{{ fromYaml (repeat 100000 "- ") }}"#, YAML),
        (
            "",
            r#"{{ fromYamlArray (repeat 100000 "- ") }}"#,
            "[error converting YAML to JSON: yaml: exceeded max depth of 1000]",
        ),
        ("", r#"{{ fromYaml (repeat 100000 "? ") }}"#, YAML),
        ("", r#"{{ fromToml (print "a = " (repeat 100000 "[")) }}"#, "ERR …the TOML text is nested too deep"),
        ("", r#"{{ fromToml (print "[" (repeat 100000 "a.") "b]") | toJson | len }}"#, BYTES),
        ("", r#"{{ fromToml (print (repeat 100000 "a.") "b = 1") | toJson | len }}"#, BYTES),
    ];
    check_owned(&cases.map(|(setup, use_, expected)| (format!("{setup}{use_}"), expected)));
}

/// Templates whose text is deep or large.
#[test]
fn deep_and_large_templates() {
    let nested = |open: &str, close: &str, count: usize| open.repeat(count) + &close.repeat(count);
    let cases: [(String, &str); 30] = [
        (
            format!("{{{{ {}1{} }}}}", "(".repeat(20_000), ")".repeat(20_000)),
            "ERR …max expression depth exceeded",
        ),
        (format!("{{{{ {}1{} }}}}", "(".repeat(9_999), ")".repeat(9_999)), "1"),
        (format!("{{{{ {} }}}}", "(".repeat(1_000_000)), "ERR …max expression depth exceeded"),
        (format!("{{{{ {}1{} }}}}", "not (".repeat(9_999), ")".repeat(9_999)), "false"),
        (format!("{{{{ {}.{} }}}}", "(".repeat(9_000), ").a".repeat(9_000)), ""),
        (nested("{{ if true }}", "{{ end }}", 100_000), ACTIONS),
        (nested("{{ with 1 }}", "{{ end }}", 100_000), ACTIONS),
        (nested("{{ range list 1 }}", "{{ end }}", 100_000), ACTIONS),
        (nested("{{ if true }}", "{{ end }}", 9_990), ""),
        (nested("{{ range list 1 }}", "{{ end }}", 9_990), ""),
        (nested("{{ block \"a\" . }}", "{{ end }}", 100_000), ACTIONS),
        (nested("{{ define \"a\" }}", "{{ end }}", 100_000), "ERR …unexpected <define> in command"),
        ("{{ if true }}".to_owned() + &"{{ else if true }}".repeat(100_000) + "{{ end }}", ACTIONS),
        ("{{ if false }}".to_owned() + &"{{ else if false }}".repeat(9_000) + "{{ end }}", ""),
        (format!("{{{{ 1 {} }}}}", "| print ".repeat(100_000)), "1"),
        (format!("{{{{ list {} | len }}}}", "1 ".repeat(1_000_000)), OPERANDS),
        (
            format!("{{{{ $x := 1 }}}}{{{{ .{} }}}}", "a.".repeat(1_000_000) + "a"),
            "ERR …nil pointer evaluating interface {}.a",
        ),
        ("{{ $x := 1 }}".repeat(300_000), OPERANDS),
        (
            "{{ $x := 1 }}".to_owned()
                + &(0..20_000).map(|i| format!("{{{{ $x{i} := 1 }}}}")).collect::<String>()
                + &"{{ $x = 2 }}".repeat(20_000),
            STEPS,
        ),
        ("x".repeat(4_900_000), "xxxxxxxxxxxxxxxxxxxx…"),
        ("{{".to_owned() + &" ".repeat(4_900_000), "ERR …unclosed action"),
        ("{{/*".to_owned() + &" ".repeat(4_900_000), "ERR …unclosed comment"),
        ("{{ \"".to_owned() + &"\\".repeat(4_900_000), "ERR …unterminated quoted string"),
        (
            "{{ ".to_owned() + &"1".repeat(4_900_000) + "}}",
            "ERR parse error at (t/templates/x.yaml:1): \"111111111…",
        ),
        (
            "{{ 1e".to_owned() + &"9".repeat(4_900_000) + "}}",
            "ERR parse error at (t/templates/x.yaml:1): \"1e999999999…",
        ),
        (
            "{{ 0x".to_owned() + &"f".repeat(100_000) + "p" + &"9".repeat(1000) + "}}",
            "ERR parse error at (t/templates/x.yaml:1): \"0xfffffffff…",
        ),
        ("{{ .".to_owned() + &"a".repeat(4_900_000) + "}}", ""),
        ("{{}}".repeat(1_000_000), "ERR …missing value for command"),
        ("{{- 1 -}}\n".repeat(400_000), OPERANDS),
        ((0..100_000).map(|i| format!("{{{{define \"d{i}\"}}}}x{{{{end}}}}")).collect::<String>(), ""),
    ];
    check_owned(&cases);
}
