//! Errors of templates in the form that Helm 4 prints.

use chandlery_template::{Error, ErrorKind};

/// Around the messages of `required` and `fail`.
const MESSAGE_START: &str = "HELM_ERR_START";
const MESSAGE_END: &str = "HELM_ERR_END";

/// Marks a message as the one that the user should see.
pub(super) fn mark(message: &str) -> String {
    format!("{MESSAGE_START}{message}{MESSAGE_END}")
}

/// The text of an error that parsing a template gave.
pub(super) fn parse_error(path: &str, error: &str) -> String {
    let parts: Vec<&str> = error.split(": ").collect();
    match parts[..] {
        [_, place, .., last] => format!("parse error at ({place}): {last}"),
        [_, last] => format!("parse error at ({last}): {last}"),
        _ => format!("parse error in ({path}): {error}"),
    }
}

/// The text of an error that executing a template gave.
pub(super) fn execution_error(path: &str, error: &Error, levels: bool) -> String {
    let text = error.to_string();
    if error.place().is_none() {
        return text;
    }
    let mut parts = text.splitn(3, ": ");
    let (Some(_), Some(place), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return format!("execution error in ({path}): {text}");
    };
    if let Some(message) = marked_message(rest) {
        return format!("execution error at ({place}): {message}");
    }
    if error.kind() == ErrorKind::Limit {
        // What `tpl` executes has a name that no file of the chart has.
        return if text.contains(path) { text } else { format!("{path}: {text}") };
    }
    if !levels {
        return text;
    }
    print_levels(error).unwrap_or(text)
}

/// The message between the first start and the last end mark.
fn marked_message(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(MESSAGE_START)?;
    rest.rsplit_once(MESSAGE_END).map(|(message, _)| message)
}

/// A paragraph for each template on the way; none if something on the way is not about a template.
fn print_levels(error: &Error) -> Option<String> {
    let mut levels: Vec<Level> = Vec::new();
    let mut current = Some(error);
    while let Some(error) = current {
        let level = Level::read(&error.level_text())?;
        if levels.last() != Some(&level) {
            levels.push(level);
        }
        current = error.cause();
    }
    let text: String = levels.iter().map(Level::print).collect();
    Some(text.trim().to_owned())
}

/// What one template contributes to the text.
#[derive(PartialEq, Eq, Default)]
struct Level {
    place: String,
    executing: String,
    message: String,
}

impl Level {
    /// Takes the text of an error of Go's templates apart.
    fn read(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Self { message: text.to_owned(), ..Self::default() });
        }
        Self::read_executing(rest).or_else(|| Self::read_simple(rest))
    }

    /// `PLACE: executing "NAME" at <EXPRESSION>: MESSAGE`
    fn read_executing(rest: &str) -> Option<Self> {
        let (place, after) = rest.split_once(": executing ")?;
        let (name, after) = after.strip_prefix('"')?.split_once('"')?;
        let (expression, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
        Some(Self {
            place: place.to_owned(),
            executing: format!("executing \"{name}\" at <{expression}>:"),
            message: without_next_level(message).to_owned(),
        })
    }

    /// `PLACE: MESSAGE`
    fn read_simple(rest: &str) -> Option<Self> {
        let (place, message) = rest.rsplit_once(": ")?;
        let message = without_next_level(message).to_owned();
        Some(Self { place: place.to_owned(), message, ..Self::default() })
    }

    fn print(&self) -> String {
        let mut text = String::new();
        for (part, end) in [(&self.place, "\n  "), (&self.executing, "\n    "), (&self.message, "\n")] {
            if !part.is_empty() {
                text.push_str(part);
                text.push_str(end);
            }
        }
        text
    }
}

fn without_next_level(message: &str) -> &str {
    message.split_once(" template:").map_or(message, |(message, _)| message)
}
