//! Lines as the arguments of functions that read a language of their own: dates, versions, patterns, JSON, TOML, URLs.

#![no_main]

use std::time::Duration;

use chandlery_chart::render::{PrepareOptions, Release, RenderOptions, TemplateLimits, prepare, render};
use chandlery_chart::{Chart, File, Metadata};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

/// The calls; each is a template of its own, for an error ends the one it is in.
const CALLS: &[&str] = &[
    "toDate .a .b",
    "date .a (toDate .a .b)",
    "dateInZone .a (toDate `2006-01-02T15:04:05Z07:00` .b) .c",
    "htmlDate .a",
    "duration .a",
    "durationRound .a",
    "ago (toDate .a .b)",
    "dateModify .a (toDate `2006-01-02` `2024-02-29`)",
    "toDate `2006-01-02` .a | unixEpoch",
    "semverCompare .a .b",
    "semver .a",
    "(semver .a).IncMinor.SetPrerelease .b",
    "fromJson .a | toJson",
    "fromJsonArray .a | toYaml",
    "fromYaml .a | toYaml",
    "fromYamlArray .a | toYamlPretty",
    "fromToml .a | toToml",
    "fromYaml .a | toToml | fromToml | toJson",
    "regexMatch .a .b",
    "regexFindAll .a .b -1",
    "regexReplaceAll .a .b .c",
    "regexReplaceAllLiteral .a .b .c",
    "regexSplit .a .b -1",
    "mustRegexFind .a .b",
    "urlParse .a",
    "urlJoin (urlParse .a)",
    "$.Files.Glob .a",
    "printf .a .b .c 1 2.5 nil",
    "int64 .a | printf `%d`",
    "float64 .a",
    "toDecimal .a",
    "addf .a .b | mulf .c",
    "divf .a .b",
    "wrapWith 5 .a .b",
    "abbrevboth 3 8 .a",
    "substr 1 3 .a",
    "split .a .b",
    "replace .a .b .c",
    "trimAll .a .b",
    "snakecase .a | camelcase | kebabcase | title | initials",
    "b64dec .a | b32dec",
    "decryptAES .a .b",
    "dig .a .b .c (dict .a (dict .b 1))",
    "tpl .a .",
    "js .a | html | urlquery",
    "quote .a | squote | toJson",
    "print (splitn .a 3 .b) (fromJson .c)",
    "clean .a | dir | base | ext",
    "genSignedCert .a .b",
    "derivePassword 1 .a .b .c .a",
];

thread_local! {
    static OPTIONS: RenderOptions = RenderOptions {
        limits: TemplateLimits {
            steps: 50_000,
            bytes: 1 << 20,
            output_bytes: 1 << 18,
            depth: 100,
            time: Duration::from_secs(5),
            regex_bytes: 1 << 16,
        },
        seed: Some(1),
        ..RenderOptions::new(Release::install("demo", "shop"))
    };
}

fuzz_target!(|text: &str| {
    let (choice, text) = text.split_once('\n').unwrap_or((text, ""));
    let call = CALLS[choice.bytes().map(usize::from).sum::<usize>() % CALLS.len()];
    let mut lines = text.splitn(3, '\n');
    let values = ["a", "b", "c"].map(|name| (name.to_owned(), Value::from(lines.next().unwrap_or_default())));
    let template = format!("{{{{ with .Values }}}}{{{{ {call} }}}}{{{{ end }}}}");
    let metadata = "apiVersion: v2\nname: t\nversion: 0.1.0\n";
    let chart = Chart {
        metadata: Metadata::from_yaml(metadata).expect("the metadata are right"),
        templates: vec![File {
            path: "templates/x.yaml".to_owned(),
            data: template.into_bytes().into(),
            modified: 0,
        }],
        ..Chart::default()
    };
    let prepared = prepare(chart, &Map::from_iter(values), &PrepareOptions::default());
    let prepared = prepared.expect("the chart has no dependencies and no schema");
    OPTIONS.with(|options| drop(render(&prepared, options)));
});
