//! Logging out, here or elsewhere. It never needs a live session: what has ended is success, and what
//! cannot be ended is refused from then on and tried again.

use super::ActionError;
use super::end_sessions::{end_all, end_sessions, end_tokens};
use super::start_session::Visit;
use crate::account_id::AccountId;
use crate::accounts::{AccountName, LockKind};
use crate::app::App;
use crate::audit::Asker;
use crate::sessions::{Listing, Session, SessionId};
use crate::store_error::StoreError;

/// Logs this browser out: every token that it sent, so that none of them is left behind.
///
/// # Errors
/// When a session cannot be ended.
pub async fn log_out_here(app: &App, visit: &Visit) -> Result<(), ActionError> {
    Ok(end_tokens(app, visit, "this").await?)
}

/// Logs the account out everywhere but in this session, and answers how many sessions were live, or may have been.
///
/// # Errors
/// When the others cannot be listed or ended.
pub async fn log_out_others(app: &App, this: &Session, visit: &Visit) -> Result<usize, ActionError> {
    let _lock = app.accounts.lock(this.account, LockKind::Exclusive).await?;
    let mut ids = app.sessions.ids(this.account).await?;
    ids.retain(|&id| id != this.id);
    // A store that cannot say which are live keeps nobody from ending them.
    let listed = app.sessions.list(this.account, app.now()).await;
    let ended = end_sessions(app, this.account, &ids, "others", &visit.asker).await?;
    let Ok(Listing { sessions, unread }) = listed else { return Ok(ended) };
    let live = sessions.iter().map(|live| live.session.id);
    Ok(live.chain(unread).filter(|&id| id != this.id).count())
}

/// Logs the account out everywhere, this browser first.
///
/// # Errors
/// When a session cannot be ended; [`ActionError::HereOnly`] when the others may go on.
pub async fn log_out_everywhere(app: &App, this: &Session, visit: &Visit) -> Result<(), ActionError> {
    let here = log_out_here(app, visit).await;
    // Said first: this one is refused and tried again by itself, but the others have to be asked for anew.
    end_all_of(app, this.account, &visit.asker)
        .await
        .map_err(|error| ActionError::HereOnly(Box::new(error)))?;
    here
}

/// Logs one of this account's sessions out; `false` when it was over. An id that none of them has is over, as
/// far as this account can know; whose else it may be is not looked for.
///
/// # Errors
/// When it cannot be ended.
pub async fn log_out_one(
    app: &App,
    this: &Session,
    id: SessionId,
    visit: &Visit,
) -> Result<bool, ActionError> {
    let found = app.sessions.live(this.account, id, app.now()).await;
    let ended = end_sessions(app, this.account, &[id], "one", &visit.asker).await?;
    Ok(found.map_or(ended > 0, |live| live.is_some()))
}

/// Ends a session, whoever's it is. `false` when there is none.
///
/// # Errors
/// When it cannot be found or ended.
pub async fn end_session(app: &App, id: SessionId) -> Result<bool, ActionError> {
    let Some(owner) = app.sessions.owner(id).await? else { return Ok(false) };
    Ok(end_sessions(app, owner, &[id], "one", &Asker::LOCAL).await? > 0)
}

/// Ends every session of the account `name`, and answers how many; `None` when there is no such account.
///
/// # Errors
/// When they cannot be listed or ended.
pub async fn end_sessions_of(app: &App, name: &AccountName) -> Result<Option<usize>, ActionError> {
    match app.accounts.read(name).await? {
        Some(account) => end_all_of(app, account.id, &Asker::LOCAL).await.map(Some),
        None => Ok(None),
    }
}

/// What came of ending every session.
#[derive(Debug, PartialEq, Eq)]
pub struct EveryEnding {
    /// How many sessions ended, of accounts of which all did.
    pub ended: usize,
    /// The accounts of which some may go on.
    pub failed: Vec<AccountId>,
}

/// Ends every session there is. An account whose sessions cannot be ended does not keep others from being logged out.
///
/// # Errors
/// When the store cannot say which accounts there are.
pub async fn end_every_session(app: &App) -> Result<EveryEnding, StoreError> {
    let mut every = EveryEnding { ended: 0, failed: Vec::new() };
    for account in app.sessions.accounts().await? {
        match end_all_of(app, account, &Asker::LOCAL).await {
            Ok(ended) => every.ended += ended,
            Err(error) => {
                tracing::error!(%error, %account, "an account's sessions were not all ended");
                every.failed.push(account);
            }
        }
    }
    Ok(every)
}

async fn end_all_of(app: &App, account: AccountId, asker: &Asker) -> Result<usize, ActionError> {
    let _lock = app.accounts.lock(account, LockKind::Exclusive).await?;
    end_all(app, account, asker).await
}
