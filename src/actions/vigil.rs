//! Waiting for a session to end, for whatever reason: a logout here or in another process, a file deleted
//! by hand, either clock. Waiting never counts as the session being seen.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::account_id::AccountId;
use crate::app::App;
use crate::sessions::{Session, SessionId, Watch};

/// How long there may be no tidings. Proxies hang up on connections that are silent for longer, and the HTML
/// standard advises about as much (section 9.2.7). It is also how long an end may go unnoticed that
/// no watcher saw.
const AT_LEAST_EVERY: Duration = Duration::from_secs(15);

/// Somebody who waits for a session to end.
pub struct Vigil {
    app: Arc<App>,
    account: AccountId,
    session: SessionId,
    watch: Watch,
    /// When to look again at the latest.
    look_after: Duration,
}

/// What there is to say of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tidings {
    /// It goes on, as far as anybody can tell.
    Live,
    /// It is over.
    Over,
}

impl Vigil {
    /// Begins to wait: what ends from now on is noticed. `None` when too many wait for this account's sessions.
    pub async fn begin(app: Arc<App>, session: &Session) -> Option<Self> {
        let watch = app.sessions.watch(session.account).await?;
        Some(Self { app, account: session.account, session: session.id, watch, look_after: Duration::ZERO })
    }

    /// The tidings: the first at once, and then whenever the session may have ended, or there were none for 15
    /// seconds.
    pub async fn tidings(&mut self) -> Tidings {
        let _ = timeout(self.look_after, self.watch.told()).await;
        let now = self.app.now();
        match self.app.sessions.live(self.account, self.session, now).await {
            Ok(Some(live)) => {
                let left = Duration::try_from(live.ends().duration_since(now)).unwrap_or_default();
                self.look_after = left.min(AT_LEAST_EVERY);
                Tidings::Live
            }
            Ok(None) => Tidings::Over,
            Err(error) => {
                tracing::debug!(%error, session = %self.session, "nobody can tell whether a session goes on");
                self.look_after = AT_LEAST_EVERY;
                Tidings::Live
            }
        }
    }
}
