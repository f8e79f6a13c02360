//! Apps that are made from external repositories by rule.

/// The changes, in the words of [`in_dialect`](super::dialect::in_dialect).
pub(super) const CHANGES: &[&str] = &[
    // How far the import is: everything that changed up to here, in the order of (generation, name) of charts, was
    // looked at.
    "ALTER TABLE sources ADD COLUMN import_generation BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE sources ADD COLUMN import_chart {text} NOT NULL DEFAULT ''",
    "ALTER TABLE source_runs ADD COLUMN imported BIGINT NOT NULL DEFAULT 0",
    // The app that a chart became.
    "CREATE TABLE imported_apps (
        app_id BIGINT NOT NULL PRIMARY KEY REFERENCES apps (id) ON DELETE CASCADE,
        repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
        chart {text} NOT NULL,
        UNIQUE (repository_id, chart)
    )",
    // Every version that was ever imported, whatever became of it: what somebody deleted does not come back.
    "CREATE TABLE imported_versions (
        repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
        chart {text} NOT NULL,
        version {text} NOT NULL,
        PRIMARY KEY (repository_id, chart, version)
    )",
    // Charts that are tried again; `blocked` ones only when somebody asks for it, because time alone mends nothing.
    "CREATE TABLE import_failures (
        repository_id BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
        chart {text} NOT NULL,
        problem {text} NOT NULL,
        blocked BOOLEAN NOT NULL,
        tried_at BIGINT NOT NULL,
        PRIMARY KEY (repository_id, chart)
    )",
];
