//! Projects of workspaces.

use chandlery_api::{CreateProject, ProjectView, UpdateProject};
use chandlery_core::{Error, Permission, ProjectName, Result, see};
use chandlery_store::projects::{self, ProjectRow};
use jiff::Timestamp;

use super::texts::{check_description, check_name};
use super::trail::{self, Change};
use crate::app::{App, WorkspaceScope};

fn view(row: ProjectRow) -> ProjectView {
    ProjectView {
        name: row.name,
        display_name: row.display_name,
        description: row.description,
        created_at: row.created_at,
    }
}

fn change<'a>(action: &'static str, scope: &'a WorkspaceScope, name: &ProjectName) -> Change<'a> {
    Change { action, name: name.to_string(), workspace: Some(&scope.workspace), message: String::new() }
}

/// The projects behind `after`, by name.
pub(crate) async fn list(
    app: &App,
    scope: &WorkspaceScope,
    after: &str,
    limit: u32,
) -> Result<Vec<ProjectView>> {
    see(&scope.actor, scope.place())?;
    let rows = projects::list(app.store.database().reader(), scope.workspace.id, after, limit).await?;
    Ok(rows.into_iter().map(view).collect())
}

/// One project.
pub(crate) async fn get(app: &App, scope: &WorkspaceScope, name: &ProjectName) -> Result<ProjectView> {
    see(&scope.actor, scope.place())?;
    let row = projects::find(app.store.database().reader(), scope.workspace.id, name).await?;
    row.map(view).ok_or_else(|| not_found(name))
}

/// Makes a project.
pub(crate) async fn create(app: &App, scope: &WorkspaceScope, request: CreateProject) -> Result<ProjectView> {
    scope.require(Permission::WorkspacesManage)?;
    let row = ProjectRow {
        name: request.name,
        display_name: request.display_name,
        description: request.description,
        created_at: Timestamp::now(),
    };
    check(&row)?;
    let transaction = app.store.database().begin().await?;
    projects::create(&transaction, scope.workspace.id, &row).await?;
    trail::note(&transaction, &scope.actor, change("project.create", scope, &row.name)).await?;
    transaction.commit().await?;
    Ok(view(row))
}

/// Changes what people read of a project.
pub(crate) async fn update(
    app: &App,
    scope: &WorkspaceScope,
    name: &ProjectName,
    request: UpdateProject,
) -> Result<ProjectView> {
    scope.require(Permission::WorkspacesManage)?;
    let transaction = app.store.database().begin().await?;
    let row = projects::find(&transaction, scope.workspace.id, name).await?;
    let mut row = row.ok_or_else(|| not_found(name))?;
    row.display_name = request.display_name.unwrap_or(row.display_name);
    row.description = request.description.unwrap_or(row.description);
    check(&row)?;
    projects::update(&transaction, scope.workspace.id, &row).await?;
    trail::note(&transaction, &scope.actor, change("project.update", scope, name)).await?;
    transaction.commit().await?;
    Ok(view(row))
}

/// Deletes a project.
pub(crate) async fn delete(app: &App, scope: &WorkspaceScope, name: &ProjectName) -> Result<()> {
    scope.require(Permission::WorkspacesManage)?;
    let transaction = app.store.database().begin().await?;
    projects::delete(&transaction, scope.workspace.id, name).await?;
    trail::note(&transaction, &scope.actor, change("project.delete", scope, name)).await?;
    transaction.commit().await
}

fn check(row: &ProjectRow) -> Result<()> {
    check_name("display_name", &row.display_name)?;
    check_description("description", &row.description)
}

fn not_found(name: &ProjectName) -> Error {
    Error::not_found(format_args!("project {name}"))
}
