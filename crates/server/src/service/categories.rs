//! Categories: the shelves of the store.

use std::collections::BTreeMap;

use chandlery_api::{CategoryView, CreateCategory, UpdateCategory};
use chandlery_core::{
    Actor, AppName, CategoryName, Error, Permission, Place, Result, WorkspaceName, authorise, may,
};
use chandlery_store::apps::{self, AppChange};
use chandlery_store::audit::{self, AuditEntry};
use chandlery_store::categories::{self, CategoryFields, CategoryRow, UNCATEGORIZED};
use chandlery_store::{Transaction, reviews, storefront, workspaces};
use jiff::Timestamp;

use crate::app::{App, Scope};
use crate::http::conditional::IfMatch;
use crate::service::audit::entry;

fn view(row: CategoryRow) -> Result<CategoryView> {
    let CategoryFields { position, icon, title, translations, description } = row.fields;
    Ok(CategoryView {
        name: row.name,
        title,
        translations: serde_json::from_str(&translations).map_err(Error::internal)?,
        description,
        icon,
        position,
        apps: row.apps,
        created_at: row.created_at,
        updated_at: row.updated_at,
        revision: row.revision,
    })
}

/// All categories, in the order of their positions.
pub(crate) async fn list(app: &App, scope: &Scope) -> Result<Vec<CategoryView>> {
    scope.require(Permission::AppsView)?;
    let rows = categories::list(app.store.database().reader()).await?;
    rows.into_iter().map(view).collect()
}

/// One category.
pub(crate) async fn get(app: &App, scope: &Scope, name: &CategoryName) -> Result<CategoryView> {
    scope.require(Permission::AppsView)?;
    view(find(app, name).await?)
}

async fn find(app: &App, name: &CategoryName) -> Result<CategoryRow> {
    let row = categories::find(app.store.database().reader(), name).await?;
    row.ok_or_else(|| Error::not_found(format_args!("category {name}")))
}

/// Makes a category.
pub(crate) async fn create(app: &App, actor: &Actor, request: CreateCategory) -> Result<CategoryView> {
    authorise(actor, Permission::CategoriesManage, Place::Platform)?;
    /// Between two categories there is room for others.
    const GAP: i64 = 10;
    let transaction = app.store.database().begin().await?;
    let position = match request.position {
        Some(position) => position,
        None => categories::last_position(&transaction).await? + GAP,
    };
    let fields = CategoryFields {
        position,
        icon: request.icon,
        title: request.title.unwrap_or_else(|| request.name.to_string()),
        translations: written(&request.translations)?,
        description: request.description,
    };
    check(&fields)?;
    let now = Timestamp::now();
    let row = categories::create(&transaction, &request.name, &fields, now).await?;
    audited(&transaction, actor, "category.create", &row.name, String::new(), now).await?;
    transaction.commit().await?;
    tracing::info!(category = %row.name, "category created");
    view(row)
}

/// Changes a category, if it is as `expected`.
pub(crate) async fn update(
    app: &App,
    actor: &Actor,
    name: &CategoryName,
    expected: &IfMatch,
    request: UpdateCategory,
) -> Result<CategoryView> {
    authorise(actor, Permission::CategoriesManage, Place::Platform)?;
    let seen = find(app, name).await?;
    expected.check(seen.revision)?;
    let new_name = request.name.unwrap_or_else(|| seen.name.clone());
    if name.as_str() == UNCATEGORIZED && new_name != seen.name {
        return Err(Error::Conflict(format!("{UNCATEGORIZED} keeps its name; its title can be changed")));
    }
    let old = seen.fields.clone();
    let fields = CategoryFields {
        position: request.position.unwrap_or(old.position),
        icon: request.icon.unwrap_or(old.icon),
        title: request.title.unwrap_or(old.title),
        translations: request.translations.as_ref().map(written).transpose()?.unwrap_or(old.translations),
        description: request.description.unwrap_or(old.description),
    };
    check(&fields)?;
    let now = Timestamp::now();
    let transaction = app.store.database().begin().await?;
    let row = categories::update(&transaction, &seen, &new_name, &fields, now).await?;
    let message = if row.name == seen.name { String::new() } else { format!("was {}", seen.name) };
    audited(&transaction, actor, "category.update", &row.name, message, now).await?;
    transaction.commit().await?;
    tracing::info!(category = %row.name, was = %seen.name, "category changed");
    view(row)
}

/// Removes a category, if it is as `expected`; its apps go to `heir`.
pub(crate) async fn delete(
    app: &App,
    actor: &Actor,
    name: &CategoryName,
    expected: &IfMatch,
    heir: Option<&str>,
) -> Result<()> {
    authorise(actor, Permission::CategoriesManage, Place::Platform)?;
    let seen = find(app, name).await?;
    expected.check(seen.revision)?;
    if name.as_str() == UNCATEGORIZED {
        return Err(Error::Conflict(format!("{UNCATEGORIZED} is for apps without a category: it stays")));
    }
    let heir = match heir {
        Some(heir) => Some(find_heir(app, name, heir).await?),
        None => None,
    };
    let now = Timestamp::now();
    let transaction = app.store.database().begin().await?;
    categories::delete(&transaction, &seen, heir.as_ref().map(|row| row.id)).await?;
    let message = heir.map(|row| format!("its apps went to {}", row.name)).unwrap_or_default();
    audited(&transaction, actor, "category.delete", name, message, now).await?;
    transaction.commit().await?;
    tracing::info!(category = %name, "category deleted");
    Ok(())
}

