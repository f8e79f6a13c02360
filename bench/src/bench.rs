//! What all rows use.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use crate::load::{Sample, Target, Wrk};
use crate::process::Process;
use crate::report::{Row, format_times};
use crate::seed::Seeds;
use crate::statistics::Series;
use crate::workspace::{Workspace, copy_tree};

/// One run.
#[derive(Debug)]
pub(crate) struct Bench {
    /// Where everything is.
    pub(crate) workspace: Workspace,
    /// What is measured with.
    pub(crate) seeds: Seeds,
    /// The load generator.
    pub(crate) wrk: Wrk,
    /// How often everything is repeated.
    pub(crate) rounds: usize,
    /// Smaller and shorter, to see whether everything works.
    pub(crate) quick: bool,
}

impl Bench {
    /// One of two sizes.
    pub(crate) fn size<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }

    /// The largest repository.
    pub(crate) fn most_versions(&self) -> usize {
        self.size(100_000, 10_000)
    }

    /// How long wrk runs.
    pub(crate) fn load_time(&self) -> Duration {
        Duration::from_secs(self.size(3, 1))
    }

    /// A data directory of a size that may be written to.
    pub(crate) fn data_directory(&self, versions: usize) -> Result<PathBuf> {
        let seed = self.seeds.data_directory(versions)?;
        let path = self.workspace.fresh("data")?;
        copy_tree(&seed, &path)?;
        Ok(path)
    }

    /// Loads several servers in turn, `rounds` times.
    pub(crate) fn alternate_load(&self, contenders: &[(&Process, Target)]) -> Result<Vec<Samples>> {
        let mut samples = vec![Samples::default(); contenders.len()];
        for round in 0..self.rounds {
            for index in turns(contenders.len(), round) {
                let (process, target) = &contenders[index];
                samples[index].0.push(self.wrk.run(process, target, self.load_time())?);
            }
        }
        Ok(samples)
    }
}

/// The order of contenders in a round: backwards in every other one, so that nobody always goes first.
pub(crate) fn turns(count: usize, round: usize) -> Vec<usize> {
    let forwards = 0..count;
    if round.is_multiple_of(2) { forwards.collect() } else { forwards.rev().collect() }
}

/// What wrk found about one contender in every round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(pub(crate) Vec<Sample>);

impl Samples {
    /// One figure of every round.
    pub(crate) fn series(&self, figure: impl Fn(&Sample) -> f64) -> Series {
        self.0.iter().map(figure).collect()
    }

    /// Seconds of CPU for `bytes` bytes: with large answers those that the end of a run cut count too.
    pub(crate) fn cpu_of(&self, bytes: usize) -> Series {
        self.series(|sample| sample.cpu_per_byte * bytes as f64)
    }

    /// The same with the CPU of the client.
    pub(crate) fn both_cpu_of(&self, bytes: usize) -> Series {
        self.series(|sample| sample.both_cpu_per_byte * bytes as f64)
    }

    /// p50 and p99 in words.
    pub(crate) fn latency(&self) -> String {
        let format = crate::report::format_seconds;
        let p50 = self.series(|sample| sample.p50).median();
        let p99 = self.series(|sample| sample.p99).median();
        format!("p50 {}, p99 {}", format(p50), format(p99))
    }
}

/// What stands below a comparison of ours, nginx, and nginx with `tcp_nopush` off: `bytes` are the unit.
pub(crate) fn note_of_both_ends(samples: &[Samples], bytes: usize) -> String {
    let [ours, separate] = [0, 2].map(|index| samples[index].cpu_of(bytes));
    let both = [0, 1, 2].map(|index| samples[index].both_cpu_of(bytes));
    format!(
        "nginx with tcp_nopush off: {}, ours is {:.2} times that. Server and client together: ours {}, nginx {}, with tcp_nopush off {}; ours is {:.2} and {:.2} times those.",
        format_times(&separate),
        ours.over(&separate).median(),
        format_times(&both[0]),
        format_times(&both[1]),
        format_times(&both[2]),
        both[0].over(&both[1]).median(),
        both[0].over(&both[2]).median(),
    )
}

/// A named group of rows.
pub(crate) struct Group {
    /// What `--only` takes.
    pub(crate) name: &'static str,
    /// Measures.
    pub(crate) run: fn(&Bench) -> Result<Vec<Row>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_gets_a_turn() {
        assert_eq!(turns(3, 0), [0, 1, 2]);
        assert_eq!(turns(3, 1), [2, 1, 0]);
    }
}
