//! What somebody has to give: nobody hands out more than that.

use chandlery_core::{Actor, Error, PermissionSet, Result, RoleName};
use chandlery_store::roles::RoleOwner;
use chandlery_store::{Connection, roles};

/// What an actor has at a place.
pub(crate) fn held(actor: &Actor, owner: RoleOwner) -> PermissionSet {
    match (actor, owner) {
        (Actor::System | Actor::Source(_), _) => PermissionSet::ALL,
        (Actor::Anonymous, _) => PermissionSet::NONE,
        (Actor::Account(account), RoleOwner::Platform) => account.permissions,
        (Actor::Account(account), RoleOwner::Workspace(id)) => {
            account.permissions.with(account.granted_in(id))
        }
    }
}

/// Refuses what grants more than the actor has at a place.
pub(crate) fn covers(
    actor: &Actor,
    owner: RoleOwner,
    permissions: PermissionSet,
    what: impl std::fmt::Display,
) -> Result<()> {
    if held(actor, owner).covers(permissions) {
        return Ok(());
    }
    Err(Error::Forbidden(format!("{what} permissions that you do not have")))
}

/// Refuses to give a role that does not exist, or grants more than the giver has there.
pub(crate) async fn may_give(
    connection: &impl Connection,
    actor: &Actor,
    owner: RoleOwner,
    role: &RoleName,
) -> Result<()> {
    let granted = roles::permissions(connection, owner, role).await?;
    let granted = granted.ok_or_else(|| Error::invalid("role", format!("there is no role {role}")))?;
    covers(actor, owner, granted, format_args!("the role {role} grants"))
}
