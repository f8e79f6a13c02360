//! Rows, and the table made of them.

use std::fmt::Write as _;

use serde::Serialize;

use crate::statistics::Series;

/// A peer whose figure moves more than this between rounds says nothing.
const STEADY: f64 = 0.15;

/// One row of the table.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) name: String,
    /// Our figure.
    pub(crate) ours: String,
    /// What it is compared with.
    pub(crate) peer: String,
    /// The comparison.
    pub(crate) ratio: String,
    /// What it should be.
    pub(crate) target: String,
    /// Whether it is; nothing for rows that only inform.
    pub(crate) reached: Option<bool>,
    /// How far from the target, as a part of it.
    pub(crate) margin: f64,
    /// How much a peer's own figure moved between rounds.
    pub(crate) peer_spread: f64,
    /// More to know.
    pub(crate) note: String,
    /// The figures of every round.
    pub(crate) rounds: serde_json::Value,
}

impl Row {
    /// A row that only informs.
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(), peer: "–".into(), ratio: "–".into(), target: "–".into(), ..Self::default()
        }
    }

    /// Our figure.
    pub(crate) fn ours(mut self, text: impl Into<String>) -> Self {
        self.ours = text.into();
        self
    }

    /// The other one's figure, and how steady it was.
    pub(crate) fn peer(mut self, text: impl Into<String>, spread: f64) -> Self {
        self.peer = text.into();
        self.peer_spread = spread;
        self
    }

    /// A ratio that is only shown.
    pub(crate) fn ratio(mut self, value: f64) -> Self {
        self.ratio = format_ratio(value);
        self
    }

    /// Requires `value` to be at most `bound`.
    pub(crate) fn at_most(mut self, value: f64, bound: f64, target: impl Into<String>) -> Self {
        self.reached = Some(value <= bound);
        self.margin = (value / bound - 1.0).abs();
        self.target = target.into();
        self
    }

    /// Requires `value` to be at least `bound`.
    pub(crate) fn at_least(mut self, value: f64, bound: f64, target: impl Into<String>) -> Self {
        self.reached = Some(value >= bound);
        self.margin = (value / bound - 1.0).abs();
        self.target = target.into();
        self
    }

    /// More to know.
    pub(crate) fn note(mut self, text: impl Into<String>) -> Self {
        self.note = text.into();
        self
    }

    /// The figures of every round, for the file.
    pub(crate) fn rounds(mut self, rounds: serde_json::Value) -> Self {
        self.rounds = rounds;
        self
    }

    /// Whether the peer was too unsteady to compare with.
    pub(crate) fn is_noisy(&self) -> bool {
        self.peer_spread > STEADY
    }

    fn verdict(&self) -> String {
        let noisy = if self.is_noisy() {
            format!("; NOISY, the peer moved {:.0} %", self.peer_spread * 100.0)
        } else {
            String::new()
        };
        let verdict = match self.reached {
            None => "–".to_owned(),
            // Ten times better and more: the percentage says nothing.
            Some(true) if self.margin >= 0.9 => "yes".to_owned(),
            Some(true) => format!("yes (by {:.0} %)", self.margin * 100.0),
            Some(false) => format!("**no** (by {:.0} %)", self.margin * 100.0),
        };
        verdict + &noisy
    }
}

/// The Markdown table, and the notes below it.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| row | ours | peer | ratio or bound | target | reached |\n|---|---|---|---|---|---|\n",
    );
    let mut notes = String::new();
    let mut count = 0;
    for row in rows {
        let mut name = row.name.clone();
        if !row.note.is_empty() {
            count += 1;
            name.push_str(&format!(" [{count}]"));
            notes.push_str(&format!("\n[{count}] {}\n", row.note));
        }
        let Row { ours, peer, ratio, target, .. } = row;
        text.push_str(&format!("| {name} | {ours} | {peer} | {ratio} | {target} | {} |\n", row.verdict()));
    }
    text + &notes
}

/// `1.07`, or `212` for large ones.
pub(crate) fn format_ratio(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// A time in a unit that suits it.
pub(crate) fn format_seconds(seconds: f64) -> String {
    let (value, unit) = match seconds {
        _ if seconds < 1e-3 => (seconds * 1e6, "µs"),
        _ if seconds < 1.0 => (seconds * 1e3, "ms"),
        _ => (seconds, "s"),
    };
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$} {unit}")
}

/// The median of times, with their spread if there are several.
pub(crate) fn format_times(times: &Series) -> String {
    with_spread(format_seconds(times.median()), times)
}

/// A median that was formatted, with the spread.
pub(crate) fn with_spread(mut text: String, series: &Series) -> String {
    if series.0.len() > 1 {
        // Writing to a string cannot fail.
        let _ = write!(text, " (spread {:.0} %)", series.spread() * 100.0);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        let row = Row::new("a").at_most(1.1, 1.0, "≤ 1");
        assert_eq!(row.verdict(), "**no** (by 10 %)");
        assert_eq!(Row::new("a").at_least(1.1, 1.0, "≥ 1").verdict(), "yes (by 10 %)");
        assert_eq!(Row::new("a").peer("p", 0.2).verdict(), "–; NOISY, the peer moved 20 %");
        let table = table(&[Row::new("a").note("why"), Row::new("b")]);
        assert!(table.contains("| a [1] |") && table.ends_with("\n[1] why\n"), "{table}");
    }

    #[test]
    fn units() {
        let cases = [
            (4.7e-6, "4.70 µs"),
            (0.000_471, "471 µs"),
            (0.0123, "12.3 ms"),
            (1.5, "1.50 s"),
            (173.0, "173 s"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(format_seconds(seconds), expected);
        }
    }
}
