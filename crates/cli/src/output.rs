//! What commands print: data on standard output, everything else on standard error.

use std::io::{IsTerminal as _, Write as _};

use anyhow::{Context as _, Result};
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

/// The form of a command's data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OutputFormat {
    /// Columns for people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
}

/// The flag `-o`, for commands that print data.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct OutputArguments {
    /// The form of the output.
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: OutputFormat,
}

impl OutputArguments {
    /// Prints `data` as JSON or YAML, or the table that `rows` makes of it.
    ///
    /// # Errors
    /// Standard output cannot be written to.
    pub(crate) fn print<T: Serialize + ?Sized>(
        self,
        data: &T,
        table: impl FnOnce(&T) -> Table,
    ) -> Result<()> {
        match self.output {
            OutputFormat::Table => print_text(&table(data).to_string()),
            OutputFormat::Json => print_text(&format!("{}\n", serde_json::to_string_pretty(data)?)),
            OutputFormat::Yaml => print_text(&to_yaml(data)?),
        }
    }
}

/// Writes a value as YAML.
///
/// # Errors
/// The value has text that YAML cannot hold.
pub(crate) fn to_yaml<T: Serialize + ?Sized>(data: &T) -> Result<String> {
    chandlery_yaml::to_string(&serde_json::to_value(data)?).context("cannot write YAML")
}

/// Writes text to standard output; a reader that went away (`| head`) is no error.
///
/// # Errors
/// Standard output cannot be written to for another reason.
pub(crate) fn print_text(text: &str) -> Result<()> {
    print_bytes(text.as_bytes())
}

/// Writes bytes to standard output, as they are.
///
/// # Errors
/// As [`print_text`].
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut output = std::io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to standard output"),
    }
}

/// Writes a file's content to standard output: unchanged into a pipe or file, without escapes on a terminal.
///
/// # Errors
/// As [`print_text`].
pub(crate) fn print_content(bytes: &[u8]) -> Result<()> {
    if std::io::stdout().is_terminal() {
        let text = String::from_utf8_lossy(bytes);
        return print_text(&text.split('\n').map(neutralise).collect::<Vec<_>>().join("\n"));
    }
    print_bytes(bytes)
}

/// Tells the person in front of the terminal what was done.
pub(crate) fn say(text: &str) {
    // Nothing is left to do when standard error is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Warns the person in front of the terminal.
pub(crate) fn warn(text: &str) {
    say(&format!("warning: {text}"));
}

/// Replaces what could steer a terminal (control characters, escape sequences, changes of the writing direction) by
/// its escaped spelling.
pub(crate) fn neutralise(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        let directional =
            matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if letter == '\t' {
            safe.push(' ');
        } else if letter.is_control() || directional {
            safe.extend(letter.escape_default());
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// Columns of text with a head line.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    columns: usize,
}

impl Table {
    /// A table with these column names.
    pub(crate) fn new<const N: usize>(head: [&str; N]) -> Self {
        Self { rows: vec![head.map(str::to_owned).to_vec()], columns: N }
    }

    /// A table of all `items`.
    pub(crate) fn of<T, const N: usize>(
        head: [&str; N],
        items: &[T],
        cells: impl Fn(&T) -> [String; N],
    ) -> Self {
        let mut table = Self::new(head);
        for item in items {
            table.row(cells(item));
        }
        table
    }

    /// Adds a row; line breaks become spaces and escapes are neutralised.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        let cells = cells.map(|cell| neutralise(&cell.split_whitespace().collect::<Vec<_>>().join(" ")));
        self.rows.push(cells.to_vec());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let width = |column: usize| self.rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.push_str(&" ".repeat(width - cell.width() + 2));
            }
            writeln!(formatter, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Cuts a text for a table cell at a number of letters.
pub(crate) fn shorten(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    text.chars().take(letters.saturating_sub(1)).chain(['…']).collect()
}

/// A progress bar for bytes on standard error; nothing is drawn where that is no terminal.
pub(crate) fn byte_progress(what: &str) -> indicatif::ProgressBar {
    let template = "{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec}";
    progress(what, template)
}

/// A progress bar for things on standard error; nothing is drawn where that is no terminal.
pub(crate) fn count_progress(what: &str, total: u64) -> indicatif::ProgressBar {
    let bar = progress(what, "{msg} {bar:30} {pos}/{len} {eta}");
    bar.set_length(total);
    bar
}

fn progress(what: &str, template: &str) -> indicatif::ProgressBar {
    let style = indicatif::ProgressStyle::with_template(template).expect("the template is a constant");
    indicatif::ProgressBar::new(0).with_style(style).with_message(neutralise(what))
}

/// A number of bytes for people.
pub(crate) fn human_size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_lose_their_power() {
        let cases = [
            ("plain – chärt 应用", "plain – chärt 应用"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a\rb\u{7}", "a\\rb\\u{7}"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("a\tb", "a b"),
            ("abc\u{202e}dcb", "abc\\u{202e}dcb"),
        ];
        for (text, expected) in cases {
            assert_eq!(neutralise(text), expected, "{text:?}");
        }
    }

    #[test]
    fn tables_align_and_stay_on_their_line() {
        let mut table = Table::new(["NAME", "TEXT"]);
        table.row(["应用".to_owned(), "a\nb".to_owned()]);
        table.row(["longer".to_owned(), String::new()]);
        assert_eq!(table.to_string(), "NAME    TEXT\n应用    a b\nlonger\n");
    }

    #[test]
    fn yaml_looks_like_helms() {
        let data = serde_json::json!({"zeta": 1, "alpha": ["a"], "text": "1.10"});
        assert_eq!(to_yaml(&data).unwrap(), "alpha:\n- a\ntext: \"1.10\"\nzeta: 1\n");
    }
}
