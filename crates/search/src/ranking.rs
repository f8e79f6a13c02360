//! The order of hits, and the part of them that makes a page.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chandlery_core::{Error, Result};

use crate::query::{Cursor, Hit, Order, Page, Query, Sort, Start};

/// What is wanted of the ordered hits.
pub(crate) struct Ranking {
    pub(crate) sort: Sort,
    pub(crate) after: Option<Cursor>,
    offset: usize,
    limit: usize,
}

/// A hit with its place in the order.
pub(crate) struct Ranked {
    pub(crate) cursor: Cursor,
    pub(crate) score: u32,
}

/// What one segment contributes.
#[derive(Default)]
pub(crate) struct Found {
    /// The best of the segment that come after the cursor, at least as many as are wanted if there are.
    pub(crate) best: Vec<Ranked>,
    pub(crate) total: usize,
    pub(crate) total_of_all_categories: usize,
    pub(crate) categories: Vec<(String, usize)>,
}

impl Ranking {
    pub(crate) fn new(query: &Query) -> Result<Self> {
        let (offset, after) = match &query.start {
            Start::Offset(offset) => (*offset, None),
            Start::After(cursor) if cursor.order.sort() == query.sort => (0, Some(cursor.clone())),
            Start::After(_) => {
                return Err(Error::invalid("cursor", "belongs to another order; leave it out"));
            }
        };
        Ok(Self { sort: query.sort, after, offset, limit: query.limit })
    }

    /// How many hits a segment has to give; one more than are shown tells whether there is a next page.
    pub(crate) fn wanted(&self) -> usize {
        self.offset.saturating_add(self.limit).saturating_add(1)
    }
}

/// Puts together what the segments found.
pub(crate) fn page(found: Vec<Found>, ranking: &Ranking) -> Page {
    let mut page = Page { hits: Vec::new(), total: 0, categories: BTreeMap::new(), next: None };
    let mut best = Vec::new();
    for found in found {
        page.total += found.total;
        for (category, count) in found.categories {
            *page.categories.entry(category).or_default() += count;
        }
        best.extend(found.best);
    }
    best.sort_unstable_by(|a, b| a.cursor.cmp(&b.cursor));
    let more = best.len() >= ranking.wanted();
    let shown = best.into_iter().skip(ranking.offset).take(ranking.limit);
    for ranked in shown {
        page.hits.push(Hit { id: ranked.cursor.id, score: ranked.score });
        page.next = more.then_some(ranked.cursor);
    }
    page
}

/// The smallest of many `(rank, id)`, without keeping more than about twice as many as are wanted.
pub(crate) struct Smallest {
    kept: Vec<(u64, i64, u32)>,
    wanted: usize,
    /// No larger rank is wanted any more.
    bound: u64,
}

impl Smallest {
    pub(crate) fn new(wanted: usize) -> Self {
        Self { kept: Vec::new(), wanted, bound: u64::MAX }
    }

    /// Whether something of this rank might be kept.
    pub(crate) fn wants(&self, rank: u64) -> bool {
        rank <= self.bound
    }

    /// Takes a rank, an id, and the document it is about.
    pub(crate) fn push(&mut self, rank: u64, id: i64, document: u32) {
        self.kept.push((rank, id, document));
        if self.kept.len() >= self.wanted.saturating_mul(2).saturating_add(256) {
            self.shrink();
        }
    }

    pub(crate) fn finish(mut self) -> Vec<(u64, i64, u32)> {
        self.shrink();
        self.kept
    }

    fn shrink(&mut self) {
        if self.wanted > 0 && self.kept.len() > self.wanted {
            let (_, last, _) = self.kept.select_nth_unstable(self.wanted - 1);
            self.bound = last.0;
            self.kept.truncate(self.wanted);
        }
    }
}

/// What sorts like a score: the higher comes first.
pub(crate) fn relevance(score: u32) -> Order {
    Order::Relevance(Reverse(score))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_are_kept_whatever_the_order_of_coming() {
        for wanted in [1, 2, 10, 700, 2_000] {
            let mut smallest = Smallest::new(wanted);
            // All numbers below 1009, in a scattered order, as 101 ranks of ten ids each.
            for number in (0..1_009_i64).map(|step| step * 377 % 1_009) {
                let rank = number.unsigned_abs() / 10;
                if smallest.wants(rank) {
                    smallest.push(rank, number, 0);
                }
            }
            let mut kept: Vec<_> = smallest.finish().into_iter().map(|(_, id, _)| id).collect();
            kept.sort_unstable();
            assert_eq!(kept, (0..1_009.min(wanted as i64)).collect::<Vec<_>>(), "{wanted}");
        }
    }
}
