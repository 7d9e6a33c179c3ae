//! What it costs when everybody logs in and out at once, so that no power cut undoes it: sessions are started and
//! logged out by 64 tasks, against the bare calls that a file takes, by as many threads. Each in memory, on the disk
//! of the build and in an ext4 with a journal; where fsync costs nothing, all that is ours shows.
//!
//! `EXEUNT_BENCH_LOGOUTS` is how many sessions there are in a round, 20,000 by default, and `EXEUNT_BENCH_ROUNDS` how
//! often.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has to stop")]
#![allow(dead_code, reason = "what the benchmarks share is more than each of them needs")]

mod measure;
mod places;
mod populated;
mod session_file;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Instant;

use exeunt::account_id::AccountId;
use exeunt::accounts::Cost;
use exeunt::actions::{Visit, log_out_here};
use exeunt::app::{App, Stores};
use exeunt::audit::Asker;
use exeunt::clock::Clock;
use exeunt::config::PublicUrl;
use exeunt::files::Folder;
use exeunt::sessions::{Browser, CAP, Token};
use measure::{Rounds, line, setting};
use places::Place;
use populated::{new_session, session};
use session_file::SessionFile;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// How many are under way at once.
const AT_ONCE: usize = 64;

fn main() {
    let size = setting("EXEUNT_BENCH_LOGOUTS", 20_000);
    let rounds = setting("EXEUNT_BENCH_ROUNDS", 5);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (places, missing) = Place::all();
    println!("\n{size} sessions, {AT_ONCE} at once, {rounds} rounds: median (smallest to largest)");
    for place in places {
        println!("\n{}\n", place.name);
        for (each, shape) in [(1, "an account each"), (CAP, "100 an account")] {
            let storm = Storm::at(&place, &runtime);
            // Threads are there, and the disk has been written to.
            storm.round(AT_ONCE, each);
            let [bare, calls, ours, again] = storm.rounds(size, each, rounds);
            let told = |what: &str, over: Took, goal| {
                line(format!("starts, {shape}: bare against {what}"), over.starts.shown(), goal);
                line(format!("logouts, {shape}: bare against {what}"), over.ends.shown(), goal);
            };
            told("the same", again.over(&bare), "noise");
            told("ours", bare.over(&ours), ">= 0.9");
            told("our calls in its threads", bare.over(&calls), "");
        }
    }
    if let Some(missing) = missing {
        println!("\n{missing}");
    }
}

/// Seconds that starting all took, and ending them, one figure a round.
#[derive(Default)]
struct Took {
    starts: Rounds,
    ends: Rounds,
}

impl Took {
    fn add(&mut self, (starts, ends): (f64, f64)) {
        self.starts.add(starts);
        self.ends.add(ends);
    }

    fn over(&self, other: &Self) -> Self {
        Self { starts: self.starts.over(&other.starts), ends: self.ends.over(&other.ends) }
    }
}

/// Everybody, in one place.
struct Storm<'a> {
    place: &'a Place,
    runtime: &'a Runtime,
    app: Arc<App>,
}

impl<'a> Storm<'a> {
    fn at(place: &'a Place, runtime: &'a Runtime) -> Self {
        let stores = Stores::files(&Folder::at(place.path())).unwrap();
        let url = PublicUrl::parse("http://localhost:8000").unwrap();
        let app = Arc::new(App::new(stores, url, Cost::of(4), Clock::system()));
        Self { place, runtime, app }
    }

    /// All of them in turns, as in [`Storm::round`].
    fn rounds(&self, size: usize, each: usize, rounds: usize) -> [Took; 4] {
        let mut took = <[Took; 4]>::default();
        for _ in 0..rounds {
            let figures = self.round(size, each);
            took.iter_mut().zip(figures).for_each(|(took, figures)| took.add(figures));
        }
        took
    }

    /// The bare calls; ours on the disk, from threads as they have them; sessions, from tasks; and the bare calls
    /// again.
    fn round(&self, size: usize, each: usize) -> [(f64, f64); 4] {
        let is_new = each == 1;
        let bare = || self.in_threads(size, each, |file| file.start_bare(is_new), SessionFile::end_bare);
        let calls = || self.in_threads(size, each, SessionFile::start, SessionFile::end);
        [bare(), calls(), self.in_tasks(size, each), bare()]
    }

