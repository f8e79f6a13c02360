//! Provenance files of external repositories.

/// The changes, in the words of [`in_dialect`](super::dialect::in_dialect).
pub(super) const CHANGES: &[&str] = &[
    // When the source was last asked for the provenance file of this package.
    "ALTER TABLE versions ADD COLUMN provenance_asked_at BIGINT",
    // Why what the source had was not taken; NULL if it had none, or what it had is in `provenances`.
    "ALTER TABLE versions ADD COLUMN provenance_refusal {text}",
    // What a mirror has still to ask for, which is nothing most of the time.
    "CREATE INDEX versions_provenance_unasked ON versions (repository_id, id)
        WHERE stored AND location IS NOT NULL AND provenance_asked_at IS NULL",
];
