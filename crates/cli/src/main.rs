//! The binary `chandlery`: the server and its clients.

mod cli;
mod client;
mod commands;
mod error;
mod local;
mod logging;
mod output;
mod remote_index;
mod secret_file;
mod serve_options;
mod signatures;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
