//! What happened, for whoever has to know later: one line of JSON for each event. It never holds a password, a
//! token, a link, or a name that somebody typed and no account has.

mod asker;
mod event;
mod trail;

use std::io;
use std::sync::Arc;

use serde::Serialize;

pub use asker::{Asker, RequestId};
pub use event::{Event, What, Why};
pub use trail::Trail;

use crate::clock::Clock;
use crate::metrics::Metrics;

/// Where events are recorded.
pub struct Audit {
    trail: Trail,
    clock: Clock,
    metrics: Arc<Metrics>,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    #[serde(flatten)]
    event: &'a Event<'a>,
}

impl Audit {
    /// Writes to `trail`, with the time that `clock` shows, and counts in `metrics`.
    #[must_use]
    pub fn new(trail: Trail, clock: Clock, metrics: Arc<Metrics>) -> Self {
        Self { trail, clock, metrics }
    }

    /// Counts the event and writes its line. It is written when this returns, in the file as far as other processes can
    /// tell: whoever had an answer finds its line there, even if the program is killed. That takes no longer
    /// than a write into the kernel's memory, so no thread of its own stands between, with a queue to lose.
    ///
    /// # Panics
    /// Never: every event has its JSON.
    pub fn record(&self, event: &Event<'_>) {
        event.count(&self.metrics);
        // RFC 3339, in UTC, to the second.
        let line = Line { time: self.clock.now().to_string(), event };
        let line = serde_json::to_string(&line).expect("BUG: every event has its JSON");
        self.trail.write(event.level(), &line);
    }

    /// Whether there is a file that can be given another name.
    #[must_use]
    pub fn has_file(&self) -> bool {
        self.trail.is_file()
    }

    /// Goes on in a new file, where somebody has given the old one another name.
    ///
    /// # Errors
    /// When it cannot be opened; then it goes on in the old one.
    pub fn reopen(&self) -> io::Result<()> {
        self.trail.reopen()
    }
}
