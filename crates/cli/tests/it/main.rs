//! The program as its users run it: arguments, files and variables in, output and exit codes out.

mod administration;
mod basics;
mod charts;
mod configuration;
mod import;
mod index;
mod login;
mod package;
mod packages;
mod program;
mod server;
mod signing;
