//! The functions that templates can call.

mod go;
mod sprig;

pub(crate) use go::not_callable;
pub(crate) use sprig::duration;
pub use sprig::parse_time;

use std::collections::HashMap;
use std::rc::Rc;

use foldhash::fast::RandomState;

use crate::function::{Function, IntoFunction};

/// Functions by name.
#[derive(Clone, Debug, Default)]
pub struct Functions(HashMap<&'static str, Rc<Function>, RandomState>);

impl Functions {
    /// The function of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Rc<Function>> {
        self.0.get(name)
    }

    /// Adds a function, or puts it in the place of the one that had its name.
    pub fn add<Arguments>(&mut self, name: &'static str, function: impl IntoFunction<Arguments>) {
        self.insert(Function::new(name, function));
    }

    /// Adds a function that depends on chance, the clock or the outside.
    pub fn add_varying<Arguments>(&mut self, name: &'static str, function: impl IntoFunction<Arguments>) {
        self.insert(Function::varying(name, function));
    }

    fn insert(&mut self, function: Function) {
        self.0.insert(function.name(), Rc::new(function));
    }

    /// Adds functions; they take the places of those that had their names.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Takes a function away.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The names, in no order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }
}
