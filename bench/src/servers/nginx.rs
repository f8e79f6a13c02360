//! nginx, serving files.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::wait_ready;
use crate::client::Client;
use crate::load::Target;
use crate::process::{Process, free_address, output_of};
use crate::workspace::Workspace;

/// Where Debian puts it, which is not on everybody's PATH.
const PROGRAM: &str = "/usr/sbin/nginx";

/// Everything that differs from nginx's defaults: `sendfile` and `tcp_nopush` as in Debian's `nginx.conf`, and connections
/// are never closed for their number of requests. A second address has `tcp_nopush` off, which is nginx's own default.
const CONFIGURATION: &str = r"
worker_processes 2;
daemon off;
pid @DIR@/nginx.pid;
error_log @DIR@/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  gzip_static on;
  etag on;
  keepalive_requests 1000000000;
  client_body_temp_path @DIR@/body;
  proxy_temp_path @DIR@/proxy;
  fastcgi_temp_path @DIR@/fastcgi;
  uwsgi_temp_path @DIR@/uwsgi;
  scgi_temp_path @DIR@/scgi;
  types { application/x-yaml yaml; application/gzip tgz; }
  root @DIR@/files;
  server { listen @LISTEN@; tcp_nopush on; }
  server { listen @SEPARATE@; tcp_nopush off; }
}
";

/// A running nginx.
#[derive(Debug)]
pub(crate) struct Nginx {
    /// The master, and below it the workers.
    pub(crate) process: Process,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Where it sends the head of an answer by itself, before the file.
    separate: SocketAddr,
    files: PathBuf,
}

impl Nginx {
    /// Starts it with a file `small.txt` of 1 KiB.
    pub(crate) fn start(workspace: &Workspace) -> Result<Self> {
        let directory = workspace.fresh("nginx")?;
        let files = directory.join("files");
        fs::create_dir(&files)?;
        fs::write(files.join("small.txt"), [b'x'; 1024])?;
        let (address, separate) = (free_address()?, free_address()?);
        let mut text = CONFIGURATION
            .replace("@DIR@", &directory.to_string_lossy())
            .replace("@LISTEN@", &address.to_string())
            .replace("@SEPARATE@", &separate.to_string());
        if rustix::process::geteuid().is_root() {
            // Workers would become another user, who may not read the directory.
            text.insert_str(0, "user root;");
        }
        let file = directory.join("nginx.conf");
        fs::write(&file, text)?;
        let mut command = Command::new(PROGRAM);
        command.arg("-p").arg(&directory).arg("-c").arg(&file);
        let mut process = Process::start("nginx", &mut command, &directory.join("output.log"))?;
        let mut client = Client::new(address, None);
        wait_ready(&mut process, &mut client, "/small.txt", Duration::from_secs(10))?;
        Ok(Self { process, address, separate, files })
    }

    /// Puts a file at `/name`.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        Ok(fs::write(self.files.join(name), bytes)?)
    }

    /// Puts a link to a file at `/name`.
    pub(crate) fn link(&self, name: &str, file: &Path) -> Result<()> {
        Ok(std::os::unix::fs::symlink(file, self.files.join(name))?)
    }

    /// A path for wrk.
    pub(crate) fn target(&self, path: &str) -> Target {
        Target::new(self.address, path)
    }

    /// The same from the server that has `tcp_nopush` off.
    pub(crate) fn separate_target(&self, path: &str) -> Target {
        Target::new(self.separate, path)
    }

    /// The version, such as `nginx/1.22.1`.
    pub(crate) fn version() -> Result<String> {
        let text = output_of(Command::new(PROGRAM).arg("-v"))?;
        Ok(text.trim().rsplit(' ').next().unwrap_or_default().to_owned())
    }
}
