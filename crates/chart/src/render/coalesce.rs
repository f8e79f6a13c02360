//! One tree of values from the user's values and those of a chart and its subcharts.
//!
//! The rules are Helm's (version 4.2 and later, or 3 by [`Compat`]): the user's values win over a chart's, a chart's
//! over its subcharts'; maps are merged, everything else is replaced; globals go down.

use serde_json::{Map, Number, Value};

use crate::chart::Chart;
use crate::render::compat::Compat;
use crate::render::error::RenderError;
use crate::render::go;
use crate::render::tables::{DEEPEST, Node, Table, Tables};

/// The key whose map every subchart gets too.
const GLOBAL: &str = "global";

/// Whether a null of higher rank removes the key, or stays for a later merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// What templates see: nulls remove.
    Remove,
    /// What a chart's stored values are made with: nulls stay.
    Keep,
}

/// A merge under way.
pub(crate) struct Merger<'a> {
    /// All maps.
    pub(crate) tables: Tables,
    compat: Compat,
    warnings: &'a mut Vec<String>,
    /// How many maps are being merged inside each other.
    depth: usize,
    is_too_deep: bool,
}

/// Gives the numbers of values that were read from YAML or JSON the form Helm has them in: all are floats.
///
/// Only `--set` makes integers, so templates see which source a number came from.
pub fn floats(values: &mut Map<String, Value>) {
    values.values_mut().for_each(make_float);
}

fn make_float(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(float) = number.as_f64().and_then(Number::from_f64) {
                *number = float;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_float),
        Value::Object(map) => floats(map),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Lays the values of one file over those of the files before it: maps are merged, everything else is replaced, nulls
/// stay.
pub fn merge_files(base: &mut Map<String, Value>, over: Map<String, Value>) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Object(inner)), Value::Object(map)) => merge_files(inner, map),
            (Some(slot), value) => *slot = value,
            (None, value) => drop(base.insert(key, value)),
        }
    }
}

/// Lays the user's values over other ones, as Helm's linter does: nulls of the user remove.
pub(crate) fn merge_two(
    user: &Map<String, Value>,
    defaults: &Map<String, Value>,
    compat: Compat,
) -> Result<Map<String, Value>, RenderError> {
    let mut warnings = Vec::new();
    let mut merger = Merger::new(compat, &mut warnings);
    let (target, source) = (merger.tables.add(user), merger.tables.add(defaults));
    merger.merge_tables(target, source, "", Nulls::Remove);
    merger.tables.to_map(target)
}

/// `a.b`, or `b` alone.
fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") }
}

impl<'a> Merger<'a> {
    /// A merge that has nothing yet.
    pub(crate) fn new(compat: Compat, warnings: &'a mut Vec<String>) -> Self {
        Self { tables: Tables::default(), compat, warnings, depth: 0, is_too_deep: false }
    }

    /// The values a chart's templates see, with those of its subcharts under their names.
    ///
    /// # Errors
    /// [`RenderError::SubchartValues`] when a subchart's name has a value that is no map.
    pub(crate) fn chart_values(
        &mut self,
        chart: &Chart,
        user: &Map<String, Value>,
        nulls: Nulls,
    ) -> Result<Table, RenderError> {
        let values = self.tables.add(user);
        self.merge_chart(chart, values, "", nulls)?;
        Ok(values)
    }

    /// The map as a plain value, when all is merged.
    ///
    /// # Errors
    /// [`RenderError::ValuesTooDeep`] when a map contains itself.
    pub(crate) fn finish(&self, table: Table) -> Result<Map<String, Value>, RenderError> {
        if self.is_too_deep { Err(RenderError::ValuesTooDeep(DEEPEST)) } else { self.tables.to_map(table) }
    }

    fn merge_chart(
        &mut self,
        chart: &Chart,
        values: Table,
        prefix: &str,
        nulls: Nulls,
    ) -> Result<(), RenderError> {
        let prefix = join(prefix, chart.name());
        self.merge_defaults(chart, values, &prefix, nulls);
        for subchart in &chart.subcharts {
            let below = self.subchart_table(subchart.name(), values)?;
            self.push_globals(below, values, &prefix);
            self.merge_chart(subchart, below, &prefix, nulls)?;
        }
        Ok(())
    }

    /// The map under a subchart's name; it is made when there is none.
    fn subchart_table(&mut self, name: &str, values: Table) -> Result<Table, RenderError> {
        match self.tables.get(values, name) {
            Some(Node::Table(table)) => Ok(*table),
            Some(Node::Leaf(value)) => {
                Err(RenderError::SubchartValues { subchart: name.to_owned(), got: go::print_bool(value) })
            }
            None => {
                let table = self.tables.create();
                self.tables.set(values, name, Node::Table(table));
                Ok(table)
            }
        }
    }

    /// Lays `values` over the values of the chart itself.
    fn merge_defaults(&mut self, chart: &Chart, values: Table, prefix: &str, nulls: Nulls) {
        let defaults = self.tables.add(&chart.values);
        for (key, default) in self.tables.take(defaults) {
            match self.tables.get(values, &key).cloned() {
                None => self.add_default(values, key, default, nulls),
                Some(given) if given.is_null() && nulls == Nulls::Remove => self.tables.remove(values, &key),
                Some(Node::Table(given)) => {
                    let path = join(prefix, &key);
                    let Some(default_table) = default.table() else {
                        if !default.is_null() {
                            self.warn(format!("warning: skipped value for {path}: Not a table."));
                        }
                        continue;
                    };
                    let is_subchart = chart.subcharts.iter().any(|subchart| subchart.name() == key);
                    let nulls = if is_subchart { Nulls::Keep } else { nulls };
                    self.drop_default_nulls(default_table, nulls);
                    self.merge_tables(given, default_table, &path, nulls);
                }
                Some(Node::Leaf(_)) => {}
            }
        }
    }

