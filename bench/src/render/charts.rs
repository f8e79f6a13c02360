//! Charts made to measure one thing: calls of `include` and `tpl`, `toYaml`, subcharts.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;

/// A chart of which everything but the metadata is given.
pub(crate) struct MadeChart {
    /// Its name.
    pub(crate) name: String,
    /// Its files by path.
    pub(crate) files: Vec<(String, String)>,
}

impl MadeChart {
    fn new(name: String) -> Self {
        let metadata = metadata(&name);
        Self { name, files: vec![metadata, ("values.yaml".to_owned(), "x: 1\n".to_owned())] }
    }

    fn with(mut self, path: impl Into<String>, text: impl Into<String>) -> Self {
        self.files.push((path.into(), text.into()));
        self
    }

    /// Writes the package into a directory.
    pub(crate) fn write(&self, directory: &Path) -> Result<PathBuf> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        for (path, text) in &self.files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, format!("{}/{path}", self.name), text.as_bytes())?;
        }
        let package = directory.join(format!("{}-1.0.0.tgz", self.name));
        fs::write(&package, builder.into_inner()?.finish()?)?;
        Ok(package)
    }
}

fn metadata(name: &str) -> (String, String) {
    ("Chart.yaml".to_owned(), format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n"))
}

/// Calls `include` of one small template.
pub(crate) fn includes(calls: usize) -> MadeChart {
    let body = r#"{{ include "t.small" $ }}"#;
    MadeChart::new(format!("include-{calls}"))
        .with("templates/_small.tpl", "{{ define \"t.small\" }}x: {{ .Values.x }}\n{{ end }}")
        .with("templates/a.yaml", format!("{{{{ range until {calls} }}}}{body}{{{{ end }}}}"))
}

/// Calls `tpl`, with one text or with another one each time, while the chart has `templates` templates.
pub(crate) fn texts(calls: usize, templates: usize, same: bool) -> MadeChart {
    let kind = if same { "same" } else { "other" };
    let body = match same {
        true => r#"{{ tpl "x: {{ .Values.x }}\n" $ }}"#,
        false => r#"{{ tpl (printf "x: {{ .Values.x }}%d\n" .) $ }}"#,
    };
    let defines: String = (1..templates)
        .map(|number| format!("{{{{ define \"t.{number}\" }}}}x: {{{{ .Values.x }}}}\n{{{{ end }}}}\n"))
        .collect();
    MadeChart::new(format!("tpl-{calls}-{templates}-{kind}"))
        .with("templates/_small.tpl", defines)
        .with("templates/a.yaml", format!("{{{{ range until {calls} }}}}{body}{{{{ end }}}}"))
}

/// Has subcharts with one template each.
pub(crate) fn subcharts(count: usize) -> MadeChart {
    (0..count).fold(MadeChart::new(format!("subcharts-{count}")), |chart, number| {
        let (path, text) = metadata(&format!("c{number}"));
        chart
            .with(format!("charts/c{number}/{path}"), text)
            .with(format!("charts/c{number}/values.yaml"), "x: 1\n")
            .with(format!("charts/c{number}/templates/a.yaml"), "x: {{ .Values.x }}\n")
    })
}

/// Writes a list of 1,000 maps of five keys as YAML, over and over.
pub(crate) fn lists(times: usize) -> MadeChart {
    let item = |number: usize| {
        format!(
            "- name: item-{number}\n  port: {number}\n  enabled: true\n  path: /a/b/{number}\n  text: some words in a line\n"
        )
    };
    let values: String = (0..1000).map(item).collect();
    let mut chart = MadeChart::new(format!("to-yaml-{times}"));
    chart.files[1].1 = format!("list:\n{values}");
    chart.with(
        "templates/a.yaml",
        format!("{{{{ range until {times} }}}}{{{{ toYaml $.Values.list }}}}\n{{{{ end }}}}"),
    )
}
