//! Pictures of shapes: XML that a browser interprets, and which could do more than draw.

mod cost;
mod style;

use chandlery_core::{Error, Result};
use roxmltree::{Attribute, Document, Node, NodeType, ParsingOptions};

use super::Kind;

/// The largest file in bytes. Icons have some KiB.
const MAX_BYTES: usize = 128 << 10;
/// The most elements, texts and comments.
const MAX_NODES: u32 = 30_000;
const MAX_DEPTH: usize = 256;

const SVG: &str = "http://www.w3.org/2000/svg";
/// What a browser draws in the midst of an SVG, besides SVG.
const FOREIGN: [&str; 2] = ["http://www.w3.org/1999/xhtml", "http://www.w3.org/1998/Math/MathML"];
/// Elements that run, embed or load, in whichever namespace; lower case.
const ELEMENTS: [&str; 14] = [
    "script",
    "foreignobject",
    "handler",
    "listener",
    "iframe",
    "embed",
    "object",
    "applet",
    "audio",
    "video",
    "canvas",
    "link",
    "meta",
    "base",
];
/// Attributes whose value is an address, without their namespace; lower case.
const ADDRESSES: [&str; 5] = ["href", "src", "data", "action", "formaction"];

/// Whether `bytes` begin like XML.
pub(super) fn looks_like_xml(bytes: &[u8]) -> bool {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start().starts_with(b"<")
}

/// Checks that an SVG is a picture and nothing else; gives the width and height that it says, 0 where it says none.
pub(super) fn check(bytes: &[u8], kind: Kind) -> Result<(u32, u32)> {
    if bytes.len() > MAX_BYTES {
        return Err(Error::TooLarge { what: format!("{} as SVG", kind.field()), limit: MAX_BYTES as u64 });
    }
    inspect(bytes).map_err(|reason| Error::invalid(kind.field(), format!("cannot be used as SVG: {reason}")))
}

/// Why a file is refused.
type Refusal = String;

fn inspect(bytes: &[u8]) -> Result<(u32, u32), Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check_declared_encoding(text)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => "it has a DOCTYPE".to_owned(),
        error => format!("it is not well-formed ({error})"),
    })?;
    let root = document.root_element();
    // The parser passes over a DOCTYPE that declares nothing; one can only stand before the root.
    if text[..root.range().start].to_ascii_lowercase().contains("<!doctype") {
        return Err("it has a DOCTYPE".to_owned());
    }
    if !root.has_tag_name((SVG, "svg")) {
        return Err(format!("its root is not svg of the namespace {SVG}"));
    }
    check_depth(&document)?;
    document.descendants().try_for_each(check_node)?;
    cost::check(&document)?;
    Ok(size(root))
}

/// A browser would read the file by the encoding that it declares, which need not be the one it was checked by.
fn check_declared_encoding(text: &str) -> Result<(), Refusal> {
    let Some(rest) = text.strip_prefix("<?xml") else { return Ok(()) };
    let declaration = rest.split("?>").next().unwrap_or(rest);
    let Some((_, value)) = declaration.split_once("encoding") else { return Ok(()) };
    let name = value.trim_matches(|c: char| c.is_whitespace() || c == '=').trim_start_matches(['"', '\'']);
    let name = name.split(['"', '\'']).next().unwrap_or(name);
    if name.eq_ignore_ascii_case("utf-8") { Ok(()) } else { Err("its encoding is not UTF-8".to_owned()) }
}

fn check_depth(document: &Document<'_>) -> Result<(), Refusal> {
    let (mut node, mut depth) = (Some(document.root_element()), 0_usize);
    while let Some(current) = node {
        if depth > MAX_DEPTH {
            return Err("its elements are nested too deeply".to_owned());
        }
        if let Some(child) = current.first_child() {
            (node, depth) = (Some(child), depth + 1);
            continue;
        }
        let mut next = current;
        node = loop {
            if let Some(sibling) = next.next_sibling() {
                break Some(sibling);
            }
            match next.parent() {
                Some(parent) => (next, depth) = (parent, depth.saturating_sub(1)),
                None => break None,
            }
        };
    }
    Ok(())
}

fn check_node(node: Node<'_, '_>) -> Result<(), Refusal> {
    match node.node_type() {
        NodeType::PI => Err("it has a processing instruction".to_owned()),
        NodeType::Element => check_element(node),
        _ => Ok(()),
    }
}

fn check_element(node: Node<'_, '_>) -> Result<(), Refusal> {
    let tag = node.tag_name();
    let name = tag.name().to_ascii_lowercase();
    let is_foreign = tag.namespace().is_some_and(|namespace| FOREIGN.contains(&namespace));
    if is_foreign || ELEMENTS.contains(&name.as_str()) {
        return Err(format!("it holds the element {}", tag.name()));
    }
    if name == "style" {
        let text: String =
            node.descendants().filter_map(|inner| inner.is_text().then(|| inner.text())?).collect();
        if style::reaches_out(&text) {
            return Err("its style sheet refers to something outside, or holds escapes".to_owned());
        }
    }
    node.attributes().try_for_each(|attribute| check_attribute(&name, &attribute))
}

