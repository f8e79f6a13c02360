//! The text of an index, chart by chart, and the addresses in it.

use std::cmp::Reverse;
use std::collections::HashMap;

use chandlery_chart::{
    EntryFields, Metadata, Version, write_chart_header, write_document_footer, write_document_header,
    write_entry,
};
use chandlery_core::{Digest, Error, RepositoryPath, Result};
use chandlery_store::charts::VersionRow;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::app::STORE_REPOSITORY;
use crate::service::virtual_repositories::first_of_each;

/// What a path segment may not contain as it is (RFC 3986 3.3); `+` may, and clients take it literally.
const NOT_IN_SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// How clients address this server.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    /// `https://host`, without a trailing slash, if index urls are to be absolute.
    public_url: Option<String>,
    /// Where the server listens, for answers that need an absolute address.
    listening_at: String,
    context_path: String,
}

/// The address below which one repository's packages are: empty if relative to the index.
pub(crate) struct PackageBase(String);

impl Links {
    /// Absolute index urls if `public_url` is set.
    pub(crate) fn new(public_url: Option<&str>, listening_at: String, context_path: String) -> Self {
        let public_url = public_url.map(|url| url.trim_end_matches('/').to_owned());
        Self { public_url, listening_at, context_path }
    }

    /// The prefix of all paths.
    pub(crate) fn context_path(&self) -> &str {
        &self.context_path
    }

    /// What `helm repo add` takes.
    pub(crate) fn repository_url(&self, path: &RepositoryPath) -> String {
        let origin = self.public_url.as_ref().unwrap_or(&self.listening_at);
        format!("{origin}{}/{path}", self.context_path)
    }

    /// The address of a path of this server.
    pub(crate) fn absolute(&self, path: &str) -> String {
        let origin = self.public_url.as_ref().unwrap_or(&self.listening_at);
        format!("{origin}{}{path}", self.context_path)
    }

    /// The address of a path of this server wherever it is read; nothing if the operator has not said how clients
    /// address it.
    pub(crate) fn public(&self, path: &str) -> Option<String> {
        self.public_url.is_some().then(|| self.absolute(path))
    }

    /// The address of a package of the store.
    pub(crate) fn store_package(&self, file_name: &str) -> String {
        self.of(&STORE_REPOSITORY, false).absolute_package(&self.absolute("/store"), file_name)
    }

    /// Where the packages of a repository are. The default one keeps ChartMuseum's addresses, the store's is `/store`.
    pub(crate) fn of(&self, path: &RepositoryPath, is_default: bool) -> PackageBase {
        PackageBase(match &self.public_url {
            None => String::new(),
            Some(origin) if is_default => format!("{origin}{}/", self.context_path),
            Some(origin) if *path == *STORE_REPOSITORY => format!("{origin}{}/store/", self.context_path),
            Some(origin) => format!("{origin}{}/{path}/", self.context_path),
        })
    }
}

impl PackageBase {
    /// The url of a package in an index.
    pub(crate) fn package(&self, file_name: &str) -> String {
        format!("{}charts/{}", self.0, utf8_percent_encode(file_name, NOT_IN_SEGMENT))
    }

    /// The url of a package for readers who do not know the address of the index: below `repository_url` if relative.
    pub(crate) fn absolute_package(&self, repository_url: &str, file_name: &str) -> String {
        let url = self.package(file_name);
        if self.0.is_empty() { format!("{repository_url}/{url}") } else { url }
    }
}

/// What the document begins with.
pub(super) fn head(empty: bool) -> String {
    let mut text = String::new();
    write_document_header(&mut text, !empty);
    text
}

/// What the document ends with. cm-push reads the context path from `serverInfo`.
pub(super) fn tail(generated: Timestamp, context_path: &str) -> String {
    let server_info = if context_path.is_empty() {
        "{}".to_owned()
    } else {
        format!("{{contextPath: {}}}", serde_json::Value::from(context_path))
    };
    let mut text = String::new();
    write_document_footer(&mut text, &generated.to_string(), Some(&server_info));
    text
}

