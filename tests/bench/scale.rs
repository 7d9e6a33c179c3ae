//! How much a million sessions cost, also to a program that starts on them: `just bench` prints the table. What a
//! machine is fast at shows in ratios of what was measured in turns in one run.
//!
//! `EXEUNT_BENCH_SESSIONS` is the largest number of session files, a million by default; the others are a
//! tenth and a thousandth of it, but at least 1,000. `EXEUNT_BENCH_ROUNDS` is how often readings are measured,
//! and `EXEUNT_BENCH_SECONDS` how long pages are loaded at a time, three times over.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has to stop")]
#![allow(dead_code, reason = "what the benchmarks share is more than each of them needs")]

mod client;
mod measure;
mod populated;
mod server;
mod starting;

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use client::Client;
use exeunt::account_id::AccountId;
use exeunt::actions::{Pace, sweep};
use exeunt::record;
use exeunt::sessions::{CAP, Presence, Token};
use exeunt::web::{Limits, Proxies, Setup, serve, site};
use measure::{Rounds, line, memory_kib, one_thread, setting, timed};
use populated::{PER_ACCOUNT, Populated, session};
use starting::starting;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Sessions that are busy among all the others.
const BUSY: usize = 1_000;

/// Sessions picked at random over all of them, each round.
const PICKED: usize = 20_000;

/// How many requests are under way at once.
const AT_ONCE: usize = 64;

fn main() {
    let most = setting("EXEUNT_BENCH_SESSIONS", 1_000_000);
    let rounds = setting("EXEUNT_BENCH_ROUNDS", 11);
    let runtime = one_thread();
    let mut worlds: Vec<_> = [most / 1000, most / 10, most]
        .into_iter()
        .map(|size| Populated::with(size.max(BUSY), PER_ACCOUNT))
        .collect();

    println!("\n{most} session files, {rounds} rounds: median (smallest to largest)\n");
    busy_set(&runtime, &worlds, rounds);
    random_picks(&runtime, &worlds, rounds);
    listing(&runtime, &worlds[0], rounds);
    let largest = worlds.pop().unwrap();
    drop(worlds);
    starting(&runtime, &largest, rounds);
    pages_beside_a_sweep(&runtime, &largest);
    sweeping(&largest);
}

/// A busy set is read at the same cost, however many sessions are on disk.
fn busy_set(runtime: &Runtime, worlds: &[Populated], rounds: usize) {
    let busy: Vec<_> = worlds.iter().map(|world| often(&world.spread(BUSY, 0))).collect();
    let mut took = vec![Rounds::default(); worlds.len()];
    let mut noise = Rounds::default();
    for _ in 0..rounds {
        for (index, world) in worlds.iter().enumerate() {
            took[index].add(resumed(runtime, world, &busy[index]));
        }
        noise.add(resumed(runtime, &worlds[0], &busy[0]));
    }
    line(
        format!("busy {BUSY} of {0} against busy {BUSY} of {0}", worlds[0].len()),
        noise.over(&took[0]).shown(),
        "noise",
    );
    for (index, world) in worlds.iter().enumerate().skip(1) {
        let what = format!("busy {BUSY} of {} against busy {BUSY} of {}, CPU", world.len(), worlds[0].len());
        line(what, took[index].over(&took[0]).shown(), "<= 1.1");
    }
}

/// Reading a session is what opening, reading and closing its file is.
fn random_picks(runtime: &Runtime, worlds: &[Populated], rounds: usize) {
    for world in worlds {
        let before = resident();
        let (mut ours, mut bare) = (Rounds::default(), Rounds::default());
        for round in 0..rounds {
            // Each reads what nobody has read before, for as long as there is any.
            let [theirs, mine] =
                [0, 1].map(|turn| often(&world.spread(PICKED.min(world.len()), round * 2 + turn)));
            bare.add(read_bare(world, &theirs));
            ours.add(resumed(runtime, world, &mine));
        }
        line(
            format!("bare reads of random {} against resuming them, CPU", world.len()),
            bare.over(&ours).shown(),
            ">= 0.8",
        );
        let grown = resident().saturating_sub(before);
        line(
            format!("  memory that grew while reading among {}", world.len()),
            format!("{grown} KiB"),
            "none",
        );
    }
}

/// A few, again and again: once would be over too soon to be measured.
fn often(tokens: &[Token]) -> Vec<Token> {
    tokens.iter().cycle().take(PICKED).cloned().collect()
}