/// The category that the apps of a deleted one go to.
async fn find_heir(app: &App, deleted: &CategoryName, heir: &str) -> Result<CategoryRow> {
    if heir == deleted.as_str() {
        return Err(Error::invalid("move_to", "is the category that is to be deleted"));
    }
    let name = heir.parse().map_err(|_| Error::invalid("move_to", "is not the name of a category"))?;
    match find(app, &name).await {
        Err(Error::NotFound(_)) => Err(Error::invalid("move_to", format!("there is no category {name}"))),
        found => found,
    }
}

/// Puts an app on a shelf: who curates the categories may, once the app was submitted, who manages the app until its
/// first release. Nobody learns of the drafts of others.
pub(crate) async fn put_app(
    app: &App,
    actor: &Actor,
    place: (&WorkspaceName, &AppName),
    category: CategoryName,
) -> Result<()> {
    if *actor == Actor::Anonymous {
        return Err(Error::Unauthenticated);
    }
    let reader = app.store.database().reader();
    let curates = may(actor, Permission::CategoriesManage, Place::Platform);
    let missing = || Error::not_found(if curates { "app" } else { "workspace" });
    let workspace = workspaces::find(reader, place.0).await?.ok_or_else(missing)?;
    if !curates {
        authorise(actor, Permission::AppsManage, Place::Workspace(workspace.id))?;
    }
    let row = apps::find(reader, workspace.id, place.1).await?.ok_or_else(|| Error::not_found("app"))?;
    let member = may(actor, Permission::AppsView, Place::Workspace(workspace.id));
    let was_released = storefront::was_released(reader, row.id).await?;
    if !member && !was_released && !reviews::any(reader, row.id).await? {
        return Err(Error::not_found("app"));
    }
    if !curates && was_released {
        return Err(Error::Forbidden(
            "the app was released: from then on its category is set by those who may categories.manage"
                .to_owned(),
        ));
    }
    if row.category == category {
        return Ok(());
    }
    let now = Timestamp::now();
    let transaction = app.store.database().begin().await?;
    let message = format!("{} to {category}", row.category);
    let change = AppChange { category: Some(category), ..AppChange::default() };
    apps::update(&transaction, row.id, row.revision, &change, now).await?;
    let entry = AuditEntry {
        kind: "app".to_owned(),
        name: row.name.to_string(),
        workspace: (workspace.id, workspace.name.to_string()),
        app_id: Some(row.id),
        message,
        ..entry(actor, "app.category", now)
    };
    audit::append(&transaction, &entry).await?;
    transaction.commit().await
}

async fn audited(
    transaction: &Transaction,
    actor: &Actor,
    action: &str,
    name: &CategoryName,
    message: String,
    at: Timestamp,
) -> Result<()> {
    let (kind, name) = ("category".to_owned(), name.to_string());
    audit::append(transaction, &AuditEntry { kind, name, message, ..entry(actor, action, at) }).await
}

/// Translations as they are kept, if they are good.
fn written(translations: &BTreeMap<String, String>) -> Result<String> {
    const MOST: usize = 50;
    if translations.len() > MOST {
        return Err(Error::invalid("translations", format!("are more than {MOST}")));
    }
    for (language, title) in translations {
        if !is_language(language) {
            let shown: String = language.chars().take(40).collect();
            let reason = format!("{shown:?} is not a language tag such as zh or pt-BR");
            return Err(Error::invalid("translations", reason));
        }
        check_text("translations", title, LONGEST_TITLE)?;
    }
    serde_json::to_string(translations).map_err(Error::internal)
}

/// Whether this is the form of a language tag (the part of BCP 47 that is in use).
fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (2..=3).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.all(|part| (2..=8).contains(&part.len()) && plain(part))
        && text.len() <= 35
}

const LONGEST_TITLE: usize = 100;

fn check(fields: &CategoryFields) -> Result<()> {
    const LONGEST_DESCRIPTION: usize = 1000;
    const FARTHEST: i64 = 1_000_000_000;
    check_text("title", &fields.title, LONGEST_TITLE)?;
    if fields.title.trim().is_empty() {
        return Err(Error::invalid("title", "is empty"));
    }
    check_text("icon", &fields.icon, LONGEST_TITLE)?;
    check_text("description", &fields.description, LONGEST_DESCRIPTION)?;
    if !(-FARTHEST..=FARTHEST).contains(&fields.position) {
        return Err(Error::invalid("position", format!("is not between -{FARTHEST} and {FARTHEST}")));
    }
    Ok(())
}

fn check_text(field: &str, text: &str, longest: usize) -> Result<()> {
    if text.chars().count() > longest {
        return Err(Error::invalid(field, format!("is longer than {longest} characters")));
    }
    if text.chars().any(|character| character.is_control() && character != '\n') {
        return Err(Error::invalid(field, "contains control characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages() {
        for good in ["zh", "en", "pt-BR", "zh-Hant-TW", "yue"] {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "z", "ZH", "english", "zh-", "zh-x", "zh_CN", "zh-ä1", "zh-aaaaaaaaa"] {
            assert!(!is_language(bad), "{bad}");
        }
    }
}
