//! Changes of who may do what, as the audit and the log have them.

use chandlery_core::{Actor, Result};
use chandlery_store::Transaction;
use chandlery_store::audit::{self, AuditEntry};
use chandlery_store::workspaces::WorkspaceRow;
use jiff::Timestamp;

/// A change, to be noted in the transaction that makes it.
pub(crate) struct Change<'a> {
    /// What was done, such as `role.create`: to which kind of thing, and what.
    pub(crate) action: &'static str,
    /// The thing, as people name it.
    pub(crate) name: String,
    /// Where; the platform if nowhere.
    pub(crate) workspace: Option<&'a WorkspaceRow>,
    /// What changed; never a secret.
    pub(crate) message: String,
}

/// Notes a change.
pub(crate) async fn note(transaction: &Transaction, actor: &Actor, change: Change<'_>) -> Result<()> {
    let role = match actor {
        Actor::Account(account) => account.role.as_str(),
        Actor::Anonymous | Actor::System | Actor::Source(_) => "",
    };
    note_of(transaction, actor.name(), role, change).await
}

/// Notes a change by somebody with this name and platform role.
pub(crate) async fn note_of(
    transaction: &Transaction,
    actor: &str,
    role: &str,
    change: Change<'_>,
) -> Result<()> {
    let workspace = change.workspace.map_or((0, ""), |workspace| (workspace.id, workspace.name.as_str()));
    let (action, name, message) = (change.action, &change.name, &change.message);
    tracing::info!(actor, action, %name, workspace = workspace.1, %message, "changed");
    let entry = AuditEntry {
        at: Timestamp::now(),
        actor: actor.to_owned(),
        role: role.to_owned(),
        action: action.to_owned(),
        kind: action.split('.').next().unwrap_or_default().to_owned(),
        name: change.name,
        workspace: (workspace.0, workspace.1.to_owned()),
        message: change.message,
        ..AuditEntry::default()
    };
    audit::append(transaction, &entry).await
}
