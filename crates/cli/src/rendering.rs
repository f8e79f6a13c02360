//! Charts rendered for commands: for which release, cluster and Helm, and within which limits.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use chandlery_chart::render::{
    Capabilities, Compat, KubeVersion, Manifest, PrepareOptions, Prepared, Release, RenderOptions, Rendered,
    assemble, prepare, render,
};
use chandlery_chart::{Chart, Constraint, Version};
use chandlery_template::Limits;
use clap::ValueEnum;
use serde_json::{Map, Value};

use crate::output::warn;

/// The Helm whose output is matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum HelmVersion {
    /// Helm 3.
    #[value(name = "helm3")]
    Helm3,
    /// Helm 4.0 and 4.1.
    #[value(name = "helm4.1")]
    Helm41,
    /// Helm 4.2.0 to 4.2.3.
    #[value(name = "helm4.2")]
    Helm42,
    /// Helm 4.2.4, 4.3 and later.
    #[default]
    #[value(name = "helm4.3")]
    Helm43,
}

impl HelmVersion {
    /// Its rules.
    pub(crate) fn compat(self) -> Compat {
        match self {
            Self::Helm3 => Compat::Helm3,
            Self::Helm41 => Compat::Helm40,
            Self::Helm42 => Compat::Helm42,
            Self::Helm43 => Compat::Helm43,
        }
    }
}

/// For which cluster and which Helm a chart is rendered, and how much it may use.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct RenderArguments {
    /// The Kubernetes version that templates see.
    #[arg(long, value_name = "VERSION", help_heading = "Cluster")]
    kube_version: Option<String>,
    /// API versions the cluster has beside those of Kubernetes: `monitoring.coreos.com/v1`.
    #[arg(short, long, value_name = "VERSION", value_delimiter = ',', help_heading = "Cluster")]
    api_versions: Vec<String>,
    /// The Helm whose output is matched, where versions differ.
    #[arg(long, value_enum, default_value_t, value_name = "HELM", help_heading = "Limits and rules")]
    compat: HelmVersion,
    /// Do not check the values against values.schema.json.
    #[arg(long, help_heading = "Limits and rules")]
    pub(crate) skip_schema_validation: bool,
    /// Give up after this many seconds.
    #[arg(long, value_name = "SECONDS", help_heading = "Limits and rules")]
    max_time: Option<u64>,
    /// Give up when the templates wrote this many bytes.
    #[arg(long, value_name = "BYTES", help_heading = "Limits and rules")]
    max_output: Option<u64>,
    /// Give up when the templates made this many bytes of text and lists, whether they wrote them or not.
    #[arg(long, value_name = "BYTES", help_heading = "Limits and rules")]
    max_memory: Option<u64>,
    /// Give up after this many steps of the template language.
    #[arg(long, value_name = "STEPS", help_heading = "Limits and rules")]
    max_steps: Option<u64>,
    /// Give up when this many templates wait for one another.
    #[arg(long, value_name = "TEMPLATES", help_heading = "Limits and rules")]
    max_depth: Option<usize>,
}

/// What differs from a plain `helm template`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checks {
    /// The chart must be installable: its kind, its dependencies, the version of Kubernetes.
    Installable,
    /// The engine alone.
    None,
}

impl RenderArguments {
    /// The Helm that is matched.
    pub(crate) fn helm(&self) -> HelmVersion {
        self.compat
    }

    /// Merges the values and renders the templates.
    ///
    /// # Errors
    /// What Helm refuses, in its words, and exceeded limits.
    pub(crate) fn render(
        &self,
        chart: Chart,
        values: &Map<String, Value>,
        release: Release,
        checks: Checks,
    ) -> Result<(Prepared, Rendered)> {
        let options = self.options(release, checks)?;
        let declares_dependencies = !chart.metadata.dependencies.is_empty();
        let preparation =
            PrepareOptions { compat: self.compat.compat(), skip_schema: self.skip_schema_validation };
        let prepared = prepare(chart, values, &preparation).map_err(|error| match error {
            chandlery_chart::render::RenderError::SubchartValues { .. } if declares_dependencies => {
                anyhow!("chart dependencies processing failed: {error}")
            }
            // Its text has that of its cause.
            error => anyhow!("{error}"),
        })?;
        let warnings = prepared.warnings.iter();
        warnings.for_each(|text| warn(text.strip_prefix("warning: ").unwrap_or(text)));
        if checks == Checks::None {
            let rendered = render(&prepared, &options)?;
            return Ok((prepared, rendered));
        }
        let rendered = check_kube_version(&prepared.chart, &options.capabilities.kube_version)
            .and_then(|()| Ok(render(&prepared, &options)?));
        let rendered = rendered.map_err(|error| mention_debug(&error))?;
        Ok((prepared, rendered))
    }

