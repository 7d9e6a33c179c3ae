//! What is counted and timed, for whoever watches the site: in the text that Prometheus reads. It never says who
//! did something.

use std::time::Duration;

use prometheus::{
    Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, Registry, TextEncoder, histogram_opts,
    register_histogram_vec_with_registry, register_histogram_with_registry,
    register_int_counter_vec_with_registry, register_int_counter_with_registry,
    register_int_gauge_vec_with_registry, register_int_gauge_with_registry,
};

/// What [`Metrics::text`] is.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Seconds. A session that the kernel holds in memory is read in microseconds; a disk that is asked for fsync
/// takes milliseconds.
const STORE: [f64; 12] =
    [0.000_005, 0.000_01, 0.000_025, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0];

/// Seconds. A run of scrypt takes a third of one on a core of its own.
const HASHING: [f64; 8] = [0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0];

/// Seconds, from a page that needs no disk to a login at the end of the queue.
const REQUEST: [f64; 10] = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 10.0];

/// Everything that is counted, of one process since its start.
pub struct Metrics {
    logins: IntCounterVec,
    logouts: IntCounterVec,
    logouts_failed: IntCounterVec,
    expired: IntCounter,
    sessions: IntGauge,
    streams: IntGauge,
    hashing_waiting: IntGauge,
    hashing: Histogram,
    store: HistogramVec,
    requests: IntCounterVec,
    answering: HistogramVec,
    all: Registry,
}

impl Default for Metrics {
    fn default() -> Self {
        let all = Registry::new();
        let build =
            register_int_gauge_vec_with_registry!("exeunt_build_info", "What serves here", &["version"], all);
        valid(build).with_label_values(&[env!("CARGO_PKG_VERSION")]).inc();
        Self {
            logins: valid(register_int_counter_vec_with_registry!(
                "exeunt_logins_total",
                "Logins by what came of them",
                &["outcome"],
                all
            )),
            logouts: valid(register_int_counter_vec_with_registry!(
                "exeunt_logouts_total",
                "Logouts by what was to end",
                &["which"],
                all
            )),
            logouts_failed: valid(register_int_counter_vec_with_registry!(
                "exeunt_logouts_failed_total",
                "Logouts that the store could not complete",
                &["which"],
                all
            )),
            expired: valid(register_int_counter_with_registry!(
                "exeunt_sessions_expired_total",
                "Sessions that a clock has ended and a sweep has removed",
                all
            )),
            sessions: valid(register_int_gauge_with_registry!(
                "exeunt_sessions",
                "Live sessions at the last sweep",
                all
            )),
            streams: valid(register_int_gauge_with_registry!(
                "exeunt_event_streams",
                "Browsers that wait to hear of the end of a session",
                all
            )),
            hashing_waiting: valid(register_int_gauge_with_registry!(
                "exeunt_hashing_waiting",
                "Passwords that wait to be hashed",
                all
            )),
            hashing: valid(register_histogram_with_registry!(
                histogram_opts!("exeunt_hashing_seconds", "Time to hash a password", HASHING.to_vec()),
                all
            )),
            store: valid(register_histogram_vec_with_registry!(
                histogram_opts!(
                    "exeunt_store_seconds",
                    "Time that a store takes, but for sessions that are known without being read",
                    STORE.to_vec()
                ),
                &["store", "operation"],
                all
            )),
            requests: valid(register_int_counter_vec_with_registry!(
                "exeunt_requests_total",
                "Requests by route, method and status",
                &["route", "method", "status"],
                all
            )),
            answering: valid(register_histogram_vec_with_registry!(
                histogram_opts!("exeunt_request_seconds", "Time until an answer begins", REQUEST.to_vec()),
                &["route"],
                all
            )),
            all,
        }
    }
}

impl Metrics {
    /// Somebody has tried to log in, and this came of it.
    pub fn login(&self, outcome: &str) {
        self.logins.with_label_values(&[outcome]).inc();
    }

    /// Sessions have ended because somebody asked for it.
    pub fn logout(&self, which: &str) {
        self.logouts.with_label_values(&[which]).inc();
    }

    /// Sessions should have ended, and the store still has some.
    pub fn logout_failed(&self, which: &str) {
        self.logouts_failed.with_label_values(&[which]).inc();
    }

    /// A sweep has removed a session that was over.
    pub fn expired(&self) {
        self.expired.inc();
    }

    /// A sweep has found so many live sessions.
    pub fn found_live(&self, sessions: usize) {
        self.sessions.set(i64::try_from(sessions).unwrap_or(i64::MAX));
    }

    /// A browser listens.
    #[must_use]
    pub fn stream(&self) -> OneMore {
        OneMore::of(&self.streams)
    }

    /// A password waits to be hashed.
    #[must_use]
    pub fn hashing_waits(&self) -> OneMore {
        OneMore::of(&self.hashing_waiting)
    }

    /// Times how long passwords take to be hashed.
    #[must_use]
    pub fn hashing(&self) -> Stopwatch {
        Stopwatch(self.hashing.clone())
    }

    /// Times one operation of a store.
    #[must_use]
    pub fn operation(&self, store: &str, operation: &str) -> Stopwatch {
        Stopwatch(self.store.with_label_values(&[store, operation]))
    }

    /// A request is answered.
    pub fn answered(&self, route: &str, method: &str, status: &str, took: Duration) {
        self.requests.with_label_values(&[route, method, status]).inc();
        self.answering.with_label_values(&[route]).observe(took.as_secs_f64());
    }

    /// All of it, as it is now.
    ///
    /// # Panics
    /// Never: what is counted here can be written.
    #[must_use]
    pub fn text(&self) -> String {
        TextEncoder::new().encode_to_string(&self.all.gather()).expect("BUG: figures can be written")
    }
}

/// One of several, for as long as it is there.
pub struct OneMore(IntGauge);

impl OneMore {
    fn of(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for OneMore {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Times one kind of thing.
#[derive(Clone)]
pub struct Stopwatch(Histogram);

impl Stopwatch {
    /// Runs until what this answers is dropped.
    #[must_use]
    pub fn start(&self) -> impl Send + Sync + use<> {
        self.0.start_timer()
    }
}

fn valid<T>(made: prometheus::Result<T>) -> T {
    made.expect("BUG: each name is there once, and is one")
}
