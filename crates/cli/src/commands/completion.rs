//! `chandlery completion` and `chandlery man`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap_complete::Shell;

use crate::cli::command_tree;
use crate::output::print_bytes;

/// Print the completion script of a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery completion bash > /etc/bash_completion.d/chandlery\n  \
                        chandlery completion zsh > \"${fpath[1]}/_chandlery\"\n  \
                        chandlery completion fish > ~/.config/fish/completions/chandlery.fish")]
pub(crate) struct CompletionArguments {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl CompletionArguments {
    pub(crate) fn run(&self) -> Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command_tree(), "chandlery", &mut script);
        print_bytes(&script)
    }
}

/// Write the manual pages into a folder.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chandlery man /usr/local/share/man/man1")]
pub(crate) struct ManArguments {
    /// The folder; it must exist.
    folder: PathBuf,
}

impl ManArguments {
    pub(crate) fn run(&self) -> Result<()> {
        clap_mangen::generate_to(command_tree(), &self.folder)
            .with_context(|| format!("cannot write manual pages to {}", self.folder.display()))
    }
}
