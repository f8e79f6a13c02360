//! TOML in templates, as Helm 4.2.3 writes and reads it.

use chandlery_chart::render::{Compat, Release};
use serde_json::json;

use super::vectors::render;

/// Templates and what they print.
const CASES: &[(&str, &str)] = &[
    (
        "{{ toToml (dict \"b\" 1 \"a\" (dict \"x\" (list 1 (dict \"y\" nil \"z\" 1.0)) \"t\" (list (dict \"k\" \"v\"))) \"n\" nil) }}",
        "b = 1\n\n[a]\n  x = [1, {z = 1.0}]\n\n  [[a.t]]\n    k = \"v\"\n",
    ),
    ("{{ toToml (list (dict)) }}", "toml: top-level values must be Go maps or structs"),
    ("{{ toToml (list 1 nil) }}", "toml: cannot encode array with nil element"),
    ("{{ toToml (1e6) }}", "1e+06"),
    ("{{ toToml (dict \"é\" \"a\\\"b\\n\" \"\" 1.5) }}", "\"\" = 1.5\n\"é\" = \"a\\\"b\\n\"\n"),
    (
        "{{ toToml (dict \"a\" (list (dict \"b\" (dict \"c\" 1)) (dict)) \"d\" (duration 61)) }}",
        "d = \"0s\"\n\n[[a]]\n  [a.b]\n    c = 1\n\n[[a]]\n",
    ),
    ("{{ toToml (dict \"a\" (toDate \"2006-01-02\" \"2020-02-03\")) }}", "a = 2020-02-03T00:00:00Z\n"),
    (
        "{{ toToml (nil) }}",
        "ERR t/templates/x.txt:1:11\n  executing \"t/templates/x.txt\" at <nil>:\n    nil is not a command",
    ),
    (
        "{{ toToml (dict \"a\" (list .Capabilities.KubeVersion 1)) }}",
        "a = [{Version = \"v1.36.0\", Major = \"1\"Minor = \"36\", }, 1]\n",
    ),
    (
        "{{ $x := \"a.b = 1\\n[a.c]\\nd = 2020-01-01\\n[[l]]\\nx = 07:32:00\\n[[l]]\\ny = 1979-05-27T07:32:00.5\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[a:map[b:1 c:map[d:2020-01-01 00:00:00 +0000 date-local]] l:[map[x:0000-01-01 07:32:00 +0000 time-local] map[y:1979-05-27 07:32:00.5 +0000 datetime-local]]][a]\n  b = 1\n  [a.c]\n    d = 2020-01-01\n\n[[l]]\n  x = 07:32:00\n\n[[l]]\n  y = 1979-05-27T07:32:00.5\n",
    ),
    (
        "{{ $x := \"a = {b = 1, c.d = [1, 2.5, {e = true},],}\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[a:map[b:1 c:map[d:[1 2.5 map[e:true]]]]][a]\n  b = 1\n  [a.c]\n    d = [1, 2.5, {e = true}]\n",
    ),
    (
        "{{ $x := \"x = 0x1F\\ny = 1_000\\nz = -1e3\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[x:31 y:1000 z:-1000]x = 31\ny = 1000\nz = -1000.0\n",
    ),
    (
        "{{ $x := \"k = 1\\nk = 2\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[Error:toml: line 2 (last key \"k\"): Key 'k' has already been defined.]Error = \"toml: line 2 (last key \\\"k\\\"): Key 'k' has already been defined.\"\n",
    ),
    (
        "{{ $x := \"[a]\\n[a]\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[Error:toml: line 2: Key 'a' has already been defined.]Error = \"toml: line 2: Key 'a' has already been defined.\"\n",
    ),
    (
        "{{ $x := \"a = [1, 2\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[Error:toml: line 1 (last key \"a\"): expected a comma (',') or array terminator (']'), but got end of file]Error = \"toml: line 1 (last key \\\"a\\\"): expected a comma (',') or array terminator (']'), but got end of file\"\n",
    ),
    (
        "{{ $x := \"a = 1__0\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[Error:toml: line 1 (last key \"a\"): Invalid integer \"1__0\": underscores must be surrounded by digits]Error = \"toml: line 1 (last key \\\"a\\\"): Invalid integer \\\"1__0\\\": underscores must be surrounded by digits\"\n",
    ),
    (
        "{{ $x := \"a = 9223372036854775808\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[Error:toml: line 1 (last key \"a\"): 9223372036854775808 is out of range for int64]Error = \"toml: line 1 (last key \\\"a\\\"): 9223372036854775808 is out of range for int64\"\n",
    ),
    (
        "{{ $x := \"a = \\\"x\\ny\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[Error:toml: line 1 (last key \"a\"): strings cannot contain newlines]Error = \"toml: line 1 (last key \\\"a\\\"): strings cannot contain newlines\"\n",
    ),
    (
        "{{ $x := \"[a.b]\\nc = 2020-13-01\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[Error:toml: line 2 (last key \"a.b.c\"): invalid datetime: \"2020-13-01\"]Error = \"toml: line 2 (last key \\\"a.b.c\\\"): invalid datetime: \\\"2020-13-01\\\"\"\n",
    ),
    (
        "{{ $x := \"a = \\\"\\\\q\\\"\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[Error:toml: line 1 (last key \"a\"): invalid escape in string '\\q']Error = \"toml: line 1 (last key \\\"a\\\"): invalid escape in string '\\\\q'\"\n",
    ),
    (
        "{{ $x := \"=\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[Error:toml: line 1: unexpected '=': key name appears blank]Error = \"toml: line 1: unexpected '=': key name appears blank\"\n",
    ),
    (
        "{{ $x := \"a = foo\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[Error:toml: line 1 (last key \"a\"): expected value but found \"foo\" instead]Error = \"toml: line 1 (last key \\\"a\\\"): expected value but found \\\"foo\\\" instead\"\n",
    ),
    (
        "{{ $x := \"a = 1 b\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[Error:toml: line 1: expected a top-level item to end with a newline, comment, or EOF, but got 'b' instead]Error = \"toml: line 1: expected a top-level item to end with a newline, comment, or EOF, but got 'b' instead\"\n",
    ),
    (
        "{{ $x := \"a = {b = 1}\\n[a.c]\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[a:map[b:1 c:map[]]][a]\n  b = 1\n  [a.c]\n",
    ),
    (
        "{{ $x := \"\\u00000\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[Error:toml: line 1: files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8]Error = \"toml: line 1: files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8\"\n",
    ),
    (
        "{{ $x := \"a = \\u0001\" | fromToml }}{{ $x }}{{ toToml $x }}",
        "map[Error:toml: line 1 (last key \"a\"): TOML files cannot contain control characters: '0x01']Error = \"toml: line 1 (last key \\\"a\\\"): TOML files cannot contain control characters: '0x01'\"\n",
    ),
];

#[test]
fn toml_like_helm() {
    for (template, expected) in CASES {
        let files = json!({ "templates/x.txt": template });
        let release = Release::install("rel", "ns");
        let result = render(files.as_object().unwrap(), &json!({}), Compat::Helm42, release);
        let got = result.map_or_else(
            |error| error,
            |files| files["t/templates/x.txt"].as_str().unwrap_or_default().to_owned(),
        );
        assert_eq!(got, *expected, "{template}");
    }
}