fn check_attribute(element: &str, attribute: &Attribute<'_, '_>) -> Result<(), Refusal> {
    let (name, value) = (attribute.name().to_ascii_lowercase(), attribute.value());
    let refuse = |why: &str| Err(format!("the attribute {} of {element} {why}", attribute.name()));
    if name.starts_with("on") {
        return refuse("is an event handler");
    }
    if name == "base" {
        return refuse("moves what others refer to");
    }
    if name == "attributename" && animates_what_runs(value) {
        return refuse("animates an address or an event handler");
    }
    if ADDRESSES.contains(&name.as_str()) && !is_inner_address(element, value) {
        return refuse("refers to something outside");
    }
    // Attributes of other namespaces are an editor's notes; the others may be read as style.
    if attribute.namespace().is_none() && style::reaches_out(value) {
        return refuse("refers to something outside, or holds escapes");
    }
    Ok(())
}

fn animates_what_runs(target: &str) -> bool {
    let target = target.trim().to_ascii_lowercase();
    let local = target.rsplit(':').next().unwrap_or(&target);
    local.starts_with("on") || local == "base" || ADDRESSES.contains(&local)
}

/// A part of the same file, or in a picture element the pixels themselves.
fn is_inner_address(element: &str, value: &str) -> bool {
    let value = value.trim();
    value.starts_with('#') || matches!(element, "image" | "feimage") && style::is_inline_picture(value)
}

fn size(root: Node<'_, '_>) -> (u32, u32) {
    let pixels =
        |text: &str| text.trim().trim_end_matches("px").parse::<f64>().ok().filter(|size| *size >= 0.0);
    let view_box: Vec<Option<f64>> = root
        .attribute("viewBox")
        .map(|text| text.split([' ', ',']).filter(|part| !part.is_empty()).map(pixels_of).collect())
        .unwrap_or_default();
    let of = |name, index: usize| {
        let own = root.attribute(name).and_then(pixels);
        let size = own.or_else(|| view_box.get(index).copied().flatten()).unwrap_or(0.0);
        whole(size)
    };
    (of("width", 2), of("height", 3))
}

