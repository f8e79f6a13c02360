//! Icons and screenshots of apps: a draft that is edited, and a copy that the store shows, as of the other information.
//!
//! The pictures of an app are part of its information: a release copies that, and with it the pictures. The table of
//! attachments says which digests the draft and the copy use together, so that their bytes are not collected.

use chandlery_api::{AppInformation, AppView, OrderScreenshots, Picture};
use chandlery_core::{Digest, Error, Permission, Result};
use chandlery_store::apps::{self, AppChange};
use chandlery_store::attachments::{self as rows, NewAttachment};
use chandlery_store::{FinishedBlob, Transaction, audit};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use crate::app::App;
use crate::http::conditional::IfMatch;
use crate::media::image::{Image, Kind, normalise};
use crate::service::apps::{AppScope, about, reread};
use crate::service::packages::StoredFile;

/// The most screenshots of an app.
const MOST_SCREENSHOTS: usize = 6;

/// Pictures that are decoded at once: each may take more than a hundred MB.
static DECODERS: Semaphore = Semaphore::const_new(2);

/// The pictures of an app, as its information has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pictures {
    icon: Option<StoredPicture>,
    #[serde(default)]
    screenshots: Vec<StoredPicture>,
}

/// A picture that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredPicture {
    digest: Digest,
    /// What it is served as.
    pub(crate) content_type: String,
    width: u32,
    height: u32,
    size: u64,
}

impl StoredPicture {
    fn of(image: &Image) -> Self {
        Self {
            digest: image.digest,
            content_type: image.content_type.to_owned(),
            width: image.width,
            height: image.height,
            size: image.bytes.len() as u64,
        }
    }

    /// Its bytes.
    pub(crate) fn file(&self) -> StoredFile {
        StoredFile { digest: self.digest, size: self.size }
    }

    fn view(&self, base: &str) -> Picture {
        Picture {
            digest: self.digest,
            url: picture_path(base, &self.digest),
            content_type: self.content_type.clone(),
            width: self.width,
            height: self.height,
            size: self.size,
        }
    }
}

/// The path of a picture below that of its app.
fn picture_path(base: &str, digest: &Digest) -> String {
    format!("{base}/pictures/{digest}")
}

/// The name under which the stored information of an app has its pictures: people edit them by requests of their own.
const FIELD: &str = "pictures";

impl Pictures {
    /// Those in the stored information of an app.
    pub(crate) fn of(information: &str) -> Result<Self> {
        split(information).map(|(_, pictures)| pictures)
    }

    /// The icon and the screenshots, for an app at this path.
    pub(crate) fn views(&self, base: &str) -> (Option<Picture>, Vec<Picture>) {
        let icon = self.icon.as_ref().map(|picture| picture.view(base));
        (icon, self.screenshots.iter().map(|picture| picture.view(base)).collect())
    }

    /// The path of the icon, for an app at this path.
    pub(crate) fn icon_path(&self, base: &str) -> Option<String> {
        self.icon.as_ref().map(|picture| picture_path(base, &picture.digest))
    }

    /// The picture with this digest.
    pub(crate) fn find(self, digest: &str) -> Result<StoredPicture> {
        let mut all = self.icon.into_iter().chain(self.screenshots);
        all.find(|picture| picture.digest.to_hex() == digest).ok_or_else(|| Error::not_found("picture"))
    }

    fn uses(&self, digest: &Digest) -> bool {
        self.icon.iter().chain(&self.screenshots).any(|picture| picture.digest == *digest)
    }

    fn add_screenshot(&mut self, picture: StoredPicture) -> Result<()> {
        if self.screenshots.iter().any(|known| known.digest == picture.digest) {
            return Err(Error::AlreadyExists("this screenshot".to_owned()));
        }
        if self.screenshots.len() >= MOST_SCREENSHOTS {
            let reason =
                format!("the app has {MOST_SCREENSHOTS} screenshots, the most there may be: delete one");
            return Err(Error::Conflict(reason));
        }
        self.screenshots.push(picture);
        Ok(())
    }

    fn remove_screenshot(&mut self, digest: &str) -> Result<()> {
        let place = self.screenshots.iter().position(|known| known.digest.to_hex() == digest);
        self.screenshots.remove(place.ok_or_else(|| Error::not_found("screenshot"))?);
        Ok(())
    }

