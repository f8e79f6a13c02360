//! Dictionaries. `set` and `unset` change them for everyone who shares them; the others make new ones.

use std::collections::BTreeMap;

use super::support::{claim_entries, conversion, made_list, made_strings, strval};
use crate::error::Error;
use crate::exec::Call;
use crate::function::{Nullable, Rest};
use crate::functions::Functions;
use crate::value::{List, Map, MapType, Text, Value};

pub(super) fn add(functions: &mut Functions) {
    functions.add("dict", dict);
    functions.add("get", |map: Map, key: Text| map.get(&key).unwrap_or_else(|| "".into()));
    functions.add("set", set);
    functions.add("unset", |map: Map, key: Text| {
        map.remove(&key);
        map
    });
    functions.add("hasKey", |map: Map, key: Text| map.get(&key).is_some());
    functions.add("pluck", pluck);
    functions.add("keys", keys);
    functions.add("values", |call: &mut Call<'_>, map: Map| {
        made_list(call, map.entries().values().cloned().collect())
    });
    functions.add("pick", pick);
    functions.add("omit", omit);
    functions.add("dig", dig);
}

/// A map of keys and values by turns; a last key without a value gets the empty string.
fn dict(call: &mut Call<'_>, items: Rest<Value>) -> Result<Map, Error> {
    claim_entries(call, items.0.len().div_ceil(2))?;
    let mut entries = BTreeMap::new();
    for pair in items.0.chunks(2) {
        entries.insert(strval(call, &pair[0])?, pair.get(1).cloned().unwrap_or_else(|| "".into()));
    }
    Ok(Map::of(MapType::Any, entries))
}

fn set(call: &mut Call<'_>, map: Nullable<Map>, key: Text, value: Value) -> Result<Map, Error> {
    let map = map.0.ok_or_else(|| Error::message("assignment to entry in nil map"))?;
    claim_entries(call, 1)?;
    call.changed(&map);
    map.insert(key, value);
    Ok(map)
}

fn pluck(call: &mut Call<'_>, key: Text, maps: Rest<Map>) -> Result<List, Error> {
    made_list(call, maps.0.iter().filter_map(|map| map.get(&key)).collect())
}

/// The keys of all maps. Go gives them in no order; here they are sorted.
fn keys(call: &mut Call<'_>, maps: Rest<Map>) -> Result<List, Error> {
    let mut keys = Vec::new();
    for map in &maps.0 {
        keys.extend(map.entries().keys().cloned());
    }
    made_strings(call, keys)
}

fn pick(call: &mut Call<'_>, map: Map, keys: Rest<Text>) -> Result<Map, Error> {
    claim_entries(call, keys.0.len())?;
    Ok(keys.0.into_iter().filter_map(|key| map.get(&key).map(|value| (key, value))).collect())
}

fn omit(call: &mut Call<'_>, map: Map, keys: Rest<Text>) -> Result<Map, Error> {
    claim_entries(call, map.len())?;
    let mut entries = map.entries().clone();
    for key in &keys.0 {
        entries.remove(key);
    }
    Ok(Map::of(MapType::Any, entries))
}

/// The value at a path of keys, or the default when a key is missing. Arguments: the keys, the default, the map.
fn dig(arguments: Rest<Value>) -> Result<Value, Error> {
    let [first, others @ .., default, map] = &arguments.0[..] else {
        return Err(Error::message("dig needs at least three arguments"));
    };
    let map = plain_map(map)?;
    let first = key(first)?;
    let others = others.iter().map(key).collect::<Result<Vec<_>, _>>()?;
    let mut found = map.get(first);
    for key in others {
        found = match found {
            Some(value) => plain_map(&value)?.get(key),
            None => return Ok(default.clone()),
        };
    }
    Ok(found.unwrap_or_else(|| default.clone()))
}

fn key(value: &Value) -> Result<&Text, Error> {
    value.as_text().ok_or_else(|| conversion(value, "string"))
}

/// The map, if its type is exactly `map[string]interface {}`.
fn plain_map(value: &Value) -> Result<Map, Error> {
    match value {
        Value::Map(map) if matches!(map.map_type(), MapType::Any) => Ok(map.clone()),
        other => Err(conversion(other, "map[string]interface {}")),
    }
}
