//! Reading ahead: up to three items can be put back.

use super::Parser;
use crate::syntax::lexer::{Item, Kind};

/// Items that were read, and how many of them are to be read again: the last of these first.
pub(super) struct Lookahead {
    items: [Item; 3],
    pending: usize,
}

impl Default for Lookahead {
    fn default() -> Self {
        Self { items: [Item { kind: Kind::EndOfText, start: 0, end: 0 }; 3], pending: 0 }
    }
}

impl Parser<'_> {
    /// The item that the lexer found last.
    pub(super) fn last(&self) -> Item {
        self.scope.lookahead.items[0]
    }

    #[inline]
    pub(super) fn next(&mut self) -> Item {
        let lookahead = &mut self.scope.lookahead;
        match lookahead.pending.checked_sub(1) {
            Some(pending) => {
                lookahead.pending = pending;
                lookahead.items[pending]
            }
            None => self.read(),
        }
    }

    /// A new item. Most are asked for several times, and read once.
    #[inline(never)]
    fn read(&mut self) -> Item {
        let item = self.lexer.next();
        self.scope.lookahead.items[0] = item;
        item
    }

    /// The next item, to be read again.
    #[inline]
    pub(super) fn peek(&mut self) -> Item {
        let item = self.next();
        self.put_back();
        item
    }

    #[inline]
    pub(super) fn next_non_space(&mut self) -> Item {
        loop {
            let item = self.next();
            if item.kind != Kind::Space {
                return item;
            }
        }
    }

    /// The next item that is no space, to be read again; the space is not.
    pub(super) fn peek_non_space(&mut self) -> Item {
        let item = self.next_non_space();
        self.put_back();
        item
    }

    /// Puts back the item that was read last.
    pub(super) fn put_back(&mut self) {
        self.scope.lookahead.pending += 1;
    }

    /// Puts back an item before the one the lexer found last.
    pub(super) fn put_back_before_last(&mut self, item: Item) {
        self.scope.lookahead.items[1] = item;
        self.scope.lookahead.pending = 2;
    }

    /// Puts back two items before the one the lexer found last.
    pub(super) fn put_back_both_before_last(&mut self, first: Item, second: Item) {
        self.scope.lookahead.items[1] = second;
        self.scope.lookahead.items[2] = first;
        self.scope.lookahead.pending = 3;
    }
}
