//! Paths with slashes, as Go's `path` package reads them; the functions for the system's own paths are the same.

use super::support::{made, part};
use crate::exec::Call;
use crate::functions::Functions;
use crate::value::Text;

pub(super) fn add(functions: &mut Functions) {
    for name in ["base", "osBase"] {
        functions.add(name, |call: &mut Call<'_>, path: Text| part(call, &path, base(&path)));
    }
    for name in ["dir", "osDir"] {
        functions.add(name, |call: &mut Call<'_>, path: Text| {
            let directory = memchr::memrchr(b'/', &path).map_or(0, |slash| slash + 1);
            made(call, clean(&path[..directory]))
        });
    }
    for name in ["clean", "osClean"] {
        functions.add(name, |call: &mut Call<'_>, path: Text| made(call, clean(&path)));
    }
    for name in ["ext", "osExt"] {
        functions.add(name, |call: &mut Call<'_>, path: Text| part(call, &path, extension(&path)));
    }
    for name in ["isAbs", "osIsAbs"] {
        functions.add(name, |path: Text| path.first() == Some(&b'/'));
    }
}

/// The last element: `.` of nothing, `/` of slashes only.
fn base(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let Some(last) = path.iter().rposition(|&byte| byte != b'/') else { return b"/" };
    let start = memchr::memrchr(b'/', &path[..=last]).map_or(0, |slash| slash + 1);
    &path[start..=last]
}

/// From the last dot of the last element on.
fn extension(path: &[u8]) -> &[u8] {
    let name = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
    memchr::memrchr(b'.', &path[name..]).map_or(&[], |dot| &path[name + dot..])
}

/// The shortest path that leads to the same place by text alone; `.` of nothing.
fn clean(path: &[u8]) -> Vec<u8> {
    let is_rooted = path.first() == Some(&b'/');
    let mut elements: Vec<&[u8]> = Vec::new();
    for element in path.split(|&byte| byte == b'/') {
        match element {
            b"" | b"." => {}
            b".." if elements.last().is_some_and(|&last| last != b"..") => {
                elements.pop();
            }
            b".." if is_rooted => {}
            other => elements.push(other),
        }
    }
    let mut cleaned = if is_rooted { b"/".to_vec() } else { Vec::new() };
    cleaned.extend(elements.join(&b'/'));
    if cleaned.is_empty() { b".".to_vec() } else { cleaned }
}
