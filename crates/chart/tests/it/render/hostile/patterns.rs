//! Patterns, versions, dates and texts that functions read.

use super::{PATTERN, SIZE, STEPS, check};

#[test]
fn patterns_versions_and_dates() {
    check(&[
        (r#"{{ regexMatch "(a+)+$" (print (repeat 100000 "a") "b") }}"#, "false"),
        (r#"{{ regexMatch "(a*)*(a*)*(a*)*b" (repeat 100000 "a") }}"#, "false"),
        (r#"{{ regexMatch "(x+x+)+y" (repeat 100000 "x") }}"#, "false"),
        (r#"{{ regexMatch "((a{1000}){1000}){1000}" "a" }}"#, "false"),
        (r#"{{ regexMatch "(a{1000}){1000}" "a" }}"#, "false"),
        (r#"{{ regexMatch "a{100000000}" "a" }}"#, "false"),
        (r#"{{ regexMatch "(?:\\pL{500}){2}" "a" }}"#, PATTERN),
        (r#"{{ regexMatch "(\\pL{1000})" "a" }}"#, PATTERN),
        (r#"{{ regexMatch (repeat 100000 "(") "a" }}"#, PATTERN),
        (r#"{{ regexMatch (print (repeat 900 "(") (repeat 900 ")")) "a" }}"#, "true"),
        (r#"{{ regexMatch (print (repeat 100000 "(") "a" (repeat 100000 ")")) "a" }}"#, PATTERN),
        (r#"{{ regexMatch (print (repeat 100000 "(?:") "a" (repeat 100000 ")*")) "a" }}"#, PATTERN),
        (r#"{{ regexMatch (repeat 1000000 "a") "a" }}"#, PATTERN),
        (r#"{{ regexMatch (repeat 1000000 "a|") "a" }}"#, PATTERN),
        (r#"{{ regexMatch (repeat 1000000 "[a-z]") "a" }}"#, PATTERN),
        (r#"{{ regexMatch (print "[" (repeat 1000000 "a") "]") "a" }}"#, PATTERN),
        (r#"{{ regexMatch (repeat 100000 "a*") (repeat 100000 "a") }}"#, PATTERN),
        (
            r#"{{ range until 100000 }}{{ $_ := regexMatch (printf "a{%d}b{900}" (mod . 1000)) "x" }}{{ end }}"#,
            STEPS,
        ),
        (r#"{{ range 1000000 }}{{ $_ := regexMatch (printf "x%d(a{30}){30}" .) "x" }}{{ end }}"#, STEPS),
        (r#"{{ regexFindAll "a*?" (repeat 3000000 "b") -1 | len }}"#, STEPS),
        (r#"{{ regexFindAll ".*b|a" (repeat 100000 "a") -1 | len }}"#, STEPS),
        (r#"{{ regexReplaceAll "[a-q]+z|a" (repeat 100000 "a") "b" | len }}"#, STEPS),
        (r#"{{ regexSplit ".*?b|a" (repeat 100000 "a") -1 | len }}"#, STEPS),
        (r#"{{ regexReplaceAll "" (repeat 100000 "x") (repeat 100000 "y") }}"#, SIZE),
        (r#"{{ regexReplaceAllLiteral "" (repeat 100000 "x") (repeat 100000 "y") }}"#, SIZE),
        (r#"{{ regexFindAll "" (repeat 5000000 "x") -1 | len }}"#, STEPS),
        (r#"{{ regexSplit "" (repeat 5000000 "x") -1 | len }}"#, STEPS),
        (r#"{{ regexQuoteMeta (repeat 200000000 ".") | len }}"#, SIZE),
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
        (r#"{{ date (repeat 30000000 "2006 ") now | len }}"#, SIZE),
        (r#"{{ toDate (repeat 100000 "2006 ") (repeat 100000 "2006 ") }}"#, "2006-01-01 00:00:00 +0000 UTC"),
        (r#"{{ toDate (repeat 1000000 "_2") (repeat 1000000 " 1") }}"#, "0000-01-01 00:00:00 +0000 UTC"),
        (r#"{{ duration 9223372036854775807 }}{{ duration (repeat 1000000 "9") }}"#, "0s-1s"),
        (
            r#"{{ ago (repeat 1000000 "1h") }}{{ dateModify (repeat 1000000 "1h") (toDate "2006-01-02" "2024-02-29") }}"#,
            "0s2138-03-29 16:00:00 +0000 UTC",
        ),
        (r#"{{ .Files.Glob (repeat 1000000 "*") | len }}"#, "0"),
        (r#"{{ .Files.Glob (repeat 1000000 "{") | len }}"#, "0"),
        (r#"{{ .Files.Glob (repeat 1300 "{a,") | len }}"#, "0"),
        (r#"{{ .Files.Glob (print (repeat 1000 "{a,") (repeat 1000 "}")) | len }}"#, "0"),
        (r#"{{ .Files.Glob (repeat 2000 "**") | len }}"#, "0"),
        (r#"{{ urlParse (repeat 10000000 "a") | len }}"#, SIZE),
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
