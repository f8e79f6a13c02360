//! `chandlery serve`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use chandlery_server::{FolderServer, Proxies, Server};

use crate::error::usage;
use crate::output::{print_text, say, warn};
use crate::serve_options::{Layers, Resolved, SettingFlags, Source};

/// Run the server.
///
/// A setting is taken from its flag, else from its variable, else from the file, else it has its default. The flags and
/// variables of ChartMuseum are understood where they mean the same: `chandlery config env --chartmuseum`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chandlery serve\n  chandlery serve --data-dir /var/lib/chandlery --listen 0.0.0.0:8080\n  \
                        chandlery serve --config /etc/chandlery.yaml"
)]
pub(crate) struct ServeArguments {
    /// A YAML file with settings, named like the flags.
    #[arg(short, long, value_name = "FILE", env = "CHANDLERY_CONFIG")]
    config: Option<PathBuf>,
    /// Serve this folder of packages as a Helm repository that can only be read, and store nothing.
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingFlags,
}

/// The settings that a served folder has; others need a server with data.
const FOLDER_SETTINGS: &[&str] = &[
    "listen",
    "tls-cert",
    "tls-key",
    "tls-client-ca",
    "head-timeout",
    "body-timeout",
    "drain-timeout",
    "log-format",
    "log-level",
];

impl ServeArguments {
    pub(crate) fn run(self) -> Result<()> {
        let mut layers = Layers::gather(self.settings, self.config)?;
        layers.without_data = self.from.is_some();
        let resolved = layers.resolve()?;
        let _traces = resolved.log.start()?;
        match self.from {
            Some(folder) => serve_folder(&folder, resolved),
            None => serve_data(resolved),
        }
    }
}

fn serve_data(mut resolved: Resolved) -> Result<()> {
    resolved.config.outbound.settings.proxies = Proxies::from_environment();
    resolved.warnings.iter().for_each(|text| warn(text));
    runtime()?.block_on(async move {
        let server = Server::start(resolved.config).await.map_err(with_causes)?;
        announce(&server)?;
        server.run(stop_signal()?).await.map_err(with_causes)
    })
}

/// Serves a folder of packages, as `helm serve` once did.
fn serve_folder(folder: &Path, resolved: Resolved) -> Result<()> {
    let needless = resolved
        .settings
        .iter()
        .find(|one| matches!(one.source, Source::Flag(_)) && !FOLDER_SETTINGS.contains(&one.setting.name));
    if let Some(one) = needless {
        return Err(usage(format!(
            "{} has no meaning with --from: a served folder has no such thing",
            one.source
        )));
    }
    let config = resolved.config;
    runtime()?.block_on(async move {
        let server = FolderServer::start(folder, config.listen).await.map_err(with_causes)?;
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        let (address, version) = (server.address(), env!("CARGO_PKG_VERSION"));
        print_text(&format!("Chandlery {version} serves {} at {scheme}://{address}\n", folder.display()))?;
        server.run(config.tls.as_ref(), config.timeouts, stop_signal()?).await.map_err(with_causes)
    })
}

/// An error of the server with what lies behind it: whoever starts the server may see it.
fn with_causes(error: chandlery_core::Error) -> anyhow::Error {
    anyhow::Error::new(error)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")
}

/// Says where the server is, and the password that nobody can find out later.
fn announce(server: &Server) -> Result<()> {
    let url = server.url();
    print_text(&format!("Chandlery {} serves {url}\n", env!("CARGO_PKG_VERSION")))?;
    if let Some(password) = server.generated_password() {
        print_text(&format!("The password of the account admin, shown this once: {}\n", password.expose()))?;
        say(&format!("Log in with: chandlery login {url} --username admin"));
    }
    Ok(())
}

/// Completes when the process is asked to stop.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for signals")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: no new requests, those in flight may end");
    })
}
