//! Virtual repositories: what they merge, and which names never come from elsewhere.

/// The changes, in the words of [`in_dialect`](super::dialect::in_dialect).
pub(super) const CHANGES: &[&str] = &[
    // `reserved` is a JSON list of patterns.
    "CREATE TABLE virtual_repositories (
        repository_id BIGINT NOT NULL PRIMARY KEY REFERENCES repositories (id) ON DELETE CASCADE,
        reserved {text} NOT NULL,
        revision BIGINT NOT NULL
    )",
    "CREATE TABLE virtual_members (
        virtual_id BIGINT NOT NULL REFERENCES virtual_repositories (repository_id) ON DELETE CASCADE,
        member_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
        position BIGINT NOT NULL,
        PRIMARY KEY (virtual_id, member_id)
    )",
    "CREATE INDEX virtual_members_member ON virtual_members (member_id)",
];
