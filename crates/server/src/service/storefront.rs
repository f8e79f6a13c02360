//! What the store shows: released apps and versions, never drafts.

use std::collections::HashMap;

use bytes::Bytes;
use chandlery_api::{
    AppHit, AppQuery, PackageFile, Page, PageQuery, Picture, StoreApp, StoreAppView, StoreInformation,
    StorePage, StoreQuery, StoreSort, StoreVersion, StoreVersionView,
};
use chandlery_chart::{Archive, Limits, file_name, read_file};
use chandlery_core::{Actor, AppName, Error, Permission, Place, Result, VersionState, WorkspaceName, may};
use chandlery_search::{Cursor, Query, Sort, Start, View, Workspaces};
use chandlery_store::app_versions::{self, AppVersionRow};
use chandlery_store::apps::AppRow;
use chandlery_store::listings::ListingRow;
use chandlery_store::storefront::{
    self as rows, ListingFilter, ListingOrder, ListingPlace, PlaceValue, ReleasedVersion,
};
use chandlery_store::workspaces;

use crate::app::{App, Scope, SharedApp};
use crate::media::markdown::to_html;
use crate::service::attachments::{Pictures, StoredPicture};
use crate::service::packages::{read_blob, readme_of, text_of};

/// Matches that are put into the order of their downloads.
const MOST_BY_DOWNLOADS: usize = 1000;

/// The page of the store that a query asks for.
pub(crate) async fn list(
    app: &SharedApp,
    scope: &Scope,
    query: &StoreQuery,
    limit: u32,
) -> Result<StorePage> {
    scope.require(Permission::AppsView)?;
    let text = query.q.as_deref().unwrap_or_default().trim();
    let sort = match query.sort {
        Some(StoreSort::Relevance) if text.is_empty() => {
            return Err(Error::invalid("sort", "relevance is an order of what was searched for: add q"));
        }
        Some(sort) => sort,
        None if text.is_empty() => StoreSort::Name,
        None => StoreSort::Relevance,
    };
    let Some(filter) = filter(app, query).await? else { return Ok(empty_page()) };
    let words = !text.is_empty() || query.keyword.is_some() || query.maintainer.is_some();
    let place = query.cursor.as_deref().and_then(place_of);
    if words && (place.is_none() || sort == StoreSort::Downloads) {
        let found = if sort == StoreSort::Downloads {
            by_downloads(app, query, text, &filter, place.as_ref(), limit).await?
        } else {
            searched(app, query, text, &filter, sort, limit).await?
        };
        if let Some(page) = found {
            return Ok(page);
        }
    }
    if query.cursor.is_some() && place.is_none() {
        return Err(bad_cursor(words));
    }
    let filter = if words { without_index(filter, query, text) } else { filter };
    ordered(app, &filter, order_of(sort), place.as_ref(), limit).await
}

fn bad_cursor(words: bool) -> Error {
    if words {
        // It may be one of the index, which does not answer now.
        return Error::Unavailable { what: "the search index".to_owned(), source: None };
    }
    Error::invalid("cursor", "is not one that this list has answered; leave it out")
}

fn empty_page() -> StorePage {
    StorePage { items: Vec::new(), next: None, total: Some(0), categories: None }
}

/// The filters that the database knows; nothing for those that nothing can meet.
async fn filter(app: &App, query: &StoreQuery) -> Result<Option<ListingFilter>> {
    let mut filter = ListingFilter::default();
    if let Some(category) = &query.category {
        let Ok(category) = category.parse() else { return Ok(None) };
        filter.category = Some(category);
    }
    if let Some(workspace) = &query.workspace {
        let Ok(name) = workspace.parse() else { return Ok(None) };
        let row = workspaces::find(app.store.database().reader(), &name).await?;
        let Some(row) = row else { return Ok(None) };
        filter.workspace_id = Some(row.id);
    }
    Ok(Some(filter))
}

fn order_of(sort: StoreSort) -> ListingOrder {
    match sort {
        StoreSort::Relevance | StoreSort::Name => ListingOrder::Name,
        StoreSort::Newest => ListingOrder::Newest,
        StoreSort::Downloads => ListingOrder::Downloads,
    }
}

/// The filters of a search, for the database: the beginnings of names instead of words.
fn without_index(filter: ListingFilter, query: &StoreQuery, text: &str) -> ListingFilter {
    let quoted = |text: &String| serde_json::Value::from(text.to_lowercase()).to_string();
    ListingFilter {
        prefix: (!text.is_empty()).then(|| text.to_lowercase()),
        containing: query.keyword.iter().chain(&query.maintainer).map(quoted).collect(),
        ..filter
    }
}

