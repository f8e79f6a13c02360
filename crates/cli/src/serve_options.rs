//! The configuration of the server from flags, variables, a file and defaults, in this order.
//!
//! ChartMuseum's flags rank right after our flags, its variables right after ours. An image or package changes defaults
//! with variables `CHANDLERY_PRESET_…`, weaker than everything: with `CHANDLERY_…` it would overrule the variables a
//! deployment of ChartMuseum brings along.

pub(crate) mod chartmuseum;
mod file;
pub(crate) mod settings;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow, bail};
use chandlery_server::Config;
use clap::{Arg, ArgAction, ArgMatches};

use self::chartmuseum::{ALIASES, Given, GivenValue};
use self::settings::{Draft, Kind, SETTINGS, Setting, variable_of};
use crate::logging::LogOptions;
use crate::secret_file::read_secret_file;

/// Environment variables by name; a parameter, so that tests need not change the process.
pub(crate) type Environment = BTreeMap<String, String>;

/// The variables of this process; values that are not text are left out.
pub(crate) fn process_environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The flags of `serve` and `config`: one for each setting, and ChartMuseum's, hidden.
#[derive(Clone, Debug, Default)]
pub(crate) struct SettingFlags {
    values: BTreeMap<&'static str, String>,
}

impl SettingFlags {
    fn new_from(matches: &ArgMatches) -> Self {
        let values = argument_names()
            .filter_map(|name| Some((name, matches.get_one::<String>(name)?.clone())))
            .collect();
        Self { values }
    }
}

fn argument_names() -> impl Iterator<Item = &'static str> {
    let own = SETTINGS.iter().flat_map(|setting| {
        let plain = (!matches!(setting.kind, Kind::Secret(_))).then_some(setting.name);
        plain.into_iter().chain(setting.kind.file_setting())
    });
    own.chain(foreign_aliases().map(|alias| alias.flag))
}

/// ChartMuseum's flags that are not spelled like one of ours.
fn foreign_aliases() -> impl Iterator<Item = &'static chartmuseum::Alias> {
    ALIASES.iter().filter(|alias| Setting::find(alias.flag).is_none())
}

fn value_argument(name: &'static str, value_name: &'static str, switch: bool) -> Arg {
    let argument = Arg::new(name).long(name).action(ArgAction::Set);
    if switch {
        return argument
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_name("true|false");
    }
    argument.value_name(value_name)
}

fn setting_arguments(setting: &'static Setting) -> Vec<Arg> {
    let help = |variable: &str| format!("{} [env: {variable}] [default: {}]", setting.help, setting.default);
    let mut arguments = Vec::new();
    match setting.kind {
        Kind::Secret(_) => {}
        Kind::Switch => {
            arguments.push(value_argument(setting.name, "", true).help(help(&setting.variable())));
        }
        Kind::Text(value) => {
            arguments.push(value_argument(setting.name, value, false).help(help(&setting.variable())));
        }
        Kind::SecretUrl(_) => {
            arguments.push(value_argument(setting.name, "URL", false).help(help(&setting.variable())));
        }
    }
    if let Some(file) = setting.kind.file_setting() {
        let text = format!("A file that holds the {} [env: {}]", setting.name, variable_of(file));
        arguments.push(value_argument(file, "FILE", false).help(text));
    }
    arguments
}

impl clap::Args for SettingFlags {
    fn augment_args(command: clap::Command) -> clap::Command {
        let own =
            SETTINGS.iter().flat_map(setting_arguments).map(|argument| argument.help_heading("Settings"));
        let foreign =
            foreign_aliases().map(|alias| value_argument(alias.flag, "VALUE", alias.switch).hide(true));
        command.args(own).args(foreign)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self::new_from(matches))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::new_from(matches);
        Ok(())
    }
}

/// Where a value comes from, strongest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// A flag of ours.
    Flag(String),
    /// A flag of ChartMuseum's.
    ForeignFlag(String),
    /// A `CHANDLERY_` variable.
    Variable(String),
    /// A variable of ChartMuseum's.
    ForeignVariable(String),
    /// A key of the file.
    File(String),
    /// A `CHANDLERY_PRESET_` variable: what an image or a package sets instead of our default.
    Preset(String),
    /// Nobody set it.
    Default,
}

