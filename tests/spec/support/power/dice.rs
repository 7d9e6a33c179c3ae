//! Chance that can be had again: the same seed throws the same numbers.

use std::env;
use std::time::SystemTime;

/// SplitMix64: small, and good enough to choose states with.
pub struct Dice(u64);

impl Dice {
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`.
    pub fn throw(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }
}

/// From `EXEUNT_SEED`, or one that no run before had.
pub fn seed() -> u64 {
    let fresh = || SystemTime::UNIX_EPOCH.elapsed().expect("it is after 1970").as_nanos() as u64;
    number("EXEUNT_SEED").unwrap_or_else(fresh)
}

/// States to try at each point at most: from `EXEUNT_STATES`, or `otherwise`.
pub fn states(otherwise: usize) -> usize {
    number("EXEUNT_STATES").map_or(otherwise, |states| states as usize)
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number: {text}")))
}
