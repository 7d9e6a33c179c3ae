//! What five hundred logins at once cost everybody else: memory, what pages wait for beside them, and how long
//! somebody needs who logs in rightly in the middle and comes back when told to.
//!
//! `EXEUNT_BENCH_LOGINS` is how many there are, 500 by default, each at another name from another address;
//! `EXEUNT_BENCH_ROUNDS` is how often, and `EXEUNT_BENCH_SECONDS` how long pages are loaded in calm.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has to stop")]
#![allow(dead_code, reason = "what the benchmarks share is more than each of them needs")]

mod client;
mod measure;
mod person;
mod populated;
mod server;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use client::Client;
use measure::{Rounds, line, one_thread, setting};
use person::{Login, Person};
use populated::{PER_ACCOUNT, Populated};
use reqwest::header;
use server::Server;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Whoever logs in in the middle.
const SOMEBODY: (&str, &str) = ("somebody", "cedar violin thimble orchard");

/// One run of scrypt.
const RUN_KIB: u64 = 128 * 1024;

/// Runs that a thread makes before it comes to the last in the queue, and that one (`accounts/hasher.rs`).
const QUEUE: f64 = 18.0;

/// What a refusal says in `Retry-After`, in seconds.
const RETRY_AFTER: f64 = 5.0;

fn main() {
    let logins = setting("EXEUNT_BENCH_LOGINS", 500);
    let rounds = setting("EXEUNT_BENCH_ROUNDS", 5);
    let seconds = setting("EXEUNT_BENCH_SECONDS", 4);
    one_thread().block_on(measure(&Populated::with(1_000, PER_ACCOUNT), logins, rounds, seconds));
}

async fn measure(world: &Populated, logins: usize, rounds: usize, seconds: usize) {
    add_somebody(world.data.path());
    let server = Server::on(world.data.path(), &["--trust-proxy", "127.0.0.0/8"]);
    let pages = Client::of(&server.base, &world.spread(world.len(), 0));
    let calm =
        async || pages.beside(tokio::time::sleep(Duration::from_secs(seconds as u64))).await.1.median();
    calm().await;

    let (mut alone, mut beside, mut again) = (Rounds::default(), Rounds::default(), Rounds::default());
    let (mut checked, mut refused, mut base) = (0, 0, 0);
    let (mut took, mut tries, mut unhindered) = (Rounds::default(), Rounds::default(), Rounds::default());
    for round in 0..rounds {
        let crowd = crowd(&server.base, round, logins).await;
        base = base.max(server.memory_kib("VmRSS"));
        alone.add(calm().await);
        let ((rush, login), during) = pages.beside(rush(&server.base, crowd)).await;
        beside.add(during.median());
        again.add(calm().await);
        unhindered.add(somebody(&server.base).logs_in(SOMEBODY.1).await.took.as_secs_f64());
        checked += rush.checked;
        refused += rush.refused;
        took.add(login.took.as_secs_f64());
        tries.add(login.tries as f64);
    }
    let cores = thread::available_parallelism().unwrap().get();
    let peak = (server.memory_kib("VmHWM") - base) as f64 / RUN_KIB as f64;

    println!("\n{logins} logins at once, {rounds} rounds: median (smallest to largest)\n");
    line("checked, and sent away with 503 and Retry-After", format!("{checked}, {refused}"), "all");
    let what =
        format!("most memory above that with the connections open, in runs of scrypt, on {cores} cores");
    line(what, format!("{peak:.2}"), &format!("<= {cores}.1"));
    line("median of pages in calm against the same", again.over(&alone).shown(), "noise");
    line("median of pages beside the logins against calm", beside.over(&alone).shown(), "<= 2");
    line("seconds that somebody needs to log in alone", unhindered.shown(), "");
    let goal = format!("<= {:.1}", RETRY_AFTER + QUEUE * unhindered.median());
    line("seconds that somebody needs to log in beside the logins", took.shown(), &goal);
    line("  tries that this took, each when the last answer had said", tries.shown(), "");
}

/// With a password of the real cost.
fn add_somebody(data: &Path) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_exeunt"));
    program.args(["account", "add", SOMEBODY.0, "--password-stdin", "--data"]).arg(data);
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{}", SOMEBODY.1).unwrap();
    assert!(child.wait().unwrap().success());
}

/// People who each have the login page open, on a connection of their own.
async fn crowd(base: &str, round: usize, size: usize) -> Vec<Person> {
    let mut crowd = Vec::with_capacity(size);
    for number in 0..size {
        let address = format!("10.{round}.{}.{}", number / 256, number % 256);
        let person = Person::at(base, &format!("stranger-{round}-{number}"), &address);
        let page = person.http.get(&person.page).send().await.unwrap();
        assert_eq!(page.status(), 200);
        page.bytes().await.unwrap();
        crowd.push(person);
    }
    crowd
}

/// What became of a crowd.
#[derive(Default)]
struct Rush {
    checked: usize,
    refused: usize,
}

/// All log in at once, and wrongly; somebody does so rightly from when the first is sent away.
async fn rush(base: &str, crowd: Vec<Person>) -> (Rush, Login) {
    let (refusals, mut first_refusal) = mpsc::channel(crowd.len());
    let mut answers = JoinSet::new();
    for person in crowd {
        let refusals = refusals.clone();
        answers.spawn(async move {
            let answer = person.tries("wrong horse battery staple").await;
            if answer.status() == 503 {
                assert!(answer.headers().contains_key(header::RETRY_AFTER), "it says when to come back");
                refusals.send(()).await.unwrap();
            }
            answer.status().as_u16()
        });
    }
    drop(refusals);
    // Nothing comes where there was room for all.
    first_refusal.recv().await;
    let login = somebody(base).logs_in(SOMEBODY.1).await;
    let mut rush = Rush::default();
    for status in answers.join_all().await {
        match status {
            422 => rush.checked += 1,
            503 => rush.refused += 1,
            other => panic!("a login was answered with {other}"),
        }
    }
    (rush, login)
}

fn somebody(base: &str) -> Person {
    Person::at(base, SOMEBODY.0, "203.0.113.9")
}
