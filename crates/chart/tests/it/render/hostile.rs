//! Charts that want to use up the machine: each ends soon, with an error that says where and why, or harmlessly.
//!
//! Everything runs on a stack of the size that threads have by default.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use chandlery_chart::render::{
    Capabilities, Compat, PrepareOptions, Release, RenderError, RenderOptions, SetKind, TemplateLimits,
    prepare, render, set_values,
};
use chandlery_chart::{Chart, File, Limits, Metadata};
use serde_json::Map;

/// The stack of a thread that does not ask for one, in bytes.
const DEFAULT_STACK: usize = 2 << 20;

/// Runs something on a thread with the default stack.
fn on_default_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(DEFAULT_STACK);
        builder.spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

/// The default limits, but for steps: without optimisation they take ten times as long.
fn limits() -> TemplateLimits {
    TemplateLimits { steps: 4_000_000, ..TemplateLimits::default() }
}

fn write_files(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// What a chart with these files renders to: the text of `templates/x.yaml`, or the error.
fn outcome(files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("t");
    write_files(&root, &[("Chart.yaml", "apiVersion: v2\nname: t\nversion: 0.1.0\n")]);
    write_files(&root, files);
    on_default_stack(|| match load_and_render(&root) {
        Ok(text) => text,
        Err(error) => format!("ERR {error}"),
    })
}

fn load_and_render(root: &Path) -> Result<String, String> {
    let chart = Chart::read_directory(root, &Limits::default()).map_err(|error| error.to_string())?;
    render_loaded(chart).map_err(|error| error.to_string())
}

fn render_loaded(chart: Chart) -> Result<String, RenderError> {
    let prepared = prepare(chart, &Map::new(), &PrepareOptions::default())?;
    let options = RenderOptions {
        capabilities: Capabilities::offline(Compat::default()),
        limits: limits(),
        ..RenderOptions::new(Release::install("demo", "shop"))
    };
    let mut rendered = render(&prepared, &options)?;
    Ok(rendered.files.remove("t/templates/x.yaml").unwrap_or_default())
}

/// Checks what each template ends with: the start of its text, or `ERR …` with a part of the error. `…` stands between
/// parts that follow one another.
fn check(cases: &[(&str, &str)]) {
    let mut failures = String::new();
    for (template, expected) in cases {
        let got = outcome(&[("templates/x.yaml", template)]);
        if !holds_in_order(&got, expected) {
            let shown: String = got.chars().take(300).collect();
            writeln!(failures, "{template:.200}\n  got    {shown:?}\n  wanted {expected:?}").unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

fn holds_in_order(text: &str, parts: &str) -> bool {
    let mut rest = text;
    parts.split('…').enumerate().all(|(index, part)| match rest.find(part) {
        Some(place) if index > 0 || place == 0 => {
            rest = &rest[place + part.len()..];
            true
        }
        _ => false,
    })
}

#[test]
fn recursion() {
    check(&[
        (
            r#"{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}"#,
            "ERR …rendering template has a nested reference name: a: unable to execute template",
        ),
        (
            r#"{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}"#,
            "ERR …exceeded maximum template depth (5000)",
        ),
        (
            r#"{{ define "a" }}{{ include "b" . }}{{ end }}{{ define "b" }}{{ template "a" . }}{{ end }}{{ include "a" . }}"#,
            "ERR …rendering template has a nested reference name: b: unable to execute template",
        ),
        (
            r#"{{ $t := "{{ tpl .t . }}" }}{{ tpl $t (dict "t" $t) }}"#,
            "ERR …exceeded maximum template depth (5000)",
        ),
        (
            r#"{{ $t := "{{ tpl (print .t .t) (dict \"t\" (print .t .t)) }}" }}{{ tpl $t (dict "t" $t) }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ define "a" }}{{ tpl "{{ include \"a\" . }}" . }}{{ end }}{{ include "a" . }}"#,
            "ERR …rendering template has a nested reference name: a: unable to execute template",
        ),
        (r#"{{ template "t/templates/x.yaml" . }}"#, "ERR …exceeded maximum template depth (5000)"),
        (
            r#"{{ define "../x" }}a{{ end }}{{ define "/etc/passwd" }}b{{ end }}{{ include "../x" . }}{{ include "/etc/passwd" . }}"#,
            "ab",
        ),
    ]);
}

#[test]
fn sizes_that_are_asked_for() {
    check(&[
        ("{{ until 1000000000 }}", "ERR …a text or list would have more than 25165824 bytes"),
        (
            "{{ range until 9223372036854775807 }}{{ end }}",
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        ("{{ untilStep 0 1000000000 1 }}", "ERR …a text or list would have more than 25165824 bytes"),
        (
            "{{ untilStep 9223372036854775807 -9223372036854775808 -1 }}",
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        ("{{ untilStep 0 10 0 }}", "[]"),
        ("{{ seq 1 1000000000 }}", "ERR …a text or list would have more than 25165824 bytes"),
        ("{{ seq 9223372036854775807 }}", ""),
        ("{{ range 1000000000000 }}{{ end }}", "ERR …the templates took more than 4000000 steps"),
        (
            "{{ range $i, $e := 1000000000000 }}{{ end }}",
            "ERR …    can't use 1000000000000 to iterate over more than one variable",
        ),
        ("{{ range $i := 1000000000000 }}x{{ end }}", "ERR …the templates took more than 4000000 steps"),
        (r#"{{ repeat 1000000000 "x" }}"#, "ERR …a text or list would have more than 25165824 bytes"),
        (
            r#"{{ repeat 9223372036854775807 "xyz" }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (r#"{{ repeat 9223372036854775807 "" }}"#, ""),
        (r#"{{ printf "%1000000000d" 1 }}"#, "%!(NOVERB)%!(EXTRA int=1)"),
        (r#"{{ printf "%*d" 1000000000 1 }}"#, "%!(BADWIDTH)1"),
        (r#"{{ printf "%.1000000d" 1 | len }}"#, "1000000"),
        (r#"{{ printf "%1000000s" "x" | len }}"#, "1000000"),
        (r#"{{ printf (repeat 5000 "%999999d") 1 }}"#, "                    "),
        (r#"{{ printf "%.1000000f" 1.5 | len }}"#, "1000002"),
        (r#"{{ printf "%[1]*[1]*[1]*d" 1 | len }}"#, "15"),
        (r#"{{ indent 1000000000 "x" }}"#, "ERR …a text or list would have more than 25165824 bytes"),
        (
            r#"{{ nindent 9223372036854775807 "x" }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ indent 100000 (repeat 100000 "\n") }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (r#"{{ randAlphaNum 1000000000 }}"#, "ERR …a text or list would have more than 25165824 bytes"),
        (r#"{{ randAscii 9223372036854775807 }}"#, "ERR …a text or list would have more than 25165824 bytes"),
        (r#"{{ randBytes 1000000000 }}"#, "ERR …a text or list would have more than 25165824 bytes"),
        (
            r#"{{ shuffle (repeat 100000000 "x") }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (r#"{{ wrap 1 (repeat 10000000 "x ") | len }}"#, "20000000"),
        (
            r#"{{ wrapWith 1 (repeat 100000 "x") (repeat 100000 "y") | len }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (r#"{{ abbrev 1000000000 "x" }}"#, "x"),
        (r#"{{ substr 0 1000000000 "x" }}"#, "x"),
        (r#"{{ chunk 1 (until 2000000) | len }}"#, "ERR …a text or list would have more than 25165824 bytes"),
        (
            r#"{{ replace "" (repeat 100000 "x") (repeat 100000 "y") }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ replace "y" (repeat 100000 "x") (repeat 100000 "y") }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ join (repeat 100000 "x") (until 100000) }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ splitList "" (repeat 30000000 "x") | len }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ split "" (repeat 30000000 "x") | len }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (r#"{{ round 1.5 1000000000 }}"#, "NaN"),
        (r#"{{ mulf 1e300 1e300 1e300 1e300 }}"#, "+Inf"),
        (
            r#"{{ b64enc (b64enc (b64enc (repeat 100000000 "x"))) | len }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ quote (repeat 100000000 "\x00") | len }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ toJson (repeat 100000000 "\x00") | len }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ html (repeat 100000000 "&") | len }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ urlquery (repeat 60000000 "&") | len }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
    ]);
}

#[test]
fn growth_in_loops() {
    check(&[
        (
            r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = print $s $s }}{{ end }}{{ len $s }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = printf "%s%s" $s $s }}{{ end }}{{ len $s }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = cat $s $s }}{{ end }}{{ len $s }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = squote $s $s }}{{ end }}{{ len $s }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = join $s (list $s $s) }}{{ end }}{{ len $s }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = replace "x" "xx" $s }}{{ end }}{{ len $s }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = regexReplaceAll "x" $s "xx" }}{{ end }}{{ len $s }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = regexReplaceAll ".*" $s "$0$0" }}{{ end }}{{ len $s }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = tpl "{{ . }}{{ . }}" $s }}{{ end }}{{ len $s }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $l := list 1 }}{{ range until 100 }}{{ $l = concat $l $l }}{{ end }}{{ len $l }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ $l := list 1 }}{{ range until 100000 }}{{ $l = append $l . }}{{ end }}{{ len $l }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $l := list 1 }}{{ range until 100 }}{{ $l = list $l $l }}{{ end }}{{ $l }}"#,
            "ERR …the templates made more than 201326592 bytes of text and lists",
        ),
        (
            r#"{{ $l := list 1 }}{{ range until 100 }}{{ $l = list $l $l }}{{ end }}{{ toYaml $l }}"#,
            "ERR …the templates made more than 201326592 bytes of text and lists",
        ),
        (
            r#"{{ $l := list 1 }}{{ range until 100 }}{{ $l = list $l $l }}{{ end }}{{ toYamlPretty $l }}"#,
            "ERR …the templates made more than 201326592 bytes of text and lists",
        ),
        (
            r#"{{ $l := list 1 }}{{ range until 100 }}{{ $l = list $l $l }}{{ end }}{{ toJson $l }}"#,
            "ERR …the templates made more than 201326592 bytes of text and lists",
        ),
        (
            r#"{{ $l := dict "a" 1 }}{{ range until 100 }}{{ $l = dict "a" $l "b" $l }}{{ end }}{{ toToml $l }}"#,
            "ERR …the templates made more than 201326592 bytes of text and lists",
        ),
        (
            r#"{{ $l := list 1 }}{{ range until 100 }}{{ $l = list $l $l }}{{ end }}{{ deepCopy $l | len }}"#,
            "ERR …the templates made more than 201326592 bytes of text and lists",
        ),
        (
            r#"{{ $l := list 1 }}{{ $m := list 1 }}{{ range until 100 }}{{ $l = list $l $l }}{{ $m = list $m $m }}{{ end }}{{ deepEqual $l $m }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $l := dict }}{{ $m := dict }}{{ range until 100 }}{{ $l = dict "a" $l "b" $l }}{{ $m = dict "a" $m "b" $m }}{{ end }}{{ merge $l $m | len }}"#,
            "ERR …the templates made more than 201326592 bytes of text and lists",
        ),
        (
            r#"{{ $l := list 1 }}{{ range until 100 }}{{ $l = list $l $l }}{{ end }}{{ eq (printf "%T" $l) "x" }}{{ eq $l (list) }}"#,
            "ERR …non-comparable type []: []interface {}",
        ),
        (
            r#"{{ $s := "" }}{{ range until 100000 }}{{ $s = print $s "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" }}{{ end }}{{ len $s }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $d := dict }}{{ range until 100000 }}{{ $_ := set $d (print .) (repeat 100000 "x") }}{{ end }}{{ len $d }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ range until 10000 }}{{ repeat 1000000 "x" }}{{ end }}"#,
            "ERR …the templates wrote more than 67108864 bytes",
        ),
        (
            r#"{{ range 10000000 }}{{ range until 1000 }}{{ end }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ range until 1000 }}{{ range until 1000 }}{{ range until 1000 }}{{ end }}{{ end }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ range until 100000 }}{{ tpl (printf "{{/* %d */}}x" .) $ }}{{ end }}"#,
            "xxxxxxxxxxxxxxxxxxxx",
        ),
        (
            r#"{{ range 1000000 }}{{ $x := tpl (printf "{{/* %d */}}x" .) $ }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ range until 100000 }}{{ $_ := tpl (printf "{{ define \"d%d\" }}{{ end }}x" .) $ }}{{ end }}"#,
            "",
        ),
        (
            r#"{{ $t := "" }}{{ range until 100000 }}{{ $t = print "{{ define \"d" . "\" }}x{{ end }}" }}{{ end }}{{ tpl $t . }}"#,
            "",
        ),
    ]);
}

#[test]
fn values_that_hold_themselves() {
    const CYCLE: &str = r#"{{ $d := dict "a" 1 }}{{ $_ := set $d "self" $d }}"#;
    const TWO: &str = r#"{{ $d := dict "a" 1 }}{{ $_ := set $d "self" $d }}{{ $e := dict "a" 1 }}{{ $_ := set $e "self" $e }}"#;
    const LIST: &str = r#"{{ $d := dict }}{{ $_ := set $d "l" (list $d) }}"#;
    let cases = [
        (CYCLE, "{{ $d }}", "ERR "),
        (CYCLE, "{{ print $d }}", "ERR "),
        (CYCLE, r#"{{ printf "%#v" $d }}"#, "ERR "),
        (CYCLE, "{{ toString $d }}", "ERR "),
        (CYCLE, "{{ quote $d }}", "ERR "),
        (CYCLE, "{{ list $d | join \",\" }}", "ERR "),
        (CYCLE, "{{ toYaml $d }}|", "|"),
        (CYCLE, "{{ toYamlPretty $d }}|", "|"),
        (CYCLE, "{{ mustToYaml $d }}|", "ERR "),
        (CYCLE, "{{ toJson $d }}|", "|"),
        (CYCLE, "{{ toPrettyJson $d }}|", "|"),
        (CYCLE, "{{ toRawJson $d }}|", "ERR "),
        (CYCLE, "{{ mustToJson $d }}|", "ERR "),
        (CYCLE, "{{ toToml $d }}|", ""),
        (CYCLE, "{{ deepCopy $d | len }}", "ERR "),
        (CYCLE, "{{ merge $d $d | len }}", ""),
        (TWO, "{{ merge $d $e | len }}", "ERR "),
        (TWO, "{{ mergeOverwrite $d $e | len }}", "ERR "),
        (TWO, "{{ deepEqual $d $e }}", "ERR "),
        (CYCLE, "{{ deepEqual $d $d }}", "true"),
        (TWO, "{{ has $d (list $e) }}", "ERR "),
        (TWO, "{{ uniq (list $d $e) | len }}", "ERR "),
        (TWO, "{{ eq $d $e }}", "ERR "),
        (CYCLE, "{{ range $k, $v := $d }}{{ $k }}{{ end }}", "aself"),
        (CYCLE, "{{ len $d.self.self.self.self }}", "2"),
        (CYCLE, r#"{{ dig "self" "self" "a" 0 $d }}"#, "1"),
        (CYCLE, "{{ sha256sum (print $d) }}", "ERR "),
        (CYCLE, "{{ fail (print $d) }}", "ERR "),
        (CYCLE, "{{ $d.x.y }}", ""),
        (CYCLE, "{{ tpl \"{{ . }}\" $d }}", "ERR "),
        (CYCLE, "{{ values $d }}", "ERR "),
        (CYCLE, "{{ html $d }}", "ERR "),
        (CYCLE, "{{ cat $d }}", "ERR "),
        (CYCLE, "{{ sortAlpha (list $d) }}", "ERR "),
        (CYCLE, "{{ dict $d 1 }}", "ERR "),
        (CYCLE, "{{ compact (list $d) | len }}", "1"),
        (LIST, "{{ $d }}", "ERR "),
        (LIST, "{{ toYaml $d }}|", "|"),
        (LIST, "{{ toJson $d }}|", "|"),
        ("", "{{ $_ := set .Values \"v\" .Values }}{{ .Values }}", "ERR "),
        ("", "{{ $_ := set . \"v\" . }}{{ . }}", "ERR "),
        ("", "{{ $_ := set . \"v\" . }}{{ toJson . }}", ""),
        ("", "{{ . }}", ""),
        ("", "{{ toYaml . | len }}", ""),
    ];
    let templates: Vec<(String, &str)> =
        cases.iter().map(|(setup, use_, expected)| (format!("{setup}{use_}"), *expected)).collect();
    check(&templates.iter().map(|(template, expected)| (template.as_str(), *expected)).collect::<Vec<_>>());
}

/// Maps and lists made level by level in a loop.
#[test]
fn deep_values() {
    const MAPS: &str = r#"{{ $d := dict }}{{ range until 100000 }}{{ $d = dict "a" $d }}{{ end }}"#;
    const LISTS: &str = r#"{{ $d := list }}{{ range until 100000 }}{{ $d = list $d }}{{ end }}"#;
    const TWINS: &str = r#"{{ $d := dict }}{{ $e := dict }}{{ range until 100000 }}{{ $d = dict "a" $d }}{{ $e = dict "a" $e }}{{ end }}"#;
    let cases = [
        (MAPS, "dropped", "dropped"),
        (LISTS, "dropped", "dropped"),
        (MAPS, "{{ $d }}", "ERR "),
        (LISTS, "{{ $d }}", "ERR "),
        (MAPS, "{{ toYaml $d }}|", "|"),
        (LISTS, "{{ toYaml $d }}|", "|"),
        (LISTS, "{{ toYamlPretty $d }}|", "|"),
        (MAPS, "{{ toJson $d }}|", "ERR "),
        (LISTS, "{{ toJson $d }}|", "ERR "),
        (LISTS, "{{ toPrettyJson $d }}|", "ERR "),
        (MAPS, "{{ toToml $d }}|", ""),
        (MAPS, "{{ deepCopy $d | len }}", "ERR "),
        (LISTS, "{{ deepCopy $d | len }}", "ERR "),
        (TWINS, "{{ deepEqual $d $e }}", "ERR "),
        (TWINS, "{{ merge $d $e | len }}", "ERR "),
        (TWINS, "{{ mergeOverwrite $d $e | len }}", "ERR "),
        (TWINS, "{{ eq $d $e }}", "ERR "),
        (LISTS, "{{ uniq (list $d $d) | len }}", "1"),
        ("", r#"{{ $s := "" }}{{ range until 200000 }}{{ $s = print $s "[" }}{{ end }}{{ len $s }}"#, "ERR "),
        ("", r#"{{ fromJson (repeat 100000 "[") }}"#, ""),
        ("", r#"{{ fromJsonArray (print (repeat 100000 "[") (repeat 100000 "]")) | len }}"#, ""),
        ("", r#"{{ fromJsonArray (print (repeat 9999 "[") (repeat 9999 "]")) | toJson | len }}"#, "19998"),
        ("", r#"{{ fromJson (print (repeat 9999 "{\"a\":") "1" (repeat 9999 "}")) | toYaml | len }}"#, ""),
        ("", r#"{{ fromYaml (repeat 100000 "[") }}"#, ""),
        ("", r#"{{ fromYaml (repeat 100000 "{a: ") }}"#, ""),
        ("", r#"{{ fromYaml (repeat 100000 "- ") }}"#, ""),
        ("", r#"{{ fromYamlArray (repeat 100000 "- ") }}"#, ""),
        ("", r#"{{ fromYaml (repeat 100000 "? ") }}"#, ""),
        ("", r#"{{ fromToml (print "a = " (repeat 100000 "[")) }}"#, ""),
        ("", r#"{{ fromToml (print "[" (repeat 100000 "a.") "b]") | toJson | len }}"#, ""),
        ("", r#"{{ fromToml (print (repeat 100000 "a.") "b = 1") | toJson | len }}"#, ""),
    ];
    let templates: Vec<(String, &str)> =
        cases.iter().map(|(setup, use_, expected)| (format!("{setup}{use_}"), *expected)).collect();
    check(&templates.iter().map(|(template, expected)| (template.as_str(), *expected)).collect::<Vec<_>>());
}

/// Templates whose text is deep or large.
#[test]
fn deep_and_large_templates() {
    let nested = |open: &str, close: &str, count: usize| open.repeat(count) + &close.repeat(count);
    let cases: Vec<(String, &str)> = vec![
        (format!("{{{{ {}1{} }}}}", "(".repeat(20_000), ")".repeat(20_000)), "ERR "),
        (format!("{{{{ {}1{} }}}}", "(".repeat(9_999), ")".repeat(9_999)), "1"),
        (format!("{{{{ {} }}}}", "(".repeat(1_000_000)), "ERR "),
        (format!("{{{{ {}1{} }}}}", "not (".repeat(9_999), ")".repeat(9_999)), "false"),
        (format!("{{{{ {}.{} }}}}", "(".repeat(9_000), ").a".repeat(9_000)), ""),
        (nested("{{ if true }}", "{{ end }}", 100_000), "ERR "),
        (nested("{{ with 1 }}", "{{ end }}", 100_000), "ERR "),
        (nested("{{ range list 1 }}", "{{ end }}", 100_000), "ERR "),
        (nested("{{ if true }}", "{{ end }}", 9_990), ""),
        (nested("{{ range list 1 }}", "{{ end }}", 9_990), ""),
        (nested("{{ block \"a\" . }}", "{{ end }}", 100_000), "ERR "),
        (nested("{{ define \"a\" }}", "{{ end }}", 100_000), "ERR "),
        ("{{ if true }}".to_owned() + &"{{ else if true }}".repeat(100_000) + "{{ end }}", "ERR "),
        ("{{ if false }}".to_owned() + &"{{ else if false }}".repeat(9_000) + "{{ end }}", ""),
        (format!("{{{{ 1 {} }}}}", "| print ".repeat(100_000)), "1"),
        (format!("{{{{ list {} | len }}}}", "1 ".repeat(1_000_000)), ""),
        (format!("{{{{ $x := 1 }}}}{{{{ .{} }}}}", "a.".repeat(1_000_000) + "a"), ""),
        ("{{ $x := 1 }}".repeat(300_000), ""),
        (
            "{{ $x := 1 }}".to_owned()
                + &(0..20_000).map(|i| format!("{{{{ $x{i} := 1 }}}}")).collect::<String>()
                + &"{{ $x = 2 }}".repeat(20_000),
            "",
        ),
        ("x".repeat(4_900_000), "x"),
        ("{{".to_owned() + &" ".repeat(4_900_000), "ERR "),
        ("{{/*".to_owned() + &" ".repeat(4_900_000), "ERR "),
        ("{{ \"".to_owned() + &"\\".repeat(4_900_000), "ERR "),
        ("{{ ".to_owned() + &"1".repeat(4_900_000) + "}}", "ERR "),
        ("{{ 1e".to_owned() + &"9".repeat(4_900_000) + "}}", "ERR "),
        ("{{ 0x".to_owned() + &"f".repeat(100_000) + "p" + &"9".repeat(1000) + "}}", "ERR "),
        ("{{ .".to_owned() + &"a".repeat(4_900_000) + "}}", ""),
        ("{{}}".repeat(1_000_000), "ERR "),
        ("{{- 1 -}}\n".repeat(400_000), ""),
        ((0..100_000).map(|i| format!("{{{{define \"d{i}\"}}}}x{{{{end}}}}")).collect::<String>(), ""),
        ("{{ tpl (.Files.Get \"big\") . }}".to_owned(), ""),
    ];
    check(&cases.iter().map(|(template, expected)| (template.as_str(), *expected)).collect::<Vec<_>>());
}

#[test]
fn patterns_versions_and_dates() {
    check(&[
        (r#"{{ regexMatch "(a+)+$" (print (repeat 100000 "a") "b") }}"#, "false"),
        (r#"{{ regexMatch "(a*)*(a*)*(a*)*b" (repeat 100000 "a") }}"#, "false"),
        (r#"{{ regexMatch "(x+x+)+y" (repeat 100000 "x") }}"#, "false"),
        (r#"{{ regexMatch "((a{1000}){1000}){1000}" "a" }}"#, "false"),
        (r#"{{ regexMatch "(a{1000}){1000}" "a" }}"#, "false"),
        (r#"{{ regexMatch "a{100000000}" "a" }}"#, "false"),
        (
            r#"{{ regexMatch "(?:\\pL{500}){2}" "a" }}"#,
            "ERR …a regular expression needs more than 1048576 bytes",
        ),
        (r#"{{ regexMatch "(\\pL{1000})" "a" }}"#, "ERR …a regular expression needs more than 1048576 bytes"),
        (
            r#"{{ regexMatch (repeat 100000 "(") "a" }}"#,
            "ERR …a regular expression needs more than 1048576 bytes",
        ),
        (r#"{{ regexMatch (print (repeat 900 "(") (repeat 900 ")")) "a" }}"#, "true"),
        (
            r#"{{ regexMatch (print (repeat 100000 "(") "a" (repeat 100000 ")")) "a" }}"#,
            "ERR …a regular expression needs more than 1048576 bytes",
        ),
        (
            r#"{{ regexMatch (print (repeat 100000 "(?:") "a" (repeat 100000 ")*")) "a" }}"#,
            "ERR …a regular expression needs more than 1048576 bytes",
        ),
        (
            r#"{{ regexMatch (repeat 1000000 "a") "a" }}"#,
            "ERR …a regular expression needs more than 1048576 bytes",
        ),
        (
            r#"{{ regexMatch (repeat 1000000 "a|") "a" }}"#,
            "ERR …a regular expression needs more than 1048576 bytes",
        ),
        (
            r#"{{ regexMatch (repeat 1000000 "[a-z]") "a" }}"#,
            "ERR …a regular expression needs more than 1048576 bytes",
        ),
        (
            r#"{{ regexMatch (print "[" (repeat 1000000 "a") "]") "a" }}"#,
            "ERR …a regular expression needs more than 1048576 bytes",
        ),
        (
            r#"{{ regexMatch (repeat 100000 "a*") (repeat 100000 "a") }}"#,
            "ERR …a regular expression needs more than 1048576 bytes",
        ),
        (
            r#"{{ range until 100000 }}{{ $_ := regexMatch (printf "a{%d}b{900}" (mod . 1000)) "x" }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ range 1000000 }}{{ $_ := regexMatch (printf "x%d(a{30}){30}" .) "x" }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ regexFindAll "a*?" (repeat 3000000 "b") -1 | len }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ regexFindAll ".*b|a" (repeat 100000 "a") -1 | len }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ regexReplaceAll "[a-q]+z|a" (repeat 100000 "a") "b" | len }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ regexSplit ".*?b|a" (repeat 100000 "a") -1 | len }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ regexReplaceAll "" (repeat 100000 "x") (repeat 100000 "y") }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ regexReplaceAllLiteral "" (repeat 100000 "x") (repeat 100000 "y") }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ regexFindAll "" (repeat 5000000 "x") -1 | len }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ regexSplit "" (repeat 5000000 "x") -1 | len }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ regexQuoteMeta (repeat 200000000 ".") | len }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ semverCompare (repeat 100000 ">=1.0.0 ") "1.2.3" }}"#,
            "ERR …constraint string is too long (max 512 bytes)",
        ),
        (
            r#"{{ semverCompare (repeat 1000000 "1") "1.2.3" }}"#,
            "ERR …constraint string is too long (max 512 bytes)",
        ),
        (
            r#"{{ semverCompare (repeat 250000 "1 ||") "1.2.3" }}"#,
            "ERR …constraint string is too long (max 512 bytes)",
        ),
        (
            r#"{{ semverCompare "*" (print "1.2.3-" (repeat 1000000 "a.")) }}"#,
            "ERR …version string is too long (max 256 bytes)",
        ),
        (
            r#"{{ semverCompare (print ">1.2.3-" (repeat 500000 "a.") "a") (print "1.2.3-" (repeat 500000 "a.") "b") }}"#,
            "ERR …constraint string is too long (max 512 bytes)",
        ),
        (r#"{{ semver (repeat 1000000 "1.") }}"#, "ERR …version string is too long (max 256 bytes)"),
        (r#"{{ date (repeat 100000 "2006-01-02 ") now | len }}"#, "1100000"),
        (
            r#"{{ date (repeat 30000000 "2006 ") now | len }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (r#"{{ toDate (repeat 100000 "2006 ") (repeat 100000 "2006 ") }}"#, "2006-01-01 00:00:00 +0000 UTC"),
        (r#"{{ toDate (repeat 1000000 "_2") (repeat 1000000 " 1") }}"#, "0000-01-01 00:00:00 +0000 UTC"),
        (r#"{{ duration 9223372036854775807 }}{{ duration (repeat 1000000 "9") }}"#, "0s-1s"),
        (r#"{{ ago (repeat 1000000 "1h") }}{{ dateModify (repeat 1000000 "1h") now }}"#, "0s2140-12-20"),
        (r#"{{ .Files.Glob (repeat 1000000 "*") | len }}"#, "0"),
        (r#"{{ .Files.Glob (repeat 1000000 "{") | len }}"#, "0"),
        (r#"{{ .Files.Glob (repeat 1300 "{a,") | len }}"#, "0"),
        (r#"{{ .Files.Glob (print (repeat 1000 "{a,") (repeat 1000 "}")) | len }}"#, "0"),
        (r#"{{ .Files.Glob (repeat 2000 "**") | len }}"#, "0"),
        (
            r#"{{ urlParse (repeat 10000000 "a") | len }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ urlParse (print "http://" (repeat 1000000 "%41") "/") | len }}"#,
            r#"ERR …invalid URL escape "%41""#,
        ),
        (r#"{{ b32dec (repeat 1000000 "A=") | len }}{{ b64dec (repeat 1000000 "A=") | len }}"#, "3535"),
        (
            r#"{{ snakecase (repeat 1000000 "aB") | len }} {{ kebabcase (repeat 1000000 "aB") | len }} {{ camelcase (repeat 1000000 "a_") | len }}"#,
            "3000000 3000000 1000001",
        ),
        (
            r#"{{ title (repeat 1000000 "a ") | len }} {{ initials (repeat 1000000 "a ") | len }} {{ untitle (repeat 1000000 "A ") | len }} {{ swapcase (repeat 1000000 "A ") | len }}"#,
            "2000000 1000000 2000000 2000000",
        ),
    ]);
}

#[test]
fn large_lists_and_maps() {
    check(&[
        (r#"{{ uniq (until 1000000) | len }}"#, "ERR …a text or list would have more than 25165824 bytes"),
        (r#"{{ uniq (until 20000) | len }}"#, "ERR …the templates took more than 4000000 steps"),
        (
            r#"{{ $l := until 100000 }}{{ range until 1000 }}{{ $_ := has -1 $l }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ without (until 1000000) 1 2 3 | len }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ sortAlpha (until 1000000) | len }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (r#"{{ reverse (until 1000000) | len }}"#, "ERR …a text or list would have more than 25165824 bytes"),
        (
            r#"{{ toStrings (until 1000000) | len }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ $d := dict }}{{ range 1000000 }}{{ $_ := set $d (print .) . }}{{ end }}{{ keys $d | sortAlpha | len }}{{ len (values $d) }}{{ range $k, $v := $d }}{{ end }}"#,
            "ERR …the templates made more than 201326592 bytes of text and lists",
        ),
        (
            r#"{{ $d := dict }}{{ range until 100000 }}{{ $_ := set $d (print .) . }}{{ end }}{{ toYaml $d | len }} {{ toJson $d | len }} {{ toToml $d | len }} {{ print $d | len }}"#,
            "1477779 1377781 1377780 1177784",
        ),
        (
            r#"{{ $d := dict }}{{ range until 100000 }}{{ $_ := set $d (print .) . }}{{ end }}{{ range until 100000 }}{{ range $k, $v := $d }}{{ break }}{{ end }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $d := dict }}{{ range until 10000 }}{{ $_ := set $d (print .) . }}{{ end }}{{ range until 100000 }}{{ $_ := values $d }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $d := dict }}{{ range until 10000 }}{{ $_ := set $d (print .) . }}{{ end }}{{ range until 100000 }}{{ $_ := keys $d }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $l := until 100000 }}{{ range until 100000 }}{{ $_ := first $l }}{{ $_ := last $l }}{{ end }}"#,
            "",
        ),
        (
            r#"{{ $l := until 100000 }}{{ range until 100000 }}{{ $_ := rest $l }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $l := until 100000 }}{{ range until 100000 }}{{ $_ := slice $l 0 1 }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := repeat 1000000 "x" }}{{ range 1000000 }}{{ $_ := trunc 999999 $s }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := repeat 1000000 "x" }}{{ range 1000000 }}{{ $_ := contains "y" $s }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := repeat 1000000 "x" }}{{ range 1000000 }}{{ $_ := eq $s (print $s) }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := repeat 10000000 "x" }}{{ $t := repeat 10000000 "x" }}{{ range 1000000 }}{{ $_ := eq $s $t }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := repeat 10000000 "x" }}{{ range 1000000 }}{{ $_ := sha256sum $s }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := repeat 10000000 "x" }}{{ range 1000000 }}{{ $_ := regexMatch "y" $s }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := repeat 10000000 "x" }}{{ range 1000000 }}{{ $_ := regexFind "y" $s }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := repeat 10000000 " " }}{{ range 1000000 }}{{ $_ := trim $s }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := repeat 10000000 "x" }}{{ range 1000000 }}{{ $_ := splitList "y" $s }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := repeat 10000000 "x" }}{{ range 1000000 }}{{ $_ := replace "y" "z" $s }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := repeat 10000000 "1" }}{{ range 1000000 }}{{ $_ := int $s }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := repeat 10000000 "1" }}{{ range 1000000 }}{{ $_ := fromJson $s }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ $s := repeat 10000000 "1" }}{{ range 1000000 }}{{ $_ := semverCompare "1" $s }}{{ end }}"#,
            "ERR …version string is too long (max 256 bytes)",
        ),
        (
            r#"{{ $d := dict }}{{ $l := until 1000000 }}{{ range 1000000 }}{{ $_ := compact $l }}{{ end }}"#,
            "ERR …a text or list would have more than 25165824 bytes",
        ),
        (
            r#"{{ $s := repeat 10000000 "1" }}{{ $d := dict $s 1 }}{{ range 1000000 }}{{ $_ := hasKey $d (print $s) }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ range until 100000 }}{{ $_ := .  }}{{ include "x" $ }}{{ end }}{{ define "x" }}{{ range until 1000 }}a{{ end }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
    ]);
}

#[test]
fn expensive_functions() {
    check(&[
        (
            r#"{{ range 1000000 }}{{ $_ := genPrivateKey "rsa" }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ range 1000000 }}{{ $_ := genPrivateKey "ecdsa" }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ range 1000000 }}{{ $_ := genPrivateKey "ed25519" }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ range 1000000 }}{{ $_ := htpasswd "u" "p" }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ range 1000000 }}{{ $_ := bcrypt "p" }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ range 1000000 }}{{ $_ := derivePassword 1 "long" "p" "u" "s" }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (
            r#"{{ range 1000000 }}{{ $_ := encryptAES "k" (repeat 100000 "x") }}{{ end }}"#,
            "ERR …the templates took more than 4000000 steps",
        ),
        (r#"{{ derivePassword 1 "long" (repeat 1000000 "p") (repeat 1000000 "u") "s" | len }}"#, "14"),
        (
            r#"{{ genSelfSignedCert (repeat 1000000 "x") nil nil 1 | len }}"#,
            "ERR …len of type sprig.certificate",
        ),
        (
            r#"{{ genSelfSignedCert "x" nil (splitList "" (repeat 100000 "x")) 1 | len }}"#,
            "ERR …    wrong type for value; expected []interface {}; got []string",
        ),
        (r#"{{ genCA "x" 9223372036854775807 | len }}"#, "ERR …len of type sprig.certificate"),
    ]);
}

/// What a chart with these files ends with: an error, or nothing.
fn error_of(files: &[(&str, &str)]) -> String {
    match outcome(files) {
        error if error.starts_with("ERR ") => error,
        _ => String::new(),
    }
}

#[test]
fn schemas() {
    let chain = (0..100_000).map(|step| format!(r##""d{step}":{{"$ref":"#/$defs/d{}"}},"##, step + 1));
    let chain =
        format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{}"d100000":{{}}}}}}"##, chain.collect::<String>());
    let deep = format!(r#"{}{{}}{}"#, r#"{"not":"#.repeat(100_000), "}".repeat(100_000));
    let cases = [
        (r##"{"$ref":"#"}"##, true),
        (r##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}"##, true),
        (r#"{"$ref":"http://127.0.0.1:1/x.json"}"#, true),
        (r#"{"$ref":"file:///dev/zero"}"#, true),
        (r#"{"$ref":"/etc/passwd"}"#, true),
        (r#"{"properties":{"a":{"pattern":"((a{1000}){1000}){1000}"}}}"#, true),
        (r#"{"properties":{"a":{"pattern":"(a+)+$"}}}"#, true),
        (r##"{"allOf":[{"$ref":"#"},{"$ref":"#"}]}"##, true),
        (
            r##"{"anyOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/a"}],"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/b"},{"$ref":"#/$defs/b"}]},"b":{"not":{"$ref":"#/$defs/a"}}}}"##,
            false,
        ),
        (r#"{"multipleOf":1e-300,"type":"object","required":[null]}"#, true),
        ("", true),
        ("null", true),
        ("[]", true),
        (&chain, true),
        (&deep, true),
    ];
    for (schema, is_error) in cases {
        let values = format!("a: {}b\nb: 1e308\n", "a".repeat(100_000));
        let error = error_of(&[("values.schema.json", schema), ("values.yaml", &values)]);
        assert_eq!(error.starts_with("ERR values don't meet"), is_error, "{schema:.200}: {error:.300}");
    }
}

#[test]
fn values_files() {
    let bomb: String = (1..9)
        .map(|level| {
            let references = vec![format!("*a{}", level - 1); 9].join(", ");
            format!("a{level}: &a{level} [{references}]\n")
        })
        .collect();
    let bomb = format!("a0: &a0 [x, x, x, x, x, x, x, x, x]\n{bomb}");
    let nested = "{a: ".repeat(100_000);
    let indented: String = (0..2_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    for values in
        [&bomb, &nested, &indented, "a: &a [*a]\n", "&a a: *a\n", "- 1\n", "null: 1\n? {a: 1}\n: 2\n"]
    {
        assert!(outcome(&[("values.yaml", values)]).len() < 200, "{values:.100}");
    }
    let from_yaml = r#"{{ .Files.Get "bomb" | fromYaml | toYaml | len }}"#;
    assert_eq!(outcome(&[("templates/x.yaml", from_yaml), ("bomb", &bomb)]), "82");
}

#[test]
fn flags() {
    let cases = [
        (
            SetKind::Typed,
            "a[99999999]=1".to_owned(),
            "index of 99999999 is greater than maximum supported index of 65536",
        ),
        (SetKind::Typed, "a[9223372036854775808]=1".to_owned(), "error parsing index: strconv.Atoi"),
        (SetKind::Typed, "a[-1]=1".to_owned(), "negative -1 index not allowed"),
        (SetKind::Typed, "a[65536]".repeat(2) + "=1", ""),
        (SetKind::Typed, format!("a{}=1", "[0]".repeat(100_000)), ""),
        (SetKind::Typed, format!("a{}=1", "[65536]".repeat(1_000)), ""),
        (
            SetKind::Typed,
            format!("{}a=1", "a.".repeat(100_000)),
            "value name nested level is greater than maximum supported nested level of 30",
        ),
        (SetKind::Typed, format!("a{}=1", "[0].a".repeat(100_000)), ""),
        (SetKind::Literal, format!("a{}=1", "[0]".repeat(100_000)), ""),
        (SetKind::Json, format!("a={}", "[".repeat(100_000)), "exceeded max depth"),
        (SetKind::Json, format!("a{}=1", "[0]".repeat(100_000)), ""),
        (SetKind::Typed, "=".repeat(100_000), ""),
        (SetKind::Typed, "a={".to_owned() + &"1,".repeat(100_000), "list must terminate with '}'"),
    ];
    for (kind, text, expected) in cases {
        let error = on_default_stack(|| {
            let mut values = Map::new();
            let result = set_values(&mut values, kind, &text, &mut |_| Ok(String::new()));
            result.err().map_or_else(String::new, |error| error.to_string())
        });
        assert!(holds_in_order(&error, expected) || error.contains(expected), "{text:.100}: {error:.300}");
    }
}

#[test]
fn many_and_deep_subcharts() {
    let chart = |name: String, subcharts: Vec<Chart>| Chart {
        metadata: Metadata::from_yaml(&format!("apiVersion: v2\nname: {name}\nversion: 0.1.0\n")).unwrap(),
        subcharts,
        ..Chart::default()
    };
    on_default_stack(|| {
        let wide =
            chart("t".to_owned(), (0..10_000).map(|place| chart(format!("s{place}"), Vec::new())).collect());
        assert_eq!(render_loaded(wide).unwrap(), "");
        let mut deep = chart("s".to_owned(), Vec::new());
        for _ in 0..500 {
            deep = chart("s".to_owned(), vec![deep]);
        }
        assert_eq!(render_loaded(deep).unwrap(), "");
        let mut many = chart("t".to_owned(), Vec::new());
        many.templates = (0..100_000)
            .map(|place| File {
                path: format!("templates/{place}.yaml"),
                data: "{{ 1 }}".into(),
                modified: 0,
            })
            .collect();
        assert_eq!(render_loaded(many).unwrap(), "");
        let mut large = chart("t".to_owned(), Vec::new());
        let data = "x: {{ 1 }} text text text text text text text text text text\n".repeat(800_000);
        large.templates = vec![File { path: "templates/x.yaml".to_owned(), data: data.into(), modified: 0 }];
        let error = render_loaded(large).unwrap_err().to_string();
        assert!(error.ends_with("more than 500000 operands and actions"), "{error}");
    });
}
