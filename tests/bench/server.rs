//! The real program in a process of its own, at work.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::measure::memory_kib;

/// What Linux counts time in when it tells programs.
const MS_PER_TICK: u64 = 10;

/// The program, serving; killed when this is dropped.
pub struct Server {
    child: Child,
    pub base: String,
    pub address: String,
    /// Kept open: it has more to say.
    _out: BufReader<ChildStdout>,
}

impl Server {
    /// On a data folder, with these settings.
    pub fn on(data: &Path, settings: &[&str]) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_exeunt"));
        program.args(["serve", "--listen", "127.0.0.1:0"]).args(settings);
        program.arg("--data").arg(data).env("EXEUNT_LOG", "error");
        // It writes a line of audit for each login, which is read by nobody here.
        let mut child = program.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut said).unwrap();
        let (_, address) = said.trim_end().trim_end_matches(").").rsplit_once(' ').unwrap();
        Self { child, base: format!("http://{address}"), address: address.to_owned(), _out: out }
    }

    /// What all its threads have worked so far, those that have ended too.
    pub fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The name may have blanks in it. Of what follows it these two are the time in the program and in the kernel.
        let (_, after) = stat.rsplit_once(')').unwrap();
        let ticks = after.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap());
        Duration::from_millis(ticks.sum::<u64>() * MS_PER_TICK)
    }

    /// What the kernel says of its memory under `field`.
    pub fn memory_kib(&self, field: &str) -> u64 {
        memory_kib(&self.child.id().to_string(), field).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
