//! What an account's owner is shown of it: where they are logged in, and who else has tried. It changes
//! nothing.

use super::list_sessions::list_sessions;
use crate::accounts::{Login, Place};
use crate::app::App;
use crate::sessions::{Listing, LiveSession, Session};
use crate::store_error::StoreError;

/// An account, as it looks from one of its sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Its live sessions, the one seen last first.
    pub sessions: Listing<LiveSession>,
    /// The last login but the one that began this session.
    pub last_login: Option<Login>,
    /// How many tries to log in have failed since.
    pub failed: u32,
    /// Whether nobody can log in any more but where somebody has before: too many passwords were wrong.
    pub is_closed_elsewhere: bool,
}

/// The account of `this` session.
///
/// # Errors
/// When a store fails.
pub async fn overview(app: &App, this: &Session) -> Result<Overview, StoreError> {
    let logins = app.accounts.logins(this.account).await?;
    let (last_login, failed) = logins.before(this.created());
    Ok(Overview {
        sessions: list_sessions(app, this.account).await?,
        last_login,
        failed,
        is_closed_elsewhere: !logins.admit(Place::Elsewhere),
    })
}
