//! Which subcharts take part, under which names, and which of their values the chart takes over.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::chart::Chart;
use crate::metadata::Dependency;
use crate::render::coalesce::{Merger, Nulls};
use crate::render::compat::Compat;
use crate::render::error::RenderError;
use crate::render::go;
use crate::render::tables::{Node, Table, Tables};
use crate::version::{Constraint, Version};

/// Reports the dependencies of `Chart.yaml` that are not in `charts/`, by name alone as Helm's commands do.
///
/// # Errors
/// [`RenderError::MissingDependencies`].
pub fn check_dependencies(chart: &Chart) -> Result<(), RenderError> {
    let is_missing =
        |dependency: &&Dependency| !chart.subcharts.iter().any(|subchart| subchart.name() == dependency.name);
    let missing = chart.metadata.dependencies.iter().filter(is_missing);
    let missing: Vec<String> = missing.map(|dependency| dependency.name.clone()).collect();
    if missing.is_empty() { Ok(()) } else { Err(RenderError::MissingDependencies(missing)) }
}

/// Leaves in the tree the subcharts that take part, renamed by their aliases, and stores in each chart the values that
/// include the imported ones.
///
/// # Errors
/// [`RenderError::SubchartValues`], and [`RenderError::ValuesTooDeep`] for imports that go in circles.
pub(crate) fn process_dependencies(
    chart: &mut Chart,
    user: &Map<String, Value>,
    compat: Compat,
    warnings: &mut Vec<String>,
) -> Result<(), RenderError> {
    select_subcharts(chart, user, "", &mut Merger::new(compat, warnings))?;
    import_values(chart, compat, warnings)
}

/// Keeps the enabled subcharts of a chart and of those below. As in Helm the values handed down are those of the whole
/// tree, and `path` leads to this chart in them.
fn select_subcharts(
    chart: &mut Chart,
    values: &Map<String, Value>,
    path: &str,
    merger: &mut Merger<'_>,
) -> Result<(), RenderError> {
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    pick_subcharts(chart);
    merger.tables = Tables::default();
    let merged = merger.chart_values(chart, values, Nulls::Remove)?;
    apply_tags(chart, merged, merger);
    apply_conditions(chart, merged, path, merger);
    drop_disabled(chart);
    if chart.subcharts.iter().all(|subchart| subchart.metadata.dependencies.is_empty()) {
        // Nobody asks for the merged values.
        return Ok(());
    }
    let merged = merger.finish(merged)?;
    for subchart in &mut chart.subcharts {
        let below = format!("{path}{}.", subchart.name());
        select_subcharts(subchart, &merged, &below, merger)?;
    }
    Ok(())
}

fn fits(subchart: &Chart, dependency: &Dependency) -> bool {
    subchart.name() == dependency.name
        && match (subchart.metadata.version.parse::<Version>(), dependency.version.parse::<Constraint>()) {
            (Ok(version), Ok(constraint)) => constraint.matches(&version),
            _ => false,
        }
}

/// Orders the subcharts: those that no dependency declares, then one for each declared dependency, under its alias.
fn pick_subcharts(chart: &mut Chart) {
    let mut loaded: Vec<Option<Chart>> = std::mem::take(&mut chart.subcharts).into_iter().map(Some).collect();
    let dependencies = &mut chart.metadata.dependencies;
    let find = |dependency: &Dependency| {
        loaded.iter().position(|subchart| subchart.as_ref().is_some_and(|chart| fits(chart, dependency)))
    };
    let mut picks: Vec<Option<usize>> = dependencies.iter().map(find).collect();
    let mut subcharts = Vec::new();
    for slot in &mut loaded {
        let is_declared = |subchart: &Chart| dependencies.iter().any(|dependency| fits(subchart, dependency));
        subcharts.extend(slot.take_if(|subchart| !is_declared(subchart)));
    }
    for (position, dependency) in dependencies.iter_mut().enumerate() {
        if let Some(pick) = picks[position].take() {
            let is_last_use = !picks.contains(&Some(pick));
            let picked = if is_last_use { loaded[pick].take() } else { loaded[pick].clone() };
            subcharts.extend(picked.map(|picked| under_alias(picked, &dependency.alias)));
        }
        if !dependency.alias.is_empty() {
            dependency.name.clone_from(&dependency.alias);
        }
        dependency.enabled = true;
    }
    chart.subcharts = subcharts;
}

fn under_alias(mut chart: Chart, alias: &str) -> Chart {
    if !alias.is_empty() {
        alias.clone_into(&mut chart.metadata.name);
    }
    chart
}

/// Switches dependencies by the `tags` of the values: one that is true switches on, else one that is false off.
fn apply_tags(chart: &mut Chart, values: Table, merger: &mut Merger<'_>) {
    let Some(tags) = merger.tables.descend(values, ["tags"]) else { return };
    for dependency in &mut chart.metadata.dependencies {
        let mut switches = Vec::new();
        for tag in &dependency.tags {
            match merger.tables.get(tags, tag).map(as_bool) {
                Some(Some(flag)) => switches.push(flag),
                Some(None) => {
                    merger.warn(format!("returned non-bool value tag={tag} chart={}", dependency.name));
                }
                None => {}
            }
        }
        dependency.enabled = switches.is_empty() || switches.contains(&true);
    }
}

