//! Whether anything has changed in a folder, by whatever process: asked of the kernel each time, in one call that looks
//! at no name and never waits. A change is in the kernel's queue of news before the call that made it returns, so
//! this never says that all is as it was when it is not. It never says what has changed.
//!
//! It follows a folder, not what its path leads to: hence it knows when a folder above is moved, and wants no link on
//! the way. It misses what is mounted over a folder, and who may look into those above.

#[cfg_attr(not(target_os = "linux"), path = "no_news.rs")]
mod news;

use std::fmt::Display;
use std::hash::Hash;
use std::io;
use std::sync::{Arc, Mutex};

use rustix::io::Errno;

use super::{Folder, is_absence};
use crate::mutex::lock;
use news::System;

/// Watches folders in one, each under a key that is its name. Only for the first it asks the kernel for anything.
#[derive(Clone, Debug)]
pub struct Changes<K>(Arc<Mutex<State<K>>>);

/// A time in which nothing has changed in a folder. No other has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(u64);

#[derive(Debug)]
struct State<K> {
    root: Folder,
    key_of: KeyOf<K>,
    system: Option<System<K>>,
    begins: Begins,
    moments: Moments,
}

/// Which key a folder has, by its name.
type KeyOf<K> = fn(&str) -> Option<K>;

/// Whether folders begin to be watched when that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begins {
    /// They do.
    Now,
    /// Not before another does: one after the other, however many are asked for.
    Later,
    /// They cannot be.
    Never,
}

/// Counts them, whatever becomes of the rest.
#[derive(Debug, Default)]
struct Moments(u64);

impl<K: Copy + Eq + Hash + Display + Send + 'static> Changes<K> {
    /// Of folders in `root`. Those whose names are no keys are nobody's concern.
    #[must_use]
    pub fn below(root: &Folder, key_of: KeyOf<K>) -> Self {
        let (root, system, moments) = (root.clone(), None, Moments::default());
        Self(Arc::new(Mutex::new(State { root, key_of, system, begins: Begins::Now, moments })))
    }

    /// Which moment it is in a folder, if that is watched. What was read in the same moment is as it was, if the
    /// moment was asked for before the reading.
    #[must_use]
    pub fn moment(&self, key: K) -> Option<Moment> {
        lock(&self.0).follow()?.moment(key)
    }

    /// Begins to watch a folder, soon: on a thread that may wait for the disk. Where it cannot be watched it is not.
    pub fn begin(&self, key: K) {
        let mut state = lock(&self.0);
        let is_watched = state.system.as_ref().is_some_and(|system| system.moment(key).is_some());
        if is_watched || state.begins != Begins::Now {
            return;
        }
        state.begins = Begins::Later;
        let (changes, root, key_of) = (self.clone(), state.root.clone(), state.key_of);
        drop(state);
        tokio::task::spawn_blocking(move || {
            let begun = changes.watch(key, &root, key_of);
            let mut state = lock(&changes.0);
            if let Some(system) = &mut state.system {
                system.has_begun();
            }
            state.begins = match begun {
                Ok(()) => Begins::Now,
                Err(error) if is_passing(&error) => Begins::Now,
                Err(error) => {
                    tracing::info!(%error, "no folder is watched, so files are read anew each time");
                    Begins::Never
                }
            };
        });
    }

    /// Whatever asks the disk is done without the lock: pages ask for moments meanwhile.
    fn watch(&self, key: K, root: &Folder, key_of: KeyOf<K>) -> io::Result<()> {
        let full = lock(&self.0).system.take_if(|system| system.is_full());
        drop(full);
        let begun = lock(&self.0).system.as_mut().map(System::beginning);
        let beginning = match begun {
            Some(beginning) => beginning,
            None => {
                let system = System::of(root.path(), key_of)?;
                lock(&self.0).system.insert(system).beginning()
            }
        };
        let mark = beginning.watch(root.folder(&key.to_string()).path())?;
        let is_elsewhere = !beginning.is_at(root.path())?;
        let mut state = lock(&self.0);
        if is_elsewhere {
            let_go(state.system.take());
        }
        let now = state.moments.next();
        if let Some(system) = state.follow() {
            system.begun(&beginning, mark, key, now);
        }
        Ok(())
    }
}

impl<K: Copy + Eq + Hash + Display + Send + 'static> State<K> {
    /// What is watched, with all that has happened so far; nothing any more where nobody can know that.
    fn follow(&mut self) -> Option<&mut System<K>> {
        if let Err(error) = self.system.as_mut()?.follow(&mut self.moments) {
            tracing::debug!(%error, "all folders are watched anew");
            let_go(self.system.take());
        }
        self.system.as_mut()
    }
}

impl Moments {
    fn next(&mut self) -> Moment {
        self.0 += 1;
        Moment(self.0)
    }
}

/// Whether it may do the next time: the folder was removed meanwhile, or there is too little of something.
fn is_passing(error: &io::Error) -> bool {
    let too_little = [Errno::MFILE, Errno::NFILE, Errno::NOMEM];
    is_absence(error) || Errno::from_io_error(error).is_some_and(|error| too_little.contains(&error))
}

/// Closing it may take the kernel a while.
fn let_go<K: Send + 'static>(system: Option<System<K>>) {
    tokio::task::spawn_blocking(move || drop(system));
}
