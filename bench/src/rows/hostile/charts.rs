//! The charts: what has been published against Helm, and what follows from Go's templates.

use std::fs;
use std::path::Path;

use anyhow::Result;

/// A chart in files, and arguments of `chandlery template`.
pub(super) struct Hostile {
    pub(super) name: &'static str,
    files: Vec<(&'static str, String)>,
    pub(super) arguments: Vec<String>,
}

impl Hostile {
    fn template(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, files: vec![("templates/x.yaml", text.into())], arguments: Vec::new() }
    }

    fn with(mut self, path: &'static str, text: impl Into<String>) -> Self {
        self.files.push((path, text.into()));
        self
    }

    fn arguments(mut self, flag: &str, text: String) -> Self {
        self.arguments = vec![flag.to_owned(), text];
        self
    }

    /// Writes the chart to a folder.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        const METADATA: (&str, &str) = ("Chart.yaml", "apiVersion: v2\nname: t\nversion: 0.1.0\n");
        let own = self.files.iter().map(|(path, text)| (*path, text.as_str()));
        for (path, text) in std::iter::once(METADATA).chain(own) {
            let path = folder.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, text)?;
        }
        Ok(())
    }
}

/// Templates that are all there is to the chart.
const TEMPLATES: &[(&str, &str)] = &[
    ("endless include", r#"{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}"#),
    ("endless template", r#"{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}"#),
    ("endless tpl", r#"{{ $t := "{{ tpl .t . }}" }}{{ tpl $t (dict "t" $t) }}"#),
    (
        "endless tpl of twice the text",
        r#"{{ $t := "{{ tpl (print .t .t) (dict \"t\" (print .t .t)) }}" }}{{ tpl $t (dict "t" $t) }}"#,
    ),
    (
        "100,000 definitions by tpl",
        r#"{{ range until 100000 }}{{ $_ := tpl (printf "{{ define \"d%d\" }}{{ end }}x" .) $ }}{{ end }}"#,
    ),
    ("until 1e9", "{{ until 1000000000 }}"),
    ("untilStep with step 0", "x: {{ untilStep 0 10 0 }}"),
    ("range 1e12", "{{ range 1000000000000 }}{{ end }}"),
    (
        "three ranges within one another",
        "{{ range until 10000 }}{{ range until 10000 }}{{ range until 10000 }}{{ end }}{{ end }}{{ end }}",
    ),
    ("repeat 1e9", r#"{{ repeat 1000000000 "x" }}"#),
    ("output without end", r#"{{ range until 10000 }}{{ repeat 1000000 "x" }}{{ end }}"#),
    ("printf of width 1e9", r#"x: {{ printf "%1000000000d" 1 | quote }}"#),
    ("printf of 5,000 widths of 1e6", r#"{{ printf (repeat 5000 "%999999d") 1 }}"#),
    ("a text doubled 100 times", r#"{{ $s := "x" }}{{ range until 100 }}{{ $s = print $s $s }}{{ end }}"#),
    (
        "a list doubled 100 times, toYaml",
        "{{ $l := list 1 }}{{ range until 100 }}{{ $l = list $l $l }}{{ end }}{{ toYaml $l }}",
    ),
    (
        "a list doubled 100 times, printed",
        "{{ $l := list 1 }}{{ range until 100 }}{{ $l = list $l $l }}{{ end }}{{ $l }}",
    ),
    ("a map of a million keys", "{{ $d := dict }}{{ range 1000000 }}{{ $_ := set $d (print .) . }}{{ end }}"),
    (
        "100,000 maps within one another, toYaml",
        r#"{{ $d := dict }}{{ range until 100000 }}{{ $d = dict "a" $d }}{{ end }}{{ toYaml $d }}"#,
    ),
    ("a map that holds itself, printed", r#"{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ $d }}"#),
    ("a map that holds itself, toYaml", r#"{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ toYaml $d }}"#),
    ("a map that holds itself, toJson", r#"{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ toJson $d }}"#),
    (
        "maps that hold themselves, merged",
        r#"{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ $e := dict }}{{ $_ := set $e "d" $e }}{{ merge $d $e | len }}"#,
    ),
    ("uniq of 20,000 numbers", "{{ uniq (until 20000) | len }}"),
    (
        "sha256sum of 10 MB a million times",
        r#"{{ $s := repeat 10000000 "x" }}{{ range 1000000 }}{{ $_ := sha256sum $s }}{{ end }}"#,
    ),
    ("pattern (a+)+$", r#"x: {{ regexMatch "(a+)+$" (print (repeat 100000 "a") "b") }}"#),
    ("pattern ((a{1000}){1000}){1000}", r#"x: {{ regexMatch "((a{1000}){1000}){1000}" "a" }}"#),
    ("pattern of a million alternatives", r#"{{ regexMatch (repeat 1000000 "a|") "a" }}"#),
    ("pattern with quadratic search", r#"{{ regexFindAll ".*b|a" (repeat 100000 "a") -1 | len }}"#),
    ("the name of a template is a path", r#"{{ include "../../../../etc/passwd" . }}"#),
    (
        "files outside of the chart",
        r#"x: {{ .Files.Get "../../../../etc/passwd" }}{{ .Files.Get "/etc/passwd" }}"#,
    ),
    ("a manifest of 100,000 brackets", r#"a: {{ repeat 100000 "[" }}"#),
    ("200,000 manifests", r#"{{ repeat 200000 "---\na: b\n" }}"#),
];

/// All of them, the simple ones first.
pub(super) fn all() -> Vec<Hostile> {
    let simple = TEMPLATES.iter().map(|(name, text)| Hostile::template(name, *text));
    simple.chain(large_templates()).chain(values()).chain(schemas()).chain(flags()).collect()
}

fn large_templates() -> [Hostile; 3] {
    let nested = |open: &str, middle: &str, close: &str, count: usize| {
        [open.repeat(count), middle.to_owned(), close.repeat(count)].concat()
    };
    [
        Hostile::template("20,000 parentheses", format!("{{{{ {} }}}}", nested("(", "1", ")", 20_000))),
        Hostile::template(
            "100,000 ifs within one another",
            nested("{{ if true }}", "", "{{ end }}", 100_000),
        ),
        Hostile::template("a template of 4.9 MB", "{{ 1 }} ".repeat(612_500)),
    ]
}

fn values() -> [Hostile; 7] {
    let bomb: String = (1..9)
        .map(|level| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", ")))
        .collect();
    let bomb = format!("a0: &a0 [x, x, x, x, x, x, x, x, x]\n{bomb}");
    let from_file = "{{ .Files.Get \"bomb\" | fromYaml | toYaml }}";
    let deep = "{{ .Values.a.b.c }}";
    [
        Hostile::template("values: alias bomb", "x: 1").with("values.yaml", &bomb),
        Hostile::template("fromYaml: alias bomb", from_file).with("bomb", &bomb),
        Hostile::template("manifest: alias bomb", "{{ .Files.Get \"bomb\" }}").with("bomb", &bomb),
        Hostile::template("values: 20,000 lists within one another", "x: 1")
            .with("values.yaml", "a: ".to_owned() + &"[".repeat(20_000)),
        Hostile::template("values: a list", "x: 1").with("values.yaml", "- 1\n"),
        Hostile::template("values: null where a map is expected", deep).with("values.yaml", "a: null\n"),
        Hostile::template("values: text where a map is expected", deep).with("values.yaml", "a: text\n"),
    ]
}

fn schemas() -> [Hostile; 9] {
    let schema = |name: &'static str, text: String| {
        let values = format!("a: {}b\n", "a".repeat(100_000));
        Hostile::template(name, "x: 1").with("values.schema.json", text).with("values.yaml", values)
    };
    let definitions = |count: usize, definition: &dyn Fn(usize) -> String| {
        let definitions: String =
            (0..count).map(|step| format!(r#""d{step}":{},"#, definition(step + 1))).collect();
        format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{definitions}"d{count}":{{}}}}}}"##)
    };
    let reference = |step: usize| format!(r##"{{"$ref":"#/$defs/d{step}"}}"##);
    let doubled = |step: usize| format!(r#"{{"allOf":[{0},{0}]}}"#, reference(step));
    [
        schema("schema: $ref to itself", r##"{"$ref":"#"}"##.to_owned()),
        schema("schema: chain of 100,000 $ref", definitions(100_000, &reference)),
        schema("schema: 2^60 ways through $ref", definitions(60, &doubled)),
        schema("schema: $ref to a device", r#"{"$ref":"file:///dev/zero"}"#.to_owned()),
        schema("schema: $ref to an address", r#"{"$ref":"http://127.0.0.1:1/x.json"}"#.to_owned()),
        schema(
            "schema: 100,000 levels",
            [r#"{"not":"#.repeat(100_000), "{}".to_owned(), "}".repeat(100_000)].concat(),
        ),
        schema("schema: pattern (a+)+$", r#"{"properties":{"a":{"pattern":"(a+)+$"}}}"#.to_owned()),
        schema(
            "schema: pattern ((a{1000}){1000}){1000}",
            r#"{"properties":{"a":{"pattern":"((a{1000}){1000}){1000}"}}}"#.to_owned(),
        ),
        schema("schema: null", "null".to_owned()),
    ]
}

fn flags() -> [Hostile; 5] {
    let flag = |name, flag: &str, text: String| Hostile::template(name, "x: 1").arguments(flag, text);
    [
        flag("--set a[99999999]=1", "--set", "a[99999999]=1".to_owned()),
        flag("--set of 40,000 names", "--set", "a.".repeat(40_000) + "a=1"),
        flag("--set of 40,000 indices", "--set", format!("a{}=1", "[0]".repeat(40_000))),
        flag("--set of 10,000 indices of 65,536", "--set", format!("a{}=1", "[65536]".repeat(10_000))),
        flag("--set-json of 100,000 brackets", "--set-json", "a=".to_owned() + &"[".repeat(100_000)),
    ]
}