/// The index entries of one chart, newest first.
pub(super) struct ChartText {
    /// The lines of the chart.
    pub(super) text: String,
    /// Where each entry is in them.
    pub(super) entries: Box<[EntryPlace]>,
}

/// An entry in a chart's text. It depends on the package and on its time only.
#[derive(Clone)]
pub(super) struct EntryPlace {
    version: Box<str>,
    digest: Digest,
    created_at: Timestamp,
    start: usize,
    end: usize,
}

impl ChartText {
    /// Writes the entries that are not in the chart's last text, and copies the others: what an upload costs shall not
    /// grow with the versions that were there before it. With an `icon`, which has to be that of the last text, all
    /// entries have it.
    pub(super) fn write(
        name: &str,
        mut versions: Vec<VersionRow>,
        base: &PackageBase,
        icon: Option<&str>,
        last: Option<(&str, &[EntryPlace])>,
    ) -> Result<Self> {
        versions.sort_by_cached_key(|row| Reverse(row.version.parse::<Version>().ok()));
        let (last_text, last_entries) = last.unwrap_or_default();
        let known: HashMap<_, _> = last_entries
            .iter()
            .map(|place| ((place.digest, place.created_at), &last_text[place.start..place.end]))
            .collect();
        let mut text = String::with_capacity(versions.iter().map(|row| row.metadata.len() + 256).sum());
        let mut entries = Vec::with_capacity(versions.len());
        write_chart_header(&mut text, name).map_err(Error::internal)?;
        for row in &versions {
            let start = text.len();
            match known.get(&(row.digest, row.created_at)) {
                Some(entry) => text.push_str(entry),
                None => write_version(&mut text, row, base, icon)?,
            }
            let (digest, created_at) = (row.digest, row.created_at);
            let version = row.version.as_str().into();
            entries.push(EntryPlace { version, digest, created_at, start, end: text.len() });
        }
        Ok(Self { text, entries: entries.into() })
    }
}

/// The text of a chart that several repositories have, from theirs in their order: of each version the first entry.
pub(super) fn merge(name: &str, texts: &[(String, &[EntryPlace])]) -> Result<String> {
    let entries = texts.iter().flat_map(|(text, places)| places.iter().map(move |place| (text, place)));
    let (mut entries, _) = first_of_each(entries, |(_, place)| &place.version);
    entries.sort_by_cached_key(|(_, place)| Reverse(place.version.parse::<Version>().ok()));
    let mut merged = String::with_capacity(texts.iter().map(|(text, _)| text.len()).sum());
    write_chart_header(&mut merged, name).map_err(Error::internal)?;
    for (text, place) in entries {
        merged.push_str(&text[place.start..place.end]);
    }
    Ok(merged)
}

