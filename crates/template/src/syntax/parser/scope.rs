//! What belongs to one template: each definition has its own.

use std::collections::HashMap;
use std::rc::Rc;

use super::lookahead::Lookahead;
use crate::syntax::node::Position;

/// The state of a parse that a definition begins anew.
#[derive(Default)]
pub(super) struct Scope {
    pub(super) lookahead: Lookahead,
    pub(super) variables: Variables,
    /// Where the innermost action began, until one ends.
    pub(super) action: Option<Position>,
    /// How many `range`s are around.
    pub(super) ranges: usize,
    /// How many parentheses are around.
    pub(super) parentheses: usize,
}

/// The variables that are in scope, besides `$`.
#[derive(Default)]
pub(super) struct Variables {
    declared: Vec<Rc<str>>,
    /// How many times each name is among them.
    counts: HashMap<Rc<str>, usize>,
}

impl Variables {
    pub(super) fn len(&self) -> usize {
        self.declared.len()
    }

    /// The name, shared with the declaration, if there is one.
    pub(super) fn get(&self, name: &str) -> Option<Rc<str>> {
        if name == "$" {
            return Some(Rc::from(name));
        }
        self.counts.get_key_value(name).map(|(name, _)| Rc::clone(name))
    }

    pub(super) fn declare(&mut self, name: &str) -> Rc<str> {
        let name = self.get(name).unwrap_or_else(|| Rc::from(name));
        self.declared.push(Rc::clone(&name));
        *self.counts.entry(Rc::clone(&name)).or_default() += 1;
        name
    }

    /// Forgets all but the first so many declarations.
    pub(super) fn truncate(&mut self, length: usize) {
        for name in self.declared.drain(length..) {
            let count = self.counts.get_mut(&name).expect("every declared name is counted");
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&name);
            }
        }
    }
}
