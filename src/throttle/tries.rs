//! The tries of late, in memory: no more than so many, whoever floods it. It never waits for a store.

use std::collections::HashMap;

use super::key::Key;
use super::pace::Pace;
use super::tried::Tried;
use crate::clock::{SignedDuration, Timestamp};

/// What was tried, by what it counts for.
pub struct Tries {
    most: usize,
    tried: HashMap<Key, Remembered>,
}

#[derive(Clone, Copy)]
struct Remembered {
    tried: Tried,
    under_way: u32,
    /// When it was read or changed.
    touched: Timestamp,
}

impl Tries {
    /// No tries yet, and never more than `most`.
    pub fn at_most(most: usize) -> Self {
        Self { most, tried: HashMap::new() }
    }

    /// What is remembered of it.
    pub fn get(&self, key: Key) -> Option<Tried> {
        self.tried.get(&key).map(|remembered| remembered.tried)
    }

    /// Remembers what the store has of it, unless somebody was faster.
    pub fn recall(&mut self, key: Key, tried: Tried, now: Timestamp) {
        self.make_room(key, now);
        self.tried.entry(key).or_insert(Remembered { tried, under_way: 0, touched: now });
    }

    /// How long it is until the next try, if not now.
    pub fn wait(&mut self, key: Key, now: Timestamp) -> Option<SignedDuration> {
        let remembered = self.tried.get_mut(&key)?;
        remembered.tried.not_after(now);
        let (tried, pace) = (remembered.tried, Pace::of(key.kind));
        let is_busy = remembered.under_way > 0 && tried.is_slowed(pace, now);
        tried.wait(pace, now).or(is_busy.then_some(SignedDuration::from_secs(1)))
    }

    /// One more is under way.
    pub fn begin(&mut self, key: Key, now: Timestamp) {
        self.entry(key, now).under_way += 1;
    }

    /// One less.
    pub fn end(&mut self, key: Key) {
        if let Some(remembered) = self.tried.get_mut(&key) {
            remembered.under_way = remembered.under_way.saturating_sub(1);
        }
    }

    /// Changes what is remembered of it, and answers what the store has to keep from now on, if that is
    /// another thing than before: `None` in it when nothing.
    pub fn change(
        &mut self,
        key: Key,
        now: Timestamp,
        change: impl FnOnce(&mut Tried),
    ) -> Option<(Key, Option<Tried>)> {
        let pace = Pace::of(key.kind);
        let remembered = self.entry(key, now);
        let before = remembered.tried;
        change(&mut remembered.tried);
        remembered.touched = now;
        let after = remembered.tried;
        match (before.matters(pace, now), after.matters(pace, now)) {
            (_, true) => after.says_more_than(&before).then_some((key, Some(after))),
            (true, false) => Some((key, None)),
            (false, false) => None,
        }
    }

    fn entry(&mut self, key: Key, now: Timestamp) -> &mut Remembered {
        self.make_room(key, now);
        self.tried.entry(key).or_insert(Remembered { tried: Tried::default(), under_way: 0, touched: now })
    }

    /// Forgets what is due, and where that is not enough, whatever failed least: a flood of new names pushes
    /// out other new names before it pushes out one under attack.
    fn make_room(&mut self, for_key: Key, now: Timestamp) {
        if self.tried.len() < self.most || self.tried.contains_key(&for_key) {
            return;
        }
        self.tried.retain(|_, remembered| remembered.under_way > 0 || !remembered.tried.is_forgotten(now));
        if self.tried.len() < self.most {
            return;
        }
        let weight = |remembered: &Remembered| (remembered.tried.failures(), remembered.touched);
        let mut by_weight: Vec<_> =
            self.tried.iter().map(|(&key, remembered)| (weight(remembered), key)).collect();
        let some = (self.most / 10).max(1);
        by_weight.select_nth_unstable_by_key(some - 1, |&(weight, _)| weight);
        for (_, key) in by_weight.drain(..some) {
            self.tried.remove(&key);
        }
    }
}
