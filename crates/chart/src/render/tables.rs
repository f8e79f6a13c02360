//! The maps of the values while they are merged.
//!
//! Helm's merging works on Go maps, which are references: a nested map of the globals is one map seen by a chart and
//! its subcharts, and what one adds the other has. The result depends on it, so the maps live in an arena here and are
//! named by number.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use crate::render::error::RenderError;

/// The deepest nesting of maps in a result. The YAML reader allows 1000; imports into deep paths add to it. Deeper
/// means that imports have put a map into itself, which ends Helm with an overflowing stack.
pub(crate) const DEEPEST: usize = 1_200;

/// A map of the arena, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Table(usize);

/// A value: a map of the arena, or anything else.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// A map.
    Table(Table),
    /// A scalar, a list (maps inside lists are never merged) or null.
    Leaf(Rc<Value>),
}

impl Node {
    /// The null value.
    pub(crate) fn null() -> Self {
        Self::Leaf(Rc::new(Value::Null))
    }

    /// Whether this is null.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Leaf(value) if value.is_null())
    }

    /// The map, if this is one.
    pub(crate) fn table(&self) -> Option<Table> {
        match self {
            Self::Table(table) => Some(*table),
            Self::Leaf(_) => None,
        }
    }
}

/// All maps of one merge.
#[derive(Debug, Default)]
pub(crate) struct Tables(Vec<BTreeMap<String, Node>>);

impl Tables {
    /// A new empty map.
    pub(crate) fn create(&mut self) -> Table {
        self.0.push(BTreeMap::new());
        Table(self.0.len() - 1)
    }

    /// Copies a map with all maps below it into the arena.
    pub(crate) fn add(&mut self, map: &Map<String, Value>) -> Table {
        // A plain loop: maps in maps may be deep, and an iterator takes much more of the stack.
        let mut entries = Vec::with_capacity(map.len());
        for (key, value) in map {
            let node = match value {
                Value::Object(inner) => Node::Table(self.add(inner)),
                leaf => Node::Leaf(Rc::new(leaf.clone())),
            };
            entries.push((key.clone(), node));
        }
        self.0.push(entries.into_iter().collect());
        Table(self.0.len() - 1)
    }

    /// A new map with the same entries; maps below are shared.
    pub(crate) fn copy_shallow(&mut self, table: Table) -> Table {
        let entries = self.0[table.0].clone();
        self.0.push(entries);
        Table(self.0.len() - 1)
    }

    /// The value of a key.
    pub(crate) fn get(&self, table: Table, key: &str) -> Option<&Node> {
        self.0[table.0].get(key)
    }

    /// Sets the value of a key.
    pub(crate) fn set(&mut self, table: Table, key: impl Into<String>, node: Node) {
        self.0[table.0].insert(key.into(), node);
    }

    /// Removes a key.
    pub(crate) fn remove(&mut self, table: Table, key: &str) {
        self.0[table.0].remove(key);
    }

    /// Removes the keys that are null.
    pub(crate) fn remove_nulls(&mut self, table: Table) {
        self.0[table.0].retain(|_, node| !node.is_null());
    }

    /// Whether a map is empty.
    pub(crate) fn is_empty(&self, table: Table) -> bool {
        self.0[table.0].is_empty()
    }

    /// The entries as they are now, sorted by key.
    pub(crate) fn entries(&self, table: Table) -> Vec<(String, Node)> {
        self.0[table.0].iter().map(|(key, node)| (key.clone(), node.clone())).collect()
    }

    /// Takes the entries out of a map, sorted by key.
    pub(crate) fn take(&mut self, table: Table) -> BTreeMap<String, Node> {
        std::mem::take(&mut self.0[table.0])
    }

    /// The maps that are entries of a map.
    pub(crate) fn inner_tables(&self, table: Table) -> Vec<Table> {
        self.0[table.0].values().filter_map(Node::table).collect()
    }

    /// The keys that are null.
    pub(crate) fn null_keys(&self, table: Table) -> Vec<String> {
        let nulls = self.0[table.0].iter().filter(|(_, node)| node.is_null());
        nulls.map(|(key, _)| key.clone()).collect()
    }

    /// The map at a path of keys, if all of them are maps.
    pub(crate) fn descend<'a>(&self, from: Table, path: impl IntoIterator<Item = &'a str>) -> Option<Table> {
        path.into_iter().try_fold(from, |table, key| self.get(table, key)?.table())
    }

    /// The map as a plain value.
    ///
    /// # Errors
    /// [`RenderError::ValuesTooDeep`] when a map contains itself.
    pub(crate) fn to_map(&self, table: Table) -> Result<Map<String, Value>, RenderError> {
        self.to_map_below(table, 0)
    }

    fn to_map_below(&self, table: Table, depth: usize) -> Result<Map<String, Value>, RenderError> {
        if depth > DEEPEST {
            return Err(RenderError::ValuesTooDeep(DEEPEST));
        }
        let mut plain = Map::new();
        for (key, node) in &self.0[table.0] {
            let value = match node {
                Node::Table(inner) => Value::Object(self.to_map_below(*inner, depth + 1)?),
                Node::Leaf(value) => Value::clone(value),
            };
            plain.insert(key.clone(), value);
        }
        Ok(plain)
    }

    /// A value as a plain one, for messages and look-ups.
    ///
    /// # Errors
    /// [`RenderError::ValuesTooDeep`] when a map contains itself.
    pub(crate) fn to_value(&self, node: &Node) -> Result<Value, RenderError> {
        match node {
            Node::Table(table) => self.to_map(*table).map(Value::Object),
            Node::Leaf(value) => Ok(Value::clone(value)),
        }
    }
}
