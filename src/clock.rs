//! What time it is. Rules take `now` as a value; this file alone reads the machine's clock, and it
//! never waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::fmt::rfc2822::DateTimePrinter;
pub use jiff::{SignedDuration, Timestamp};

/// Where `now` comes from: the machine, or a hand-moved clock.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Seconds since the epoch, shared by all clones.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still at `start` until it is moved with [`Clock::advance`].
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.as_second()))))
    }

    /// The time, in whole seconds: session records and file times keep no finer ones.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let second = match &self.0 {
            Source::System => Timestamp::now().as_second(),
            Source::Manual(second) => second.load(Ordering::SeqCst),
        };
        at_second(second)
    }

    /// Moves a manual clock, forwards or back.
    ///
    /// # Panics
    /// On the machine's clock, which is not ours to move.
    pub fn advance(&self, by: SignedDuration) {
        let Source::Manual(second) = &self.0 else {
            panic!("BUG: only a manual clock can be moved");
        };
        second.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

/// A time as HTTP has it in its headers: `Mon, 23 Nov 2026 12:00:00 GMT`.
///
/// # Panics
/// Before the year 0.
#[must_use]
pub fn http_date(time: Timestamp) -> String {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&time).expect("BUG: HTTP has no such year")
}

/// The time `second` seconds after the epoch; what no calendar holds becomes the nearest that it does.
#[must_use]
pub fn at_second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(if second < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