    /// Sessions that are started, and then logged out.
    fn in_tasks(&self, size: usize, each: usize) -> (f64, f64) {
        let accounts = self.accounts(size, each);
        self.place.settle();
        let (tokens, starts) = self.tasks_at_once(accounts, |app, account| async move {
            app.sessions.start(new_session(account), app.now()).await.unwrap().0
        });
        let paths: Vec<_> = tokens.iter().map(|token| self.path(token)).collect();
        assert!(paths.iter().all(|path| path.exists()), "all are on the disk");
        self.place.settle();
        let (_, ends) = self.tasks_at_once(tokens, |app, token| async move {
            let browser = Browser::from_user_agent("");
            log_out_here(&app, &Visit { browser, asker: Asker::LOCAL, tokens: vec![token] }).await.unwrap();
        });
        assert!(!paths.iter().any(|path| path.exists()), "none is left");
        self.clear();
        (starts, ends)
    }

    /// The same files, made and removed.
    fn in_threads(
        &self,
        size: usize,
        each: usize,
        start: impl Fn(&SessionFile) + Sync,
        end: impl Fn(&SessionFile) + Sync,
    ) -> (f64, f64) {
        let (sessions, now) = (self.sessions(), self.app.now());
        let file = |account| SessionFile::new(&sessions, &session(&Token::generate(account), now));
        let files: Vec<_> = self.accounts(size, each).into_iter().map(file).collect();
        self.place.settle();
        let starts = threads_at_once(&files, start);
        self.place.settle();
        let ends = threads_at_once(&files, end);
        self.clear();
        (starts, ends)
    }

    /// Whose sessions they are. Whoever has several has a folder by now.
    fn accounts(&self, size: usize, each: usize) -> Vec<AccountId> {
        let accounts: Vec<_> = (0..size.div_ceil(each)).map(|_| AccountId::generate()).collect();
        if each > 1 {
            for account in &accounts {
                fs::create_dir(self.sessions().join(account.to_string())).unwrap();
            }
        }
        (0..size).map(|index| accounts[index / each]).collect()
    }

    /// Does something with each, in 64 tasks: what came of them, and in how many seconds.
    fn tasks_at_once<I, O, F>(&self, all: Vec<I>, work: fn(Arc<App>, I) -> F) -> (Vec<O>, f64)
    where
        I: Send + 'static,
        O: Send + 'static,
        F: Future<Output = O> + Send + 'static,
    {
        let left = Arc::new(Mutex::new(all.into_iter()));
        let began = Instant::now();
        let done = self.runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for _ in 0..AT_ONCE {
                let (app, left) = (Arc::clone(&self.app), Arc::clone(&left));
                let next = move || left.lock().unwrap().next();
                tasks.spawn(async move {
                    let mut done = Vec::new();
                    while let Some(one) = next() {
                        done.push(work(Arc::clone(&app), one).await);
                    }
                    done
                });
            }
            tasks.join_all().await
        });
        (done.into_iter().flatten().collect(), began.elapsed().as_secs_f64())
    }

    fn path(&self, token: &Token) -> PathBuf {
        self.sessions().join(format!("{}/{}", token.account(), token.session_id()))
    }

    fn sessions(&self) -> PathBuf {
        self.place.path().join("sessions")
    }

    /// Takes the folders away that are left.
    fn clear(&self) {
        for folder in fs::read_dir(self.sessions()).unwrap() {
            fs::remove_dir(folder.unwrap().path()).unwrap();
        }
    }
}

/// Does something with each, in 64 threads, and answers in how many seconds.
fn threads_at_once<T: Sync>(all: &[T], work: impl Fn(&T) + Sync) -> f64 {
    let (ready, next) = (Barrier::new(AT_ONCE), AtomicUsize::new(0));
    let work_through = || {
        ready.wait();
        let began = Instant::now();
        while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(one);
        }
        began
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work_through)).collect();
        let began = threads.into_iter().map(|thread| thread.join().unwrap()).min();
        began.unwrap().elapsed().as_secs_f64()
    })
}
