//! Log lines of the server.

use std::io::IsTerminal as _;
use std::str::FromStr;

use anyhow::{Context as _, Result, bail};
use chandlery_server::telemetry::{Traces, traces};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One object per line.
    Json,
}

impl FromStr for LogFormat {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => bail!("{text:?} is not one of text, json"),
        }
    }
}

/// What is logged, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogOptions {
    /// The form; nothing picks text on a terminal and json elsewhere.
    pub(crate) format: Option<LogFormat>,
    /// A level or a filter; nothing means `info`.
    level: Option<String>,
}

impl LogOptions {
    /// Checks and takes a level or filter.
    pub(crate) fn set_level(&mut self, text: &str) -> Result<()> {
        // YAML reads a bare `off` as false.
        let text = if text == "false" { "off" } else { text };
        let known_words = ["error", "warn", "info", "debug", "trace", "off"];
        // A bare unknown word would be taken for the name of a crate and silence everything else.
        if !text.contains(['=', ',']) && !known_words.contains(&text.to_ascii_lowercase().as_str()) {
            bail!("{text:?} is not one of error, warn, info, debug, trace, off");
        }
        if EnvFilter::try_new(text).is_err() {
            bail!("{text:?} is not a log filter: write a level, or pairs such as info,chandlery_store=debug");
        }
        self.level = Some(text.to_ascii_lowercase());
        Ok(())
    }

    /// Starts logging to standard error for the whole process, and traces if their variables ask for them. Keep what it
    /// returns until the end: it sends the last spans.
    pub(crate) fn start(&self) -> Result<Option<Traces>> {
        let terminal = std::io::stderr().is_terminal();
        let format = self.format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json });
        let level = self.level.as_deref().unwrap_or("info");
        // A plain level is about the server; its libraries speak up only when something is wrong.
        let filter = match level {
            "info" | "debug" | "trace" => EnvFilter::new(format!("warn,chandlery={level}")),
            _ => EnvFilter::new(level),
        };
        let colour = terminal && std::env::var_os("NO_COLOR").is_none();
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines = match format {
            LogFormat::Text => lines.with_ansi(colour).boxed(),
            LogFormat::Json => {
                lines.json().flatten_event(true).with_span_list(false).with_ansi(false).boxed()
            }
        };
        let (spans, traces) = traces().context("cannot send traces as the OTEL_ variables ask")?.unzip();
        // A second start in one process changes nothing; there is only one server per process.
        let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).with(spans).try_init();
        Ok(traces)
    }
}