    fn order_screenshots(&mut self, order: &[Digest]) -> Result<()> {
        let place = |picture: &StoredPicture| order.iter().position(|digest| *digest == picture.digest);
        if order.len() != self.screenshots.len() || !self.screenshots.iter().all(|one| place(one).is_some()) {
            let reason = "has to name every screenshot of the app once: read the app again";
            return Err(Error::invalid("screenshots", reason));
        }
        self.screenshots.sort_by_key(place);
        Ok(())
    }
}

/// The stored information of an app: what its workspace writes, and its pictures.
pub(crate) fn split(stored: &str) -> Result<(AppInformation, Pictures)> {
    let mut fields: Map<String, Value> = serde_json::from_str(stored).map_err(Error::internal)?;
    let pictures = fields.remove(FIELD).map_or_else(|| Ok(Pictures::default()), serde_json::from_value);
    let information = serde_json::from_value(Value::Object(fields));
    Ok((information.map_err(Error::internal)?, pictures.map_err(Error::internal)?))
}

/// What [`split`] splits.
pub(crate) fn join(information: &AppInformation, pictures: &Pictures) -> Result<String> {
    let mut stored = serde_json::to_value(information).map_err(Error::internal)?;
    if *pictures != Pictures::default() {
        stored[FIELD] = serde_json::to_value(pictures).map_err(Error::internal)?;
    }
    Ok(stored.to_string())
}

/// Sets the draft of the icon.
pub(crate) async fn set_icon(
    app: &App,
    scope: &AppScope,
    if_match: &IfMatch,
    file: Vec<u8>,
) -> Result<AppView> {
    let new = NewPicture::receive(app, scope, file, Kind::Icon).await?;
    let icon = Some(new.stored.clone());
    let edit = |pictures: &mut Pictures| {
        pictures.icon = icon;
        Ok(())
    };
    change(app, scope, if_match, "the icon is another one", Some(new), edit).await?;
    reread(app, scope).await
}

/// Removes the draft of the icon.
pub(crate) async fn remove_icon(app: &App, scope: &AppScope, if_match: &IfMatch) -> Result<()> {
    let edit = |pictures: &mut Pictures| match pictures.icon.take() {
        Some(_) => Ok(()),
        None => Err(Error::not_found("icon")),
    };
    change(app, scope, if_match, "the icon is removed", None, edit).await
}

/// Adds a screenshot to the draft, behind the others.
pub(crate) async fn add_screenshot(
    app: &App,
    scope: &AppScope,
    if_match: &IfMatch,
    file: Vec<u8>,
) -> Result<AppView> {
    let new = NewPicture::receive(app, scope, file, Kind::Screenshot).await?;
    let picture = new.stored.clone();
    let edit = |pictures: &mut Pictures| pictures.add_screenshot(picture);
    change(app, scope, if_match, "a screenshot is added", Some(new), edit).await?;
    reread(app, scope).await
}

/// Removes a screenshot from the draft.
pub(crate) async fn remove_screenshot(
    app: &App,
    scope: &AppScope,
    if_match: &IfMatch,
    digest: &str,
) -> Result<()> {
    let edit = |pictures: &mut Pictures| pictures.remove_screenshot(digest);
    change(app, scope, if_match, "a screenshot is removed", None, edit).await
}

/// Puts the screenshots of the draft into another order.
pub(crate) async fn order_screenshots(
    app: &App,
    scope: &AppScope,
    if_match: &IfMatch,
    request: &OrderScreenshots,
) -> Result<AppView> {
    let edit = |pictures: &mut Pictures| pictures.order_screenshots(&request.screenshots);
    change(app, scope, if_match, "the screenshots are in another order", None, edit).await?;
    reread(app, scope).await
}

/// A picture of the draft.
pub(crate) fn find(scope: &AppScope, digest: &str) -> Result<StoredPicture> {
    scope.require(Permission::AppsView)?;
    Pictures::of(&scope.app.information)?.find(digest)
}

/// A picture on its way in.
struct NewPicture {
    kind: Kind,
    stored: StoredPicture,
    blob: FinishedBlob,
}

impl NewPicture {
    async fn receive(app: &App, scope: &AppScope, file: Vec<u8>, kind: Kind) -> Result<Self> {
        scope.require(Permission::AppsCreate)?;
        let permit = DECODERS.acquire().await.map_err(Error::internal)?;
        let image = tokio::task::spawn_blocking(move || normalise(&file, kind)).await;
        let image = image.map_err(Error::internal)??;
        drop(permit);
        let stored = StoredPicture::of(&image);
        let blob = app.store.blobs().begin_with(image.bytes.into()).await?;
        Ok(Self { kind, stored, blob })
    }

