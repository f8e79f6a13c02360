//! Where the values that templates read came from.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::chart::Chart;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "from", content = "chart")]
pub enum Origin {
    /// Files or flags of the user.
    User,
    /// The `values.yaml` of a chart, named by its path from the root (`app/charts/redis`).
    Chart(String),
    /// Nobody gave it: what templates see as missing, or what `import-values` and `global` brought.
    Elsewhere,
}

/// A value that templates read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ValueRead {
    /// The keys from the root, joined by dots; a dot in a key has a backslash before it.
    pub path: String,
    /// Where it came from.
    pub origin: Origin,
}

/// Finds for each path where its value came from: the user goes before a chart, a chart before its subcharts.
///
/// The chart is the one that was loaded, before its values were merged.
#[must_use]
pub fn origins(chart: &Chart, user: &Map<String, Value>, paths: &[String]) -> Vec<ValueRead> {
    let find = |path: &String| {
        let keys = split(path);
        let origin = if has(user, &keys) { Origin::User } else { origin_in(chart, chart.name(), &keys) };
        ValueRead { path: path.clone(), origin }
    };
    paths.iter().map(find).collect()
}

fn origin_in(chart: &Chart, chart_path: &str, keys: &[String]) -> Origin {
    if has(&chart.values, keys) {
        return Origin::Chart(chart_path.to_owned());
    }
    let Some((first, rest)) = keys.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return Origin::Elsewhere;
    };
    match subchart(chart, first) {
        Some(subchart) => origin_in(subchart, &format!("{chart_path}/charts/{first}"), rest),
        None => Origin::Elsewhere,
    }
}

/// The subchart that goes by a name or an alias.
fn subchart<'c>(chart: &'c Chart, name: &str) -> Option<&'c Chart> {
    let dependency = chart.metadata.dependencies.iter().find(|dependency| dependency.alias == name);
    let name = dependency.map_or(name, |dependency| &dependency.name);
    chart.subcharts.iter().find(|subchart| subchart.name() == name)
}

/// Is there a value, even null, at the path?
fn has(values: &Map<String, Value>, keys: &[String]) -> bool {
    let Some((first, rest)) = keys.split_first() else { return false };
    match values.get(first) {
        None => false,
        Some(_) if rest.is_empty() => true,
        Some(Value::Object(inner)) => has(inner, rest),
        Some(_) => false,
    }
}

/// The keys of a path.
fn split(path: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut key = String::new();
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.next_if_eq(&'.').is_some() => key.push('.'),
            '.' => keys.push(std::mem::take(&mut key)),
            other => key.push(other),
        }
    }
    keys.push(key);
    keys
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::metadata::{Dependency, Metadata};

    fn chart(name: &str, values: &Value, subcharts: Vec<Chart>) -> Chart {
        let metadata = Metadata { name: name.to_owned(), ..Metadata::default() };
        Chart {
            metadata,
            values: values.as_object().cloned().unwrap_or_default(),
            subcharts,
            ..Chart::default()
        }
    }

    #[test]
    fn the_user_then_the_chart_then_its_subcharts() {
        let redis = chart("redis", &json!({ "port": 6379, "auth": { "enabled": true } }), Vec::new());
        let mut app =
            chart("app", &json!({ "image": { "tag": "1" }, "a.b": 1, "cache": { "port": 1 } }), vec![redis]);
        let alias =
            Dependency { name: "redis".to_owned(), alias: "cache".to_owned(), ..Dependency::default() };
        app.metadata.dependencies.push(alias);
        let user = json!({ "image": { "tag": "2" } });
        let of = |path: &str| origins(&app, user.as_object().unwrap(), &[path.to_owned()]).remove(0).origin;
        assert_eq!(of("image.tag"), Origin::User);
        assert_eq!(of("image.digest"), Origin::Elsewhere);
        assert_eq!(of("a\\.b"), Origin::Chart("app".to_owned()));
        assert_eq!(of("cache.port"), Origin::Chart("app".to_owned()));
        assert_eq!(of("cache.auth.enabled"), Origin::Chart("app/charts/cache".to_owned()));
        assert_eq!(of("global.x"), Origin::Elsewhere);
    }
}