impl std::fmt::Display for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(name)
            | Self::ForeignFlag(name)
            | Self::Variable(name)
            | Self::ForeignVariable(name)
            | Self::File(name)
            | Self::Preset(name) => formatter.write_str(name),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// One setting with its value.
#[derive(Clone, Debug)]
pub(crate) struct EffectiveSetting {
    /// The setting.
    pub(crate) setting: &'static Setting,
    /// Its text; nothing if nobody set it.
    pub(crate) value: Option<String>,
    /// Who set it.
    pub(crate) source: Source,
}

/// The configuration, and how it came about.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// For the server.
    pub(crate) config: Config,
    /// For its log.
    pub(crate) log: LogOptions,
    /// Every setting, in the order of the help.
    pub(crate) settings: Vec<EffectiveSetting>,
    /// What the operator should know.
    pub(crate) warnings: Vec<String>,
}

/// Everything that may set something.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    /// The command line.
    pub(crate) flags: SettingFlags,
    /// The environment.
    pub(crate) environment: Environment,
    /// The text of the file, and its name for messages.
    pub(crate) file: Option<(PathBuf, String)>,
    /// Nothing will be stored, so no place for it is needed.
    pub(crate) without_data: bool,
}

impl Layers {
    /// Reads the file, if there is one, and takes the process's environment.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn gather(flags: SettingFlags, file: Option<PathBuf>) -> Result<Self> {
        let file = file
            .map(|path| {
                let text = std::fs::read_to_string(&path)
                    .with_context(|| format!("cannot read the configuration file {}", path.display()))?;
                anyhow::Ok((path, text))
            })
            .transpose()?;
        Ok(Self { flags, environment: process_environment(), file, without_data: false })
    }

    /// Merges the layers.
    ///
    /// # Errors
    /// A value that is not valid, a key that is unknown, a secret file that cannot be read, an option of ChartMuseum's
    /// that cannot mean the same: each with the place it was set in.
    pub(crate) fn resolve(&self) -> Result<Resolved> {
        let translation = chartmuseum::translate(&self.chartmuseum_options());
        let file = match &self.file {
            Some((path, text)) => {
                file::read(text).with_context(|| format!("configuration file {}", path.display()))?
            }
            None => BTreeMap::new(),
        };
        let settings = SETTINGS
            .iter()
            .map(|setting| self.effective(setting, &translation, &file))
            .collect::<Result<Vec<_>>>()?;
        let is_set = |name: &str| settings.iter().any(|one| one.setting.name == name && one.value.is_some());
        for (message, unless) in &translation.refusals {
            if !unless.is_some_and(is_set) {
                bail!("{message}");
            }
        }
        let (config, log) = self.apply(&settings)?;
        let mut warnings = translation.warnings;
        warnings.extend(self.unknown_variables());
        Ok(Resolved { config, log, settings, warnings })
    }

    fn chartmuseum_options(&self) -> Given {
        let from_environment = ALIASES.iter().filter_map(|alias| {
            let spelling = alias.variable();
            let value = self.environment.get(&spelling)?.clone();
            Some((alias.flag, GivenValue { spelling, value, is_flag: false }))
        });
        let from_flags = foreign_aliases().filter_map(|alias| {
            let value = self.flags.values.get(alias.flag)?.clone();
            Some((alias.flag, GivenValue { spelling: format!("--{}", alias.flag), value, is_flag: true }))
        });
        from_environment.chain(from_flags).collect()
    }

    fn effective(
        &self,
        setting: &'static Setting,
        translation: &chartmuseum::Translation,
        file: &BTreeMap<String, String>,
    ) -> Result<EffectiveSetting> {
        let foreign = |flags: bool| {
            translation.settings.iter().find(|one| one.name == setting.name && one.is_flag == flags)
        };
        let flags = |name: &str| self.flags.values.get(name).cloned();
        let environment = |name: &str| self.environment.get(name).filter(|value| !value.is_empty()).cloned();
        let in_file = |name: &str| file.get(name).cloned();
        let found = layer_value(setting, &flags, |name| format!("--{name}"))?
            .map(|(value, name)| (value, Source::Flag(name)))
            .or_else(|| {
                foreign(true).map(|one| (one.value.clone(), Source::ForeignFlag(one.spelling.clone())))
            });
        let found = match found {
            Some(found) => Some(found),
            None => layer_value(setting, &|name| environment(&variable_of(name)), variable_of)?
                .map(|(value, name)| (value, Source::Variable(name)))
                .or_else(|| {
                    foreign(false)
                        .map(|one| (one.value.clone(), Source::ForeignVariable(one.spelling.clone())))
                }),
        };
        let preset = || {
            let name = preset_variable(setting);
            Some((self.environment.get(&name)?.clone(), Source::Preset(name)))
        };
        let found = match found {
            Some(found) => Some(found),
            None => layer_value(setting, &in_file, str::to_owned)?
                .map(|(value, name)| (value, Source::File(format!("{name} in the file"))))
                .or_else(preset),
        };
        let (value, source) = found.map_or((None, Source::Default), |(value, source)| (Some(value), source));
        Ok(EffectiveSetting { setting, value, source })
    }

    fn apply(&self, settings: &[EffectiveSetting]) -> Result<(Config, LogOptions)> {
        let is_set = settings.iter().any(|one| one.setting.name == "data-dir" && one.value.is_some());
        let default =
            if is_set || self.without_data { PathBuf::new() } else { self.default_data_directory()? };
        let mut draft = Draft::new(default);
        for one in settings {
            if let Some(value) = &one.value {
                (one.setting.apply)(&mut draft, value)
                    .map_err(|error| anyhow!("{}: {error:#}", one.source))?;
            }
        }
        draft.finish()
    }

    fn default_data_directory(&self) -> Result<PathBuf> {
        let variable =
            |name: &str| self.environment.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        variable("XDG_DATA_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| variable("HOME").map(|home| home.join(".local/share")))
            .map(|base| base.join("chandlery"))
            .context("there is no place for the data: set --data-dir DIR (or CHANDLERY_DATA_DIR)")
    }

    /// `CHANDLERY_` variables that nothing reads, most likely misspelled.
    fn unknown_variables(&self) -> Vec<String> {
        let known = |name: &str| {
            CLIENT_VARIABLES.contains(&name)
                || SETTINGS.iter().any(|setting| {
                    name == setting.variable()
                        || name == preset_variable(setting)
                        || setting.kind.file_setting().is_some_and(|file| name == variable_of(file))
                })
        };
        // Kubernetes sets these in every container beside a service called "chandlery".
        let service_link = |name: &str| {
            name.starts_with("CHANDLERY_SERVICE_")
                || name.starts_with("CHANDLERY_PORT")
                || name.contains("_SERVICE_")
        };
        self.environment
            .keys()
            .filter(|name| name.starts_with("CHANDLERY_") && !known(name) && !service_link(name))
            .map(|name| {
                format!("{name} is not a variable that chandlery knows; `chandlery config env` lists them")
            })
            .collect()
    }
}

