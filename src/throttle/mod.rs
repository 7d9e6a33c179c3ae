//! How often somebody may try. It is asked before a password is hashed, and never learns whether a name
//! exists.
//!
//! The first failures cost nothing. After them, tries at a name, and from a network, are taken one at a
//! time, each after a wait that doubles; so guessing in parallel is no faster. What is under way at once
//! before that is bounded by the hashing queue. Where somebody has logged in before, only failures at that
//! name from there make them wait: a stranger elsewhere cannot keep them out.
//!
//! Whatever costs a wait is in the store as well, so that no restart shortens one.

mod file_store;
mod key;
mod pace;
mod store;
mod tried;
mod tries;

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

pub use file_store::FileThrottleStore;
pub use key::Key;
pub use store::ThrottleStore;
pub use tried::Tried;

use crate::clock::{SignedDuration, Timestamp};
use crate::mutex::lock;
use crate::store_error::StoreError;
use tries::Tries;

/// Names, networks and places that are remembered at once, so that no flood of them fills the memory.
const REMEMBERED: usize = 200_000;

/// The tries of late.
pub struct Throttle {
    store: Arc<dyn ThrottleStore>,
    tries: Mutex<Tries>,
}

/// Too many tries. How long to wait, at least a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// How long until the next try is taken.
    pub wait: SignedDuration,
}

/// What came of asking for a try.
pub enum Begun<'a> {
    /// It is under way.
    Try(Try<'a>),
    /// It is too soon; that counts for nothing.
    TooMany(TooMany),
}

/// A try that is under way. Dropped without a word, it was never decided and counts for nothing.
pub struct Try<'a> {
    throttle: &'a Throttle,
    at: At,
    /// When somebody last logged in to this name from there.
    pub last_login: Option<Timestamp>,
}

/// Where a try counts.
#[derive(Clone, Copy)]
struct At {
    name: Key,
    network: Option<Key>,
    place: Option<Key>,
}

impl Throttle {
    /// A throttle that goes on where the store left off.
    #[must_use]
    pub fn new(store: Arc<dyn ThrottleStore>) -> Self {
        Self::remembering(REMEMBERED, store)
    }

    /// The same, with less in memory at once.
    #[must_use]
    pub fn remembering(most: usize, store: Arc<dyn ThrottleStore>) -> Self {
        Self { store, tries: Mutex::new(Tries::at_most(most)) }
    }

    /// Begins a try at `name` from `address`.
    ///
    /// # Errors
    /// When the store cannot say how often it was tried.
    pub async fn begin(
        &self,
        name: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Begun<'_>, StoreError> {
        let at = At {
            name: Key::name(name),
            network: address.and_then(Key::network),
            place: address.map(|address| Key::place(name, address)),
        };
        self.recall(at.all(), now).await?;
        let mut tries = lock(&self.tries);
        let last_login = at.place.and_then(|place| tries.get(place)).and_then(|tried| tried.last_login(now));
        let counts = at.counts(last_login.is_some());
        if let Some(wait) = counts.clone().filter_map(|key| tries.wait(key, now)).max() {
            return Ok(Begun::TooMany(TooMany { wait }));
        }
        counts.for_each(|key| tries.begin(key, now));
        Ok(Begun::Try(Try { throttle: self, at, last_login }))
    }

    /// Somebody has logged in to `name` from `address` without a try, by a link: from there it is known from now on.
    ///
    /// # Errors
    /// When the store cannot say what is known of it.
    pub async fn logged_in(
        &self,
        name: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(place) = address.map(|address| Key::place(name, address)) else { return Ok(()) };
        self.recall([place].into_iter(), now).await?;
        let changed = lock(&self.tries).change(place, now, |tried| tried.log_in(now));
        self.keep(changed.into_iter().collect()).await;
        Ok(())
    }

    /// Removes from the store what costs nobody a wait any more, and answers how much that was.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sweep(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.store.sweep(now).await
    }

    /// Reads what is in the store and not in memory.
    async fn recall(&self, keys: impl Iterator<Item = Key>, now: Timestamp) -> Result<(), StoreError> {
        let unknown: Vec<_> = {
            let tries = lock(&self.tries);
            keys.filter(|&key| tries.get(key).is_none()).collect()
        };
        for key in unknown {
            let tried = self.store.read(key).await?.unwrap_or_default();
            lock(&self.tries).recall(key, tried, now);
        }
        Ok(())
    }

    /// Keeps what has changed. The answer is given whether that can be done or not: what is in memory
    /// holds until a restart.
    async fn keep(&self, changed: Vec<(Key, Option<Tried>)>) {
        for (key, tried) in changed {
            let kept = match tried {
                Some(tried) => self.store.write(key, &tried).await,
                None => self.store.remove(key).await,
            };
            if let Err(error) = kept {
                tracing::error!(%error, "a restart would forget how often somebody has tried");
            }
        }
    }
}

impl Try<'_> {
    /// It was wrong.
    pub async fn failed(self, now: Timestamp) {
        let changed = {
            let mut tries = lock(&self.throttle.tries);
            self.counts().filter_map(|key| tries.change(key, now, |tried| tried.fail(now))).collect()
        };
        self.throttle.keep(changed).await;
    }

    /// It was right: where it counted, its name starts afresh, and from there it is known from now on. What
    /// its network has failed at others stays.
    pub async fn succeeded(self, now: Timestamp) {
        let changed = {
            let mut tries = lock(&self.throttle.tries);
            let name = match self.last_login {
                Some(_) => None,
                None => tries.change(self.at.name, now, Tried::forgive),
            };
            let place = self.at.place.and_then(|place| tries.change(place, now, |tried| tried.log_in(now)));
            name.into_iter().chain(place).collect()
        };
        self.throttle.keep(changed).await;
    }

    fn counts(&self) -> impl Iterator<Item = Key> + Clone + use<> {
        self.at.counts(self.last_login.is_some())
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        let mut tries = lock(&self.throttle.tries);
        self.counts().for_each(|key| tries.end(key));
    }
}

impl At {
    fn all(self) -> impl Iterator<Item = Key> {
        [Some(self.name), self.network, self.place].into_iter().flatten()
    }

    /// Where a failure counts, and what there may be a wait for.
    fn counts(self, is_known: bool) -> impl Iterator<Item = Key> + Clone + use<> {
        let keys = match is_known {
            true => [self.place, None],
            false => [Some(self.name), self.network],
        };
        keys.into_iter().flatten()
    }
}
