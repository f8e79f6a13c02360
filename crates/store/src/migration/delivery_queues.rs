//! An index that lets the first deliveries of each receiver be found, however many wait behind them.

/// The changes, in the words of [`in_dialect`](super::dialect::in_dialect).
pub(super) const CHANGES: &[&str] = &[
    "CREATE INDEX deliveries_queue ON deliveries (state, COALESCE(webhook_id, 0), next_at, id)",
    // It began with the state as well. An old replica finds what is due without it, if more slowly.
    "DROP INDEX deliveries_due",
];
