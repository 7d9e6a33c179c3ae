//! Removing what is over: expired sessions, and what a crash left behind. It never touches a live session,
//! and nothing waits for it: an expired session is refused whether it was swept or not.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::app::App;
use crate::audit::{Event, What};
use crate::sessions::Swept;
use crate::store_error::StoreError;

/// How much of the machine a sweep may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// All of one core and of the disk: somebody is waiting for it.
    AtOnce,
    /// A quarter of that: people are being served.
    Beside,
}

/// How long a sweep works before it rests. Much shorter, and the rests would be shorter than a timer can
/// tell; much longer, and a request that comes meanwhile would notice.
const WORKS_FOR: Duration = Duration::from_millis(5);

/// How much longer than it worked it rests.
const RESTS: u32 = 3;

/// Sweeps everything, and reports after each account how many are done, and of how many. `None` when
/// somebody else is sweeping at this moment.
///
/// # Errors
/// When it cannot begin. What fails later is counted, logged and left for the next sweep.
pub async fn sweep(
    app: &App,
    pace: Pace,
    mut progress: impl FnMut(usize, usize),
) -> Result<Option<Swept>, StoreError> {
    let Some(round) = app.sessions.begin_sweep().await? else { return Ok(None) };
    let mut total = Swept { skipped: round.skipped, ..Swept::default() };
    let mut began = Instant::now();
    for (index, &account) in round.accounts.iter().enumerate() {
        match app.sessions.sweep(account, app.now()).await {
            Ok(mut swept) => {
                // Not kept in the total: they may be a million.
                for session in swept.expired.drain(..) {
                    app.audit.record(&Event::of(What::Expired, account).session(&session));
                }
                total.add(swept);
            }
            Err(error) => {
                tracing::error!(%error, %account, "an account's sessions were not swept");
                total.failed += 1;
            }
        }
        progress(index + 1, round.accounts.len());
        let worked = began.elapsed();
        if pace == Pace::Beside && worked >= WORKS_FOR {
            sleep(worked * RESTS).await;
            began = Instant::now();
        }
    }
    if let Err(error) = app.accounts.sweep(app.now()).await {
        tracing::error!(%error, "what a crash left among the accounts was not swept");
        total.failed += 1;
    }
    if let Err(error) = app.throttle.sweep(app.now()).await {
        tracing::error!(%error, "tries that cost nobody a wait any more were not swept");
        total.failed += 1;
    }
    drop(round.turn);
    app.metrics.found_live(total.live);
    Ok(Some(total))
}
