//! READMEs, descriptions and release notes: Markdown of strangers as HTML for everybody.
//!
//! Two locks: what is written (`render`) is made of harmless events, and what comes out is cleaned (`clean`) by an HTML
//! parser that lets through a list of elements and attributes. Nothing is loaded from elsewhere: a picture becomes a
//! link to it.

mod clean;
mod raw;
mod render;

/// The longest text that is rendered, in bytes.
pub const MAX_BYTES: usize = 512 << 10;

/// GitHub's Markdown (tables, strikethrough, task lists, alerts) as clean HTML. A text longer than [`MAX_BYTES`] is
/// cut, and says so at its end.
///
/// Headings have ids such as `user-content-install`, and links to `#install` lead there. Other relative links lose their
/// address, since nobody here knows what they are relative to.
#[must_use]
pub fn to_html(markdown: &str) -> String {
    let end = markdown.floor_char_boundary(MAX_BYTES);
    let mut html = clean::clean(&render::render(&markdown[..end]));
    if end < markdown.len() {
        html.push_str("<p><em>The text is longer than 512 KiB and cut here.</em></p>\n");
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_github_writes() {
        let cases = [
            ("# Hello *you*", "<h1 id=\"user-content-hello-you\">Hello <em>you</em></h1>"),
            ("a ~~b~~ **c** `d<e>`", "<p>a <del>b</del> <strong>c</strong> <code>d&lt;e&gt;</code></p>"),
            ("- [x] done\n- [ ] open", "<ul>\n<li>☑ done</li>\n<li>☐ open</li>\n</ul>"),
            (
                "| a | b |\n|---|--:|\n| 1 | 2 |",
                "<table><thead><tr><th>a</th><th align=\"right\">b</th></tr></thead><tbody>\n\
                 <tr><td>1</td><td align=\"right\">2</td></tr>\n</tbody></table>",
            ),
            ("```yaml\na: <b>\n```", "<pre><code class=\"language-yaml\">a: &lt;b&gt;\n</code></pre>"),
            ("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
            (
                "[x](https://example.org/?a=1&b=2)",
                "<p><a href=\"https://example.org/?a=1&amp;b=2\" rel=\"nofollow noopener noreferrer\">x</a></p>",
            ),
            (
                "<https://example.org>",
                "<p><a href=\"https://example.org\" rel=\"nofollow noopener noreferrer\">https://example.org</a></p>",
            ),
            (
                "[x](#in-stall)",
                "<p><a href=\"#user-content-in-stall\" rel=\"nofollow noopener noreferrer\">x</a></p>",
            ),
            ("[x](docs/a.md)", "<p><a rel=\"nofollow noopener noreferrer\">x</a></p>"),
            ("a<br>b <kbd>c</kbd> <sub>d</sub>", "<p>a<br>b <kbd>c</kbd> <sub>d</sub></p>"),
            (
                "<details><summary>s</summary>\n\n*t*\n\n</details>",
                "<details><summary>s</summary>\n<p><em>t</em></p>\n</details>",
            ),
            ("> [!WARNING]\n> x", "<blockquote>\n<p><strong>Warning</strong></p>\n<p>x</p>\n</blockquote>"),
            (
                "# 安装 & Setup!\n# 安装 & Setup!",
                "<h1 id=\"user-content-安装--setup\">安装 &amp; Setup!</h1>\n<h1 id=\"user-content-安装--setup-1\">安装 &amp; Setup!</h1>",
            ),
        ];
        for (markdown, html) in cases {
            assert_eq!(to_html(markdown).trim_end(), html, "{markdown}");
        }
    }

    /// No picture is loaded: it is a link, and inside a link its text.
    #[test]
    fn pictures() {
        let cases = [
            (
                "![a *logo*](https://example.org/x.png \"t\")",
                "<p><a href=\"https://example.org/x.png\" title=\"t\" rel=\"nofollow noopener noreferrer\">a <em>logo</em></a></p>",
            ),
            (
                "[![build](https://ci.example/x.svg)](https://ci.example/)",
                "<p><a href=\"https://ci.example/\" rel=\"nofollow noopener noreferrer\">build</a></p>",
            ),
            (
                "![](https://example.org/x.png)",
                "<p><a href=\"https://example.org/x.png\" rel=\"nofollow noopener noreferrer\">https://example.org/x.png</a></p>",
            ),
            ("<img src=\"https://example.org/x.png\" alt=\"y\">", ""),
            ("a <picture><source srcset=x><img src=x></picture> b", "<p>a  b</p>"),
        ];
        for (markdown, html) in cases {
            assert_eq!(to_html(markdown).trim(), html, "{markdown}");
        }
    }

    /// Whatever is in them, these words in this form are in no output: elements, handlers, addresses.
    #[test]
    fn script_does_not_survive() {
        let inputs = [
            "<script>alert(1)</script>",
            "<SCRIPT SRC=//x></SCRIPT>",
            "<scr<script>ipt>alert(1)</script>",
            "a <script\n>alert(1)</script\n> b",
            "<img src=x onerror=alert(1)>",
            "<img/src=x/onerror=alert(1)//",
            "<svg onload=alert(1)>",
            "<svg><script>alert(1)</script></svg>",
            "<svg><style><img src=x onerror=alert(1)></style></svg>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "<math><annotation-xml encoding=text/html><script>alert(1)</script></annotation-xml></math>",
            "<iframe src=javascript:alert(1)></iframe>",
            "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
            "<object data=javascript:alert(1)></object>",
            "<embed src=javascript:alert(1)>",
            "<form action=javascript:alert(1)><input type=submit></form>",
            "<button formaction=javascript:alert(1)>x</button>",
            "<input autofocus onfocus=alert(1)>",
            "<body onload=alert(1)>",
            "<details open ontoggle=alert(1)>x</details>",
            "<p style=\"background:url(javascript:alert(1))\">x</p>",
            "<style>@import 'https://example.org/x.css';</style>",
            "<link rel=stylesheet href=https://example.org/x.css>",
            "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
            "<base href=https://example.org/>",
            "<a href=javascript:alert(1)>x</a>",
            "<a href=' &#106;avascript:alert(1)'>x</a>",
            "<a href='java\tscript:alert(1)'>x</a>",
            "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
            "<a href=vbscript:alert(1)>x</a>",
            "<a href=https://example.org/ onclick=alert(1)>x</a>",
            "<a href=https://example.org/ target=_blank>x</a>",
            "<a xlink:href=javascript:alert(1)>x</a>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](&#x6A;avascript:alert(1))",
            "[x](java%0ascript:alert(1))",
            "[x](<java\u{1}script:alert(1)>)",
            "[x](data:text/html;base64,PHNjcmlwdD4=)",
            "[x](vbscript:alert(1))",
            "[x](//example.org/)",
            "<javascript:alert(1)>",
            "![x](javascript:alert(1))",
            "![x](data:image/svg+xml;base64,AAAA)",
            "![x\" onerror=\"alert(1)](x)",
            "[x](https://example.org/ \"t\\\" onmouseover=\\\"alert(1)\")",
            "[x](https://example.org/\"onmouseover=\"alert(1))",
            "# <script>alert(1)</script>",
            "# x\" onclick=\"alert(1)",
            "```\"><script>alert(1)</script>\nx\n```",
            "```x\"onclick=\"alert(1)\ny\n```",
            "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
            "[^1]\n\n[^1]: <script>alert(1)</script>",
            "[^\"onclick=alert(1)]\n\n[^\"onclick=alert(1)]: x",
            "<div id=location class=x name=y>z</div>",
            "<!--><script>alert(1)</script>-->",
            "<![CDATA[<script>alert(1)</script>]]>",
            "<?php <script>alert(1)</script> ?>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<template><script>alert(1)</script></template>",
            "<plaintext><script>alert(1)</script>",
            "<xmp><script>alert(1)</script></xmp>",
            "<textarea><script>alert(1)</script></textarea>",
            "<video><source onerror=alert(1)></video>",
            "<marquee onstart=alert(1)>x</marquee>",
        ];
        for input in inputs {
            let html = to_html(input);
            assert_eq!(dangers(&html), Vec::<String>::new(), "{input}\n{html}");
        }
    }

    /// What an HTML parser finds in `html` that must not be there.
    fn dangers(html: &str) -> Vec<String> {
        let elements = [
            "a",
            "b",
            "blockquote",
            "br",
            "code",
            "del",
            "details",
            "div",
            "em",
            "h1",
            "h2",
            "hr",
            "kbd",
            "li",
            "ol",
            "p",
            "pre",
            "strong",
            "sub",
            "summary",
            "sup",
            "table",
            "tbody",
            "td",
            "th",
            "thead",
            "tr",
            "ul",
        ];
        let mut found = Vec::new();
        // The output is well-formed enough to be read piece by piece: a text never holds `<`.
        for piece in html.split('<').skip(1) {
            let Some((tag, _)) = piece.split_once('>') else {
                found.push(format!("half a tag: {piece}"));
                continue;
            };
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
            if !elements.contains(&name) {
                found.push(format!("element {name}"));
            }
            let mut rest = tag[tag.len().min(tag.find(' ').unwrap_or(tag.len()))..].trim();
            while let Some((attribute, after)) = rest.split_once("=\"") {
                let (value, after) = after.split_once('"').unwrap_or((after, ""));
                let fine = match attribute {
                    "href" => value.starts_with("https://example.org") || value.starts_with("#user-content-"),
                    "rel" => value == "nofollow noopener noreferrer",
                    "class" => value.starts_with("language-"),
                    "id" => value.starts_with("user-content-"),
                    "title" | "align" | "open" => true,
                    _ => false,
                };
                if !fine {
                    found.push(format!("{attribute}={value}"));
                }
                rest = after.trim();
            }
            if !rest.trim_end_matches('/').is_empty() {
                found.push(format!("attribute {rest}"));
            }
        }
        found
    }

    #[test]
    fn long_texts_are_cut() {
        let html = to_html(&"語 ".repeat(MAX_BYTES / 3));
        assert!(html.ends_with("cut here.</em></p>\n"));
        assert!(!to_html(&"a".repeat(MAX_BYTES)).contains("cut here"));
    }

    /// `before` with a number and `>` or a blank behind it, so that no two are equal.
    fn numbered(before: &str, count: usize) -> String {
        let end = if before.starts_with('<') { ">" } else { "" };
        (0..count).map(|number| format!("{before}{number}{end}")).collect()
    }

    #[test]
    fn too_many_tags_are_shown() {
        let html = to_html(&"<kbd>x</kbd> ".repeat(1100));
        assert!(html.contains("&lt;kbd&gt;x&lt;/kbd&gt;"));
        assert!(to_html(&"<kbd>x</kbd> ".repeat(900)).contains("<kbd>x</kbd>"));
    }

    /// Texts that would keep a naive reader busy for minutes: they end, and come out small.
    #[test]
    fn texts_that_are_made_to_cost() {
        // What grows with the square shows at a quarter as well, and the tests stay quick.
        let size = MAX_BYTES / 4;
        let deep = |one: &str| one.repeat(size / one.len());
        let inputs = [
            deep("> "),
            deep("- "),
            deep("<div>"),
            deep("<b>"),
            deep("<a href=x>"),
            deep("<table><td>"),
            deep("["),
            deep("![a]("),
            deep("*a_ "),
            deep("`"),
            deep("<!--"),
            deep("<p><b>"),
            deep("[a]: b\n"),
            deep("|a"),
            format!("{}\n{}", deep("|a").split_at(2000).0, deep("|-").split_at(2000).0) + &deep("\n|a"),
            deep("[^a]"),
            deep("# a\n"),
            deep("&lt;"),
            // One address for many links; attributes; elements that are opened again in every paragraph.
            format!("[a]: /{}\n\n{}", "x".repeat(size / 2), "[a] ".repeat(size / 8)),
            format!("<p {}>", numbered(" a", size / 8)),
            format!("<p\n{}>", numbered("\na", size / 8)),
            numbered("<p><b x=", size / 16),
            format!("{}\n\n{}", numbered("<b x=", 1900), "a\n\n".repeat(size / 8)),
            format!("{}\n\n{}", "<b><i><u><s>".repeat(400), "a\n\n".repeat(size / 8)),
            format!("{}\n\n{}", "<div>".repeat(1900), "a\n\n".repeat(size / 8)),
            format!("{}\n\n{}", "<table>".repeat(1900), "a\n\n".repeat(size / 8)),
        ];
        for input in inputs {
            let html = to_html(&input);
            assert!(html.len() < 64 * MAX_BYTES, "{:.20}: {} bytes", input, html.len());
        }
    }
}
