//! Style in pictures.

/// What loads something without `url()`, or runs something; lower case.
const FORBIDDEN: [&str; 8] =
    ["@import", "image-set(", "image(", "src(", "expression(", "-moz-binding", "behavior:", "javascript:"];
const INLINE_PICTURES: [&str; 4] = [
    "data:image/png;base64,",
    "data:image/jpeg;base64,",
    "data:image/gif;base64,",
    "data:image/webp;base64,",
];

/// Whether a style sheet, or the value of an attribute that may be style, refers to anything outside of its file.
///
/// Escapes count as that: nobody needs them in an icon, and they hide words. Comments are read like the rest: they
/// cannot split a word of style, and where one begins depends on the strings around it.
pub(super) fn reaches_out(style: &str) -> bool {
    let style = style.to_ascii_lowercase();
    style.contains('\\')
        || FORBIDDEN.iter().any(|word| style.contains(word))
        || style.split("url(").skip(1).any(|address| !is_inner(address))
}

fn is_inner(address: &str) -> bool {
    let address = address.trim_start();
    let address = address.strip_prefix(['"', '\'']).unwrap_or(address);
    address.starts_with('#') || is_inline_picture(address)
}

/// Whether an address is a raster picture written out; one in SVG could refer to others.
pub(super) fn is_inline_picture(address: &str) -> bool {
    let address = address.to_ascii_lowercase();
    INLINE_PICTURES.iter().any(|beginning| address.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles() {
        let cases = [
            ("", false),
            ("fill:#fff;stroke:rgb(1,2,3)", false),
            ("fill:url(#a)", false),
            ("fill:url( '#a' )", false),
            ("a{x:url(#a)} b{y:url(\"#b\")}", false),
            ("a{x:url(#a)} b{y:url(c)}", true),
            ("/* the arrow */ fill:red", false),
            ("/* url(x) */", true),
            // No comment, but a string.
            ("a{content:'/*'} b{fill:url(x)} c{content:'*/'}", true),
            ("fill:url('\"#a')", true),
            ("fill:url(data:image/png;base64,AA)", false),
            ("fill:url(data:image/svg+xml,AA)", true),
            ("fill:URL(http://x)", true),
            ("@Import 'x'", true),
            ("width:expression(alert(1))", true),
            ("\\75rl(x)", true),
        ];
        for (style, expected) in cases {
            assert_eq!(reaches_out(style), expected, "{style}");
        }
    }
}
