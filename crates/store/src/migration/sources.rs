//! External repositories: where their packages come from, what was learnt at each sync, and virtual repositories.

/// The changes, in the words of [`in_dialect`](super::dialect::in_dialect).
pub(super) const CHANGES: &[&str] = &[
    // Where the bytes come from as long as they are not stored here; NULL for what was pushed.
    "ALTER TABLE versions ADD COLUMN location {text}",
    // Whether the bytes are in the blob store. Of an external repository they come with the first pull.
    "ALTER TABLE versions ADD COLUMN stored BOOLEAN NOT NULL DEFAULT TRUE",
    // Stands for what the source said of it when it was last read, so that what did not change costs nothing.
    "ALTER TABLE versions ADD COLUMN fingerprint {text}",
    // When the source stopped listing it.
    "ALTER TABLE versions ADD COLUMN vanished_at BIGINT",
    // What the source calls the digest of this version now, where it is not the first one.
    "ALTER TABLE versions ADD COLUMN claimed_digest {text}",
    // What is told of an external repository is counted from these, and not from all it lists.
    "CREATE INDEX versions_cached ON versions (repository_id, size) WHERE stored AND location IS NOT NULL",
    "CREATE INDEX versions_vanished ON versions (repository_id) WHERE vanished_at IS NOT NULL",
    "CREATE INDEX versions_claimed ON versions (repository_id, id) WHERE claimed_digest IS NOT NULL",
    // `settings` is JSON without secrets, `credentials` is sealed, `validator` is what makes the next look conditional.
    // Whoever syncs holds the lease: nothing else says that a sync is under way, so none is left behind.
    "CREATE TABLE sources (
        repository_id BIGINT NOT NULL PRIMARY KEY REFERENCES repositories (id) ON DELETE CASCADE,
        kind {text} NOT NULL,
        url {text} NOT NULL,
        settings {text} NOT NULL,
        credentials {text} NOT NULL,
        hook_hash {text} UNIQUE,
        validator {text} NOT NULL,
        state {text} NOT NULL,
        message {text} NOT NULL,
        failures BIGINT NOT NULL,
        checked_at BIGINT,
        synced_at BIGINT,
        next_at BIGINT,
        cause {text} NOT NULL,
        actor {text} NOT NULL,
        leased_by {text} NOT NULL,
        leased_until BIGINT NOT NULL,
        revision BIGINT NOT NULL
    )",
    "CREATE INDEX sources_due ON sources (next_at)",
    // One row per look at a source, the last ones only.
    "CREATE TABLE source_runs (
        id {id},
        repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
        cause {text} NOT NULL,
        actor {text} NOT NULL,
        outcome {text} NOT NULL,
        message {text} NOT NULL,
        problems {text} NOT NULL,
        charts BIGINT NOT NULL,
        versions BIGINT NOT NULL,
        added BIGINT NOT NULL,
        changed BIGINT NOT NULL,
        vanished BIGINT NOT NULL,
        skipped BIGINT NOT NULL,
        started_at BIGINT NOT NULL,
        ended_at BIGINT NOT NULL
    )",
    "CREATE INDEX source_runs_repository ON source_runs (repository_id, id)",
];
