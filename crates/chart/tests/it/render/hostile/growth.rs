//! Texts, lists and maps that grow in loops, and work over large ones.

use super::{BYTES, SIZE, STEPS, check};

#[test]
fn growth_in_loops() {
    check(&[
        (r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = print $s $s }}{{ end }}{{ len $s }}"#, STEPS),
        (r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = printf "%s%s" $s $s }}{{ end }}{{ len $s }}"#, STEPS),
        (r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = cat $s $s }}{{ end }}{{ len $s }}"#, STEPS),
        (r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = squote $s $s }}{{ end }}{{ len $s }}"#, STEPS),
        (
            r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = join $s (list $s $s) }}{{ end }}{{ len $s }}"#,
            STEPS,
        ),
        (r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = replace "x" "xx" $s }}{{ end }}{{ len $s }}"#, SIZE),
        (
            r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = regexReplaceAll "x" $s "xx" }}{{ end }}{{ len $s }}"#,
            STEPS,
        ),
        (
            r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = regexReplaceAll ".*" $s "$0$0" }}{{ end }}{{ len $s }}"#,
            STEPS,
        ),
        (
            r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = tpl "{{ . }}{{ . }}" $s }}{{ end }}{{ len $s }}"#,
            STEPS,
        ),
        (r#"{{ $l := list 1 }}{{ range until 100 }}{{ $l = concat $l $l }}{{ end }}{{ len $l }}"#, SIZE),
        (r#"{{ $l := list 1 }}{{ range until 100000 }}{{ $l = append $l . }}{{ end }}{{ len $l }}"#, STEPS),
        (r#"{{ $l := list 1 }}{{ range until 100 }}{{ $l = list $l $l }}{{ end }}{{ $l }}"#, STEPS),
        (r#"{{ $l := list 1 }}{{ range until 100 }}{{ $l = list $l $l }}{{ end }}{{ toYaml $l }}"#, BYTES),
        (
            r#"{{ $l := list 1 }}{{ range until 100 }}{{ $l = list $l $l }}{{ end }}{{ toYamlPretty $l }}"#,
            BYTES,
        ),
        (r#"{{ $l := list 1 }}{{ range until 100 }}{{ $l = list $l $l }}{{ end }}{{ toJson $l }}"#, STEPS),
        (
            r#"{{ $l := dict "a" 1 }}{{ range until 100 }}{{ $l = dict "a" $l "b" $l }}{{ end }}{{ toToml $l }}"#,
            BYTES,
        ),
        (
            r#"{{ $l := list 1 }}{{ range until 100 }}{{ $l = list $l $l }}{{ end }}{{ deepCopy $l | len }}"#,
            BYTES,
        ),
        (
            r#"{{ $l := list 1 }}{{ $m := list 1 }}{{ range until 100 }}{{ $l = list $l $l }}{{ $m = list $m $m }}{{ end }}{{ deepEqual $l $m }}"#,
            STEPS,
        ),
        (
            r#"{{ $l := dict }}{{ $m := dict }}{{ range until 100 }}{{ $l = dict "a" $l "b" $l }}{{ $m = dict "a" $m "b" $m }}{{ end }}{{ merge $l $m | len }}"#,
            BYTES,
        ),
        (
            r#"{{ $l := list 1 }}{{ range until 100 }}{{ $l = list $l $l }}{{ end }}{{ eq (printf "%T" $l) "x" }}{{ eq $l (list) }}"#,
            "ERR …non-comparable type []: []interface {}",
        ),
        (
            r#"{{ $s := "" }}{{ range until 100000 }}{{ $s = print $s "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" }}{{ end }}{{ len $s }}"#,
            STEPS,
        ),
        (
            r#"{{ $d := dict }}{{ range until 100000 }}{{ $_ := set $d (print .) (repeat 100000 "x") }}{{ end }}{{ len $d }}"#,
            STEPS,
        ),
        (
            r#"{{ range until 10000 }}{{ repeat 1000000 "x" }}{{ end }}"#,
            "ERR …the templates wrote more than 67108864 bytes",
        ),
        (r#"{{ range 10000000 }}{{ range until 1000 }}{{ end }}{{ end }}"#, STEPS),
        (
            r#"{{ range until 1000 }}{{ range until 1000 }}{{ range until 1000 }}{{ end }}{{ end }}{{ end }}"#,
            STEPS,
        ),
        (
            r#"{{ range until 100000 }}{{ tpl (printf "{{/* %d */}}x" .) $ }}{{ end }}"#,
            "xxxxxxxxxxxxxxxxxxxx…",
        ),
        (r#"{{ range 1000000 }}{{ $x := tpl (printf "{{/* %d */}}x" .) $ }}{{ end }}"#, STEPS),
        (
            r#"{{ range until 50000 }}{{ $_ := tpl (printf "{{ define \"d%d\" }}{{ end }}x" .) $ }}{{ end }}"#,
            "",
        ),
        (
            r#"{{ $t := "" }}{{ range until 100000 }}{{ $t = print "{{ define \"d" . "\" }}x{{ end }}" }}{{ end }}{{ tpl $t . }}"#,
            "",
        ),
    ]);
}

#[test]
fn large_lists_and_maps() {
    check(&[
        (r#"{{ uniq (until 1000000) | len }}"#, SIZE),
        (r#"{{ uniq (until 20000) | len }}"#, STEPS),
        (r#"{{ $l := until 100000 }}{{ range until 1000 }}{{ $_ := has -1 $l }}{{ end }}"#, STEPS),
        (r#"{{ without (until 1000000) 1 2 3 | len }}"#, SIZE),
        (r#"{{ sortAlpha (until 1000000) | len }}"#, SIZE),
        (r#"{{ reverse (until 1000000) | len }}"#, SIZE),
        (r#"{{ toStrings (until 1000000) | len }}"#, SIZE),
        (
            r#"{{ $d := dict }}{{ range 1000000 }}{{ $_ := set $d (print .) . }}{{ end }}{{ keys $d | sortAlpha | len }}{{ len (values $d) }}{{ range $k, $v := $d }}{{ end }}"#,
            BYTES,
        ),
        (
            r#"{{ $d := dict }}{{ range until 100000 }}{{ $_ := set $d (print .) . }}{{ end }}{{ toYaml $d | len }} {{ toJson $d | len }} {{ toToml $d | len }} {{ print $d | len }}"#,
            "1477779 1377781 1377780 1177784",
        ),
        (
            r#"{{ $d := dict }}{{ range until 100000 }}{{ $_ := set $d (print .) . }}{{ end }}{{ range until 100000 }}{{ range $k, $v := $d }}{{ break }}{{ end }}{{ end }}"#,
            STEPS,
        ),
        (
            r#"{{ $d := dict }}{{ range until 10000 }}{{ $_ := set $d (print .) . }}{{ end }}{{ range until 100000 }}{{ $_ := values $d }}{{ end }}"#,
            STEPS,
        ),
        (
            r#"{{ $d := dict }}{{ range until 10000 }}{{ $_ := set $d (print .) . }}{{ end }}{{ range until 100000 }}{{ $_ := keys $d }}{{ end }}"#,
            STEPS,
        ),
        (
            r#"{{ $l := until 100000 }}{{ range until 100000 }}{{ $_ := first $l }}{{ $_ := last $l }}{{ end }}"#,
            "",
        ),
        (r#"{{ $l := until 100000 }}{{ range until 100000 }}{{ $_ := rest $l }}{{ end }}"#, STEPS),
        (r#"{{ $l := until 100000 }}{{ range until 100000 }}{{ $_ := slice $l 0 1 }}{{ end }}"#, STEPS),
        (r#"{{ $s := repeat 1000000 "x" }}{{ range 1000000 }}{{ $_ := trunc 999999 $s }}{{ end }}"#, STEPS),
        (r#"{{ $s := repeat 1000000 "x" }}{{ range 1000000 }}{{ $_ := contains "y" $s }}{{ end }}"#, STEPS),
        (r#"{{ $s := repeat 1000000 "x" }}{{ range 1000000 }}{{ $_ := eq $s (print $s) }}{{ end }}"#, STEPS),
        (
            r#"{{ $s := repeat 10000000 "x" }}{{ $t := repeat 10000000 "x" }}{{ range 1000000 }}{{ $_ := eq $s $t }}{{ end }}"#,
            STEPS,
        ),
        (r#"{{ $s := repeat 10000000 "x" }}{{ range 1000000 }}{{ $_ := sha256sum $s }}{{ end }}"#, STEPS),
        (
            r#"{{ $s := repeat 10000000 "x" }}{{ range 1000000 }}{{ $_ := regexMatch "y" $s }}{{ end }}"#,
            STEPS,
        ),
        (r#"{{ $s := repeat 10000000 "x" }}{{ range 1000000 }}{{ $_ := regexFind "y" $s }}{{ end }}"#, STEPS),
        (r#"{{ $s := repeat 10000000 " " }}{{ range 1000000 }}{{ $_ := trim $s }}{{ end }}"#, STEPS),
        (r#"{{ $s := repeat 10000000 "x" }}{{ range 1000000 }}{{ $_ := splitList "y" $s }}{{ end }}"#, STEPS),
        (
            r#"{{ $s := repeat 10000000 "x" }}{{ range 1000000 }}{{ $_ := replace "y" "z" $s }}{{ end }}"#,
            STEPS,
        ),
        (r#"{{ $s := repeat 10000000 "1" }}{{ range 1000000 }}{{ $_ := int $s }}{{ end }}"#, STEPS),
        (r#"{{ $s := repeat 10000000 "1" }}{{ range 1000000 }}{{ $_ := fromJson $s }}{{ end }}"#, STEPS),
        (
            r#"{{ $s := repeat 10000000 "1" }}{{ range 1000000 }}{{ $_ := semverCompare "1" $s }}{{ end }}"#,
            "ERR …version string is too long (max 256 bytes)",
        ),
        (
            r#"{{ $d := dict }}{{ $l := until 1000000 }}{{ range 1000000 }}{{ $_ := compact $l }}{{ end }}"#,
            SIZE,
        ),
        (
            r#"{{ $s := repeat 10000000 "1" }}{{ $d := dict $s 1 }}{{ range 1000000 }}{{ $_ := hasKey $d (print $s) }}{{ end }}"#,
            STEPS,
        ),
        (
            r#"{{ range until 100000 }}{{ $_ := .  }}{{ include "x" $ }}{{ end }}{{ define "x" }}{{ range until 1000 }}a{{ end }}{{ end }}"#,
            STEPS,
        ),
    ]);
}