/// CPU seconds a session to resume them all, many at once.
fn resumed(runtime: &Runtime, world: &Populated, tokens: &[Token]) -> f64 {
    let app = &world.app;
    let now = app.now();
    let ((), took) = timed(|| {
        runtime.block_on(async {
            let mut tasks = Vec::new();
            for share in tokens.chunks(tokens.len().div_ceil(AT_ONCE)) {
                let (app, share) = (Arc::clone(app), share.to_vec());
                tasks.push(tokio::spawn(async move {
                    for token in share {
                        let live = app.sessions.resume(&token, Presence::Passive, now).await.unwrap();
                        assert!(live.is_some(), "every session is live");
                    }
                }));
            }
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
    took.cpu.as_secs_f64() / tokens.len() as f64
}

fn read_bare(world: &Populated, tokens: &[Token]) -> f64 {
    let paths: Vec<_> = tokens.iter().map(|token| world.path_of(token)).collect();
    let ((), took) = timed(|| {
        let mut bytes = [0; 4096];
        for path in &paths {
            assert!(File::open(path).unwrap().read(&mut bytes).unwrap() > 0);
        }
    });
    took.cpu.as_secs_f64() / tokens.len() as f64
}

fn resident() -> u64 {
    memory_kib("self", "VmRSS").unwrap()
}

/// Listing is one folder's work.
fn listing(runtime: &Runtime, world: &Populated, rounds: usize) {
    let account = AccountId::generate();
    let folder = world.data.path().join(format!("sessions/{account}"));
    fs::create_dir(&folder).unwrap();
    for _ in 0..CAP {
        let session = session(&Token::generate(account), world.app.now());
        fs::write(folder.join(session.id.to_string()), record::encode(&session)).unwrap();
    }
    let mut took = Rounds::default();
    for _ in 0..rounds {
        let (listed, time) =
            timed(|| runtime.block_on(world.app.sessions.list(account, world.app.now())).unwrap());
        assert_eq!(listed.sessions.len(), CAP);
        took.add(time.wall.as_secs_f64() * 1e3);
    }
    line(format!("listing an account's {CAP} sessions"), format!("{} ms", took.shown()), "milliseconds");
}

/// Pages of a site that sweeps behind them, against pages of the same site when it does not.
fn pages_beside_a_sweep(runtime: &Runtime, world: &Populated) {
    let visits = world.spread(BUSY, 3);
    let seconds = setting("EXEUNT_BENCH_SECONDS", 4);
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(serve(
            listener,
            site(Arc::clone(&world.app), Setup::default()),
            Limits::behind(&Proxies::default()),
            std::future::pending(),
        ));
        let client = Client::of(&base, &visits);
        client.p99(seconds).await;
        let (mut calm, mut beside) = (Rounds::default(), Rounds::default());
        for _ in 0..3 {
            calm.add(client.p99(seconds).await);
            let app = Arc::clone(&world.app);
            // Live sessions: as much to read as there can be.
            let sweeping = tokio::spawn(async move { sweep(&app, Pace::Beside, |_, _| {}).await.unwrap() });
            beside.add(client.p99(seconds).await);
            sweeping.abort();
            let _ = sweeping.await;
        }
        server.abort();
        line(
            format!("p99 of pages beside a sweep over {} against calm", world.len()),
            beside.over(&calm).shown(),
            "<= 2",
        );
    });
}

/// A process of its own sweeps a folder of which every session is over.
fn sweeping(world: &Populated) {
    let long_ago = SystemTime::now() - Duration::from_secs(2 * 3600);
    for token in &world.tokens {
        File::open(world.path_of(token)).unwrap().set_modified(long_ago).unwrap();
    }
    let began = Instant::now();
    let peak = peak_kib(&["session", "sweep"], world.data.path());
    let took = began.elapsed().as_secs_f64();
    let left = fs::read_dir(world.data.path().join("sessions")).unwrap().count();
    assert_eq!(left, 1, "only the sweepers' lock is left");
    line(
        format!("memory to sweep {} expired ones (in {took:.1} s)", world.len()),
        format!("{peak} KiB"),
        "< 65536 KiB",
    );
}

/// The most memory that the program had at once, as the kernel counts it until just before its end.
fn peak_kib(arguments: &[&str], data: &Path) -> u64 {
    let mut program = Command::new(env!("CARGO_BIN_EXE_exeunt"));
    let mut child = program.args(arguments).arg("--data").arg(data).stdout(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    loop {
        peak = memory_kib(&child.id().to_string(), "VmHWM").unwrap_or(peak);
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return peak;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
