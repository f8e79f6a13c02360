//! The text of an index, in parts that can be written and kept apart: document header, and per chart a header and one
//! item per version, then the document footer. Put together they are what Helm writes for the whole document.

use chandlery_yaml::{Dialect, Emitter};
use serde_json::Value;

use super::{IndexEntry, IndexFile};
use crate::metadata::{IndexFields, LegacyFields, Metadata, write_annotations, write_texts};

/// What one item of an index is made of.
#[derive(Clone, Copy, Debug)]
pub struct EntryFields<'a> {
    /// The chart's metadata.
    pub metadata: &'a Metadata,
    /// When the package came, as text in RFC 3339.
    pub created: &'a str,
    /// The sha256 of the package in hex, without a prefix; left out when empty.
    pub digest: &'a str,
    /// Where the package is, relative to the index or absolute; written as they are.
    pub urls: &'a [String],
    /// Whether the package was withdrawn.
    pub removed: bool,
    /// Fields of Helm 2 that an old index had.
    pub legacy: Option<&'a LegacyFields>,
}

/// The column of chart names.
const CHART_INDENT: usize = 2;

/// Writes the beginning of the document. With `has_charts` the charts follow (see [`write_chart_header`]), without it
/// the empty map is written.
pub fn write_document_header(out: &mut String, has_charts: bool) {
    out.push_str(if has_charts { "apiVersion: v1\nentries:\n" } else { "apiVersion: v1\nentries: {}\n" });
}

/// Writes the line that begins a chart; its items (see [`write_entry`]) follow, newest first. Charts stand in the order
/// of [`chandlery_yaml::compare_keys`].
///
/// # Errors
/// [`chandlery_yaml::Error`] when the name has a control character that Helm's YAML cannot hold.
pub fn write_chart_header(out: &mut String, name: &str) -> Result<(), chandlery_yaml::Error> {
    const LONGEST_PLAIN_KEY: usize = 128;
    if name.len() > LONGEST_PLAIN_KEY {
        // Helm would write `? name`, under which items cannot stand alone; a quoted key means the same.
        out.push_str("  ");
        push_quoted_key(out, name);
        out.push_str(":\n");
        return Ok(());
    }
    append(out, |emitter| {
        emitter.begin_mapping();
        emitter.key(name);
        emitter.begin_sequence();
        emitter.end_sequence();
        emitter.end_mapping();
        Ok(())
    })?;
    let empty_list = " []\n";
    out.truncate(out.len() - empty_list.len());
    out.push('\n');
    Ok(())
}

/// Writes a key in double quotes with everything escaped that YAML could take for something else.
fn push_quoted_key(out: &mut String, key: &str) {
    out.push('"');
    for character in key.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            ' '..='~' => out.push(character),
            _ if character.is_alphanumeric() => out.push(character),
            // The shortest form: a key may have 1024 characters at most.
            _ => out.push_str(&match u32::from(character) {
                code @ 0..0x100 => format!("\\x{code:02x}"),
                code @ 0x100..0x1_0000 => format!("\\u{code:04x}"),
                code => format!("\\U{code:08x}"),
            }),
        }
    }
    out.push('"');
}

/// Writes one version of a chart as an item of its list: `  - apiVersion: v2`, and the other keys in alphabetical order
/// below it.
///
/// # Errors
/// [`chandlery_yaml::Error`] when a text has a control character that Helm's YAML cannot hold; `out` is then as before.
pub fn write_entry(out: &mut String, fields: &EntryFields<'_>) -> Result<(), chandlery_yaml::Error> {
    append(out, |emitter| {
        emitter.begin_sequence();
        let index = IndexFields {
            created: fields.created,
            digest: fields.digest,
            removed: fields.removed,
            urls: fields.urls,
            legacy: fields.legacy,
        };
        fields.metadata.write(emitter, Some(&index))?;
        emitter.end_sequence();
        Ok(())
    })
}

