//! Hashing on threads of its own. A run takes a third of a second and 128 MiB, so there are as many
//! threads as cores, they give way to everything else, and the queue before them is short. It never runs
//! on a thread that serves requests or the disk.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use tokio::sync::oneshot;

use super::password::{self, Cost, Password, PasswordHash};
use crate::metrics::Metrics;
use crate::mutex::lock;

/// Runs that may wait for each thread: at a third of a second each, nobody waits much longer than five
/// seconds.
const WAITING_PER_THREAD: usize = 16;

/// Pages are served before passwords are hashed; but other busy programs of the machine must not keep
/// anybody from logging in. Beside three busy loops on two cores, the first login took four times as long
/// at 19, the politest, as at 10.
const NICENESS: i32 = 10;

/// The queue is full. Try again in a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// Whether a password was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was. With a new hash where the old one was made with other parameters than today's.
    Right {
        /// To be kept in the place of the old one.
        renewed: Option<PasswordHash>,
    },
    /// It was not, or there was nothing to hold it against.
    Wrong,
}

type Job = Box<dyn FnOnce() + Send>;

/// The threads, and the queue before them.
pub struct Hasher {
    cost: Cost,
    queue: SyncSender<Job>,
    metrics: Arc<Metrics>,
}

impl Hasher {
    /// One thread a core, making hashes of `cost`. The threads end with the hasher.
    ///
    /// # Panics
    /// When the operating system gives no threads.
    #[must_use]
    pub fn start(cost: Cost) -> Self {
        Self::counted(cost, Arc::default())
    }

    /// The same, counting in `metrics`.
    ///
    /// # Panics
    /// As [`Hasher::start`].
    #[must_use]
    pub fn counted(cost: Cost, metrics: Arc<Metrics>) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let (queue, jobs) = sync_channel(threads * WAITING_PER_THREAD);
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..threads {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new()
                .name("scrypt".to_owned())
                .spawn(move || work(&jobs))
                .expect("the operating system gives a thread");
        }
        Self { cost, queue, metrics }
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// [`Busy`] when the queue is full.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, Busy> {
        let cost = self.cost;
        self.run(move || password::hash(&password, cost))?.await
    }

    /// Holds a password against a hash. It takes one run whether there is a hash or not, and a second
    /// one where the password is right and its hash is outdated. It is in the queue when this has answered.
    ///
    /// # Errors
    /// [`Busy`] when the queue is full.
    pub fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<impl Future<Output = Result<Verdict, Busy>> + use<>, Busy> {
        let cost = self.cost;
        self.run(move || {
            if !password::verify(&password, hash.as_ref(), cost) {
                return Verdict::Wrong;
            }
            let outdated = hash.is_some_and(|hash| password::is_outdated(&hash, cost));
            Verdict::Right { renewed: outdated.then(|| password::hash(&password, cost)) }
        })
    }

    /// Does what keeps a core busy on one of the threads. It is in the queue when this has answered. A panic in it
    /// goes on in whoever waits for it, and costs the thread nothing.
    ///
    /// # Errors
    /// [`Busy`] when the queue is full.
    pub fn run<T: Send + 'static, W: FnOnce() -> T + Send + 'static>(
        &self,
        work: W,
    ) -> Result<impl Future<Output = Result<T, Busy>> + use<T, W>, Busy> {
        let (answer, answered) = oneshot::channel();
        let (waiting, stopwatch) = (self.metrics.hashing_waits(), self.metrics.hashing());
        let job: Job = Box::new(move || {
            drop(waiting);
            // Whoever asked may have left while the job waited.
            if !answer.is_closed() {
                let running = stopwatch.start();
                let done = catch_unwind(AssertUnwindSafe(work));
                drop(running);
                let _ = answer.send(done);
            }
        });
        self.queue.try_send(job).map_err(|_| Busy)?;
        Ok(async {
            let done = answered.await.map_err(|_| Busy)?;
            Ok(done.unwrap_or_else(|panic| resume_unwind(panic)))
        })
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    give_way();
    loop {
        let job = lock(jobs).recv();
        let Ok(job) = job else { return };
        job();
    }
}

/// Linux keeps niceness for each thread; elsewhere it would slow the whole process down.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::warn!(%error, "hashing threads run at normal priority");
    }
}
