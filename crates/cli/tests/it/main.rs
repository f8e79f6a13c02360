//! The program as its users run it: arguments, files and variables in, output and exit codes out.

mod administration;
mod basics;
mod charts;
mod configuration;
mod dependency;
mod diff;
mod external;
mod import;
mod index;
mod lint;
mod login;
mod package;
mod packages;
mod program;
mod publishing;
mod server;
mod signing;
mod template;
mod tenancy;
mod virtual_repositories;
mod webhooks;
