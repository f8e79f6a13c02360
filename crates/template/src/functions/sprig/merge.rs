//! `merge` and `mergeOverwrite`: the first map is changed, and shares what it takes from the others.

use super::support::{claim_entries, deeper};
use crate::error::Error;
use crate::exec::Call;
use crate::function::{Nullable, Rest};
use crate::functions::Functions;
use crate::value::{Map, Text, Value};

pub(super) fn add(functions: &mut Functions) {
    for (name, overwrite) in [("merge", false), ("mergeOverwrite", true)] {
        functions.add(name, move |call: &mut Call<'_>, into: Nullable<Map>, from: Rest<Map>| {
            match merge_all(call, into, &from, overwrite) {
                // Without "must", this failure is an empty text; those that are panics in Go are not.
                Err(error) if error.to_string() == DIFFERENT_TYPES => Ok("".into()),
                other => other,
            }
        });
    }
    for (name, overwrite) in [("mustMerge", false), ("mustMergeOverwrite", true)] {
        functions.add(name, move |call: &mut Call<'_>, into: Nullable<Map>, from: Rest<Map>| {
            merge_all(call, into, &from, overwrite)
        });
    }
}

const DIFFERENT_TYPES: &str = "src and dst must be of same type";

fn merge_all(
    call: &mut Call<'_>,
    into: Nullable<Map>,
    from: &Rest<Map>,
    overwrite: bool,
) -> Result<Value, Error> {
    let into = into.0.unwrap_or_default();
    for map in &from.0 {
        merge(call, &into, map, overwrite, 0)?;
    }
    Ok(into.into())
}

/// Fills the empty places of a map from another, or with `overwrite` all places that the other has. Maps in both are
/// merged in place, all else is shared.
fn merge(call: &mut Call<'_>, into: &Map, from: &Map, overwrite: bool, depth: usize) -> Result<(), Error> {
    claim_entries(call, from.len())?;
    call.changed(into);
    // A copy, for the maps may be the same one.
    let entries: Vec<(Text, Value)> =
        from.entries().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    for (key, new) in entries {
        let old = into.get(&key).unwrap_or_default();
        if let (Value::Map(old), Value::Map(new)) = (&old, &new) {
            deeper(depth, || merge(call, old, new, overwrite, depth + 1))?;
        }
        if !overwrite && old.kind() == "ptr" && new.kind() == "map" {
            return Err(Error::message(DIFFERENT_TYPES));
        }
        if replaces(&old, &new, overwrite) {
            put(into, from, key, new)?;
        }
    }
    Ok(())
}

/// Does the new value take the place of the old one, maps already merged?
fn replaces(old: &Value, new: &Value, overwrite: bool) -> bool {
    if new.is_nil() {
        return overwrite;
    }
    if old.is_true() && old.kind() == "map" && new.kind() == "map" {
        return false;
    }
    !old.is_true() || overwrite && new.kind() != "ptr"
}

/// Go refuses a value of type `interface {}` in a map of strings.
fn put(into: &Map, from: &Map, key: Text, value: Value) -> Result<(), Error> {
    let (element, given) = (into.map_type().element(), from.map_type().element());
    if element != "interface {}" && element != given {
        return Err(Error::message(format!(
            "reflect.Value.SetMapIndex: value of type {given} is not assignable to type {element}"
        )));
    }
    into.insert(key, value);
    Ok(())
}
