//! Functions that take long by themselves.

use super::{STEPS, check};

#[test]
fn expensive_functions() {
    check(&[
        (r#"{{ range 1000000 }}{{ $_ := genPrivateKey "rsa" }}{{ end }}"#, STEPS),
        (r#"{{ range 1000000 }}{{ $_ := genPrivateKey "ecdsa" }}{{ end }}"#, STEPS),
        (r#"{{ range 1000000 }}{{ $_ := genPrivateKey "ed25519" }}{{ end }}"#, STEPS),
        (r#"{{ range 1000000 }}{{ $_ := htpasswd "u" "p" }}{{ end }}"#, STEPS),
        (r#"{{ range 1000000 }}{{ $_ := bcrypt "p" }}{{ end }}"#, STEPS),
        (r#"{{ range 1000000 }}{{ $_ := derivePassword 1 "long" "p" "u" "s" }}{{ end }}"#, STEPS),
        (r#"{{ range 1000000 }}{{ $_ := encryptAES "k" (repeat 100000 "x") }}{{ end }}"#, STEPS),
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
