//! Text as a template, as it stands and as one action: parsing ends with trees or an error.

#![no_main]

use std::rc::Rc;

use chandlery_template::{Functions, TemplateSet, Text};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static FUNCTIONS: Rc<Functions> = {
        let mut functions = Functions::go();
        functions.extend(Functions::sprig());
        Rc::new(functions)
    };
}

fuzz_target!(|bytes: &[u8]| {
    parse(bytes);
    parse(&[b"{{ if .a }}{{ ", bytes, b" }}{{ end }}"].concat());
});

fn parse(text: &[u8]) {
    let mut set = TemplateSet::new("f", FUNCTIONS.with(Rc::clone));
    if let Err(error) = set.parse(&Text::from("f"), Text::from(text)) {
        assert!(!error.to_string().is_empty());
    }
}