fn index_query(query: &StoreQuery, text: &str, filter: &ListingFilter) -> Query {
    let workspaces = filter.workspace_id.map_or(Workspaces::All, |id| Workspaces::Only(vec![id]));
    Query {
        category: query.category.clone(),
        keyword: query.keyword.clone(),
        maintainer: query.maintainer.clone(),
        ..Query::new(View::Store, workspaces).with_text(text)
    }
}

/// A page from the index; nothing when it does not answer.
async fn searched(
    app: &SharedApp,
    query: &StoreQuery,
    text: &str,
    filter: &ListingFilter,
    sort: StoreSort,
    limit: u32,
) -> Result<Option<StorePage>> {
    let question = Query {
        sort: match sort {
            StoreSort::Relevance => Sort::Relevance,
            StoreSort::Newest => Sort::Newest,
            StoreSort::Name | StoreSort::Downloads => Sort::Name,
        },
        start: start_of(query.cursor.as_deref())?,
        limit: limit as usize,
        ..index_query(query, text, filter)
    };
    let Some(found) = app.search_index.search(app, question).await? else { return Ok(None) };
    let ids: Vec<i64> = found.hits.iter().map(|hit| hit.id).collect();
    let known = rows::find_many(app.store.database().reader(), &ids).await?;
    let mut known: HashMap<i64, ListingRow> = known.into_iter().map(|row| (row.app.id, row)).collect();
    let items = ids.iter().filter_map(|id| known.remove(id)).map(|row| store_app(app, &row)).collect();
    let counts = found.categories.into_iter().map(|(name, count)| (name, count as u64));
    Ok(Some(StorePage {
        items,
        next: found.next.map(|cursor| cursor.to_string()),
        total: Some(found.total as u64),
        categories: Some(counts.collect()),
    }))
}

fn start_of(cursor: Option<&str>) -> Result<Start> {
    match cursor {
        Some(text) => Ok(Start::After(text.parse::<Cursor>()?)),
        None => Ok(Start::Offset(0)),
    }
}

/// The best matches in the order of their downloads; nothing when the index does not answer.
async fn by_downloads(
    app: &SharedApp,
    query: &StoreQuery,
    text: &str,
    filter: &ListingFilter,
    after: Option<&ListingPlace>,
    limit: u32,
) -> Result<Option<StorePage>> {
    let question = Query { limit: MOST_BY_DOWNLOADS, ..index_query(query, text, filter) };
    let Some(found) = app.search_index.search(app, question).await? else { return Ok(None) };
    let among = Some(found.hits.iter().map(|hit| hit.id).collect());
    let filter = ListingFilter { among, ..filter.clone() };
    let page = ordered(app, &filter, ListingOrder::Downloads, after, limit).await?;
    let counts = found.categories.into_iter().map(|(name, count)| (name, count as u64));
    Ok(Some(StorePage { total: Some(found.total as u64), categories: Some(counts.collect()), ..page }))
}

/// A page from the database.
async fn ordered(
    app: &App,
    filter: &ListingFilter,
    order: ListingOrder,
    after: Option<&ListingPlace>,
    limit: u32,
) -> Result<StorePage> {
    if after.is_some_and(|place| matches!(place.value, PlaceValue::Name(_)) != (order == ListingOrder::Name))
    {
        return Err(Error::invalid("cursor", "is one of another order; leave it out"));
    }
    let mut found = rows::list(app.store.database().reader(), filter, order, after, limit + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|row| cursor_of(&row.place(order)));
    let items = found.iter().map(|row| store_app(app, row)).collect();
    Ok(StorePage { items, next, total: None, categories: None })
}

/// A place as text; different from the cursors of the index, which begin with one letter.
fn cursor_of(place: &ListingPlace) -> String {
    match &place.value {
        PlaceValue::Name(name) => format!("name.{}.{name}", place.app_id),
        PlaceValue::Number(number) => format!("number.{}.{number}", place.app_id),
    }
}

fn place_of(cursor: &str) -> Option<ListingPlace> {
    let mut parts = cursor.splitn(3, '.');
    let (kind, app_id, value) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    let value = match kind {
        "name" => PlaceValue::Name(value.to_owned()),
        "number" => PlaceValue::Number(value.parse().ok()?),
        _ => return None,
    };
    Some(ListingPlace { value, app_id })
}

fn information_of(text: &str) -> StoreInformation {
    serde_json::from_str(text).unwrap_or_default()
}

