//! Finding out who is asking, from the tokens that a browser sent. It changes nothing but when a session
//! was last seen.

use crate::app::App;
use crate::sessions::{LiveSession, Presence, Token};
use crate::store_error::StoreError;

/// Who is asking.
#[derive(Debug)]
pub enum Resumed {
    /// Somebody who is logged in.
    LoggedIn(LiveSession),
    /// Nobody.
    Stranger,
    /// Nobody can tell: the store failed. Nobody is let in.
    Unknown(StoreError),
}

/// Tries every token: another site of the domain may have put one before ours.
pub async fn resume(app: &App, tokens: &[Token], presence: Presence) -> Resumed {
    let mut failed = None;
    for token in tokens {
        match app.sessions.resume(token, presence, app.now()).await {
            Ok(Some(live)) => return Resumed::LoggedIn(live),
            Ok(None) => {}
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Resumed::Stranger, Resumed::Unknown)
}
