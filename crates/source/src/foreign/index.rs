//! An `index.yaml` as a listing.

use chandlery_chart::{IndexEntry, IndexError, IndexFile, IndexItem, IndexItemContent};
use chandlery_core::Digest;

use super::listing::{self, Abandoned, Writer};
use super::spool::Spooled;
use super::{Failure, Fetched, Known, Location, Package, PackageKind, Validator};

/// Where the packages of an index are, as its entries tell.
pub(super) type Locate = Box<dyn Fn(&IndexEntry) -> Result<Location, String> + Send>;

/// Lists an index that came whole, unless its content is that of `previous`.
pub(super) async fn list(
    spooled: Spooled,
    mut validator: Validator,
    previous: Option<&Validator>,
    known: impl Future<Output = Known> + Send,
    locate: Locate,
) -> Result<Fetched, Failure> {
    let unpacking = tokio::task::spawn_blocking(move || {
        let text = spooled.unpack()?;
        check_beginning(&text)?;
        let digest = Digest::of(&text);
        Ok::<_, Failure>((text, digest))
    });
    let (text, digest) =
        unpacking.await.map_err(|_| Failure::internal("the answer could not be unpacked"))??;
    validator.digest = Some(digest);
    if previous.is_some_and(|previous| previous.digest == Some(digest)) {
        return Ok(Fetched::Unchanged(validator));
    }
    let known = known.await;
    let (writer, listing) = listing::channel(validator);
    tokio::task::spawn_blocking(move || read(&text, &known, &*locate, writer));
    Ok(Fetched::Changed(listing))
}

/// Refuses what is plainly no index, in words that help more than those of a YAML reader.
fn check_beginning(text: &[u8]) -> Result<(), Failure> {
    let beginning = text.trim_ascii_start();
    if beginning.starts_with(b"<") {
        return Err(Failure::content(
            "the server answered with a web page, not with an index",
            "Check the path of the URL, and whether the server asks for a login.",
        ));
    }
    if beginning.is_empty() {
        return Err(Failure::content(
            "the index is empty",
            "A repository needs an index.yaml that begins with apiVersion.",
        ));
    }
    Ok(())
}

fn read(
    text: &[u8],
    known: &Known,
    locate: &dyn Fn(&IndexEntry) -> Result<Location, String>,
    mut writer: Writer,
) {
    writer.counts.bytes = text.len() as u64;
    let mut fault = None;
    let mut is_abandoned = false;
    let limits = chandlery_yaml::Limits::default();
    let outcome = IndexFile::stream(text, &limits, Some(&|digest| known.contains(digest)), &mut |item| {
        if fault.is_some() || is_abandoned {
            return;
        }
        if let Err(failure) = take(item, locate, &mut writer) {
            fault = Some(failure);
        } else if let Err(Abandoned) = writer.hand_over_blocking() {
            is_abandoned = true;
        }
    });
    if is_abandoned {
        return;
    }
    let outcome = outcome.map_err(|error| unreadable(&error)).map(drop);
    writer.end_blocking(outcome.and(fault.map_or(Ok(()), Err)));
}

fn take(
    item: IndexItem<'_>,
    locate: &dyn Fn(&IndexEntry) -> Result<Location, String>,
    writer: &mut Writer,
) -> Result<(), Failure> {
    match (item.content, item.fingerprint) {
        (IndexItemContent::Invalid { version, reason }, _) => {
            writer.add_skipped(item.chart, &version, reason);
        }
        (IndexItemContent::Known, Some(fingerprint)) => {
            writer.count_version(item.chart)?;
            writer.add_known(fingerprint);
        }
        (IndexItemContent::Entry(entry), Some(fingerprint)) => {
            writer.count_version(item.chart)?;
            let kind = PackageKind::of(&entry);
            let location = locate(&entry);
            writer.add_package(Package::new(kind, item.chart.to_owned(), *entry, fingerprint, location));
        }
        (_, None) => return Err(Failure::internal("an entry was read without its fingerprint")),
    }
    Ok(())
}

fn unreadable(error: &IndexError) -> Failure {
    let advice = match error {
        IndexError::Empty => "A repository needs an index.yaml that begins with apiVersion.",
        IndexError::NoApiVersion => {
            "This is YAML, and no index of a Helm repository: check the path of the URL."
        }
        IndexError::Yaml(_) => "Helm cannot read it either: `helm repo index` makes a new one.",
        IndexError::Shape(_) => "Helm cannot read it either: correct the entry, or make a new index.",
    };
    let failure = Failure::parse(format!("the index cannot be read: {error}"), advice);
    match error {
        IndexError::NoApiVersion => Failure { code: super::Code::NotARepository, ..failure },
        _ => failure,
    }
}