fn store_app(app: &App, row: &ListingRow) -> StoreApp {
    let information = information_of(&row.information);
    let (icon, _) = pictures_of(app, row);
    StoreApp {
        workspace: row.app.workspace.1.clone(),
        name: row.app.name.clone(),
        chart: row.app.chart_name.clone(),
        display_name: row.display_name.clone(),
        display_name_zh: information.zh.display_name,
        summary: information.summary,
        summary_zh: information.zh.summary,
        icon,
        keywords: information.keywords,
        category: row.app.category.clone(),
        latest_version: row.latest_version.clone(),
        downloads: row.downloads,
        first_released_at: row.first_released_at,
        released_at: row.released_at,
    }
}

/// The icon and the screenshots as of the last release.
fn pictures_of(app: &App, row: &ListingRow) -> (Option<Picture>, Vec<Picture>) {
    let context_path = app.indexes.links().context_path();
    let path = format!("{context_path}{}", app_path(&row.app.workspace.1, &row.app.name));
    Pictures::of(&row.information).unwrap_or_default().views(&path)
}

/// The path of an app of the store.
pub(crate) fn app_path(workspace: &WorkspaceName, name: &AppName) -> String {
    format!("/api/v1/store/apps/{workspace}/{name}")
}

/// A picture of an app as of its last release.
pub(crate) async fn picture(app: &App, scope: &Scope, path: &AppPath, digest: &str) -> Result<StoredPicture> {
    let row = find(app, scope, path).await?;
    Pictures::of(&row.information)?.find(digest)
}

fn app_view(app: &App, row: &ListingRow) -> StoreAppView {
    let information = information_of(&row.information);
    StoreAppView {
        screenshots: pictures_of(app, row).1,
        app: store_app(app, row),
        description_html: to_html(&information.description),
        description_html_zh: to_html(&information.zh.description),
        information,
    }
}

/// The names of an app in a path.
pub(crate) type AppPath = (WorkspaceName, AppName);

async fn find(app: &App, scope: &Scope, path: &AppPath) -> Result<ListingRow> {
    scope.require(Permission::AppsView)?;
    let row = rows::find(app.store.database().reader(), &path.0, &path.1).await?;
    row.ok_or_else(|| Error::not_found("app"))
}

/// An app as of its last release.
pub(crate) async fn get(app: &App, scope: &Scope, path: &AppPath) -> Result<StoreAppView> {
    let row = find(app, scope, path).await?;
    Ok(app_view(app, &row))
}

/// The active versions of an app, newest first.
pub(crate) async fn versions(
    app: &App,
    scope: &Scope,
    path: &AppPath,
    query: &PageQuery,
    limit: u32,
) -> Result<Page<StoreVersion>> {
    let row = find(app, scope, path).await?;
    let reader = app.store.database().reader();
    let mut found = rows::versions(reader, row.app.id, query.cursor.as_deref(), limit + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|last| last.version.package.sort_key.clone());
    let items = found.iter().map(|version| store_version(app, &row, version)).collect();
    Ok(Page { items, next })
}

fn store_version(app: &App, listing: &ListingRow, released: &ReleasedVersion) -> StoreVersion {
    let row = &released.version;
    let file_name = file_name(&listing.app.chart_name, &row.version);
    StoreVersion {
        version: row.version.clone(),
        app_version: row.package.app_version.clone(),
        update_log: row.update_log.clone(),
        digest: row.package.digest.to_hex(),
        size: row.package.size,
        signed: row.package.provenance.is_some(),
        url: app.indexes.links().store_package(&file_name),
        downloads: released.downloads,
        released_at: row.released_at.unwrap_or(row.updated_at),
    }
}

/// An active version: any other is not there.
async fn active(app: &App, listing: &ListingRow, version: &str) -> Result<AppVersionRow> {
    let row = app_versions::find(app.store.database().reader(), listing.app.id, version).await?;
    let active = row.filter(|row| row.state == VersionState::Active);
    active.ok_or_else(|| Error::not_found("version"))
}

/// A version with what is in its package.
pub(crate) async fn version(
    app: &App,
    scope: &Scope,
    path: &AppPath,
    version: &str,
) -> Result<StoreVersionView> {
    let listing = find(app, scope, path).await?;
    let row = active(app, &listing, version).await?;
    let downloads = rows::downloads(app.store.database().reader(), listing.app.id, version).await?;
    let (digest, size) = (row.package.digest, row.package.size);
    let read = |reader| Archive::read(reader, &Limits::default());
    let archive = read_blob(app, &digest, size, read).await?;
    let metadata = serde_json::from_str(&row.package.metadata).map_err(Error::internal)?;
    let readme = readme_of(&archive);
    let files = archive.files.iter().map(|file| PackageFile {
        path: file.path.clone(),
        size: file.data.len() as u64,
        binary: std::str::from_utf8(&file.data).is_err(),
    });
    Ok(StoreVersionView {
        version: store_version(app, &listing, &ReleasedVersion { version: row, downloads }),
        metadata,
        readme_html: readme.as_deref().map(to_html),
        readme,
        values: text_of(&archive, "values.yaml"),
        schema: text_of(&archive, "values.schema.json"),
        files: files.collect(),
    })
}