fn pixels_of(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// The next whole number, 0 for what is no size.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is in the range of u16"
)]
fn whole(size: f64) -> u32 {
    if (0.0..=f64::from(u16::MAX)).contains(&size) { size.round() as u32 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::normalise;
    use super::*;

    fn svg(inside: &str) -> String {
        format!(
            "<svg xmlns=\"{SVG}\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"0 0 24 32\">{inside}</svg>"
        )
    }

    #[test]
    fn pictures_are_kept_as_they_are() {
        let cases = [
            "",
            "<title>Icon</title><desc>on the left: 1 &lt; 2</desc><path d='M0 0h24v32z' fill='#123456'/>",
            "<defs><linearGradient id='g'><stop offset='0' stop-color='red'/></linearGradient></defs>
             <rect width='10' height='10' fill='url(#g)' style='stroke:url( &quot;#g&quot; )'/>",
            "<symbol id='s'><circle r='1'/></symbol><use href='#s'/><use xlink:href='#s'/>",
            "<style>.a{fill:#fff} /* a comment */ .b{mask:url(#m)}</style><g class='a'/>",
            "<style><![CDATA[ .a > .b { fill: red } ]]></style>",
            "<image href='data:image/png;base64,iVBORw0KGgo='/>",
            "<circle><animate attributeName='r' from='1' to='2' dur='1s'/></circle>",
            "<metadata><x:note xmlns:x='urn:x' x:file='C:\\a\\b.svg'/></metadata><!-- drawn by hand -->",
            "<text font-family='Only One, sans-serif'>online</text>",
        ];
        for inside in cases {
            let text = svg(inside);
            let image =
                normalise(text.as_bytes(), Kind::Icon).unwrap_or_else(|error| panic!("{inside}: {error}"));
            assert_eq!((image.bytes.as_slice(), image.content_type), (text.as_bytes(), "image/svg+xml"));
            assert_eq!((image.width, image.height), (24, 32));
        }
        let declared = format!(
            "\u{feff}<?xml version='1.0' encoding=\"utf-8\" standalone='no'?>\n<!-- x -->\n{}",
            svg("")
        );
        normalise(declared.as_bytes(), Kind::Screenshot).unwrap();
    }

    #[test]
    fn what_does_more_than_draw() {
        let cases = [
            ("<script>alert(1)</script>", "element script"),
            ("<SCRIPT>alert(1)</SCRIPT>", "element SCRIPT"),
            ("<x:script xmlns:x='urn:x'/>", "element script"),
            ("<g><g><script href='#a'/></g></g>", "element script"),
            ("<foreignObject><p>x</p></foreignObject>", "element foreignObject"),
            ("<h:p xmlns:h='http://www.w3.org/1999/xhtml'/>", "element p"),
            ("<iframe src='#'/>", "element iframe"),
            ("<handler type='x'/>", "element handler"),
            ("<g onload='alert(1)'/>", "event handler"),
            ("<g ONCLICK='alert(1)'/>", "event handler"),
            ("<g onload&#x3d;='x'/>", "not well-formed"),
            ("<a href='https://example.org/'><text>x</text></a>", "something outside"),
            ("<a xlink:href='javascript:alert(1)'/>", "something outside"),
            ("<a href=' &#106;avascript:alert(1)'/>", "something outside"),
            ("<use href='https://example.org/a.svg#b'/>", "something outside"),
            ("<use href='data:image/svg+xml;base64,AAAA'/>", "something outside"),
            ("<image href='http://169.254.169.254/x.png'/>", "something outside"),
            ("<image href='data:image/svg+xml;base64,AAAA'/>", "something outside"),
            ("<image href='data:text/html,x'/>", "something outside"),
            ("<feImage href='//example.org/x'/>", "something outside"),
            ("<g xml:base='https://example.org/'/>", "moves what others refer to"),
            ("<a><set attributeName='href' to='javascript:alert(1)'/></a>", "animates"),
            ("<a><animate attributeName=' xlink:HREF' values='javascript:alert(1)'/></a>", "animates"),
            ("<g><set attributeName='onclick' to='alert(1)'/></g>", "animates"),
            ("<rect fill='url(https://example.org/#a)'/>", "something outside"),
            ("<rect style='fill:url(\"//example.org/#a\")'/>", "something outside"),
            ("<rect style='background:u\\72l(//example.org/)'/>", "escapes"),
            ("<rect fill='u\\72l(//example.org/)'/>", "escapes"),
            ("<rect filter='URL(x)'/>", "something outside"),
            ("<style>@import 'https://example.org/x.css';</style>", "style sheet"),
            ("<style>@im<!-- -->port 'x'</style>", "style sheet"),
            ("<style>@IMPORT/**/url(x)</style>", "style sheet"),
            ("<style>a{background:image-set('x.png' 1x)}</style>", "style sheet"),
            ("<style>a{background:url(/**/'https://x')}</style>", "style sheet"),
            ("<style>@font-face{src:url(https://example.org/f)}</style>", "style sheet"),
            ("<?xml-stylesheet href='https://example.org/x.css'?>", "processing instruction"),
            ("&entity;", "not well-formed"),
            ("<g>", "not well-formed"),
            ("<g/></svg><svg>", "not well-formed"),
        ];
        for (inside, reason) in cases {
            let error =
                normalise(svg(inside).as_bytes(), Kind::Icon).err().unwrap_or_else(|| panic!("{inside}"));
            assert_eq!(error.code(), "invalid");
            assert!(error.to_string().contains(reason), "{inside}: {error}");
        }
    }

    #[test]
    fn whole_files_that_are_refused() {
        let external = "<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd'>";
        let laughs = "<!DOCTYPE svg [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]>";
        let cases = [
            (format!("{external}{}", svg("")), "a DOCTYPE"),
            (format!("<!DOCTYPE svg>{}", svg("")), "a DOCTYPE"),
            (format!("{laughs}{}", svg("&b;")), "a DOCTYPE"),
            (format!("<?xml-stylesheet href='x'?>{}", svg("")), "processing instruction"),
            (format!("<?xml version='1.0' encoding='utf-7'?>{}", svg("")), "not UTF-8"),
            (format!("<?xml version='1.0' encoding='ISO-2022-JP'?>{}", svg("")), "not UTF-8"),
            ("<svg/>".to_owned(), "its root is not svg"),
            (format!("<svg xmlns='{SVG}/'/>"), "its root is not svg"),
            (format!("<g xmlns='{SVG}'><svg/></g>"), "its root is not svg"),
            (svg(&format!("{}{}", "<g>".repeat(300), "</g>".repeat(300))), "nested too deeply"),
            (svg(&format!("{}{}", "<g>".repeat(15_000), "</g>".repeat(15_000))), "nested too deeply"),
            (svg(&"<g/>".repeat(31_000)), "not well-formed"),
            ("<".repeat(100_000), "not well-formed"),
            (svg("\u{0}"), "not well-formed"),
        ];
        for (text, reason) in cases {
            let error = normalise(text.as_bytes(), Kind::Icon).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        let error = normalise(&[svg("").as_bytes(), b"\xff"].concat(), Kind::Icon).unwrap_err();
        assert!(error.to_string().contains("not UTF-8"), "{error}");
        let large = svg(&" ".repeat(MAX_BYTES));
        assert_eq!(normalise(large.as_bytes(), Kind::Icon).unwrap_err().code(), "too_large");
    }

    #[test]
    fn sizes() {
        let cases = [
            ("width='24' height='32.4px'", (24, 32)),
            ("width='100%' height='1em' viewBox='0,0,10.5,20'", (11, 20)),
            ("viewBox='0 0 10'", (10, 0)),
            ("width='-1' height='1e300'", (0, 0)),
            ("width='NaN'", (0, 0)),
        ];
        for (attributes, size) in cases {
            let image =
                normalise(format!("<svg xmlns='{SVG}' {attributes}/>").as_bytes(), Kind::Icon).unwrap();
            assert_eq!((image.width, image.height), size, "{attributes}");
        }
    }
}
