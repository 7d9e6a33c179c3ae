//! How often somebody may try. It is asked before a password is hashed, counts a try when it begins, so
//! that parallel guesses count too, and never learns whether a name exists.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::{SignedDuration, Timestamp};

/// How tries of one kind are slowed down.
struct Pace {
    /// Failures in a row that cost no waiting: people mistype.
    free: u32,
    /// The longest wait. The first is one second, and each is twice the one before.
    longest: SignedDuration,
}

/// A stranger who tries a name must not lock its owner out for long.
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
    failures: Mutex<Failures>,
    /// Names are kept as their hashes: a stranger may have typed anything.
    hashed: RandomState,
}

#[derive(Default)]
struct Failures {
    names: HashMap<u64, Failed>,
    addresses: HashMap<IpAddr, Failed>,
}

#[derive(Clone, Copy)]
struct Failed {
    times: u32,
    last: Timestamp,
}

/// Too many tries. How long to wait, at least a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// How long until the next try is taken.
    pub wait: SignedDuration,
}

impl Throttle {
    /// Begins a try at `name` from `address`, and counts it as failed until it is told otherwise.
    ///
    /// # Errors
    /// [`TooMany`] when it is too soon; such a try counts for nothing.
    pub fn begin(&self, name: &str, address: Option<IpAddr>, now: Timestamp) -> Result<(), TooMany> {
        let name = self.hashed.hash_one(name);
        let network = address.map(network);
        let mut failures = self.lock();
        let waits = [
            wait(failures.names.get(&name), &FOR_A_NAME, now),
            network.and_then(|network| wait(failures.addresses.get(&network), &FOR_AN_ADDRESS, now)),
        ];
        if let Some(wait) = waits.into_iter().flatten().max() {
            return Err(TooMany { wait });
        }
        count(&mut failures.names, name, now);
        if let Some(network) = network {
            count(&mut failures.addresses, network, now);
        }
        Ok(())
    }

    /// The try was right: the name starts afresh, and its address has not failed this time.
    pub fn succeeded(&self, name: &str, address: Option<IpAddr>) {
        let mut failures = self.lock();
        failures.names.remove(&self.hashed.hash_one(name));
        take_back(&mut failures.addresses, address.map(network).as_ref());
    }

    /// The try was never decided: it counts for nothing.
    pub fn undecided(&self, name: &str, address: Option<IpAddr>) {
        let mut failures = self.lock();
        take_back(&mut failures.names, Some(&self.hashed.hash_one(name)));
        take_back(&mut failures.addresses, address.map(network).as_ref());
    }

    /// The maps are whole after every single call, so a panic elsewhere does not spoil them.
    fn lock(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long it is until the next try, if not now.
fn wait(failed: Option<&Failed>, pace: &Pace, now: Timestamp) -> Option<SignedDuration> {
    let failed = failed.filter(|failed| now.duration_since(failed.last) < FORGOTTEN_AFTER)?;
    let beyond = failed.times.checked_sub(pace.free)?;
    let wait = SignedDuration::from_secs(1 << beyond.min(20)).min(pace.longest);
    let left = wait - now.duration_since(failed.last);
    // A clock that was set back must not make anybody wait longer than the longest wait.
    (left > SignedDuration::ZERO).then(|| left.min(pace.longest))
}

fn count<K: Hash + Eq + Clone>(failures: &mut HashMap<K, Failed>, key: K, now: Timestamp) {
    if failures.len() >= REMEMBERED && !failures.contains_key(&key) {
        make_room(failures, now);
    }
    let failed = failures.entry(key).or_insert(Failed { times: 0, last: now });
    if now.duration_since(failed.last) >= FORGOTTEN_AFTER {
        failed.times = 0;
    }
    failed.times = failed.times.saturating_add(1);
    failed.last = now;
}

/// Forgets what is due, and where that is not enough, whatever failed least: a flood of new names pushes
/// out other new names before it pushes out one under attack.
fn make_room<K: Hash + Eq + Clone>(failures: &mut HashMap<K, Failed>, now: Timestamp) {
    failures.retain(|_, failed| now.duration_since(failed.last) < FORGOTTEN_AFTER);
    if failures.len() >= REMEMBERED {
        let mut by_weight: Vec<_> =
            failures.iter().map(|(key, failed)| (failed.times, failed.last, key.clone())).collect();
        by_weight.select_nth_unstable_by_key(REMEMBERED / 10, |&(times, last, _)| (times, last));
        for (_, _, key) in by_weight.drain(..REMEMBERED / 10) {
            failures.remove(&key);
        }
    }
}

fn take_back<K: Hash + Eq>(failures: &mut HashMap<K, Failed>, key: Option<&K>) {
    if let Some(failed) = key.and_then(|key| failures.get_mut(key)) {
        failed.times = failed.times.saturating_sub(1);
    }
}

/// One person's share of the address space: the address itself, or the /64 that an IPv6 network gets.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}
