//! The groups that an account has at its identity provider, as of its last login.

/// The changes, in the words of [`in_dialect`](super::dialect::in_dialect).
pub(super) const CHANGES: &[&str] = &[
    "CREATE TABLE account_groups (
        account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        group_name {text} NOT NULL,
        PRIMARY KEY (account_id, group_name)
    )",
    "CREATE INDEX identities_account ON identities (account_id)",
];
