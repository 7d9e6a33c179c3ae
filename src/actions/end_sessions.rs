//! Ending sessions, each time with its audit line: what all acts that end some have in
//! common. It never decides which.

use std::collections::HashMap;

use super::ActionError;
use super::start_session::Visit;
use crate::account_id::AccountId;
use crate::app::App;
use crate::audit::{Asker, Event, What};
use crate::sessions::{NotEnded, SessionId};

/// Ends sessions of one account, and answers how many there were. `which` is for the audit line.
pub(super) async fn end_sessions(
    app: &App,
    account: AccountId,
    ids: &[SessionId],
    which: &str,
    asker: &Asker,
) -> Result<usize, NotEnded> {
    let ended = app.sessions.end(account, ids).await;
    let what = match &ended {
        Ok(0) => return ended,
        Ok(ended) => What::LoggedOut { which, ended: *ended },
        Err(kept) => What::NotLoggedOut { which, left: kept.ids.len(), error: kept },
    };
    let event = Event::of(what, account).by(asker);
    match ids {
        [only] => app.audit.record(&event.session(only)),
        _ => app.audit.record(&event),
    }
    ended
}

/// Ends every session of an account, and answers how many there were. Whoever calls this holds the
/// account's exclusive lock: a login at this moment is either among them or begins afterwards.
pub(super) async fn end_all(app: &App, account: AccountId, asker: &Asker) -> Result<usize, ActionError> {
    let ids = app.sessions.ids(account).await?;
    Ok(end_sessions(app, account, &ids, "all", asker).await?)
}

/// Ends the sessions that the browser's tokens open, all of an account's at once. When some cannot be ended, the
/// others are.
pub(super) async fn end_tokens(app: &App, visit: &Visit, which: &str) -> Result<(), NotEnded> {
    let mut by_account: HashMap<AccountId, Vec<SessionId>> = HashMap::new();
    for token in &visit.tokens {
        by_account.entry(token.account()).or_default().push(token.session_id());
    }
    let mut failed = None;
    for (account, ids) in by_account {
        if let Err(error) = end_sessions(app, account, &ids, which, &visit.asker).await {
            failed = Some(error);
        }
    }
    failed.map_or(Ok(()), Err)
}
