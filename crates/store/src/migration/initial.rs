//! The first schema: accounts, tokens, workspaces, repositories, charts, versions, provenance files, blobs.

/// The tables, in the words of [`in_dialect`](super::dialect::in_dialect).
///
/// Times are unix nanoseconds. `versions.repository_id` repeats what the chart says, for its unique file names.
pub(super) const CHANGES: &[&str] = &[
    "CREATE TABLE instance (
        name {text} NOT NULL PRIMARY KEY,
        value {text} NOT NULL
    )",
    "CREATE TABLE accounts (
        id {id},
        name {text} NOT NULL UNIQUE,
        password_hash {text},
        role {text} NOT NULL,
        disabled BOOLEAN NOT NULL,
        created_at BIGINT NOT NULL
    )",
    "CREATE TABLE workspaces (
        id {id},
        name {text} NOT NULL UNIQUE,
        created_at BIGINT NOT NULL
    )",
    "CREATE TABLE repositories (
        id {id},
        workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
        name {text} NOT NULL,
        visibility {text} NOT NULL,
        allow_overwrite BOOLEAN NOT NULL,
        max_package_size BIGINT,
        max_versions_per_chart BIGINT,
        max_storage_objects BIGINT,
        keep_versions BIGINT,
        artifacthub_repository_id {text},
        description {text} NOT NULL,
        generation BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        UNIQUE (workspace_id, name)
    )",
    "CREATE TABLE tokens (
        id {id},
        account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        name {text} NOT NULL,
        secret_hash {text} NOT NULL UNIQUE,
        scope {text} NOT NULL,
        repository_id BIGINT REFERENCES repositories (id) ON DELETE CASCADE,
        expires_at BIGINT,
        created_at BIGINT NOT NULL,
        UNIQUE (account_id, name)
    )",
    "CREATE INDEX tokens_repository ON tokens (repository_id)",
    "CREATE TABLE charts (
        id {id},
        repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
        name {text} NOT NULL,
        generation BIGINT NOT NULL,
        UNIQUE (repository_id, name)
    )",
    "CREATE INDEX charts_generation ON charts (repository_id, generation)",
    "CREATE TABLE versions (
        id {id},
        chart_id BIGINT NOT NULL REFERENCES charts (id) ON DELETE CASCADE,
        repository_id BIGINT NOT NULL,
        version {text} NOT NULL,
        file_name {text} NOT NULL,
        digest {text} NOT NULL,
        size BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        metadata {text} NOT NULL,
        UNIQUE (chart_id, version),
        UNIQUE (repository_id, file_name)
    )",
    "CREATE INDEX versions_digest ON versions (digest)",
    "CREATE TABLE provenances (
        id {id},
        repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
        file_name {text} NOT NULL,
        digest {text} NOT NULL,
        size BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        UNIQUE (repository_id, file_name)
    )",
    "CREATE INDEX provenances_digest ON provenances (digest)",
    "CREATE TABLE blobs (
        digest {text} NOT NULL PRIMARY KEY,
        size BIGINT NOT NULL,
        state {text} NOT NULL,
        deletions BIGINT NOT NULL,
        touched_at BIGINT NOT NULL
    )",
    "CREATE INDEX blobs_state ON blobs (state) WHERE state <> 'live'",
    "INSERT INTO instance (name, value) VALUES ('id', '{uuid}')",
];
