//! `chandlery dependency list`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use chandlery_chart::{Chart, Constraint, Dependency, Limits, Version, is_strict_version};
use serde::Serialize;

use crate::charts::read_place;
use crate::output::{OutputArguments, OutputFormat, Table, neutralise, print_text};

/// A dependency and what is known of it.
#[derive(Serialize)]
struct Row {
    name: String,
    version: String,
    repository: String,
    status: &'static str,
}

/// Prints the dependencies of a chart.
pub(super) fn list(place: &Path, width: usize, output: OutputArguments) -> Result<()> {
    let chart = read_place(place)?;
    let declared = &chart.metadata.dependencies;
    let row = |dependency: &Dependency| Row {
        name: dependency.name.clone(),
        version: dependency.version.clone(),
        repository: dependency.repository.clone(),
        status: status_of(place, dependency, &chart),
    };
    let rows: Vec<Row> = declared.iter().map(row).collect();
    if output.output != OutputFormat::Table {
        return output.print(&rows, |_| Table::new(["NAME"]));
    }
    if declared.is_empty() {
        let charts = place.join("charts");
        return print_text(&format!(
            "WARNING: no dependencies at {}\n",
            neutralise(&charts.display().to_string())
        ));
    }
    print_text(&format!("{}\n{}", table(&rows, width), undeclared(place, declared)))
}

/// Columns as Helm makes them: with a tab after each, all padded.
fn table(rows: &[Row], width: usize) -> String {
    let head = ["NAME", "VERSION", "REPOSITORY", "STATUS"].map(str::to_owned);
    let cells = rows.iter().map(|row| {
        [&row.name, &row.version, &row.repository, row.status].map(|text| cut(&neutralise(text), width))
    });
    let lines: Vec<[String; 4]> = std::iter::once(head).chain(cells).collect();
    let widest = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..4).map(widest).collect();
    let pad = |line: &[String; 4]| -> String {
        let padded: Vec<String> =
            line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", padded.join("\t"))
    };
    lines.iter().map(pad).collect()
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    format!("{}...", text.chars().take(width.saturating_sub(3)).collect::<String>())
}

/// What Helm says of a dependency; packages in charts/ count before what was loaded.
fn status_of(place: &Path, dependency: &Dependency, chart: &Chart) -> &'static str {
    let mut packages = packages_named(place, &dependency.name);
    if packages.len() > 1 {
        packages.retain(|path| has_strict_version(path, &dependency.name));
        if packages.len() > 1 {
            return "too many matches";
        }
    }
    match (&packages[..], chart.subcharts.iter().rfind(|subchart| subchart.name() == dependency.name)) {
        ([package], _) => status_of_package(package, dependency),
        (_, None) => "missing",
        (_, Some(subchart)) => compare(subchart, dependency).unwrap_or("unpacked"),
    }
}

fn packages_named(place: &Path, name: &str) -> Vec<PathBuf> {
    let prefix = format!("{name}-");
    let entries = fs::read_dir(place.join("charts")).into_iter().flatten().flatten();
    let is_match = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with(&prefix) && name.ends_with(".tgz")
    };
    let mut packages: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_match).collect();
    packages.sort();
    packages
}

fn has_strict_version(path: &Path, name: &str) -> bool {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    stem.strip_prefix(&format!("{name}-")).is_some_and(is_strict_version)
}

fn status_of_package(package: &Path, dependency: &Dependency) -> &'static str {
    match read_place(package) {
        Err(_) => "corrupt",
        Ok(chart) if chart.name() != dependency.name => "misnamed",
        Ok(chart) => compare(&chart, dependency).unwrap_or("ok"),
    }
}

/// What is wrong with the version of a chart.
fn compare(chart: &Chart, dependency: &Dependency) -> Option<&'static str> {
    let version = &chart.metadata.version;
    if *version == dependency.version {
        return None;
    }
    match (dependency.version.parse::<Constraint>(), version.parse::<Version>()) {
        (Ok(constraint), Ok(version)) if constraint.matches(&version) => None,
        (Ok(_), Ok(_)) => Some("wrong version"),
        _ => Some("invalid version"),
    }
}

/// Warnings about what is in charts/ and in no declaration.
fn undeclared(place: &Path, declared: &[Dependency]) -> String {
    let entries = fs::read_dir(place.join("charts")).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let is_chart =
        |path: &PathBuf| path.is_dir() || path.extension().is_some_and(|extension| extension == "tgz");
    let mut text = String::new();
    for path in paths.into_iter().filter(is_chart) {
        let shown = neutralise(&path.display().to_string());
        match read_place(&path) {
            Err(_) => text += &format!("WARNING: {shown:?} is not a chart.\n"),
            Ok(chart) if !declared.iter().any(|dependency| dependency.name == chart.name()) => {
                text += &format!("WARNING: {shown:?} is not in Chart.yaml.\n");
            }
            Ok(_) => {}
        }
    }
    text
}

/// The folder that a `file://` address means, from the chart's.
///
/// # Errors
/// There is none.
pub(super) fn local_folder(address: &str, chart: &Path) -> Result<PathBuf> {
    let path = address.strip_prefix("file://").unwrap_or(address);
    let folder = if path.starts_with('/') { PathBuf::from(path) } else { clean(&chart.join(path)) };
    if !folder.exists() {
        anyhow::bail!("directory {} not found", folder.display());
    }
    Ok(folder)
}

/// The path without `.` and `..`, as Go cleans it.
fn clean(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if clean.file_name().is_some() => drop(clean.pop()),
            other => clean.push(other),
        }
    }
    clean
}

/// Reads the folder of a dependency.
///
/// # Errors
/// It is no valid chart.
pub(super) fn read_local(folder: &Path) -> Result<Chart> {
    Ok(Chart::read_directory(folder, &Limits::default())?)
}
