//! What the figures were measured on, in words.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::process::output_of;
use crate::servers::{ChartMuseum, Nginx};
use crate::workspace::Workspace;

/// Cores, CPU, memory, disk, kernel and load in one paragraph.
pub(crate) fn describe(workspace: &Workspace) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown CPU".to_owned());
    let flags = field("/proc/cpuinfo", "flags").unwrap_or_default();
    let sha = if flags.split(' ').any(|flag| flag == "sha_ni") { "with" } else { "without" };
    let kibibytes = field("/proc/meminfo", "MemTotal").unwrap_or_default();
    let memory = kibibytes.trim_end_matches(" kB").parse().unwrap_or(0.0) / f64::from(1 << 20);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel: Vec<&str> = kernel.trim().split(['.', '-']).take(2).collect();
    let kind = if flags.split(' ').any(|flag| flag == "hypervisor") { "virtual machine" } else { "machine" };
    format!(
        "{kind} with {cores} cores, {cpu}, {sha} SHA instructions, {memory:.0} GiB, {}, Linux {}",
        disk(&workspace.scratch),
        kernel.join(".")
    )
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The file system of a directory, and what it lies on.
fn disk(directory: &Path) -> String {
    let output =
        output_of(Command::new("df").args(["--output=fstype,source"]).arg(directory)).unwrap_or_default();
    let mut words = output.lines().nth(1).unwrap_or_default().split_whitespace();
    let system = words.next().unwrap_or("unknown file system").to_owned();
    let device = words.next().and_then(|device| device.rsplit('/').next()).unwrap_or_default();
    let kind = match device {
        _ if device.starts_with("vd") => "a virtio disk",
        _ if device.starts_with("nvme") => "an NVMe disk",
        _ if device.starts_with("sd") => "a SCSI or SATA disk",
        _ => "an unknown device",
    };
    format!("{system} on {kind}")
}

/// The load average of the last minute: what others do on this machine.
pub(crate) fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(f64::NAN)
}

/// The other programs and their versions.
pub(crate) fn peers(workspace: &Workspace) -> Result<String> {
    let helm = |name: &str| -> Result<String> {
        let text = output_of(Command::new(workspace.peer(name)?).args(["version", "--short"]))?;
        Ok(text.trim().split('+').next().unwrap_or_default().to_owned())
    };
    let wrk = output_of(Command::new("wrk").arg("-v"))?;
    Ok(format!(
        "{}, ChartMuseum {}, Helm {} and {}, load by {}",
        Nginx::version()?,
        ChartMuseum::version(workspace)?,
        helm("helm3")?,
        helm("helm4")?,
        wrk.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    ))
}
