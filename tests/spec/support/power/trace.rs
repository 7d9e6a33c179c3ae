//! What a program really asked of the operating system, in which order, as strace saw it.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Whatever makes, removes, writes, syncs and sends. Not every machine has those with a question mark.
const CALLS: &str = "trace=?open,openat,?unlink,unlinkat,write,writev,pwrite64,fsync,sendto,sendmsg";

/// The program, traced into this file. strace is its child, so that whoever stops it stops both; strace
/// has written everything once its outputs are closed.
pub fn traced(program: &Command, into: &Path) -> Command {
    let mut traced = Command::new("strace");
    traced.args(["-D", "-f", "-y", "-s", "4096", "-e", CALLS, "-o"]).arg(into);
    traced.arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    traced
}

/// The calls of all threads that did what they were asked for, in the order in which they returned.
pub struct Trace(Vec<Call>);

/// A call that has returned.
#[derive(Debug)]
pub struct Call {
    /// As strace writes it: `fsync(9</the/path>) = 0`.
    pub text: String,
    /// The line at which it began.
    pub began: usize,
    /// The line at which it returned.
    pub returned: usize,
}

impl Trace {
    pub fn read(path: &Path) -> Self {
        let (mut calls, mut begun) = (Vec::new(), HashMap::new());
        for (at, line) in fs::read_to_string(path).unwrap().lines().enumerate() {
            let (thread, text) = line.split_once(' ').expect("a thread and what it did");
            let text = text.trim_start();
            if let Some(beginning) = text.strip_suffix(" <unfinished ...>") {
                begun.insert(thread.to_owned(), (at, beginning.to_owned()));
            } else if let Some((_, end)) = text.split_once(" resumed>") {
                let (began, beginning) = begun.remove(thread).expect("what is resumed has begun");
                calls.push(Call { text: format!("{beginning}{end}"), began, returned: at });
            } else {
                calls.push(Call { text: text.to_owned(), began: at, returned: at });
            }
        }
        calls.retain(|call| !call.text.contains(" = -1 E"));
        Self(calls)
    }

    /// Every call that has all of these in it.
    pub fn all(&self, parts: &[&str]) -> Vec<&Call> {
        self.0.iter().filter(|call| parts.iter().all(|part| call.text.contains(part))).collect()
    }

    /// The first of them that began when `before` had returned.
    #[track_caller]
    pub fn then(&self, before: &Call, parts: &[&str]) -> &Call {
        let then = self.all(parts).into_iter().find(|call| call.began > before.returned);
        then.unwrap_or_else(|| panic!("no {parts:?} after {before:?} in {:#?}", self.0))
    }
}