    /// The documents and hooks of rendered files.
    ///
    /// # Errors
    /// A document is no YAML, in Helm's words.
    pub(crate) fn manifest(&self, rendered: &Rendered) -> Result<Manifest> {
        Ok(assemble(&rendered.files, self.compat.compat())?)
    }

    fn options(&self, release: Release, checks: Checks) -> Result<RenderOptions> {
        let mut options = RenderOptions::new(release);
        options.compat = self.compat.compat();
        options.capabilities = self.capabilities(checks)?;
        options.limits = self.limits();
        Ok(options)
    }

    /// What templates see of the cluster.
    ///
    /// # Errors
    /// The version of Kubernetes is none.
    pub(crate) fn capabilities(&self, checks: Checks) -> Result<Capabilities> {
        let compat = match checks {
            // The raw form is compared with what Helm 4.2 made.
            Checks::None => self.compat.compat().min(Compat::Helm42),
            Checks::Installable => self.compat.compat(),
        };
        let mut capabilities = Capabilities::offline(compat);
        if let Some(text) = &self.kube_version {
            capabilities.kube_version = parse_kube_version(text)?;
        }
        capabilities.api_versions.extend(self.api_versions.iter().cloned());
        Ok(capabilities)
    }

    /// How much templates may use.
    pub(crate) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        if let Some(seconds) = self.max_time {
            limits.time = Duration::from_secs(seconds);
        }
        limits.output_bytes = self.max_output.unwrap_or(limits.output_bytes);
        limits.bytes = self.max_memory.unwrap_or(limits.bytes);
        limits.steps = self.max_steps.unwrap_or(limits.steps);
        limits.depth = self.max_depth.unwrap_or(limits.depth);
        limits
    }
}

/// Adds what Helm says after every error of rendering.
pub(crate) fn mention_debug(error: &anyhow::Error) -> anyhow::Error {
    anyhow!("{error:#}\n\nUse --debug flag to render out invalid YAML")
}

/// Reads a Kubernetes version.
///
/// # Errors
/// It is none, in Helm's words.
pub(crate) fn parse_kube_version(text: &str) -> Result<KubeVersion> {
    text.parse().map_err(|_| anyhow!("invalid kube version '{text}': could not parse {text:?} as version"))
}

/// Refuses a chart that says it does not work with a version of Kubernetes.
fn check_kube_version(chart: &Chart, version: &KubeVersion) -> Result<()> {
    let wanted = &chart.metadata.kube_version;
    if wanted.is_empty() {
        return Ok(());
    }
    let fits = match (wanted.parse::<Constraint>(), version.normalized.parse::<Version>()) {
        (Ok(constraint), Ok(version)) => constraint.matches(&version),
        _ => false,
    };
    if !fits {
        bail!(
            "chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {}",
            version.version
        );
    }
    Ok(())
}

/// Refuses a name that no release can have.
///
/// # Errors
/// The rule, in Helm's words.
pub(crate) fn check_release_name(name: &str) -> Result<()> {
    const LONGEST: usize = 53;
    const RULE: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
    let is_edge = |letter: Option<char>| {
        letter.is_some_and(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    let is_label = |label: &str| {
        let all = label.chars().all(|letter| letter == '-' || is_edge(Some(letter)));
        all && is_edge(label.chars().next()) && is_edge(label.chars().last())
    };
    let context = || format!("release name check failed: release name {name:?}");
    if name.is_empty() {
        return Err(anyhow!("no name provided")).with_context(context);
    }
    if name.len() > LONGEST || !name.split('.').all(is_label) {
        let text = format!(
            "invalid release name, must match regex {RULE} and the length must not be longer than {LONGEST}"
        );
        return Err(anyhow!(text)).with_context(context);
    }
    Ok(())
}
