//! `.Files`: the files of a chart that are neither templates nor metadata.

mod glob;

use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chandlery_template::{
    Call, Error, Function, IntoFunction, List, Map, MapType, Member, NamedMap, Text, Value,
};

use super::yaml;
use crate::archive::File;

/// The type of `.Files`.
const FILES: MapType =
    MapType::Named(&NamedMap { name: "engine.files", element: "[]uint8", method: files_method });

/// `.Files` of a chart.
pub(super) fn files(files: &[File]) -> Map {
    let entries = files.iter().map(|file| (Text::from(file.path.as_str()), Value::Bytes(file.data.clone())));
    Map::of(FILES, entries.collect())
}

fn method<Arguments>(name: &'static str, function: impl IntoFunction<Arguments>) -> Option<Member> {
    Some(Member::Method(Rc::new(Function::new(name, function))))
}

fn files_method(files: &Map, name: &str) -> Option<Member> {
    let files = files.clone();
    match name {
        "Get" => method("Get", move |path: Text| Text::from(&*bytes_of(&files, &path))),
        "GetBytes" => method("GetBytes", move |path: Text| Value::Bytes(bytes_of(&files, &path))),
        "Glob" => method("Glob", move |pattern: Text| matching(&files, &pattern)),
        "AsConfig" => method("AsConfig", move |call: &mut Call<'_>| {
            as_yaml(call, &files, |bytes| Value::String(Text::from(bytes)))
        }),
        "AsSecrets" => method("AsSecrets", move |call: &mut Call<'_>| {
            as_yaml(call, &files, |bytes| STANDARD.encode(bytes).into())
        }),
        "Lines" => method("Lines", move |path: Text| lines(&files, &path)),
        _ => None,
    }
}

/// The content of a file; empty if there is none.
fn bytes_of(files: &Map, path: &Text) -> Bytes {
    match files.get(path) {
        Some(Value::Bytes(bytes)) => bytes,
        _ => Bytes::new(),
    }
}

/// The files whose path matches a pattern; all of them if it is none.
fn matching(files: &Map, pattern: &Text) -> Map {
    let pattern = glob::compile(&pattern.to_str_lossy());
    let entries = files.entries();
    let matches = |path: &Text| pattern.as_ref().is_none_or(|pattern| pattern.is_match(&path.to_str_lossy()));
    let found = entries.iter().filter(|(path, _)| matches(path));
    Map::of(FILES, found.map(|(path, content)| (path.clone(), content.clone())).collect())
}

/// The files by their names without folders, as YAML; of files with one name the last is there.
fn as_yaml(call: &Call<'_>, files: &Map, convert: impl Fn(&[u8]) -> Value) -> Result<Text, Error> {
    let mut contents = BTreeMap::new();
    for (path, content) in &*files.entries() {
        if let Value::Bytes(bytes) = content {
            let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
            contents.insert(Text::from(name), convert(bytes));
        }
    }
    let text = yaml::to_yaml(&Value::Map(Map::of(MapType::Strings, contents)), call.budget())?;
    Ok(text.strip_suffix(b"\n").map_or_else(|| text.clone(), Text::from))
}

/// The lines of a file, the last line break aside. Files that are there but empty are an error in Helm, too.
fn lines(files: &Map, path: &Text) -> Result<List, Error> {
    let Some(Value::Bytes(bytes)) = files.get(path) else {
        return Ok(List::of_strings(Vec::<Text>::new()));
    };
    if bytes.is_empty() {
        return Err("runtime error: index out of range [-1]".into());
    }
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    Ok(List::of_strings(bytes.split(|&byte| byte == b'\n').map(Text::from)))
}
