//! The tree of commands.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::commands::{
    account, app, audit, category, completion, config, create, dependency, diff, import, index, lint, login,
    member, package, project, pull, push, repo, robot, role, search, serve, show, store, template, token,
    verify, version, webhook, workspace,
};
use crate::error::report;

/// Chandlery: the application repository and app store for Kubernetes, in one process.
#[derive(Debug, Parser)]
#[command(
    name = "chandlery",
    version,
    propagate_version = false,
    arg_required_else_help = true,
    after_help = "Examples:\n  chandlery serve --data-dir ./data\n  chandlery login http://127.0.0.1:8080 -u admin\n  \
                  chandlery push mychart-0.1.0.tgz default"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArguments),
    #[command(subcommand)]
    Config(config::ConfigCommand),
    Login(login::LoginArguments),
    Logout(login::LogoutArguments),
    Whoami(login::WhoamiArguments),
    Create(create::CreateArguments),
    Lint(Box<lint::LintArguments>),
    Template(Box<template::TemplateArguments>),
    #[command(subcommand)]
    Dependency(dependency::DependencyCommand),
    Diff(Box<diff::DiffArguments>),
    Package(package::PackageArguments),
    Push(push::PushArguments),
    Pull(pull::PullArguments),
    Verify(verify::VerifyArguments),
    #[command(subcommand)]
    Show(show::ShowCommand),
    Search(search::SearchArguments),
    Index(index::IndexArguments),
    #[command(subcommand)]
    Repo(repo::RepoCommand),
    #[command(subcommand)]
    App(Box<app::AppCommand>),
    #[command(subcommand)]
    Store(store::StoreCommand),
    #[command(subcommand)]
    Category(category::CategoryCommand),
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    #[command(subcommand)]
    Token(token::TokenCommand),
    #[command(subcommand, visible_alias = "user")]
    Account(account::AccountCommand),
    #[command(subcommand)]
    Role(role::RoleCommand),
    #[command(subcommand)]
    Workspace(workspace::WorkspaceCommand),
    #[command(subcommand)]
    Member(member::MemberCommand),
    #[command(subcommand)]
    Project(project::ProjectCommand),
    #[command(subcommand)]
    Robot(robot::RobotCommand),
    #[command(subcommand)]
    Webhook(webhook::WebhookCommand),
    Password(account::PasswordArguments),
    Import(import::ImportArguments),
    Completion(completion::CompletionArguments),
    Version(version::VersionArguments),
    #[command(hide = true)]
    Man(completion::ManArguments),
}

/// The whole tree, for completions and manual pages.
pub(crate) fn command_tree() -> clap::Command {
    Cli::command()
}

/// Parses the command line and does what it says. Exit code: 0 done, 1 failed, 2 called wrongly.
pub(crate) fn run() -> ExitCode {
    // The only failure is that a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let command = Cli::parse().command;
    match execute(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

fn execute(command: Command) -> Result<()> {
    match command {
        Command::Serve(arguments) => arguments.run(),
        Command::Config(command) => command.run(),
        Command::Completion(arguments) => arguments.run(),
        Command::Man(arguments) => arguments.run(),
        Command::Version(arguments) => arguments.run(),
        Command::Login(arguments) => block_on(arguments.run()),
        Command::Logout(arguments) => block_on(arguments.run()),
        Command::Whoami(arguments) => block_on(arguments.run()),
        Command::Push(arguments) => block_on(arguments.run()),
        Command::Pull(arguments) => block_on(arguments.run()),
        Command::Show(command) => block_on(command.run()),
        Command::Import(arguments) => block_on(arguments.run()),
        Command::Create(arguments) => arguments.run(),
        Command::Lint(arguments) => block_on(arguments.run()),
        Command::Template(arguments) => block_on(arguments.run()),
        Command::Dependency(command) => block_on(command.run()),
        Command::Diff(arguments) => block_on(arguments.run()),
        Command::Package(arguments) => block_on(arguments.run()),
        Command::Verify(arguments) => arguments.run(),
        Command::Index(arguments) => arguments.run(),
        Command::Search(arguments) => block_on(arguments.run()),
        Command::Repo(command) => block_on(command.run()),
        Command::App(command) => block_on(command.run()),
        Command::Store(command) => block_on(command.run()),
        Command::Category(command) => block_on(command.run()),
        Command::Audit(command) => block_on(command.run()),
        Command::Token(command) => block_on(command.run()),
        Command::Account(command) => block_on(command.run()),
        Command::Role(command) => block_on(command.run()),
        Command::Workspace(command) => block_on(command.run()),
        Command::Member(command) => block_on(command.run()),
        Command::Project(command) => block_on(command.run()),
        Command::Robot(command) => block_on(command.run()),
        Command::Webhook(command) => block_on(command.run()),
        Command::Password(arguments) => block_on(arguments.run()),
    }
}

/// Runs a client command; one thread is enough to wait for a network.
fn block_on(future: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(future)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(command: &clap::Command, path: &str, visit: &mut dyn FnMut(&str, &clap::Command)) {
        visit(path, command);
        for subcommand in command.get_subcommands().filter(|one| one.get_name() != "help") {
            walk(subcommand, &format!("{path} {}", subcommand.get_name()), visit);
        }
    }

    #[test]
    fn the_tree_is_sound() {
        command_tree().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does_and_has_an_example() {
        walk(&command_tree(), "chandlery", &mut |path, command| {
            assert!(command.get_about().is_some(), "{path} has no description");
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let example = format!("\n  {path} ");
            let leaf = !command.has_subcommands();
            let shown = format!("{help} ").replace('\n', " \n");
            assert!(help.starts_with("Examples:\n"), "{path} has no examples");
            assert!(!leaf || shown.contains(&example), "{path} has no example of itself: {help}");
        });
    }

    #[test]
    fn every_flag_is_described() {
        walk(&command_tree(), "chandlery", &mut |path, command| {
            for argument in command.get_arguments().filter(|one| !one.is_hide_set()) {
                assert!(argument.get_help().is_some(), "{path}: {} has no help", argument.get_id());
            }
        });
    }
}
