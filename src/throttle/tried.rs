//! How often something was tried of late, as it is kept. It never says what.

use serde::{Deserialize, Serialize};

use super::pace::Pace;
use crate::clock::{self, SignedDuration, Timestamp};
use crate::record::Record;

/// Failures are forgotten when nothing was tried for this long.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// A place is forgotten when nobody has logged in there for this long: longer than the 30 days after which
/// even a browser that stays logged in has to log in again, and no longer than a quarter of a year.
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(24 * 90);

/// A login at a place that is known already is kept if the last one is older than this: what it is for does not
/// need to know the hour.
const LOGINS_KEPT_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// Failures in a row, and when the last was; for a place, when somebody last logged in there too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    failures: u32,
    last_failure: i64,
    last_login: Option<i64>,
}

impl Record for Tried {
    const KIND: u8 = b't';
    const VERSION: u8 = 1;
}

impl Tried {
    /// Failures in a row.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// When it last failed, as far as that still counts.
    pub(super) fn last_failure(&self) -> Timestamp {
        clock::at_second(self.last_failure)
    }

    /// When somebody last logged in there, as far as that still counts.
    pub(super) fn last_login(&self, now: Timestamp) -> Option<Timestamp> {
        let at = clock::at_second(self.last_login?);
        (now.duration_since(at) < KNOWN_FOR).then_some(at)
    }

    /// When it was last another thing.
    pub(super) fn last_change(&self) -> i64 {
        self.last_failure.max(self.last_login.unwrap_or(i64::MIN))
    }

    /// How long it is until the next try, if not now.
    pub(super) fn wait(&self, pace: &Pace, now: Timestamp) -> Option<SignedDuration> {
        if self.is_forgotten(now) {
            return None;
        }
        let left = pace.wait_after(self.failures)? - now.duration_since(self.last_failure());
        (left > SignedDuration::ZERO).then_some(left)
    }

    /// Whether tries are taken one at a time.
    pub(super) fn is_slowed(&self, pace: &Pace, now: Timestamp) -> bool {
        self.failures >= pace.free && !self.is_forgotten(now)
    }

    /// Whether it is worth keeping.
    pub(super) fn matters(&self, pace: &Pace, now: Timestamp) -> bool {
        self.is_slowed(pace, now) || self.last_login(now).is_some()
    }

    /// Whether there is more to keep of it than of what it was `before`.
    pub(super) fn says_more_than(&self, before: &Self) -> bool {
        let logins = [self, before].map(|tried| clock::at_second(tried.last_login.unwrap_or(i64::MIN)));
        (self.failures, self.last_failure) != (before.failures, before.last_failure)
            || logins[0].duration_since(logins[1]) >= LOGINS_KEPT_EVERY
    }

    /// Where the clock was set back, waits are counted from here.
    pub(super) fn not_after(&mut self, now: Timestamp) {
        self.last_failure = self.last_failure.min(now.as_second());
    }

    /// It failed once more.
    pub fn fail(&mut self, now: Timestamp) {
        if self.is_forgotten(now) {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.last_failure = now.as_second();
    }

    /// What failed is over.
    pub(super) fn forgive(&mut self) {
        self.failures = 0;
    }

    /// Somebody has logged in there.
    pub fn log_in(&mut self, now: Timestamp) {
        self.forgive();
        self.last_login = Some(now.as_second());
    }

    pub(super) fn is_forgotten(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_failure()) >= FORGOTTEN_AFTER
    }
}
