//! What groups of the identity provider give: a role of the platform, or in one workspace.

use chandlery_api::GroupRole;
use chandlery_core::{Error, Result};
use chandlery_store::{groups, roles};

use super::rights::{covers, may_give};
use super::roles::Roles;
use super::trail::{self, Change};
use crate::app::App;

/// The longest name of a group, in bytes.
const LONGEST_GROUP: usize = 255;

fn change<'a>(roles: &Roles<'a>, action: &'static str, given: &GroupRole) -> Change<'a> {
    let message = format!("role {}", given.role);
    Change { action, name: given.group.clone(), workspace: roles.workspace(), message }
}

/// What the groups behind `after` give here, by name: at most `limit`.
pub(crate) async fn list(app: &App, roles: &Roles<'_>, after: &str, limit: u32) -> Result<Vec<GroupRole>> {
    roles.may_change()?;
    let rows = groups::list(app.store.database().reader(), roles.owner(), after, limit).await?;
    Ok(rows.into_iter().map(|(group, role)| GroupRole { group, role }).collect())
}

/// Gives the members of a group a role here, which grants no more than who does this has. Those who are known to be in
/// the group have it at once.
pub(crate) async fn create(app: &App, roles: &Roles<'_>, request: GroupRole) -> Result<GroupRole> {
    roles.may_change()?;
    check_group(&request.group)?;
    let transaction = app.store.database().begin().await?;
    may_give(&transaction, roles.actor(), roles.owner(), &request.role).await?;
    groups::create(&transaction, &request.group, roles.owner(), &request.role).await?;
    trail::note(&transaction, roles.actor(), change(roles, "group-role.create", &request)).await?;
    transaction.commit().await?;
    app.authentication.forget();
    Ok(request)
}

/// Takes the role of a group's members away, which grants no more than who does this has.
pub(crate) async fn delete(app: &App, roles: &Roles<'_>, group: String) -> Result<()> {
    roles.may_change()?;
    let transaction = app.store.database().begin().await?;
    let owner = roles.owner();
    let missing = || Error::not_found(format_args!("a role of the group {group}"));
    let role = groups::find(&transaction, &group, owner).await?.ok_or_else(missing)?;
    let granted = roles::permissions(&transaction, owner, &role).await?.unwrap_or_default();
    covers(roles.actor(), owner, granted, format_args!("the group {group} has"))?;
    groups::delete(&transaction, &group, owner).await?;
    let given = GroupRole { group, role };
    trail::note(&transaction, roles.actor(), change(roles, "group-role.delete", &given)).await?;
    transaction.commit().await?;
    app.authentication.forget();
    Ok(())
}

fn check_group(group: &str) -> Result<()> {
    let fits = (1..=LONGEST_GROUP).contains(&group.len()) && !group.contains(char::is_control);
    if fits {
        return Ok(());
    }
    let reason = format!("is not a name of 1 to {LONGEST_GROUP} bytes without control characters");
    Err(Error::invalid("group", reason))
}