    fn add_default(&mut self, values: Table, key: String, default: Node, nulls: Nulls) {
        if nulls == Nulls::Remove && !self.compat.keeps_default_nulls() {
            if default.is_null() {
                return;
            }
            if let Some(table) = default.table() {
                self.drop_default_nulls(table, nulls);
            }
        }
        self.tables.set(values, key, default);
    }

    /// Removes the nulls in a chart's own map, at all depths, where the version of Helm does.
    fn drop_default_nulls(&mut self, table: Table, nulls: Nulls) {
        if nulls == Nulls::Keep || self.compat.keeps_default_nulls() {
            return;
        }
        self.tables.remove_nulls(table);
        for inner in self.tables.inner_tables(table) {
            self.drop_default_nulls(inner, nulls);
        }
    }

    /// Gives a subchart the globals of the chart around it. The maps below the first level stay shared, as in Helm.
    fn push_globals(&mut self, below: Table, above: Table, prefix: &str) {
        let target = match self.tables.get(below, GLOBAL) {
            None => None,
            Some(Node::Table(table)) => Some(*table),
            Some(Node::Leaf(_)) => {
                return self
                    .warn(format!("warning: skipping globals because destination {GLOBAL} is not a table."));
            }
        };
        let globals = match self.tables.get(above, GLOBAL) {
            None => Vec::new(),
            Some(Node::Table(table)) => self.tables.entries(*table),
            Some(Node::Leaf(_)) => {
                return self
                    .warn(format!("warning: skipping globals because source {GLOBAL} is not a table."));
            }
        };
        let target = target.unwrap_or_else(|| self.tables.create());
        for (key, node) in globals {
            self.push_global(target, &key, node, prefix);
        }
        self.tables.set(below, GLOBAL, Node::Table(target));
    }

    fn push_global(&mut self, target: Table, key: &str, node: Node, prefix: &str) {
        let present = self.tables.get(target, key).cloned();
        match (node, present) {
            (Node::Table(table), None) => {
                let copy = self.tables.copy_shallow(table);
                self.tables.set(target, key, Node::Table(copy));
            }
            (Node::Table(table), Some(Node::Table(own))) => {
                let copy = self.tables.copy_shallow(table);
                self.merge_tables(copy, own, &join(prefix, key), Nulls::Keep);
                self.tables.set(target, key, Node::Table(copy));
            }
            (Node::Table(_), Some(Node::Leaf(_))) => self
                .warn(format!("Conflict: cannot merge map onto non-map for {}. Skipping.", go::quote(key))),
            (Node::Leaf(_), Some(Node::Table(_))) => self.warn(format!("key {key} is table. Skipping")),
            (leaf, _) => self.tables.set(target, key, leaf),
        }
    }

    /// Adds to `target` what `source` has and `target` has not; maps in both are merged.
    pub(crate) fn merge_tables(&mut self, target: Table, source: Table, prefix: &str, nulls: Nulls) {
        if target == source || self.is_too_deep {
            return;
        }
        if self.depth > DEEPEST {
            self.is_too_deep = true;
            return;
        }
        self.depth += 1;
        let originals = self.tables.entries(source);
        for key in self.tables.null_keys(target) {
            if self.removes_all_nulls(nulls) && self.tables.get(source, &key).is_none() {
                self.tables.remove(target, &key);
            }
            self.tables.set(source, key, Node::null());
        }
        for (key, node) in originals {
            self.merge_key(target, (key, node), prefix, nulls);
        }
        self.depth -= 1;
    }

    /// Helm 3 drops every null of higher rank; later versions only those that have something to remove.
    fn removes_all_nulls(&self, nulls: Nulls) -> bool {
        nulls == Nulls::Remove && self.compat.keeps_default_nulls()
    }

    fn merge_key(&mut self, target: Table, (key, node): (String, Node), prefix: &str, nulls: Nulls) {
        let Some(present) = self.tables.get(target, &key).cloned() else {
            return self.tables.set(target, key, node);
        };
        if present.is_null() {
            if nulls == Nulls::Remove && !node.is_null() || self.removes_all_nulls(nulls) {
                self.tables.remove(target, &key);
            }
            return;
        }
        match (&node, present) {
            (Node::Table(from), Node::Table(to)) => self.merge_tables(to, *from, &join(prefix, &key), nulls),
            (Node::Table(_), Node::Leaf(_)) => {
                self.warn_clash("cannot overwrite table with non table for", prefix, &key, &node);
            }
            (Node::Leaf(value), Node::Table(_)) if !value.is_null() => {
                let path = join(prefix, &key);
                let text = go::print(value);
                self.warn(format!(
                    "warning: destination for {path} is a table. Ignoring non-table value ({text})"
                ));
            }
            (Node::Leaf(_), _) => {}
        }
    }

    fn warn_clash(&mut self, what: &str, prefix: &str, key: &str, node: &Node) {
        let text =
            self.tables.to_value(node).map_or_else(|error| error.to_string(), |value| go::print(&value));
        self.warn(format!("warning: {what} {} ({text})", join(prefix, key)));
    }

    pub(crate) fn warn(&mut self, text: String) {
        self.warnings.push(text);
    }
}
