//! What HTML may come out.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

/// The elements that text needs. None loads anything, takes input, or changes how the page around it looks or works.
const ELEMENTS: [&str; 48] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "code",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];
/// Elements whose content is no text either.
const WITHOUT_CONTENT: [&str; 12] = [
    "script", "style", "iframe", "object", "embed", "noscript", "template", "textarea", "title", "svg",
    "math", "xmp",
];
const ATTRIBUTES: [(&str, &[&str]); 14] = [
    ("a", &["href", "title"]),
    ("abbr", &["title"]),
    ("code", &["class"]),
    ("details", &["open"]),
    ("ol", &["start"]),
    ("td", &["align", "colspan", "rowspan"]),
    ("th", &["align", "colspan", "rowspan"]),
    ("h1", &["id", "align"]),
    ("h2", &["id", "align"]),
    ("h3", &["id", "align"]),
    ("h4", &["id"]),
    ("h5", &["id"]),
    ("h6", &["id"]),
    ("p", &["align"]),
];
/// What begins the ids of headings, and nothing else of the page: an id is a name in scripts.
pub(super) const ID_PREFIX: &str = "user-content-";

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let attributes: HashMap<&str, HashSet<&str>> =
        ATTRIBUTES.iter().map(|(element, names)| (*element, names.iter().copied().collect())).collect();
    let mut builder = Builder::empty();
    builder
        .tags(ELEMENTS.into())
        .clean_content_tags(WITHOUT_CONTENT.into())
        .tag_attributes(attributes)
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Custom(Box::new(only_fragments)))
        .attribute_filter(filter_attribute)
        .link_rel(Some("nofollow noopener noreferrer"))
        .strip_comments(true);
    builder
});

/// HTML of which only the listed elements and attributes are left.
pub(super) fn clean(html: &str) -> String {
    CLEANER.clean(html).to_string()
}

fn only_fragments(url: &str) -> Option<Cow<'_, str>> {
    url.starts_with('#').then_some(Cow::Borrowed(url))
}

/// Keeps the values that are one of a few; everything that is not listed here was checked by its name.
fn filter_attribute<'a>(_element: &str, attribute: &str, value: &'a str) -> Option<Cow<'a, str>> {
    let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '#' | '.');
    let fine = match attribute {
        "class" => value.strip_prefix("language-").is_some_and(|language| language.chars().all(in_word)),
        "id" => value.starts_with(ID_PREFIX),
        "align" => matches!(value, "left" | "center" | "right"),
        "colspan" | "rowspan" => value.parse::<u8>().is_ok_and(|span| span <= 100),
        "start" => value.parse::<u32>().is_ok(),
        _ => true,
    };
    fine.then_some(Cow::Borrowed(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes() {
        let cases = [
            ("<code class=\"language-c++\">x</code>", "<code class=\"language-c++\">x</code>"),
            ("<code class=\"language-x y\">x</code>", "<code>x</code>"),
            ("<p class=\"modal\" align=\"center\">x</p>", "<p align=\"center\">x</p>"),
            ("<h1 id=\"location\">x</h1>", "<h1>x</h1>"),
            ("<h1 id=\"user-content-a\">x</h1>", "<h1 id=\"user-content-a\">x</h1>"),
            ("<ol start=\"3\"><li>x</li></ol>", "<ol start=\"3\"><li>x</li></ol>"),
            (
                "<table><tbody><tr><td colspan=\"1000\">x</td></tr></tbody></table>",
                "<table><tbody><tr><td>x</td></tr></tbody></table>",
            ),
            ("<!-- x -->y", "y"),
            ("<title>x</title><font color=red>y</font>", "y"),
        ];
        for (html, expected) in cases {
            assert_eq!(clean(html), expected);
        }
    }
}
