//! Markdown to HTML, of harmless parts as far as Markdown itself goes.

use std::collections::HashMap;

use pulldown_cmark::{Alignment, BlockQuoteKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::clean::ID_PREFIX;
use super::raw::RawHtml;

/// How deep elements may lie in each other; deeper ones lose their frame. HTML readers take time with the square of it.
const MAX_DEPTH: usize = 32;

/// Renders; the result has yet to be cleaned.
pub(super) fn render(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM;
    let mut raw = RawHtml::default();
    Parser::new_ext(markdown, options).for_each(|event| raw.count(&event));
    let mut harmless = Harmless { shows_raw: raw.is_too_much(), ..Harmless::default() };
    let mut events = Vec::new();
    for event in Parser::new_ext(markdown, options) {
        harmless.push(event, &mut events);
    }
    anchor_headings(&mut events);
    let mut html = String::with_capacity(markdown.len() * 2);
    pulldown_cmark::html::push_html(&mut html, events.into_iter());
    html
}

/// Turns events into ones that need nothing from elsewhere.
#[derive(Default)]
struct Harmless {
    /// Whether tags in the text are shown as text.
    shows_raw: bool,
    /// For each open element, whether it is written.
    open: Vec<bool>,
    /// How many links are open: only the outermost is one.
    links: usize,
    pictures: Vec<Picture>,
    table: Table,
}

/// A picture that is being turned into a link.
struct Picture {
    address: String,
    is_outermost: bool,
    has_text: bool,
}

/// Where in a table the next cell is.
#[derive(Default)]
struct Table {
    alignments: Vec<Alignment>,
    column: usize,
    in_head: bool,
}

impl Harmless {
    fn push<'a>(&mut self, event: Event<'a>, events: &mut Vec<Event<'a>>) {
        match event {
            Event::Start(Tag::TableCell) => events.push(self.table.start_cell()),
            Event::End(TagEnd::TableCell) => events.push(self.table.end_cell()),
            Event::Start(tag) => self.start(tag, events),
            Event::End(end) => self.end(end, events),
            Event::TaskListMarker(done) => events.push(Event::Text(if done { "☑ " } else { "☐ " }.into())),
            Event::Html(html) | Event::InlineHtml(html) if self.shows_raw => events.push(Event::Text(html)),
            event => {
                if let Some(picture) = self.pictures.last_mut() {
                    picture.has_text = true;
                }
                events.push(event);
            }
        }
    }

    fn start<'a>(&mut self, tag: Tag<'a>, events: &mut Vec<Event<'a>>) {
        self.table.note(&tag);
        let mut title = None;
        let tag = match tag {
            Tag::Image { dest_url, title, id, .. } => {
                let address = dest_url.to_string();
                self.pictures.push(Picture { address, is_outermost: self.links == 0, has_text: false });
                Tag::Link { link_type: LinkType::Inline, dest_url, title, id }
            }
            Tag::Link { link_type, dest_url, title, id } => {
                Tag::Link { link_type, dest_url: inner_address(dest_url), title, id }
            }
            Tag::BlockQuote(kind) => {
                title = kind.map(name_of_alert);
                Tag::BlockQuote(None)
            }
            tag => tag,
        };
        let is_link = matches!(tag, Tag::Link { .. });
        let written = if is_link { self.links == 0 } else { self.open.len() < MAX_DEPTH };
        self.links += usize::from(is_link);
        self.open.push(written);
        if written {
            events.push(Event::Start(tag));
            events.extend(title.map(|name| Event::Html(format!("<p><strong>{name}</strong></p>\n").into())));
        }
    }

    fn end<'a>(&mut self, end: TagEnd, events: &mut Vec<Event<'a>>) {
        let written = self.open.pop().unwrap_or(false);
        let end = match end {
            TagEnd::Image => {
                // A picture without words is shown by its address.
                let wordless =
                    self.pictures.pop().filter(|picture| picture.is_outermost && !picture.has_text);
                events.extend(wordless.map(|picture| Event::Text(picture.address.into())));
                TagEnd::Link
            }
            TagEnd::BlockQuote(_) => TagEnd::BlockQuote(None),
            end => end,
        };
        if end == TagEnd::Link {
            self.links = self.links.saturating_sub(1);
        }
        if written {
            events.push(Event::End(end));
        }
    }
}

impl Table {
    fn note(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Table(alignments) => self.alignments.clone_from(alignments),
            Tag::TableHead | Tag::TableRow => {
                self.in_head = *tag == Tag::TableHead;
                self.column = 0;
            }
            _ => {}
        }
    }

    /// Cells say how they are aligned by an attribute and not by style, which nothing else here needs.
    fn start_cell(&mut self) -> Event<'static> {
        let element = if self.in_head { "th" } else { "td" };
        let align = match self.alignments.get(self.column) {
            Some(Alignment::Left) => " align=\"left\"",
            Some(Alignment::Center) => " align=\"center\"",
            Some(Alignment::Right) => " align=\"right\"",
            Some(Alignment::None) | None => "",
        };
        self.column += 1;
        Event::InlineHtml(format!("<{element}{align}>").into())
    }

    fn end_cell(&self) -> Event<'static> {
        Event::InlineHtml(if self.in_head { "</th>" } else { "</td>" }.into())
    }
}

fn name_of_alert(kind: BlockQuoteKind) -> &'static str {
    match kind {
        BlockQuoteKind::Note => "Note",
        BlockQuoteKind::Tip => "Tip",
        BlockQuoteKind::Important => "Important",
        BlockQuoteKind::Warning => "Warning",
        BlockQuoteKind::Caution => "Caution",
    }
}

/// `#install` is the id of a heading, which has a prefix here.
fn inner_address(address: CowStr<'_>) -> CowStr<'_> {
    match address.strip_prefix('#') {
        Some(name) => format!("#{ID_PREFIX}{name}").into(),
        None => address,
    }
}

/// Gives headings the ids that GitHub gives them, with our prefix.
fn anchor_headings(events: &mut [Event<'_>]) {
    let mut used: HashMap<String, usize> = HashMap::new();
    let mut start = None;
    for index in 0..events.len() {
        match &events[index] {
            Event::Start(Tag::Heading { .. }) => start = Some(index),
            Event::End(TagEnd::Heading(_)) => {
                let Some(start) = start.take() else { continue };
                let name = slug(&events[start..index]);
                let count = used.entry(name.clone()).or_default();
                let unique = if *count == 0 { name } else { format!("{name}-{count}") };
                *count += 1;
                if let Event::Start(Tag::Heading { id, .. }) = &mut events[start] {
                    *id = Some(format!("{ID_PREFIX}{unique}").into());
                }
            }
            _ => {}
        }
    }
}

/// The words of a heading in lower case, joined by hyphens, without punctuation.
fn slug(events: &[Event<'_>]) -> String {
    let texts = events.iter().filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.to_lowercase()),
        _ => None,
    });
    let text: String = texts.collect();
    let kept = |c: char| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || matches!(c, '-' | '_') => Some(c),
        _ => None,
    };
    text.trim().chars().filter_map(kept).collect()
}
