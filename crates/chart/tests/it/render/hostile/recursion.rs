//! Templates that call themselves.

use super::{DEPTH, STEPS, check};

#[test]
fn recursion() {
    check(&[
        (
            r#"{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}"#,
            "ERR …rendering template has a nested reference name: a: unable to execute template",
        ),
        (r#"{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}"#, DEPTH),
        (
            r#"{{ define "a" }}{{ include "b" . }}{{ end }}{{ define "b" }}{{ template "a" . }}{{ end }}{{ include "a" . }}"#,
            "ERR …rendering template has a nested reference name: b: unable to execute template",
        ),
        (r#"{{ $t := "{{ tpl .t . }}" }}{{ tpl $t (dict "t" $t) }}"#, DEPTH),
        (
            r#"{{ $t := "{{ tpl (print .t .t) (dict \"t\" (print .t .t)) }}" }}{{ tpl $t (dict "t" $t) }}"#,
            STEPS,
        ),
        (
            r#"{{ define "a" }}{{ tpl "{{ include \"a\" . }}" . }}{{ end }}{{ include "a" . }}"#,
            "ERR …rendering template has a nested reference name: a: unable to execute template",
        ),
        (r#"{{ template "t/templates/x.yaml" . }}"#, DEPTH),
        (
            r#"{{ define "../x" }}a{{ end }}{{ define "/etc/passwd" }}b{{ end }}{{ include "../x" . }}{{ include "/etc/passwd" . }}"#,
            "ab",
        ),
    ]);
}
