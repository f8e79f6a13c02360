//! `chandlery config`: look at a server's configuration without starting it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use serde::Serialize;

use crate::output::{OutputArguments, Table, print_text, say, warn};
use crate::serve_options::chartmuseum::ALIASES;
use crate::serve_options::settings::{Kind, SETTINGS, variable_of};
use crate::serve_options::{EffectiveSetting, Layers, Resolved, SettingFlags};

/// What a secret is shown as.
const MASK: &str = "********";

/// Check and print the configuration of the server.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chandlery config check --config chandlery.yaml\n  chandlery config env")]
pub(crate) enum ConfigCommand {
    Check(CheckArguments),
    Print(PrintArguments),
    Env(EnvArguments),
}

/// Say whether the server would start with these flags, variables and file.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery config check --config chandlery.yaml")]
pub(crate) struct CheckArguments {
    /// A YAML file with settings.
    #[arg(short, long, value_name = "FILE", env = "CHANDLERY_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingFlags,
}

/// Print every setting, its value and who set it; secrets are masked.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery config print\n  chandlery config print --config chandlery.yaml -o yaml"
)]
pub(crate) struct PrintArguments {
    /// A YAML file with settings.
    #[arg(short, long, value_name = "FILE", env = "CHANDLERY_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    settings: SettingFlags,
}

/// Print the table of all flags, variables and keys, and what ChartMuseum's mean here.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery config env\n  chandlery config env --chartmuseum")]
pub(crate) struct EnvArguments {
    /// ChartMuseum's variables and flags, and what they mean here.
    #[arg(long)]
    chartmuseum: bool,
    #[command(flatten)]
    output: OutputArguments,
}

impl ConfigCommand {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Check(arguments) => arguments.run(),
            Self::Print(arguments) => arguments.run(),
            Self::Env(arguments) => arguments.run(),
        }
    }
}

impl CheckArguments {
    fn run(self) -> Result<()> {
        let resolved = Layers::gather(self.settings, self.config)?.resolve()?;
        resolved.warnings.iter().for_each(|text| warn(text));
        check_files(&resolved)?;
        print_text("the configuration is valid\n")
    }
}

/// Checks that the files the configuration names can be read.
fn check_files(resolved: &Resolved) -> Result<()> {
    let config = &resolved.config;
    let mut files: Vec<(&str, &Path)> = Vec::new();
    if let Some(path) = &config.admin_password_file {
        files.push(("admin-password-file", path));
    }
    if let Some(tls) = &config.tls {
        files.extend([("tls-cert", tls.certificate.as_path()), ("tls-key", tls.key.as_path())]);
        files.extend(tls.client_authority.as_deref().map(|path| ("tls-client-ca", path)));
    }
    for (name, path) in files {
        std::fs::read(path).with_context(|| format!("{name}: cannot read {}", path.display()))?;
    }
    if config.data_directory.exists() && !config.data_directory.is_dir() {
        bail!("data-dir: {} is not a folder", config.data_directory.display());
    }
    Ok(())
}

#[derive(Serialize)]
struct PrintedSetting {
    name: &'static str,
    value: String,
    source: String,
}

fn printed(one: &EffectiveSetting) -> PrintedSetting {
    let value = match (&one.value, one.setting.kind) {
        (None, _) => one.setting.default.to_owned(),
        (Some(_), Kind::Secret(_)) => MASK.to_owned(),
        (Some(value), Kind::SecretUrl(_)) => mask_url(value),
        (Some(value), _) => value.clone(),
    };
    PrintedSetting { name: one.setting.name, value, source: one.source.to_string() }
}

/// Masks the password of a URL and the values of query keys that may be secrets.
fn mask_url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return MASK.to_owned() };
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let end = place.find('/').unwrap_or(place.len());
    let (authority, path) = place.split_at(end);
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => {
            let name = user.split(':').next().unwrap_or_default();
            if user.contains(':') { format!("{name}:{MASK}@{host}") } else { authority.to_owned() }
        }
        None => authority.to_owned(),
    };
    let harmless = ["region", "endpoint", "path_style", "sslmode"];
    let query = query.map(|query| {
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some((key, _)) if !harmless.contains(&key) => format!("{key}={MASK}"),
            _ => pair.to_owned(),
        });
        format!("?{}", pairs.collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}://{authority}{path}{}", query.unwrap_or_default())
}

impl PrintArguments {
    fn run(self) -> Result<()> {
        let resolved = Layers::gather(self.settings, self.config)?.resolve()?;
        resolved.warnings.iter().for_each(|text| warn(text));
        let settings: Vec<PrintedSetting> = resolved.settings.iter().map(printed).collect();
        self.output.print(&settings, |settings| {
            let mut table = Table::new(["SETTING", "VALUE", "SET BY"]);
            for one in settings {
                table.row([one.name.to_owned(), one.value.clone(), one.source.clone()]);
            }
            table
        })
    }
}

#[derive(Serialize)]
struct DescribedVariable {
    variable: String,
    flag: String,
    default: &'static str,
    meaning: String,
}

impl EnvArguments {
    fn run(&self) -> Result<()> {
        if self.chartmuseum {
            say(&format!(
                "ChartMuseum's options and what they mean here; more in {}",
                crate::serve_options::chartmuseum::GUIDE
            ));
        }
        let variables = if self.chartmuseum { chartmuseum_variables() } else { own_variables() };
        self.output.print(&variables, |variables| {
            let mut table = Table::new(["VARIABLE", "FLAG", "DEFAULT", "MEANING"]);
            for one in variables {
                table.row([
                    one.variable.clone(),
                    one.flag.clone(),
                    one.default.to_owned(),
                    one.meaning.clone(),
                ]);
            }
            table
        })
    }
}

fn own_variables() -> Vec<DescribedVariable> {
    let mut variables = Vec::new();
    for setting in SETTINGS.iter() {
        let flag = if matches!(setting.kind, Kind::Secret(_)) {
            String::new()
        } else {
            format!("--{}", setting.name)
        };
        let (default, meaning) = (setting.default, setting.help.to_owned());
        variables.push(DescribedVariable { variable: setting.variable(), flag, default, meaning });
        if let Some(file) = setting.kind.file_setting() {
            variables.push(DescribedVariable {
                variable: variable_of(file),
                flag: format!("--{file}"),
                default: "none",
                meaning: "A file with the same".to_owned(),
            });
        }
    }
    variables
}

fn chartmuseum_variables() -> Vec<DescribedVariable> {
    ALIASES
        .iter()
        .map(|alias| DescribedVariable {
            variable: alias.variable(),
            flag: format!("--{}", alias.flag),
            default: "",
            meaning: alias.explanation(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_urls_are_masked() {
        let cases = [
            ("postgres://a:b@c/d", "postgres://a:********@c/d"),
            ("postgres://a:b:c@d@e/f?sslmode=require", "postgres://a:********@e/f?sslmode=require"),
            ("postgres://a@c/d", "postgres://a@c/d"),
            ("sqlite://x.db", "sqlite://x.db"),
            ("s3://b/p?region=r&secret_access_key=k", "s3://b/p?region=r&secret_access_key=********"),
            ("postgres://c/d?password=x", "postgres://c/d?password=********"),
            ("nonsense", "********"),
        ];
        for (text, expected) in cases {
            assert_eq!(mask_url(text), expected);
        }
    }
}