fn write_version(text: &mut String, row: &VersionRow, base: &PackageBase, icon: Option<&str>) -> Result<()> {
    let mut metadata: Metadata = serde_json::from_str(&row.metadata).map_err(Error::internal)?;
    if let Some(icon) = icon {
        icon.clone_into(&mut metadata.icon);
    }
    let entry = EntryFields {
        metadata: &metadata,
        created: &row.created_at.to_string(),
        digest: &row.digest.to_hex(),
        urls: &[base.package(&row.file_name)],
        removed: false,
        legacy: None,
    };
    write_entry(text, &entry).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let path: RepositoryPath = "team/apps".parse().unwrap();
        let relative = Links::new(None, "http://127.0.0.1:1".to_owned(), "/ctx".to_owned());
        assert_eq!(relative.of(&path, false).package("a b+1#%é.tgz"), "charts/a%20b+1%23%25%C3%A9.tgz");
        assert_eq!(relative.repository_url(&path), "http://127.0.0.1:1/ctx/team/apps");
        let absolute = relative.of(&path, true).absolute_package("http://x/team/apps", "a-1.tgz");
        assert_eq!(absolute, "http://x/team/apps/charts/a-1.tgz");
        let links = Links::new(Some("https://h/"), String::new(), "/ctx".to_owned());
        assert_eq!(links.of(&path, true).package("a-1.tgz"), "https://h/ctx/charts/a-1.tgz");
        assert_eq!(links.of(&path, false).package("a-1.tgz"), "https://h/ctx/team/apps/charts/a-1.tgz");
        let store = links.of(&STORE_REPOSITORY, false);
        assert_eq!(store.package("a-1.tgz"), "https://h/ctx/store/charts/a-1.tgz");
    }

    fn row(version: &str, created: i64) -> VersionRow {
        VersionRow {
            version: version.to_owned(),
            file_name: format!("a-{version}.tgz"),
            digest: Digest::of(version.as_bytes()),
            size: 1,
            created_at: Timestamp::from_second(created).unwrap(),
            metadata: format!(
                r#"{{"name":"a","version":"{version}","apiVersion":"v2","description":"é {created}"}}"#
            ),
            stored: true,
        }
    }

    #[test]
    fn what_was_written_before_is_copied() {
        let base = PackageBase(String::new());
        let versions = |listed: &[(&str, i64)]| -> Vec<VersionRow> {
            listed.iter().map(|(version, created)| row(version, *created)).collect()
        };
        let steps: [&[(&str, i64)]; 6] = [
            &[("1.0.0", 1)],
            &[("1.0.0", 1), ("1.10.0", 2), ("1.9.0", 3), ("none", 4)],
            &[("1.0.0", 1), ("1.10.0", 2), ("1.9.0", 5), ("none", 4)],
            &[("1.10.0", 2), ("2.0.0-rc.1", 6), ("none", 4)],
            &[("none", 7), ("other", 8)],
            &[("1.0.0", 1)],
        ];
        let mut last: Option<ChartText> = None;
        for step in steps {
            let before = last.as_ref().map(|last| (last.text.as_str(), &*last.entries));
            let after = ChartText::write("a", versions(step), &base, None, before).unwrap();
            let anew = ChartText::write("a", versions(step), &base, None, None).unwrap();
            assert_eq!(after.text, anew.text);
            assert_eq!(after.text.matches("\n    version: ").count(), step.len());
            last = Some(after);
        }
        let order = versions(steps[1]);
        let text = ChartText::write("a", order, &base, None, None).unwrap().text;
        let places =
            ["1.10.0", "1.9.0", "1.0.0", "none"].map(|version| text.find(&format!("version: {version}\n")));
        assert!(places.is_sorted() && places[0].is_some(), "{places:?}");
    }

    #[test]
    fn texts_merge() {
        let base = PackageBase(String::new());
        let text = |listed: &[(&str, i64)]| {
            let rows = listed.iter().map(|(version, created)| row(version, *created)).collect();
            ChartText::write("a", rows, &base, None, None).unwrap()
        };
        let first = text(&[("1.0.0", 1), ("3.0.0", 1), ("none", 1)]);
        let second = text(&[("1.0.0", 2), ("2.0.0", 2), ("1.0.0+b", 2)]);
        let texts = [(first.text, &*first.entries), (second.text, &*second.entries)];
        let expected = [("1.0.0", 1), ("1.0.0+b", 2), ("2.0.0", 2), ("3.0.0", 1), ("none", 1)];
        assert_eq!(merge("a", &texts).unwrap(), text(&expected).text);
    }

    #[test]
    fn server_info_is_always_there() {
        assert!(tail(Timestamp::UNIX_EPOCH, "").ends_with("\nserverInfo: {}\n"));
        assert!(tail(Timestamp::UNIX_EPOCH, "/a").ends_with("\nserverInfo: {contextPath: \"/a\"}\n"));
    }
}
