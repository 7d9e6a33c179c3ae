//! Measuring: work in turns, so that a noisy machine is noisy for everybody, and figures as ratios.

use std::fmt::Display;
use std::fs;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::{Builder, Runtime};

/// How long something took: on the clock on the wall, and of all cores together.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    pub wall: Duration,
    pub cpu: Duration,
}

/// Times something.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Took) {
    let (began, cpu) = (Instant::now(), cpu());
    let done = work();
    (done, Took { wall: began.elapsed(), cpu: self::cpu() - cpu })
}

/// A runtime of one worker, so that what is measured and who measures leave each other a core.
pub fn one_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// What all threads of this process have worked so far.
pub fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// What the kernel says of a process's memory under `field`, in KiB, as long as there is that process.
pub fn memory_kib(process: &str, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// One figure for each round.
#[derive(Clone, Debug, Default)]
pub struct Rounds(Vec<f64>);

impl Rounds {
    pub fn add(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// Each round against the same round of another.
    pub fn over(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(ours, theirs)| ours / theirs).collect())
    }

    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    pub fn quantile(&self, quantile: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[((sorted.len() - 1) as f64 * quantile).round() as usize]
    }

    /// `0.93 (0.91 to 0.95)`: the median, and between which values.
    pub fn shown(&self) -> String {
        format!("{:.2} ({:.2} to {:.2})", self.median(), self.quantile(0.0), self.quantile(1.0))
    }
}

/// Prints one line of the table.
pub fn line(what: impl Display, figure: impl Display, goal: &str) {
    println!("{what:<72} {figure:<24} {goal}");
}

/// A number from the environment.
pub fn setting(name: &str, default: usize) -> usize {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")),
        Err(_) => default,
    }
}
