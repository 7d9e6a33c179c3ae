//! The real program in a process of its own, at work.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::measure::memory_kib;

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