    async fn note(&self, transaction: &Transaction, app_id: i64, now: Timestamp) -> Result<()> {
        let StoredPicture { digest, content_type, width, height, size } = &self.stored;
        let attachment = NewAttachment {
            app_id,
            kind: self.kind.field(),
            digest: *digest,
            size: *size,
            content_type,
            width: *width,
            height: *height,
            created_at: now,
        };
        rows::add(transaction, &attachment).await
    }
}

/// Changes the pictures of the draft as they are now, one request after the other.
async fn change(
    app: &App,
    scope: &AppScope,
    if_match: &IfMatch,
    message: &str,
    new: Option<NewPicture>,
    edit: impl FnOnce(&mut Pictures) -> Result<()>,
) -> Result<()> {
    scope.require(Permission::AppsCreate)?;
    let now = Timestamp::now();
    let blobs: Vec<_> = new.as_ref().map(|new| &new.blob).into_iter().cloned().collect();
    let transaction = app.store.begin_with(&blobs).await?;
    apps::lock(&transaction, scope.app.id).await?;
    let row = apps::find_by_id(&transaction, scope.app.id).await?;
    let row = row.ok_or_else(|| Error::not_found("app"))?;
    if_match.check(row.revision)?;
    let (information, mut pictures) = split(&row.information)?;
    edit(&mut pictures)?;
    let information = Some(join(&information, &pictures)?);
    let change = AppChange { information, ..AppChange::default() };
    apps::update(&transaction, row.id, row.revision, &change, now).await?;
    if let Some(new) = &new {
        new.note(&transaction, row.id, now).await?;
    }
    remove_unused(&transaction, row.id).await?;
    let entry = about(&scope.actor, "app.update", &row, now);
    audit::append(&transaction, &audit::AuditEntry { message: message.to_owned(), ..entry }).await?;
    transaction.commit().await
}

/// Lets go of the pictures that neither the draft nor the store shows any more.
pub(crate) async fn remove_unused(transaction: &Transaction, app_id: i64) -> Result<()> {
    let information = rows::information(transaction, app_id).await?;
    let shown: Vec<Pictures> = information.iter().map(|text| Pictures::of(text)).collect::<Result<_>>()?;
    for digest in rows::digests(transaction, app_id).await? {
        if !shown.iter().any(|pictures| pictures.uses(&digest)) {
            rows::remove(transaction, app_id, &digest).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(text: &str) -> StoredPicture {
        StoredPicture {
            digest: Digest::of(text.as_bytes()),
            content_type: "image/png".to_owned(),
            width: 1,
            height: 2,
            size: 3,
        }
    }

    #[test]
    fn pictures_survive_beside_the_texts() {
        let information = AppInformation { summary: "a".to_owned(), ..AppInformation::default() };
        let without = join(&information, &Pictures::default()).unwrap();
        assert!(!without.contains(FIELD), "{without}");
        assert_eq!(split(&without).unwrap(), (information.clone(), Pictures::default()));
        let pictures = Pictures { icon: Some(picture("i")), screenshots: vec![picture("s")] };
        let stored = join(&information, &pictures).unwrap();
        assert_eq!(split(&stored).unwrap(), (information, pictures));
        assert!(split("{\"icon\":1}").is_err());
    }

    #[test]
    fn screenshots_have_an_order_and_an_end() {
        let mut pictures = Pictures::default();
        for name in ["a", "b", "c", "d", "e", "f"] {
            pictures.add_screenshot(picture(name)).unwrap();
        }
        assert_eq!(pictures.add_screenshot(picture("a")).unwrap_err().code(), "already_exists");
        assert_eq!(pictures.add_screenshot(picture("g")).unwrap_err().code(), "conflict");
        let mut order: Vec<_> = pictures.screenshots.iter().map(|picture| picture.digest).collect();
        order.reverse();
        pictures.order_screenshots(&order).unwrap();
        assert!(pictures.screenshots.iter().map(|picture| &picture.digest).eq(&order));
        for wrong in [&order[1..], &[order[0]; 6], &[]] {
            assert_eq!(pictures.order_screenshots(wrong).unwrap_err().code(), "invalid");
        }
        pictures.remove_screenshot(&order[0].to_hex()).unwrap();
        assert_eq!(pictures.remove_screenshot(&order[0].to_hex()).unwrap_err().code(), "not_found");
        assert!(pictures.screenshots.iter().map(|picture| &picture.digest).eq(&order[1..]));
    }
}
