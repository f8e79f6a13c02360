//! The binary `chandlery`: the server and its clients.

mod charts;
mod cli;
mod client;
mod commands;
mod error;
mod local;
mod logging;
mod output;
mod remote_index;
mod rendering;
mod secret_file;
mod serve_options;
mod signatures;
mod values;

use std::process::ExitCode;

/// A static binary would have musl's allocator, which is slow. Elsewhere the system's one keeps less memory when idle.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
