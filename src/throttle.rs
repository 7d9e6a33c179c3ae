//! How often somebody may try. It is asked before a password is hashed, and never learns whether a name
//! exists.
//!
//! The first failures cost nothing. After them, tries at a name, and from an address, are taken one at a
//! time, each after a wait that doubles; so guessing in parallel is no faster. What is under way at once
//! before that is bounded by the hashing queue.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;

use crate::clock::{SignedDuration, Timestamp};
use crate::mutex::lock;

/// How tries of one kind are slowed down.
struct Pace {
    /// Failures in a row that cost no waiting: people mistype.
    free: u32,
    /// The longest wait. The first is one second, and each is twice the one before.
    longest: SignedDuration,
}

/// A stranger who tries a name locks its owner out for a minute at a time at most, though again and
/// again.
const FOR_A_NAME: Pace = Pace { free: 5, longest: SignedDuration::from_mins(1) };

/// Many people may share an address; somebody who tries many names from one can wait longer.
const FOR_AN_ADDRESS: Pace = Pace { free: 20, longest: SignedDuration::from_mins(15) };

/// Failures are forgotten when nothing was tried for this long.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Names, and addresses, that are remembered at once, so that no flood of them fills the memory.
const REMEMBERED: usize = 100_000;

/// The tries of late.
#[derive(Default)]
pub struct Throttle {
    tries: Mutex<Tries>,
    /// Names are kept as their hashes: a stranger may have typed anything.
    hashed: RandomState,
}

#[derive(Default)]
struct Tries {
    names: HashMap<u64, Tried>,
    networks: HashMap<IpAddr, Tried>,
}

#[derive(Clone, Copy)]
struct Tried {
    failures: u32,
    last_failure: Timestamp,
    under_way: u32,
}

/// Too many tries. How long to wait, at least a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// How long until the next try is taken.
    pub wait: SignedDuration,
}

/// A try that is under way. Dropped without a word, it was never decided and counts for nothing.
pub struct Try<'a> {
    throttle: &'a Throttle,
    name: u64,
    network: Option<IpAddr>,
}

impl Throttle {
    /// Begins a try at `name` from `address`.
    ///
    /// # Errors
    /// [`TooMany`] when it is too soon; such a try counts for nothing.
    pub fn begin(&self, name: &str, address: Option<IpAddr>, now: Timestamp) -> Result<Try<'_>, TooMany> {
        let name = self.hashed.hash_one(name);
        let network = address.and_then(network);
        let mut tries = lock(&self.tries);
        let waits = [
            tries.names.get_mut(&name).and_then(|tried| tried.wait(&FOR_A_NAME, now)),
            network
                .and_then(|network| tries.networks.get_mut(&network))
                .and_then(|tried| tried.wait(&FOR_AN_ADDRESS, now)),
        ];
        if let Some(wait) = waits.into_iter().flatten().max() {
            return Err(TooMany { wait });
        }
        tries.each(name, network, now, |tried| tried.under_way += 1);
        Ok(Try { throttle: self, name, network })
    }
}

impl Try<'_> {
    /// It was wrong.
    pub fn failed(self, now: Timestamp) {
        lock(&self.throttle.tries).each(self.name, self.network, now, |tried| tried.fail(now));
    }

    /// It was right: the name starts afresh. What its address has failed at others stays.
    pub fn succeeded(self) {
        if let Some(tried) = lock(&self.throttle.tries).names.get_mut(&self.name) {
            tried.failures = 0;
        }
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        let mut tries = lock(&self.throttle.tries);
        if let Some(tried) = tries.names.get_mut(&self.name) {
            tried.under_way = tried.under_way.saturating_sub(1);
        }
        if let Some(tried) = self.network.and_then(|network| tries.networks.get_mut(&network)) {
            tried.under_way = tried.under_way.saturating_sub(1);
        }
    }
}

impl Tries {
    fn each(&mut self, name: u64, network: Option<IpAddr>, now: Timestamp, change: impl Fn(&mut Tried)) {
        change(entry(&mut self.names, name, now));
        if let Some(network) = network {
            change(entry(&mut self.networks, network, now));
        }
    }
}

impl Tried {
    /// How long it is until the next try, if not now.
    fn wait(&mut self, pace: &Pace, now: Timestamp) -> Option<SignedDuration> {
        // Where the clock was set back, the wait is counted from here.
        self.last_failure = self.last_failure.min(now);
        if self.is_forgotten(now) {
            return None;
        }
        let beyond = self.failures.checked_sub(pace.free)?;
        let wait = SignedDuration::from_secs(1 << beyond.min(20)).min(pace.longest);
        let left = wait - now.duration_since(self.last_failure);
        let busy = (self.under_way > 0).then_some(SignedDuration::from_secs(1));
        (left > SignedDuration::ZERO).then_some(left).or(busy)
    }

    fn fail(&mut self, now: Timestamp) {
        if self.is_forgotten(now) {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.last_failure = now;
    }

    fn is_forgotten(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_failure) >= FORGOTTEN_AFTER
    }
}

fn entry<K: Hash + Eq + Copy>(tries: &mut HashMap<K, Tried>, key: K, now: Timestamp) -> &mut Tried {
    if tries.len() >= REMEMBERED && !tries.contains_key(&key) {
        make_room(tries, now);
    }
    tries.entry(key).or_insert(Tried { failures: 0, last_failure: now, under_way: 0 })
}

/// Forgets what is due, and where that is not enough, whatever failed least: a flood of new names pushes
/// out other new names before it pushes out one under attack.
fn make_room<K: Hash + Eq + Copy>(tries: &mut HashMap<K, Tried>, now: Timestamp) {
    tries.retain(|_, tried| !tried.is_forgotten(now));
    if tries.len() >= REMEMBERED {
        let mut by_weight: Vec<_> =
            tries.iter().map(|(&key, tried)| (tried.failures, tried.last_failure, key)).collect();
        by_weight.select_nth_unstable_by_key(REMEMBERED / 10, |&(failures, last, _)| (failures, last));
        for (_, _, key) in by_weight.drain(..REMEMBERED / 10) {
            tries.remove(&key);
        }
    }
}

/// One person's share of the address space: the address itself, or the /64 that an IPv6 network gets.
/// None for this machine's own addresses: there, everybody who comes through a proxy would be one.
fn network(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Some(IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
        }
        address => Some(address),
    }
}
