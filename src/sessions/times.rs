//! How long what happens to sessions takes. It never says to which.

use crate::metrics::{Metrics, Stopwatch};

/// One for each operation, resolved once. What is known of a session without reading it is not timed.
pub struct Times {
    pub create: Stopwatch,
    pub read: Stopwatch,
    pub touch: Stopwatch,
    pub end: Stopwatch,
    pub list: Stopwatch,
    pub sweep: Stopwatch,
}

impl Times {
    /// Of `metrics`.
    pub fn of(metrics: &Metrics) -> Self {
        let time = |operation| metrics.operation("sessions", operation);
        Self {
            create: time("create"),
            read: time("read"),
            touch: time("touch"),
            end: time("end"),
            list: time("list"),
            sweep: time("sweep"),
        }
    }
}