/// `CHANDLERY_PRESET_LISTEN`.
fn preset_variable(setting: &Setting) -> String {
    variable_of(&format!("preset-{}", setting.name))
}

/// `CHANDLERY_` variables of the client commands and of the build.
const CLIENT_VARIABLES: &[&str] = &[
    "CHANDLERY_CONFIG",
    "CHANDLERY_CORPUS",
    "CHANDLERY_SERVER",
    "CHANDLERY_CA_FILE",
    "CHANDLERY_TOKEN",
    "CHANDLERY_TOKEN_FILE",
    "CHANDLERY_USERNAME",
    "CHANDLERY_PASSWORD",
    "CHANDLERY_PASSWORD_FILE",
];

/// One layer's value of a setting, straight or from the file it names, with the spelling for messages.
fn layer_value(
    setting: &Setting,
    look_up: &dyn Fn(&str) -> Option<String>,
    spelling: impl Fn(&str) -> String,
) -> Result<Option<(String, String)>> {
    let straight = look_up(setting.name);
    let file = setting.kind.file_setting().and_then(|name| Some((name, look_up(name)?)));
    match (straight, file) {
        (Some(_), Some((name, _))) => {
            bail!("{} and {} are both set: keep one", spelling(setting.name), spelling(name))
        }
        (Some(value), None) => Ok(Some((value, spelling(setting.name)))),
        (None, Some((name, path))) => {
            let value = read_secret_file(path.as_ref()).with_context(|| spelling(name))?;
            Ok(Some((value, spelling(name))))
        }
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests;
