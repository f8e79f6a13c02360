//! Feeds of an app's releases: JSON Feed 1.1 and RSS 2.0.

use axum::response::{IntoResponse, Response};
use chandlery_api::{StoreAppView, StoreVersion};
use chandlery_core::{Error, Result};
use http::header;
use jiff::tz::TimeZone;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use serde_json::json;

/// What a feed is about, and where it is.
pub(crate) struct Feed<'a> {
    /// Its own address.
    pub(crate) url: String,
    /// The app.
    pub(crate) app: &'a StoreAppView,
    /// Its releases, newest first.
    pub(crate) versions: &'a [StoreVersion],
}

impl Feed<'_> {
    fn title(&self, version: &StoreVersion) -> String {
        format!("{} {}", self.app.app.display_name, version.version)
    }

    /// What names a release for ever, also when its version is released again with another package.
    fn id(version: &StoreVersion) -> String {
        format!("{}#{}", version.url, version.digest)
    }

    /// JSON Feed, version 1.1.
    pub(crate) fn json(&self) -> Response {
        let item = |version: &StoreVersion| {
            json!({
                "id": Self::id(version),
                "url": version.url,
                "title": self.title(version),
                "content_text": version.update_log,
                "date_published": version.released_at,
                "attachments": [{
                    "url": version.url,
                    "mime_type": "application/gzip",
                    "size_in_bytes": version.size,
                }],
            })
        };
        let feed = json!({
            "version": "https://jsonfeed.org/version/1.1",
            "title": self.app.app.display_name,
            "description": self.app.app.summary,
            "feed_url": self.url,
            "items": self.versions.iter().map(item).collect::<Vec<_>>(),
        });
        ([(header::CONTENT_TYPE, "application/feed+json")], feed.to_string()).into_response()
    }

    /// RSS, version 2.0.
    ///
    /// # Errors
    /// None in practice: everything is written to memory.
    pub(crate) fn rss(&self) -> Result<Response> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
        self.write_rss(&mut writer).map_err(Error::internal)?;
        Ok(([(header::CONTENT_TYPE, "application/rss+xml; charset=utf-8")], writer.into_inner())
            .into_response())
    }

    fn write_rss(&self, writer: &mut Writer<Vec<u8>>) -> std::io::Result<()> {
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let rss = writer.create_element("rss").with_attribute(("version", "2.0"));
        rss.write_inner_content(|writer| {
            writer.create_element("channel").write_inner_content(|writer| {
                element(writer, "title", &self.app.app.display_name)?;
                element(writer, "link", &self.url)?;
                element(writer, "description", &self.app.app.summary)?;
                self.versions.iter().try_for_each(|version| self.write_item(writer, version))
            })?;
            Ok(())
        })?;
        Ok(())
    }

    fn write_item(&self, writer: &mut Writer<Vec<u8>>, version: &StoreVersion) -> std::io::Result<()> {
        let published = jiff::fmt::rfc2822::to_string(&version.released_at.to_zoned(TimeZone::UTC))
            .map_err(std::io::Error::other)?;
        writer.create_element("item").write_inner_content(|writer| {
            element(writer, "title", &self.title(version))?;
            element(writer, "link", &version.url)?;
            element(writer, "description", &version.update_log)?;
            writer
                .create_element("guid")
                .with_attribute(("isPermaLink", "false"))
                .write_text_content(BytesText::new(&Self::id(version)))?;
            element(writer, "pubDate", &published)
        })?;
        Ok(())
    }
}

fn element(writer: &mut Writer<Vec<u8>>, name: &str, text: &str) -> std::io::Result<()> {
    // What XML cannot say, however it is escaped (XML 1.0, 2.2).
    let allowed = |letter: &char| {
        matches!(letter, '\t' | '\n' | '\r') || (*letter >= ' ' && !matches!(letter, '\u{fffe}' | '\u{ffff}'))
    };
    let text: String = text.chars().filter(allowed).collect();
    writer.create_element(name).write_text_content(BytesText::new(&text))?;
    Ok(())
}
