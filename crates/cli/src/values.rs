//! The user's values: files and the flags that set single values.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use chandlery_chart::parse_values;
use chandlery_chart::render::{SetKind, apply_flags, floats, merge_files};
use reqwest::Url;
use serde_json::{Map, Value};

use crate::client::{Client, ClientArguments};
use crate::local::read_bounded;

/// The largest values file from a URL, in bytes.
const LARGEST_VALUES: usize = 64 << 20;

/// The flags that say with which values a chart is rendered.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ValuesArguments {
    /// A file of values, `-` for standard input, or a URL; later ones win.
    #[arg(short = 'f', long = "values", value_name = "FILE", value_delimiter = ',', help_heading = "Values")]
    files: Vec<String>,
    /// Set values: `a.b=1,c[0]=x,l={1,2}`; numbers, booleans and null are told from text.
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Values")]
    set: Vec<String>,
    /// Set values that are text whatever they look like.
    #[arg(long, value_name = "KEY=TEXT", help_heading = "Values")]
    set_string: Vec<String>,
    /// Set values from JSON: `a={"b":1},c=[2]`, or one whole object.
    #[arg(long, value_name = "KEY=JSON", help_heading = "Values")]
    set_json: Vec<String>,
    /// Set a value to the rest of the text, taken literally.
    #[arg(long, value_name = "KEY=TEXT", help_heading = "Values")]
    set_literal: Vec<String>,
    /// Set values to the contents of files.
    #[arg(long, value_name = "KEY=FILE", help_heading = "Values")]
    set_file: Vec<String>,
}

impl ValuesArguments {
    /// The same with one more file, under all others.
    pub(crate) fn with_first_file(&self, file: &str) -> Self {
        let mut with = self.clone();
        with.files.insert(0, file.to_owned());
        with
    }

    /// Reads the files and applies the flags, in Helm's order of kinds.
    ///
    /// # Errors
    /// A file cannot be read or is no map in YAML, or a flag is not understood; the texts are Helm's.
    pub(crate) async fn read(&self, client: &ClientArguments) -> Result<Map<String, Value>> {
        let mut values = Map::new();
        for name in &self.files {
            let text = read_values_file(name, client).await?;
            let mut map = parse_values(&text).map_err(|error| {
                anyhow!("failed to parse {name}: cannot unmarshal yaml document: {error}")
            })?;
            floats(&mut map);
            merge_files(&mut values, map);
        }
        apply_flags(&mut values, &self.flags(), &mut |name| {
            read_bounded_text(name).map_err(|error| format!("{error:#}"))
        })?;
        Ok(values)
    }

    fn flags(&self) -> Vec<(SetKind, String)> {
        let kinds = [
            (SetKind::Json, &self.set_json),
            (SetKind::Typed, &self.set),
            (SetKind::Text, &self.set_string),
            (SetKind::File, &self.set_file),
            (SetKind::Literal, &self.set_literal),
        ];
        kinds
            .into_iter()
            .flat_map(|(kind, texts)| texts.iter().map(move |text| (kind, text.clone())))
            .collect()
    }
}

async fn read_values_file(name: &str, client: &ClientArguments) -> Result<Vec<u8>> {
    if name.trim() == "-" {
        let mut text = Vec::new();
        std::io::stdin().read_to_end(&mut text).context("cannot read standard input")?;
        return Ok(text);
    }
    match Url::parse(name) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            Client::new(client)?.get_bytes(&url, LARGEST_VALUES).await
        }
        _ => Ok(read_bounded(Path::new(name))?.to_vec()),
    }
}

/// Reads a file whose content becomes a value; what is not UTF-8 is replaced, as it would be on the way out.
fn read_bounded_text(name: &str) -> Result<String> {
    let bytes = read_bounded(Path::new(name))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