fn as_bool(node: &Node) -> Option<bool> {
    match node {
        Node::Leaf(value) => value.as_bool(),
        Node::Table(_) => None,
    }
}

/// Switches dependencies by the first of their conditions that leads to a boolean. Items are not trimmed.
fn apply_conditions(chart: &mut Chart, values: Table, path: &str, merger: &mut Merger<'_>) {
    for dependency in &mut chart.metadata.dependencies {
        for condition in dependency.condition.trim().split(',').filter(|condition| !condition.is_empty()) {
            match leaf_at(&merger.tables, values, &format!("{path}{condition}")).map(as_bool) {
                Some(Some(flag)) => {
                    dependency.enabled = flag;
                    break;
                }
                Some(None) => {
                    merger
                        .warn(format!("returned non-bool value path={condition} chart={}", dependency.name));
                }
                None => {}
            }
        }
    }
}

/// The value at a path of keys, unless it is a map.
fn leaf_at<'a>(tables: &'a Tables, values: Table, path: &str) -> Option<&'a Node> {
    let (tables_path, key) = path.rsplit_once('.').map_or((None, path), |(above, key)| (Some(above), key));
    let table = tables.descend(values, tables_path.into_iter().flat_map(|above| above.split('.')))?;
    tables.get(table, key).filter(|node| node.table().is_none())
}

fn drop_disabled(chart: &mut Chart) {
    let dependencies = &mut chart.metadata.dependencies;
    let is_off = |dependency: &&Dependency| !dependency.enabled;
    let disabled: BTreeSet<String> =
        dependencies.iter().filter(is_off).map(|dependency| dependency.name.clone()).collect();
    chart.subcharts.retain(|subchart| !disabled.contains(subchart.name()));
    dependencies.retain(|dependency| !disabled.contains(&dependency.name));
}

/// Stores in each chart with dependencies its values with those of its subcharts and the imports below them.
fn import_values(chart: &mut Chart, compat: Compat, warnings: &mut Vec<String>) -> Result<(), RenderError> {
    for subchart in &mut chart.subcharts {
        import_values(subchart, compat, warnings)?;
    }
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    let mut merger = Merger::new(compat, warnings);
    let values = merger.chart_values(chart, &Map::new(), Nulls::Keep)?;
    let imported = merger.tables.create();
    for dependency in &mut chart.metadata.dependencies {
        let imports = std::mem::take(&mut dependency.import_values);
        for entry in &imports {
            let Some((child, parent)) = import_paths(entry) else { continue };
            let source = format!("{}.{child}", dependency.name);
            match find_table(&merger.tables, values, &source) {
                Ok(table) => import_table(&mut merger, imported, table, &parent),
                Err(key) => merger.warn(missing_table(entry, &dependency.name, key)),
            }
            dependency.import_values.push(json!({"child": child, "parent": parent}));
        }
    }
    chart.values = merger.finish(values)?;
    if !merger.tables.is_empty(imported) {
        // A copy: what was imported shares maps with the values it came from.
        let own = merger.tables.add(&chart.values);
        merger.merge_tables(own, imported, "", Nulls::Keep);
        chart.values = merger.finish(own)?;
    }
    Ok(())
}

/// The paths of an entry: `data` means `exports.data` of the subchart, into the root.
fn import_paths(entry: &Value) -> Option<(String, String)> {
    match entry {
        Value::String(name) => Some((format!("exports.{name}"), ".".to_owned())),
        Value::Object(paths) => {
            let path = |key| go::print(paths.get(key).unwrap_or(&Value::Null));
            Some((path("child"), path("parent")))
        }
        _ => None,
    }
}

fn import_table(merger: &mut Merger<'_>, imported: Table, table: Table, parent: &str) {
    // Helm takes a new map for an empty one.
    let table = if merger.tables.is_empty(table) { merger.tables.create() } else { table };
    let source = if parent == "." { table } else { wrap(&mut merger.tables, table, parent) };
    merger.merge_tables(imported, source, "", Nulls::Keep);
}

/// The map at a path, or the first key that has none.
fn find_table<'a>(tables: &Tables, values: Table, path: &'a str) -> Result<Table, &'a str> {
    path.split('.').try_fold(values, |table, key| tables.descend(table, [key]).ok_or(key))
}

/// What Helm logs of an import without a map; only that of an entry with two paths names the subchart.
fn missing_table(entry: &Value, subchart: &str, key: &str) -> String {
    let error = go::quote(&format!("{} is not a table", go::quote(key)));
    let from = if entry.is_object() { format!(" from chart chart={subchart}") } else { String::new() };
    format!("ImportValues missing table{from} error={error}")
}

/// Puts the map at the end of a path of new maps.
fn wrap(tables: &mut Tables, table: Table, path: &str) -> Table {
    path.rsplit('.').fold(table, |inner, key| {
        let outer = tables.create();
        tables.set(outer, key, Node::Table(inner));
        outer
    })
}
