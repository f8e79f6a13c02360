//! Maps and lists that hold themselves.

use super::{LEVELS, UNPRINTABLE, check_owned};

#[test]
fn values_that_hold_themselves() {
    const CYCLE: &str = r#"{{ $d := dict "a" 1 }}{{ $_ := set $d "self" $d }}"#;
    const TWO: &str = r#"{{ $d := dict "a" 1 }}{{ $_ := set $d "self" $d }}{{ $e := dict "a" 1 }}{{ $_ := set $e "self" $e }}"#;
    const LIST: &str = r#"{{ $d := dict }}{{ $_ := set $d "l" (list $d) }}"#;
    let cases = [
        (CYCLE, "{{ $d }}", UNPRINTABLE),
        (CYCLE, "{{ print $d }}", UNPRINTABLE),
        (CYCLE, r#"{{ printf "%#v" $d }}"#, UNPRINTABLE),
        (CYCLE, "{{ toString $d }}", UNPRINTABLE),
        (CYCLE, "{{ quote $d }}", UNPRINTABLE),
        (CYCLE, "{{ list $d | join \",\" }}", UNPRINTABLE),
        (CYCLE, "{{ toYaml $d }}|", "|"),
        (CYCLE, "{{ toYamlPretty $d }}|", "|"),
        (
            CYCLE,
            "{{ mustToYaml $d }}|",
            "ERR …error calling mustToYaml: error marshaling into JSON: json: unsupported value: encountered a cycle via map[string]interface {}",
        ),
        (CYCLE, "{{ toJson $d }}|", "|"),
        (CYCLE, "{{ toPrettyJson $d }}|", "|"),
        (
            CYCLE,
            "{{ toRawJson $d }}|",
            "ERR …error calling toRawJson: json: unsupported value: encountered a cycle via map[string]interface {}",
        ),
        (
            CYCLE,
            "{{ mustToJson $d }}|",
            "ERR …error calling mustToJson: json: unsupported value: encountered a cycle via map[string]interface {}",
        ),
        (CYCLE, "{{ toToml $d }}|", "ERR …the value is nested too deep to be written as TOML"),
        (CYCLE, "{{ deepCopy $d | len }}", LEVELS),
        (CYCLE, "{{ merge $d $d | len }}", LEVELS),
        (TWO, "{{ merge $d $e | len }}", LEVELS),
        (TWO, "{{ mergeOverwrite $d $e | len }}", LEVELS),
        (TWO, "{{ deepEqual $d $e }}", LEVELS),
        (CYCLE, "{{ deepEqual $d $d }}", "true"),
        (TWO, "{{ has $d (list $e) }}", LEVELS),
        (TWO, "{{ uniq (list $d $e) | len }}", LEVELS),
        (TWO, "{{ eq $d $e }}", UNPRINTABLE),
        (CYCLE, "{{ range $k, $v := $d }}{{ $k }}{{ end }}", "aself"),
        (CYCLE, "{{ len $d.self.self.self.self }}", "2"),
        (CYCLE, r#"{{ dig "self" "self" "a" 0 $d }}"#, "1"),
        (CYCLE, "{{ sha256sum (print $d) }}", UNPRINTABLE),
        (CYCLE, "{{ fail (print $d) }}", UNPRINTABLE),
        (CYCLE, "{{ $d.x.y }}", "ERR …nil pointer evaluating interface {}.y"),
        (CYCLE, "{{ tpl \"{{ . }}\" $d }}", UNPRINTABLE),
        (CYCLE, "{{ values $d }}", UNPRINTABLE),
        (CYCLE, "{{ html $d }}", UNPRINTABLE),
        (CYCLE, "{{ cat $d }}", UNPRINTABLE),
        (CYCLE, "{{ sortAlpha (list $d) }}", UNPRINTABLE),
        (CYCLE, "{{ dict $d 1 }}", UNPRINTABLE),
        (CYCLE, "{{ compact (list $d) | len }}", "1"),
        (LIST, "{{ $d }}", UNPRINTABLE),
        (LIST, "{{ toYaml $d }}|", "|"),
        (LIST, "{{ toJson $d }}|", "|"),
        ("", "{{ $_ := set .Values \"v\" .Values }}{{ .Values }}", UNPRINTABLE),
        ("", "{{ $_ := set . \"v\" . }}{{ . }}", UNPRINTABLE),
        ("", "{{ $_ := set . \"v\" . }}{{ toJson . }}", ""),
        ("", "{{ . }}", "map[Capabilities:…Chart:map[…Values:map[]]"),
        ("", "{{ toYaml . | len | lt 1000 }}", "true"),
    ];
    check_owned(&cases.map(|(setup, use_, expected)| (format!("{setup}{use_}"), expected)));
}
