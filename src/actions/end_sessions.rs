//! Ending sessions, each time with its audit line: what all acts that end some have in
//! common. It never decides which.

use std::collections::HashMap;

use super::ActionError;
use crate::account_id::AccountId;
use crate::app::App;
use crate::audit::{self, Event};
use crate::sessions::{NotEnded, SessionId, Token};

/// Ends sessions of one account, and answers how many there were. `which` is for the audit line.
pub(super) async fn end_sessions(
    app: &App,
    account: AccountId,
    ids: &[SessionId],
    which: &str,
) -> Result<usize, NotEnded> {
    let ended = app.sessions.end(account, ids).await;
    match &ended {
        Ok(0) => {}
        Ok(ended) => audit::record(&Event::LoggedOut { account, which, ended: *ended }),
        Err(error) => audit::record(&Event::NotLoggedOut { error }),
    }
    ended
}

/// Ends every session of an account, and answers how many there were. Whoever calls this holds the
/// account's exclusive lock: a login at this moment is either among them or begins afterwards.
pub(super) async fn end_all(app: &App, account: AccountId) -> Result<usize, ActionError> {
    let ids = app.sessions.ids(account).await?;
    Ok(end_sessions(app, account, &ids, "all").await?)
}

/// Ends the sessions that these tokens open, all of an account's at once. When some cannot be ended, the
/// others are.
pub(super) async fn end_tokens(app: &App, tokens: &[Token], which: &str) -> Result<(), NotEnded> {
    let mut by_account: HashMap<AccountId, Vec<SessionId>> = HashMap::new();
    for token in tokens {
        by_account.entry(token.account()).or_default().push(token.session_id());
    }
    let mut failed = None;
    for (account, ids) in by_account {
        if let Err(error) = end_sessions(app, account, &ids, which).await {
            failed = Some(error);
        }
    }
    failed.map_or(Ok(()), Err)
}
