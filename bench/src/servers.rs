//! The servers that are measured, as child processes on free ports.

mod chandlery;
mod chartmuseum;
mod nginx;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

pub(crate) use chandlery::{Chandlery, PASSWORD, TOKEN_FILE};
pub(crate) use chartmuseum::ChartMuseum;
pub(crate) use nginx::Nginx;

use crate::client::Client;
use crate::process::Process;

/// Waits until `GET path` is answered with 200, and says how long that took.
fn wait_ready(process: &mut Process, client: &mut Client, path: &str, limit: Duration) -> Result<f64> {
    const PAUSE: Duration = Duration::from_millis(1);
    let began = Instant::now();
    loop {
        if client.get(path).is_ok_and(|answer| answer.status == 200) {
            return Ok(began.elapsed().as_secs_f64());
        }
        process.check_running()?;
        if began.elapsed() > limit {
            bail!("{path} did not answer 200 within {limit:?}");
        }
        std::thread::sleep(PAUSE);
    }
}
