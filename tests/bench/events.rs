//! How much it costs to tell ten thousand browsers when their sessions end: memory, what pages wait for beside
//! them, and how soon the last one is told.
//!
//! `EXEUNT_BENCH_STREAMS` is how many there are, 10,000 by default, each of another account, which is the most
//! there can be to watch. `EXEUNT_BENCH_SECONDS` is how long pages are loaded at a time, and
//! `EXEUNT_BENCH_ROUNDS` how often.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has to stop")]
#![allow(dead_code, reason = "what the benchmarks share is more than each of them needs")]

mod client;
mod measure;
mod populated;
mod server;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use client::Client;
use exeunt::sessions::Token;
use measure::{Rounds, line, one_thread, setting};
use populated::Populated;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use server::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn main() {
    let streams = setting("EXEUNT_BENCH_STREAMS", 10_000);
    let seconds = setting("EXEUNT_BENCH_SECONDS", 2);
    let rounds = setting("EXEUNT_BENCH_ROUNDS", 9);
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    one_thread().block_on(measure(&Populated::with(streams, 1), seconds, rounds));
}

async fn measure(world: &Populated, seconds: usize, rounds: usize) {
    let (calm, busy) = (Server::on(world.data.path(), &[]), Server::on(world.data.path(), &[]));
    let visits = world.spread(world.len().min(1_000), 0);
    let (calm_client, busy_client) = (Client::of(&calm.base, &visits), Client::of(&busy.base, &visits));
    calm_client.p99(seconds).await;
    busy_client.p99(seconds).await;

    let before = busy.memory_kib("VmRSS");
    let mut streams = Vec::new();
    for token in &world.tokens {
        streams.push(Stream::open(&busy.address, token).await);
    }
    let each = (busy.memory_kib("VmRSS") - before) as f64 / streams.len() as f64;
    println!("\n{} event streams, each of another account\n", streams.len());
    line("memory of each", format!("{each:.1} KiB"), "<= 12 KiB");

    let (mut alone, mut beside, mut again) = (Rounds::default(), Rounds::default(), Rounds::default());
    for _ in 0..rounds {
        alone.add(calm_client.p99(seconds).await);
        beside.add(busy_client.p99(seconds).await);
        again.add(calm_client.p99(seconds).await);
    }
    line("p99 of pages without streams against the same", again.over(&alone).shown(), "noise");
    line("p99 of pages beside them against none", beside.over(&alone).shown(), "<= 1.5");

    let heard: Vec<_> = streams.into_iter().map(|stream| tokio::spawn(stream.hears_the_logout())).collect();
    let ended = end_all(world.data.path());
    let mut last = ended;
    for heard in heard {
        last = last.max(heard.await.unwrap());
    }
    let late = last.duration_since(ended).as_secs_f64() * 1e3;
    line("the last is told after another process has ended them all", format!("{late:.0} ms"), "<= 1000 ms");
}

/// A browser that listens.
struct Stream(TcpStream);

impl Stream {
    /// Opens one, and waits until the server has said whose it is.
    async fn open(address: &str, token: &Token) -> Self {
        let mut stream = Self(TcpStream::connect(address).await.unwrap());
        let cookie = token.reveal();
        let head = format!("GET /events HTTP/1.1\r\nHost: localhost\r\nCookie: exeunt={cookie}\r\n\r\n");
        stream.0.write_all(head.as_bytes()).await.unwrap();
        stream.until("event: session").await;
        stream
    }

    async fn hears_the_logout(mut self) -> Instant {
        self.until("event: logout").await;
        Instant::now()
    }

    async fn until(&mut self, text: &str) {
        let (mut said, mut bytes) = (String::new(), [0; 1024]);
        while !said.contains(text) {
            let read = self.0.read(&mut bytes).await.unwrap();
            assert!(read > 0, "the stream ended before {text:?}");
            said.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
    }
}

/// Ends every session from a process of its own, and answers when it was done.
fn end_all(data: &Path) -> Instant {
    let mut program = Command::new(env!("CARGO_BIN_EXE_exeunt"));
    let done = program.args(["session", "end", "--all", "--data"]).arg(data).stdout(Stdio::null()).status();
    assert!(done.unwrap().success());
    Instant::now()
}
