//! How much a million sessions cost: `just bench` prints the table. What a machine is fast at shows in ratios
//! of what was measured in turns in one run.
//!
//! `EXEUNT_BENCH_SESSIONS` is the largest number of session files, a million by default; the others are a
//! tenth and a thousandth of it, but at least 1,000. `EXEUNT_BENCH_ROUNDS` is how often readings are measured,
//! and `EXEUNT_BENCH_SECONDS` how long pages are loaded at a time, three times over.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has to stop")]

mod measure;

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use exeunt::account_id::AccountId;
use exeunt::accounts::Cost;
use exeunt::actions::{Pace, sweep};
use exeunt::app::{App, Stores};
use exeunt::clock::{Clock, Timestamp};
use exeunt::config::PublicUrl;
use exeunt::files::Folder;
use exeunt::record;
use exeunt::sessions::{Browser, CAP, LastingFor, NewSession, Presence, Session, Token};
use exeunt::web::{Assets, Proxies, serve, site};
use measure::{Rounds, line, memory_kib, setting, timed};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Sessions of each account: people have a few.
const PER_ACCOUNT: usize = 10;

/// Sessions that are busy among all the others.
const BUSY: usize = 1_000;

/// Sessions picked at random over all of them, each round.
const PICKED: usize = 20_000;

/// How many requests are under way at once.
const AT_ONCE: usize = 64;

fn main() {
    let most = setting("EXEUNT_BENCH_SESSIONS", 1_000_000);
    let rounds = setting("EXEUNT_BENCH_ROUNDS", 11);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut worlds: Vec<_> =
        [most / 1000, most / 10, most].into_iter().map(|size| Populated::with(size.max(BUSY))).collect();

    println!("\n{most} session files, {rounds} rounds: median (smallest to largest)\n");
    busy_set(&runtime, &worlds, rounds);
    random_picks(&runtime, &worlds, rounds);
    listing(&runtime, &worlds[0], rounds);
    let largest = worlds.pop().unwrap();
    drop(worlds);
    pages_beside_a_sweep(&runtime, &largest);
    sweeping(&largest);
}

/// A data folder with live sessions, written without waiting for the disk.
struct Populated {
    data: TempDir,
    app: Arc<App>,
    tokens: Vec<Token>,
}

impl Populated {
    fn with(size: usize) -> Self {
        let data = tempfile::Builder::new().prefix("exeunt-bench-").tempdir_in(target()).unwrap();
        let stores = Stores::files(&Folder::at(data.path())).unwrap();
        let url = PublicUrl::parse("http://localhost:8000").unwrap();
        let app = Arc::new(App::new(stores, url, Cost::of(4), Clock::system()));
        let mut tokens = Vec::with_capacity(size);
        while tokens.len() < size {
            let account = AccountId::generate();
            let folder = data.path().join(format!("sessions/{account}"));
            fs::create_dir(&folder).unwrap();
            for _ in 0..PER_ACCOUNT.min(size - tokens.len()) {
                let token = Token::generate(account);
                let session = session(&token, app.now());
                fs::write(folder.join(session.id.to_string()), record::encode(&session)).unwrap();
                tokens.push(token);
            }
        }
        Self { data, app, tokens }
    }

    fn len(&self) -> usize {
        self.tokens.len()
    }

    /// `number` of them, all those of accounts that are spread evenly from the `offset`th on, in an order
    /// that has nothing to do with the disk's.
    fn spread(&self, number: usize, offset: usize) -> Vec<Token> {
        let accounts: Vec<_> = self.tokens.chunks(PER_ACCOUNT).collect();
        let (wanted, step) = (number / PER_ACCOUNT, (self.len() / number).max(1));
        let picked = (0..wanted).flat_map(|index| accounts[(index * step + offset) % accounts.len()]);
        let mut picked: Vec<_> = picked.cloned().collect();
        picked.sort_by_cached_key(Token::session_id);
        picked
    }

    fn path_of(&self, token: &Token) -> PathBuf {
        self.data.path().join(format!("sessions/{}/{}", token.account(), token.session_id()))
    }
}

fn session(token: &Token, now: Timestamp) -> Session {
    let new = NewSession {
        account: token.account(),
        account_name: "somebody@example.org".to_owned(),
        lasting: LastingFor::ThisVisit,
        browser: Browser::from_user_agent("(Windows) Firefox/146.0"),
        address: Some("192.0.2.7".parse().unwrap()),
    };
    Session::start(new, token.session_id(), now)
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
        assert_eq!(listed.len(), CAP);
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
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let server = tokio::spawn(serve(
            listener,
            site(Arc::clone(&world.app), Assets::embedded(), Proxies::default()),
            std::future::pending(),
        ));
        let client = Client { base, http: reqwest::Client::new(), visits };
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

struct Client {
    base: String,
    http: reqwest::Client,
    visits: Vec<Token>,
}

impl Client {
    /// The p99 of page loads, four at a time, for some seconds.
    async fn p99(&self, seconds: usize) -> f64 {
        let until = Instant::now() + Duration::from_secs(seconds as u64);
        let mut loaders = Vec::new();
        for visits in self.visits.chunks(self.visits.len() / 4) {
            let cookies: Vec<_> = visits.iter().map(|token| format!("exeunt={}", token.reveal())).collect();
            let (base, http) = (self.base.clone(), self.http.clone());
            loaders.push(tokio::spawn(async move {
                let mut took = Vec::new();
                for cookie in cookies.iter().cycle() {
                    let began = Instant::now();
                    let answer = http.get(&base).header("cookie", cookie).send().await.unwrap();
                    assert_eq!(answer.status(), 200);
                    answer.bytes().await.unwrap();
                    took.push(began.elapsed().as_secs_f64());
                    if Instant::now() > until {
                        break;
                    }
                }
                took
            }));
        }
        let mut took = Rounds::default();
        for loader in loaders {
            loader.await.unwrap().into_iter().for_each(|one| took.add(one));
        }
        took.quantile(0.99)
    }
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

/// Where the build puts things: on a real disk, where a folder in memory would flatter.
fn target() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}
