//! Child processes, and what the kernel says about them.

use std::collections::HashMap;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use rustix::time::{ClockId, clock_gettime};
use wait4::Wait4 as _;

/// The unit of CPU time in `/proc/PID/stat`: `USER_HZ` is 100 on every architecture we run on.
const TICK: Duration = Duration::from_millis(10);

/// How long a server may take to stop by itself.
const STOP_TIME_LIMIT: Duration = Duration::from_secs(20);

/// A process of ours that ends with us.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a command whose output goes to a file.
    pub(crate) fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::create(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {:?}", command.get_program()))?;
        Ok(Self { name: name.to_owned(), child, log: log.to_owned() })
    }

    /// User and system time of the process and its descendants so far, in seconds.
    pub(crate) fn cpu(&self) -> Result<f64> {
        let processes = all_processes()?;
        let mut ticks = 0;
        let mut family = vec![self.child.id()];
        while let Some(parent) = family.pop() {
            ticks += processes.get(&parent).map_or(0, |process| process.ticks);
            family
                .extend(processes.iter().filter(|(_, process)| process.parent == parent).map(|(id, _)| *id));
        }
        Ok((TICK * ticks).as_secs_f64())
    }

    /// A line of `/proc/PID/status` in MiB, such as `VmRSS` or `VmHWM`.
    pub(crate) fn memory(&self, field: &str) -> Result<f64> {
        memory_of(&self.child.id().to_string(), field)
    }

    /// Whether it still runs.
    pub(crate) fn check_running(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => {
                let log = fs::read_to_string(&self.log)?;
                bail!("{} ended by itself: {status}: {}", self.name, log.lines().last().unwrap_or_default())
            }
        }
    }

    /// Kills it at once, as a crash would.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.terminate()
    }

    fn terminate(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            if began.elapsed() > STOP_TIME_LIMIT {
                self.kill()?;
                bail!("{} did not stop and was killed", self.name);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Whatever went wrong before is the error to report, not this.
        let _ = self.terminate();
    }
}

struct Stat {
    parent: u32,
    ticks: u32,
}

fn all_processes() -> Result<HashMap<u32, Stat>> {
    let mut processes = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // It may have ended since.
        let Ok(text) = fs::read_to_string(format!("/proc/{id}/stat")) else { continue };
        if let Some(stat) = parse_stat(&text) {
            processes.insert(id, stat);
        }
    }
    Ok(processes)
}

/// The parent (field 4), user time (14) and system time (15) of proc_pid_stat(5). The name before them may hold anything.
fn parse_stat(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    let number = |index: usize| fields.get(index)?.parse::<u32>().ok();
    Some(Stat { parent: number(1)?, ticks: number(11)? + number(12)? })
}

/// Seconds of CPU of the children of this process that ended (fields 16 and 17).
pub(crate) fn ended_children_cpu() -> Result<f64> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let fields = text.rsplit_once(") ").context("/proc/self/stat")?.1.split(' ');
    let ticks = fields.skip(13).take(2).map(str::parse::<u32>).sum::<Result<u32, _>>()?;
    Ok((TICK * ticks).as_secs_f64())
}

/// Seconds of CPU this process has used.
pub(crate) fn own_cpu() -> Result<f64> {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Ok(Duration::try_from(time).context("the process's CPU time")?.as_secs_f64())
}

/// The most memory this process has had resident, in MiB.
pub(crate) fn own_peak() -> Result<f64> {
    memory_of("self", "VmHWM")
}

fn memory_of(process: &str, field: &str) -> Result<f64> {
    let path = format!("/proc/{process}/status");
    let status = fs::read_to_string(&path)?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kibibytes: f64 =
        line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).with_context(|| path)?;
    Ok(kibibytes / 1024.0)
}

/// What a command that ran to its end cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Seconds on the clock.
    pub(crate) wall: f64,
    /// Seconds of CPU.
    pub(crate) cpu: f64,
    /// The most memory resident, in MiB.
    pub(crate) peak: f64,
}

/// Runs a command to its end.
pub(crate) fn run_measured(command: &mut Command) -> Result<Cost> {
    let (cost, status) = measure(command.stderr(Stdio::inherit()))?;
    if !status.success() {
        bail!("{command:?} failed: {status}");
    }
    Ok(cost)
}

/// Runs a command to its end, whichever that is.
pub(crate) fn measure(command: &mut Command) -> Result<(Cost, ExitStatus)> {
    let began = Instant::now();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let end = child.wait4()?;
    let wall = began.elapsed().as_secs_f64();
    let cpu = (end.rusage.utime + end.rusage.stime).as_secs_f64();
    Ok((Cost { wall, cpu, peak: end.rusage.maxrss as f64 / f64::from(1 << 20) }, end.status))
}

/// What a command prints, both streams together.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok(text)
}

/// An address on loopback that nobody listens on now.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_lines() {
        let line = "42 (a) b (c) S 7 1 1 0 -1 4194560 1 2 3 4 50 60 0 0 20 0 1 0 9";
        let stat = parse_stat(line).unwrap();
        assert_eq!((stat.parent, stat.ticks), (7, 110));
        assert!(parse_stat("42 (a) S 7").is_none());
    }

    #[test]
    fn commands_are_measured() {
        let cost = run_measured(Command::new("sh").args(["-c", "exit 0"])).unwrap();
        assert!(cost.wall > 0.0 && cost.peak > 0.1 && cost.peak < 1000.0, "{cost:?}");
        assert!(run_measured(Command::new("sh").args(["-c", "exit 3"])).is_err());
    }
}
