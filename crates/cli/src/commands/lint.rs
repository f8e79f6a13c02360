//! `chandlery lint`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use chandlery_chart::Limits;
use chandlery_chart::lint::{Finding, LintOptions, LintSource, Severity, lint};
use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::client::ClientArguments;
use crate::local::read_bounded;
use crate::output::{neutralise, print_text};
use crate::rendering::{Checks, RenderArguments};
use crate::values::ValuesArguments;

/// Examine charts for errors and for what is against convention, by the rules of `helm lint`.
///
/// `[ERROR]`s keep a chart from working and make the command fail, as `[WARNING]`s do with --strict.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery lint ./mychart\n  \
                        chandlery lint ./mychart --strict --with-subcharts -f ci/values.yaml\n  \
                        chandlery lint mychart-0.1.0.tgz -o json")]
pub(crate) struct LintArguments {
    /// Folders of charts, or packages.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Fail on warnings as well.
    #[arg(long)]
    strict: bool,
    /// Examine the charts under charts/ as well.
    #[arg(long)]
    with_subcharts: bool,
    /// Print warnings and errors only.
    #[arg(long)]
    quiet: bool,
    /// The namespace that templates see.
    #[arg(short, long, default_value = "default")]
    namespace: String,
    /// The form of the output.
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: LintFormat,
    #[command(flatten)]
    values: ValuesArguments,
    #[command(flatten)]
    render: RenderArguments,
    #[command(flatten)]
    client: ClientArguments,
}

/// The form of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum LintFormat {
    /// A line for each finding, as Helm prints them.
    #[default]
    Text,
    /// One JSON document.
    Json,
}

/// What came of one chart.
struct Report {
    path: String,
    /// The findings, or why the chart was not examined.
    result: Result<Vec<Finding>, String>,
}

/// A report in JSON.
#[derive(Serialize)]
struct ReportData<'a> {
    path: &'a str,
    failed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    findings: Vec<FindingData<'a>>,
}

#[derive(Serialize)]
struct FindingData<'a> {
    severity: String,
    path: &'a str,
    message: &'a str,
}

impl Report {
    fn findings(&self) -> &[Finding] {
        self.result.as_deref().unwrap_or_default()
    }

    fn has_failed(&self, strict: bool) -> bool {
        let tolerated = if strict { Severity::Info } else { Severity::Warning };
        self.result.is_err() || self.findings().iter().any(|finding| finding.severity > tolerated)
    }

    fn has_warnings(&self) -> bool {
        self.has_failed(true)
    }

    fn data(&self, strict: bool) -> ReportData<'_> {
        let finding = |finding: &'_ Finding| finding.severity.to_string().to_lowercase();
        ReportData {
            path: &self.path,
            failed: self.has_failed(strict),
            error: self.result.as_ref().err().map(String::as_str),
            findings: self
                .findings()
                .iter()
                .map(|one| FindingData { severity: finding(one), path: &one.path, message: &one.message })
                .collect(),
        }
    }

    /// The lines that Helm prints.
    fn text(&self, quiet: bool) -> String {
        let mut text = format!("==> Linting {}\n", self.path);
        match &self.result {
            Err(error) => text.push_str(&format!("Error {error}\n")),
            Ok(findings) => {
                for finding in findings.iter().filter(|one| !quiet || one.severity > Severity::Info) {
                    text.push_str(&format!("{finding}\n"));
                }
            }
        }
        text.push('\n');
        text
    }
}

impl LintArguments {
    pub(crate) async fn run(self) -> Result<()> {
        let values = self.values.read(&self.client).await?;
        let options = self.options()?;
        let mut paths: Vec<String> = self.paths.iter().map(|path| path.display().to_string()).collect();
        if self.with_subcharts {
            for path in &self.paths {
                find_subcharts(&path.join("charts"), &mut paths);
            }
        }
        let reports: Vec<Report> = paths.into_iter().map(|path| examine(path, &values, &options)).collect();
        let failed = reports.iter().filter(|report| report.has_failed(self.strict)).count();
        let summary = format!("{} chart(s) linted, {failed} chart(s) failed", reports.len());
        self.print(&reports, (failed == 0).then_some(summary.as_str()))?;
        if failed > 0 { Err(anyhow!(summary)) } else { Ok(()) }
    }

    fn options(&self) -> Result<LintOptions> {
        Ok(LintOptions {
            namespace: self.namespace.clone(),
            capabilities: self.render.capabilities(Checks::Installable)?,
            compat: self.render.helm().compat(),
            skip_schema: self.render.skip_schema_validation,
            limits: self.render.limits(),
        })
    }

    fn print(&self, reports: &[Report], summary: Option<&str>) -> Result<()> {
        if self.output == LintFormat::Json {
            let data: Vec<ReportData<'_>> = reports.iter().map(|report| report.data(self.strict)).collect();
            return print_text(&format!("{}\n", serde_json::to_string_pretty(&data)?));
        }
        let told = reports.iter().filter(|report| !self.quiet || report.has_warnings());
        let mut text: String = told.map(|report| report.text(self.quiet)).collect();
        if let Some(summary) = summary
            && (!self.quiet || reports.iter().any(Report::has_warnings))
        {
            text.push_str(&format!("{summary}\n"));
        }
        // Findings quote what files say.
        print_text(&text.split('\n').map(neutralise_line).collect::<Vec<_>>().join("\n"))
    }
}

/// Findings have tabs of their own, which stay.
fn neutralise_line(line: &str) -> String {
    line.split('\t').map(neutralise).collect::<Vec<_>>().join("\t")
}

fn examine(path: String, values: &Map<String, Value>, options: &LintOptions) -> Report {
    let limits = Limits::default();
    let source = if path.ends_with(".tgz") || path.ends_with(".tar.gz") {
        read_bounded(Path::new(&path))
            .map_err(|error| format!("unable to open tarball: {error:#}"))
            .and_then(|bytes| LintSource::of_package(&bytes, &path, &limits))
    } else {
        LintSource::of_directory(Path::new(&path), &limits)
    };
    Report { result: source.map(|source| lint(&source, values, options)), path }
}

/// Adds the charts below a folder, in the order of their paths. Links are not followed.
fn find_subcharts(folder: &Path, found: &mut Vec<String>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let shown = path.display().to_string();
        if path.is_dir() && !path.is_symlink() {
            find_subcharts(&path, found);
        } else if path.file_name().is_some_and(|name| name == "Chart.yaml") {
            found.push(folder.display().to_string());
        } else if shown.ends_with(".tgz") || shown.ends_with(".tar.gz") {
            found.push(shown);
        }
    }
}