/// A file of a version.
pub(crate) async fn file(
    app: &App,
    scope: &Scope,
    path: &AppPath,
    version: &str,
    file: String,
) -> Result<Bytes> {
    let listing = find(app, scope, path).await?;
    let row = active(app, &listing, version).await?;
    let read = move |reader| read_file(reader, &file, &Limits::default());
    let content = read_blob(app, &row.package.digest, row.package.size, read).await?;
    content.ok_or_else(|| Error::not_found("file"))
}

/// The last releases of an app, newest first.
pub(crate) async fn releases(
    app: &App,
    scope: &Scope,
    path: &AppPath,
) -> Result<(StoreAppView, Vec<StoreVersion>)> {
    const READ: u32 = 200;
    const SHOWN: usize = 50;
    let listing = find(app, scope, path).await?;
    let found = rows::versions(app.store.database().reader(), listing.app.id, None, READ).await?;
    let mut versions: Vec<_> = found.iter().map(|version| store_version(app, &listing, version)).collect();
    versions.sort_by_key(|version| std::cmp::Reverse(version.released_at));
    versions.truncate(SHOWN);
    Ok((app_view(app, &listing), versions))
}

/// Whose apps somebody may find: what their permissions say, whatever they ask for.
fn visible_workspaces(actor: &Actor) -> Workspaces {
    if may(actor, Permission::AppsView, Place::Platform) {
        return Workspaces::All;
    }
    let Actor::Account(account) = actor else { return Workspaces::Only(Vec::new()) };
    let ids = account.memberships.workspaces().map(|(id, _)| id);
    Workspaces::Only(ids.filter(|id| may(actor, Permission::AppsView, Place::Workspace(*id))).collect())
}

/// The apps, drafts too, that somebody may see and that a query finds.
pub(crate) async fn search_apps(
    app: &SharedApp,
    actor: &Actor,
    query: &AppQuery,
    limit: u32,
) -> Result<Page<AppHit>> {
    let workspaces = visible_workspaces(actor);
    let text = query.q.as_deref().unwrap_or_default().trim();
    let after = query.cursor.as_deref().and_then(|cursor| cursor.strip_prefix("id.")?.parse().ok());
    let reader = app.store.database().reader();
    if after.is_none() {
        let question = Query {
            category: query.category.clone(),
            sort: if text.is_empty() { Sort::Name } else { Sort::Relevance },
            start: start_of(query.cursor.as_deref())?,
            limit: limit as usize,
            ..Query::new(View::Workspace, workspaces.clone()).with_text(text)
        };
        if let Some(found) = app.search_index.search(app, question).await? {
            let ids: Vec<i64> = found.hits.iter().map(|hit| hit.id).collect();
            let known = rows::find_apps(reader, &ids).await?;
            let mut known: HashMap<i64, AppRow> = known.into_iter().map(|row| (row.id, row)).collect();
            let items = ids.iter().filter_map(|id| known.remove(id)).map(app_hit).collect();
            return Ok(Page { items, next: found.next.map(|cursor| cursor.to_string()) });
        }
        if query.cursor.is_some() {
            return Err(bad_cursor(true));
        }
    }
    let ids = match &workspaces {
        Workspaces::All => None,
        Workspaces::Only(ids) => Some(ids.as_slice()),
    };
    let prefix = text.to_lowercase();
    let mut found = rows::list_apps(reader, ids, &prefix, after.unwrap_or_default(), limit + 1).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|row| format!("id.{}", row.id));
    let wanted = |row: &AppRow| query.category.as_deref().is_none_or(|name| name == row.category.as_str());
    Ok(Page { items: found.into_iter().filter(wanted).map(app_hit).collect(), next })
}

fn app_hit(row: AppRow) -> AppHit {
    AppHit {
        workspace: row.workspace.1,
        name: row.name,
        chart: row.chart_name,
        display_name: row.display_name,
        summary: information_of(&row.information).summary,
        category: row.category,
        state: row.state,
        updated_at: row.updated_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_survive_being_text() {
        for value in
            [PlaceValue::Name("a.b 消息".to_owned()), PlaceValue::Name(String::new()), PlaceValue::Number(-5)]
        {
            let place = ListingPlace { value, app_id: 7 };
            assert_eq!(place_of(&cursor_of(&place)), Some(place));
        }
        for other in ["", "name", "name.x.a", "number.1.x", "r.1.5", "n.1.name", "t.1.5"] {
            assert_eq!(place_of(other), None, "{other}");
        }
    }
}
