//! Comparison with libyaml (in its Rust port).

use chandlery_yaml::{Event, EventKind, Properties, ScalarStyle};
use libyaml_safer::{EventData, MappingStyle, ScalarStyle as Style, SequenceStyle};

/// The place of the first difference between our events and libyaml's.
pub(super) fn first_difference<'a>(
    ours: impl Iterator<Item = Result<Event<'a>, ()>>,
    text: &str,
) -> Option<String> {
    let mut input = text.as_bytes();
    let mut parser = libyaml_safer::Parser::new();
    parser.set_input_string(&mut input);
    for event in ours {
        let theirs = parser.parse();
        match (event, theirs) {
            (Ok(ours), Ok(theirs)) => {
                let mark = (u64::from(ours.start.line), u64::from(ours.start.column));
                let their_mark = (theirs.start_mark.line, theirs.start_mark.column);
                let expected = convert(&theirs.data);
                if describe(&ours.kind) != expected || mark != their_mark {
                    return Some(format!("{ours:?} instead of {expected:?} at {their_mark:?}"));
                }
            }
            (Err(()), Err(_)) => return None,
            (Ok(ours), Err(error)) => return Some(format!("{ours:?} instead of the error {error}")),
            (Err(()), Ok(theirs)) => return Some(format!("an error instead of {theirs:?}")),
        }
    }
    None
}

/// Everything both have, as a tuple: name, text, style, anchor, tag.
type Description = (&'static str, String, String, Option<String>, Option<String>);

fn plain(name: &'static str) -> Description {
    (name, String::new(), String::new(), None, None)
}

fn describe(kind: &EventKind<'_>) -> Description {
    let with = |name, text: &str, style: String, properties: &Option<Box<Properties<'_>>>| {
        let anchor = properties.as_ref().and_then(|properties| properties.anchor.map(str::to_owned));
        let tag = properties.as_ref().and_then(|properties| properties.tag.as_deref().map(str::to_owned));
        (name, text.to_owned(), style, anchor, tag)
    };
    match kind {
        EventKind::StreamStart => plain("stream start"),
        EventKind::StreamEnd => plain("stream end"),
        EventKind::DocumentStart { implicit } => with("document start", "", implicit.to_string(), &None),
        EventKind::DocumentEnd { implicit } => with("document end", "", implicit.to_string(), &None),
        EventKind::Alias(name) => with("alias", name, String::new(), &None),
        EventKind::Scalar { value, style, properties } => {
            with("scalar", value, format!("{style:?}"), properties)
        }
        EventKind::SequenceStart { flow, properties } => with("sequence", "", flow.to_string(), properties),
        EventKind::MappingStart { flow, properties } => with("mapping", "", flow.to_string(), properties),
        EventKind::SequenceEnd => plain("sequence end"),
        EventKind::MappingEnd => plain("mapping end"),
    }
}

fn convert(data: &EventData) -> Description {
    let with = |name, text: &str, style: String, anchor: &Option<String>, tag: &Option<String>| {
        (name, text.to_owned(), style, anchor.clone(), tag.clone())
    };
    match data {
        EventData::StreamStart { .. } => plain("stream start"),
        EventData::StreamEnd => plain("stream end"),
        EventData::DocumentStart { implicit, .. } => {
            with("document start", "", implicit.to_string(), &None, &None)
        }
        EventData::DocumentEnd { implicit } => with("document end", "", implicit.to_string(), &None, &None),
        EventData::Alias { anchor } => with("alias", anchor, String::new(), &None, &None),
        EventData::Scalar { anchor, tag, value, style, .. } => {
            with("scalar", value, format!("{:?}", convert_style(*style)), anchor, tag)
        }
        EventData::SequenceStart { anchor, tag, style, .. } => {
            with("sequence", "", (*style == SequenceStyle::Flow).to_string(), anchor, tag)
        }
        EventData::MappingStart { anchor, tag, style, .. } => {
            with("mapping", "", (*style == MappingStyle::Flow).to_string(), anchor, tag)
        }
        EventData::SequenceEnd => plain("sequence end"),
        EventData::MappingEnd => plain("mapping end"),
    }
}

fn convert_style(style: Style) -> ScalarStyle {
    match style {
        Style::SingleQuoted => ScalarStyle::SingleQuoted,
        Style::DoubleQuoted => ScalarStyle::DoubleQuoted,
        Style::Literal => ScalarStyle::Literal,
        Style::Folded => ScalarStyle::Folded,
        _ => ScalarStyle::Plain,
    }
}
