//! Trying again to end what could not be ended, until the store lets go of it.

use crate::app::App;
use crate::audit::{Event, What};

/// One more try at everything that is left, and how many are left after it.
pub async fn finish_endings(app: &App) -> usize {
    if !app.sessions.has_unfinished_endings() {
        return 0;
    }
    let left = app.sessions.retry_endings().await;
    if left == 0 {
        app.audit.record(&Event::new(What::EndingsDone));
    }
    left
}
