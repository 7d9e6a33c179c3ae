//! What a login costs beyond scrypt, and what pages wait for while passwords are hashed.
//!
//! `EXEUNT_BENCH_RUNS` is how many people log in in a round, 16 by default, each rightly and at a password of the real
//! cost; `EXEUNT_BENCH_ROUNDS` is how often, and `EXEUNT_BENCH_SECONDS` how long pages are loaded at a time.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has to stop")]
#![allow(dead_code, reason = "what the benchmarks share is more than each of them needs")]

mod client;
mod measure;
mod person;
mod populated;
mod server;

use std::thread;
use std::time::{Duration, Instant};

use client::Client;
use exeunt::accounts::{Account, AccountName, Cost, Hasher, Password};
use measure::{Rounds, line, one_thread, setting, timed};
use person::Person;
use populated::{PER_ACCOUNT, Populated};
use scrypt::Params;
use server::Server;
use tokio::task::JoinSet;

const PASSWORD: &str = "cedar violin thimble orchard";

/// Logins that are under way beside pages.
const BESIDE: usize = 8;

/// As threads that hash give way in the program (`accounts/hasher.rs`).
const NICENESS: i32 = 10;

fn main() {
    let runs = setting("EXEUNT_BENCH_RUNS", 16);
    let rounds = setting("EXEUNT_BENCH_ROUNDS", 7);
    let seconds = setting("EXEUNT_BENCH_SECONDS", 4);
    one_thread().block_on(measure(&Populated::with(1_000, PER_ACCOUNT), runs, rounds, seconds));
}

async fn measure(world: &Populated, runs: usize, rounds: usize, seconds: usize) {
    let names = add_people(world, runs.max(BESIDE)).await;
    let server = Server::on(world.data.path(), &[]);
    let people: Vec<_> = names.iter().map(|name| Person::at(&server.base, name, "")).collect();
    let threads = thread::available_parallelism().unwrap().get();
    println!("\n{runs} logins and runs of scrypt, {threads} threads, {rounds} rounds\n");

    let (mut alone, mut ours, mut again) = (Rounds::default(), Rounds::default(), Rounds::default());
    for _ in 0..rounds {
        alone.add(scrypt_alone(runs, threads));
        let before = server.cpu();
        all_log_in(&people[..runs]).await;
        ours.add((server.cpu() - before).as_secs_f64());
        again.add(scrypt_alone(runs, threads));
    }
    line("scrypt alone against the same, CPU", again.over(&alone).shown(), "noise");
    line("scrypt alone against logins, CPU of the server", alone.over(&ours).shown(), ">= 0.97");

    let pages = Client::of(&server.base, &world.spread(world.len(), 0));
    let time = Duration::from_secs(seconds as u64);
    pages.p99(seconds).await;
    let (mut alone, mut beside, mut again) = (Rounds::default(), Rounds::default(), Rounds::default());
    for _ in 0..rounds {
        alone.add(pages.p99(seconds).await);
        let (during, ()) = tokio::join!(pages.p99(seconds), log_in_for(&people[..BESIDE], time));
        beside.add(during);
        again.add(pages.p99(seconds).await);
    }
    line("p99 of pages in calm against the same", again.over(&alone).shown(), "noise");
    line(format!("p99 of pages while {BESIDE} log in against calm"), beside.over(&alone).shown(), "<= 1.5");
}

/// People with a password of the real cost, which is hashed once for all.
async fn add_people(world: &Populated, number: usize) -> Vec<String> {
    let password = Password::new(PASSWORD).unwrap();
    let hash = Hasher::start(Cost::STANDARD).hash(password).await.unwrap();
    let names: Vec<_> = (0..number).map(|number| format!("somebody-{number}")).collect();
    for name in &names {
        let mut account = Account::new(AccountName::parse(name).unwrap(), world.app.now());
        account.password = Some(hash.clone());
        assert!(world.app.accounts.create(&account).await.unwrap());
    }
    names
}

async fn all_log_in(people: &[Person]) {
    let logins: JoinSet<_> =
        people.iter().cloned().map(|person| async move { person.logs_in(PASSWORD).await }).collect();
    assert!(logins.join_all().await.iter().all(|login| login.tries == 1), "there is room for all");
}

/// Each logs in again and again.
async fn log_in_for(people: &[Person], time: Duration) {
    let until = Instant::now() + time;
    let logins = people.iter().cloned().map(|person| async move {
        while Instant::now() < until {
            person.logs_in(PASSWORD).await;
        }
    });
    logins.collect::<JoinSet<_>>().join_all().await;
}

/// CPU seconds of as many runs, shared among as many threads.
fn scrypt_alone(runs: usize, threads: usize) -> f64 {
    let ((), took) = timed(|| {
        thread::scope(|scope| {
            for thread in 0..threads {
                scope.spawn(move || {
                    rustix::process::nice(NICENESS).unwrap();
                    for run in (thread..runs).step_by(threads) {
                        let mut hash = [0; Params::RECOMMENDED_LEN];
                        let salt = run.to_be_bytes();
                        scrypt::scrypt(PASSWORD.as_bytes(), &salt, &Params::RECOMMENDED, &mut hash).unwrap();
                    }
                });
            }
        });
    });
    took.cpu.as_secs_f64()
}