/// Writes the end of the document. `server_info` is the YAML of the value of that key on one line, as `{}`, which
/// ChartMuseum's clients expect and Helm leaves out.
pub fn write_document_footer(out: &mut String, generated: &str, server_info: Option<&str>) {
    out.push_str("generated: \"");
    out.push_str(generated);
    out.push_str("\"\n");
    if let Some(server_info) = server_info {
        out.push_str("serverInfo: ");
        out.push_str(server_info);
        out.push('\n');
    }
}

impl IndexEntry {
    /// The entry as [`write_entry`] takes it.
    #[must_use]
    pub fn fields(&self) -> EntryFields<'_> {
        EntryFields {
            metadata: &self.metadata,
            created: self.created.as_str(),
            digest: &self.digest,
            urls: &self.urls,
            removed: self.removed,
            legacy: Some(&self.legacy),
        }
    }
}

impl IndexFile {
    /// The index as `helm repo index` writes it. Entries stand as they are; see [`IndexFile::sort`].
    ///
    /// # Errors
    /// [`chandlery_yaml::Error`] when a text has a control character that Helm's YAML cannot hold.
    pub fn to_yaml(&self) -> Result<String, chandlery_yaml::Error> {
        let mut out = self.annotations_yaml()?;
        let charts = self.charts();
        write_document_header(&mut out, !charts.is_empty());
        for (name, entries) in charts {
            write_chart_header(&mut out, name)?;
            if entries.is_empty() {
                out.truncate(out.len() - 1);
                out.push_str(" []\n");
            }
            for entry in entries {
                write_entry(&mut out, &entry.fields())?;
            }
        }
        write_document_footer(&mut out, self.generated.as_str(), None);
        out.push_str(&self.trailer_yaml()?);
        Ok(out)
    }

    /// The keys that come before `apiVersion`.
    fn annotations_yaml(&self) -> Result<String, chandlery_yaml::Error> {
        if self.annotations.is_empty() {
            return Ok(String::new());
        }
        let mut emitter = Emitter::new(Dialect::Compact);
        emitter.begin_mapping();
        write_annotations(&mut emitter, &self.annotations);
        emitter.end_mapping();
        emitter.finish()
    }

    /// The keys that come after `generated`.
    fn trailer_yaml(&self) -> Result<String, chandlery_yaml::Error> {
        if self.public_keys.is_empty() && self.server_info.is_empty() {
            return Ok(String::new());
        }
        let mut emitter = Emitter::new(Dialect::Compact);
        emitter.begin_mapping();
        write_texts(&mut emitter, "publicKeys", &self.public_keys);
        if !self.server_info.is_empty() {
            emitter.key("serverInfo");
            emitter.value(&Value::Object(self.server_info.clone()))?;
        }
        emitter.end_mapping();
        emitter.finish()
    }

    /// The index as `helm repo index --json` writes it: indented by 2, with Go's escapes, no line break at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("an index has only text keys");
        let mut escaped = String::with_capacity(json.len());
        for character in json.chars() {
            match character {
                '<' => escaped.push_str("\\u003c"),
                '>' => escaped.push_str("\\u003e"),
                '&' => escaped.push_str("\\u0026"),
                '\u{2028}' => escaped.push_str("\\u2028"),
                '\u{2029}' => escaped.push_str("\\u2029"),
                _ => escaped.push(character),
            }
        }
        escaped
    }
}

/// Runs an emitter over the end of `out`, at the column of chart names.
fn append(
    out: &mut String,
    write: impl FnOnce(&mut Emitter) -> Result<(), chandlery_yaml::Error>,
) -> Result<(), chandlery_yaml::Error> {
    let mut emitter = Emitter::at_indent(Dialect::Compact, String::new(), CHART_INDENT);
    write(&mut emitter)?;
    out.push_str(&emitter.finish()?);
    Ok(())
}
