//! How soon the program serves, whatever is on the disk; what memory it has then, and how large it is.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use exeunt::accounts::{Account, AccountName};
use tokio::runtime::Runtime;

use crate::measure::{Rounds, line};
use crate::populated::{PER_ACCOUNT, Populated};
use crate::server::Server;

/// The program on a folder that is full, against one in which nobody is logged in.
pub fn starting(runtime: &Runtime, full: &Populated, rounds: usize) {
    let none = Populated::with(0, PER_ACCOUNT);
    for world in [&none, full] {
        // Without any it would offer the first.
        let account = Account::new(AccountName::parse("somebody").unwrap(), world.app.now());
        assert!(runtime.block_on(world.app.accounts.create(&account)).unwrap());
    }
    Start::on(&none);
    let (mut alone, mut among, mut again) = (Starts::default(), Starts::default(), Starts::default());
    for _ in 0..rounds {
        alone.add(&Start::on(&none));
        among.add(&Start::on(full));
        again.add(&Start::on(&none));
    }
    let noise = again.answered.over(&alone.answered).shown();
    line("start until /healthz is answered, on no session file against the same", noise, "noise");
    let ratio = among.answered.over(&alone.answered).shown();
    line(format!("start until /healthz is answered, on {} against none", full.len()), ratio, "");
    line("  ms until it says where it is", among.said.shown(), "< 50");
    line("  ms until /healthz is answered", among.answered.shown(), "< 50");
    let (all, own) = (alone.memory.shown(), alone.own_memory.shown());
    line("MiB of memory once it serves, on none (VmRSS)", all, "< 12");
    line("  of which no file is the source (RssAnon)", own, "");
    line("MB of the program, stripped", size(none.data.path()), "");
}

/// One start of the program, which has served and is gone by now.
struct Start {
    said: f64,
    answered: f64,
    memory: f64,
    own_memory: f64,
}

impl Start {
    fn on(world: &Populated) -> Self {
        let began = Instant::now();
        let ms = || began.elapsed().as_secs_f64() * 1e3;
        let server = Server::on(world.data.path(), &[]);
        let said = ms();
        ask(&server.address);
        let answered = ms();
        let mib = |field| server.memory_kib(field) as f64 / 1024.0;
        Self { said, answered, memory: mib("VmRSS"), own_memory: mib("RssAnon") }
    }
}

/// One figure of each for each round.
#[derive(Default)]
struct Starts {
    said: Rounds,
    answered: Rounds,
    memory: Rounds,
    own_memory: Rounds,
}

impl Starts {
    fn add(&mut self, start: &Start) {
        self.said.add(start.said);
        self.answered.add(start.answered);
        self.memory.add(start.memory);
        self.own_memory.add(start.own_memory);
    }
}

/// Asks for `/healthz`, with nothing that takes time itself.
fn ask(address: &str) {
    let mut wire = TcpStream::connect(address).unwrap();
    wire.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    wire.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Of a copy in `folder`, without symbols.
fn size(folder: &Path) -> String {
    let copy = folder.join("exeunt");
    fs::copy(env!("CARGO_BIN_EXE_exeunt"), &copy).unwrap();
    match Command::new("strip").arg(&copy).status() {
        Ok(done) if done.success() => format!("{:.1}", fs::metadata(&copy).unwrap().len() as f64 / 1e6),
        _ => "there is no strip here".to_owned(),
    }
}
