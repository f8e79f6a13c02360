//! Indexes that let each order of a list begin where its first page is.

/// The changes, in the words of [`in_dialect`](super::dialect::in_dialect).
pub(super) const CHANGES: &[&str] = &[
    // The kind of a role follows from its workspace: nobody looks a role up by it.
    "CREATE INDEX roles_name ON roles (workspace_id, name)",
    "CREATE INDEX apps_state ON apps (workspace_id, state, name)",
    "CREATE INDEX apps_shelf ON apps (workspace_id, category_id, name)",
];
