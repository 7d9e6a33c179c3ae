//! How tries of each kind are slowed down. It counts nothing itself.

use super::key::Kind;
use crate::clock::SignedDuration;

/// How fast tries may be.
pub struct Pace {
    /// Failures in a row that cost no waiting: people mistype.
    pub free: u32,
    /// The longest wait. The first is one second, and each is twice the one before.
    pub longest: SignedDuration,
}

/// A stranger who tries a name locks out for a minute at a time at most, though again and again, those who
/// try it where it was never logged in to.
const FOR_A_NAME: Pace = Pace { free: 5, longest: SignedDuration::from_mins(1) };

/// Many people may share a network; somebody who tries many names from one can wait longer.
const FOR_A_NETWORK: Pace = Pace { free: 20, longest: SignedDuration::from_mins(15) };

impl Pace {
    /// That of `kind`.
    pub fn of(kind: Kind) -> &'static Self {
        match kind {
            Kind::Name | Kind::Place => &FOR_A_NAME,
            Kind::Network => &FOR_A_NETWORK,
        }
    }

    /// How long it takes after so many failures in a row, from the last of them to the next try.
    pub fn wait_after(&self, failures: u32) -> Option<SignedDuration> {
        let beyond = failures.checked_sub(self.free)?;
        Some(SignedDuration::from_secs(1 << beyond.min(20)).min(self.longest))
    }
}
