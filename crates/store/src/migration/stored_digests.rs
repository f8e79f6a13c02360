//! Only packages whose bytes are here need to be found by their digest: for garbage collection. Digests come in no order,
//! so that an index of all that a large foreign repository lists costs as much as the rest of its rows.

/// The changes, in the words of [`in_dialect`](super::dialect::in_dialect).
pub(super) const CHANGES: &[&str] =
    &["CREATE INDEX versions_stored_digest ON versions (digest) WHERE stored", "DROP INDEX versions_digest"];
