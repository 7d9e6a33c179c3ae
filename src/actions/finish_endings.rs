//! Trying again to end what could not be ended, until the store lets go of it.

use crate::app::App;
use crate::audit::{self, Event};

/// One more try at everything that is left.
pub async fn finish_endings(app: &App) {
    if app.sessions.has_unfinished_endings() && app.sessions.retry_endings().await == 0 {
        audit::record(&Event::EndingsDone);
    }
}
