//! Whether this process can do its work: not by asking whether a disk is there, but by doing what a login and
//! a logout do. It never leaves anything that lets somebody in.

use std::time::Duration;

use tokio::time::timeout;

use crate::account_id::AccountId;
use crate::accounts::LockKind;
use crate::app::App;
use crate::sessions::{Browser, LastingFor, NewSession};
use crate::store_error::StoreError;

/// A store that takes longer than this is of no use to anybody who waits for a page.
const WITHIN: Duration = Duration::from_secs(5);

/// Reads the accounts, and starts a session of nobody's, finds it and ends it.
///
/// # Errors
/// When one of that cannot be done, or takes longer than five seconds.
pub async fn check_stores(app: &App) -> Result<(), StoreError> {
    let checked = timeout(WITHIN, check(app)).await;
    checked.unwrap_or_else(|_| Err(StoreError::new("checking the stores", "it takes too long")))
}

async fn check(app: &App) -> Result<(), StoreError> {
    let _lock = app.accounts.lock(AccountId::NOBODY, LockKind::Shared).await?;
    app.accounts.first_offer().await?;
    // Where this is cut short, it is a session like any other, whose token nobody has, and is swept in time.
    let new = NewSession {
        account: AccountId::NOBODY,
        account_name: String::new(),
        lasting: LastingFor::ThisVisit,
        browser: Browser::from_user_agent(""),
        address: None,
    };
    let (_, session) = app.sessions.start(new, app.now()).await?;
    let found = app.sessions.live(session.account, session.id, app.now()).await;
    app.sessions.end(session.account, &[session.id]).await.map_err(|kept| kept.source)?;
    match found? {
        Some(_) => Ok(()),
        None => Err(StoreError::new("checking the stores", "what was written is not there")),
    }
}
