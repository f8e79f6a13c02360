//! Where an archive entry lands in the chart.

use super::ArchiveError;

/// The path below the top directory, in Helm's rules: the first component is dropped, a name with a backslash is split
/// on those, `.` and `..` are resolved, and nothing may leave the chart. Stricter than Helm, the first component may not
/// be `..`, a drive or nothing: other tools that unpack the archive would not drop it.
pub(super) fn clean(name: Vec<u8>, longest: usize) -> Result<String, ArchiveError> {
    let refuse = |entry: String, rule| Err(ArchiveError::Path { entry, rule });
    let name = match String::from_utf8(name) {
        Ok(name) => name,
        Err(error) => {
            let shown = String::from_utf8_lossy(error.as_bytes()).into_owned();
            return refuse(shortened(shown), "chart contains a file name that is not UTF-8");
        }
    };
    if name.len() > longest {
        return refuse(shortened(name), "chart contains a path that is too long");
    }
    if name.contains('\0') {
        return refuse(name, "chart contains a file name with a NUL");
    }
    let delimiter = if name.contains('\\') { '\\' } else { '/' };
    let (top, rest) = name.split_once(delimiter).unwrap_or((&name, ""));
    let rest = match delimiter {
        '\\' => rest.replace('\\', "/"),
        _ => rest.to_owned(),
    };
    if rest.starts_with('/') || (top.is_empty() && !rest.is_empty()) {
        return refuse(name, "chart illegally contains absolute paths");
    }
    let cleaned = resolve_dots(&rest);
    if cleaned.is_empty() {
        return refuse(name, "chart illegally contains content outside the base directory");
    }
    if cleaned.starts_with("..") || top == ".." {
        return refuse(name, "chart illegally references parent directory");
    }
    if starts_with_drive(&cleaned) || starts_with_drive(&format!("{top}/")) {
        return refuse(name, "chart contains illegally named files");
    }
    if top == "Chart.yaml" {
        return refuse(name, "chart yaml not in base directory");
    }
    Ok(cleaned)
}

/// Checks that a reader finds a file written under this path (with its top directory) under the same path.
pub(crate) fn check_written(path: &str, longest: usize) -> Result<(), ArchiveError> {
    let cleaned = clean(path.as_bytes().to_vec(), longest)?;
    if path.split_once('/').is_none_or(|(_, below)| below != cleaned) {
        let rule = "a package cannot hold a file of this name";
        return Err(ArchiveError::Path { entry: path.to_owned(), rule });
    }
    Ok(())
}

fn shortened(text: String) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Removes `.` and empty components and resolves `..`; what points above the start keeps its leading `..`.
fn resolve_dots(path: &str) -> String {
    let plain = |part: &str| !matches!(part, "" | "." | "..");
    if path.split('/').all(plain) {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

fn starts_with_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_as_helm_cleans_them() {
        let cases: &[(&str, Result<&str, &str>)] = &[
            ("t/Chart.yaml", Ok("Chart.yaml")),
            ("t/a/b", Ok("a/b")),
            ("t\\a\\b", Ok("a/b")),
            ("x/t\\a", Ok("a")),
            ("./t/Chart.yaml", Ok("t/Chart.yaml")),
            ("./Chart.yaml", Ok("Chart.yaml")),
            ("t/./a//b/../c", Ok("a/c")),
            ("t/a/c:/x", Ok("a/c:/x")),
            ("README.md", Err("outside the base directory")),
            ("t/", Err("outside the base directory")),
            ("t/a/..", Err("outside the base directory")),
            ("t//etc/passwd", Err("absolute paths")),
            ("t\\\\etc", Err("absolute paths")),
            ("/t/Chart.yaml", Err("absolute paths")),
            ("\\t\\x", Err("absolute paths")),
            ("../evil", Err("parent directory")),
            ("..\\evil", Err("parent directory")),
            ("c:/evil", Err("illegally named")),
            ("../../evil", Err("parent directory")),
            ("t/../evil", Err("parent directory")),
            ("t/..foo", Err("parent directory")),
            ("t/a/../../x", Err("parent directory")),
            ("t\\..\\evil", Err("parent directory")),
            ("t/c:/evil", Err("illegally named")),
            ("t\\C:\\evil", Err("illegally named")),
            ("Chart.yaml", Err("outside the base directory")),
            ("Chart.yaml/x", Err("chart yaml not in base directory")),
        ];
        for (name, expected) in cases {
            match (clean(name.as_bytes().to_vec(), 1024), expected) {
                (Ok(path), Ok(expected)) => assert_eq!(path, *expected, "{name}"),
                (Err(error), Err(expected)) => {
                    let text = error.to_string();
                    assert!(text.contains(expected) && text.contains(&format!("{name:?}")), "{name}: {text}");
                }
                (outcome, _) => panic!("{name}: {outcome:?}"),
            }
        }
        assert!(clean(b"t/\xff".to_vec(), 1024).unwrap_err().to_string().contains("UTF-8"));
        assert!(clean("t/".repeat(600).into_bytes(), 1024).unwrap_err().to_string().len() < 200);
    }
}
