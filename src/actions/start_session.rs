//! Starting a session: the last step of logging in, of joining and of changing one's password. It never
//! decides who may.

use std::cmp::Reverse;

use super::ActionError;
use super::end_sessions::{end_sessions, end_tokens};
use crate::accounts::{Account, LockKind, Logins};
use crate::app::App;
use crate::audit::{Asker, Event, What};
use crate::sessions::{Browser, CAP, LastingFor, NewSession, Session, SessionId, Token};
use crate::store_error::StoreError;

/// The browser that somebody is at.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Which one, in words.
    pub browser: Browser,
    /// Where from, and with which request.
    pub asker: Asker,
    /// The tokens that it holds already. Their sessions end, since nothing would open them again.
    pub tokens: Vec<Token>,
}

/// A session that has just started.
#[derive(Debug)]
pub struct Started {
    /// For the cookie.
    pub token: Token,
    /// The session that it opens.
    pub session: Session,
}

/// What opened the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LetInBy {
    /// A guess at its password, which was counted.
    Password,
    /// A one-time link.
    Link,
}

/// Starts a session for `account`, unless the account is another one by now: then `None`.
///
/// The shared lock makes this wait for whoever changes the password or must see all sessions, and makes
/// them wait for this.
pub(super) async fn start_session(
    app: &App,
    account: &Account,
    lasting: LastingFor,
    by: LetInBy,
    visit: &Visit,
) -> Result<Option<Started>, ActionError> {
    let lock = app.accounts.lock(account.id, LockKind::Shared).await?;
    if !app.accounts.read(&account.name).await?.is_some_and(|now| lets_in(&now, account)) {
        return Ok(None);
    }
    let new = NewSession {
        account: account.id,
        account_name: account.name.to_string(),
        lasting,
        browser: visit.browser.clone(),
        address: visit.asker.address,
    };
    let (token, session) = app.sessions.start(new, app.now()).await?;
    note(app, &session, by).await;
    drop(lock);

    if let Err(error) = keep_to_the_cap(app, &session, &visit.asker).await {
        // The token has not left, so nobody will miss this session.
        let _ = app.sessions.end(session.account, &[session.id]).await;
        return Err(error.into());
    }
    // An old session that cannot be ended is no reason for a login to fail: it is refused from now on.
    let _ = end_tokens(app, visit, "replaced").await;
    let logged_in = Event::of(What::LoggedIn, session.account).session(&session.id);
    app.audit.record(&logged_in.by(&visit.asker));
    Ok(Some(Started { token, session }))
}

/// Whether what let somebody in still does.
pub(super) fn lets_in(now: &Account, then: &Account) -> bool {
    now.id == then.id && now.password == then.password && !now.disabled
}

/// Notes the login, for whoever looks at the account later. What failed before it is over with that.
async fn note(app: &App, session: &Session, by: LetInBy) {
    let (at, address) = (session.created(), session.address);
    let log_in = move |logins: &mut Logins| {
        logins.log_in(at, address, by == LetInBy::Password);
        true
    };
    if let Err(error) = app.accounts.change_logins(session.account, Box::new(log_in)).await {
        // No reason to send away somebody who is in.
        tracing::error!(%error, account = %session.account, "a login was not noted");
    }
}

/// Ends the sessions seen longest ago, beyond the most that an account may have.
async fn keep_to_the_cap(app: &App, newest: &Session, asker: &Asker) -> Result<(), StoreError> {
    if app.sessions.list(newest.account, app.now()).await?.sessions.len() <= CAP {
        return Ok(());
    }
    let _lock = app.accounts.lock(newest.account, LockKind::Exclusive).await?;
    let mut sessions = app.sessions.list(newest.account, app.now()).await?.sessions;
    // The new one first, whatever the clocks say.
    sessions.sort_by_key(|live| (live.session.id != newest.id, Reverse(live.last_seen)));
    let over: Vec<SessionId> = sessions.iter().skip(CAP).map(|live| live.session.id).collect();
    // What cannot be ended is refused from now on, which keeps to the cap as well.
    let _ = end_sessions(app, newest.account, &over, "oldest", asker).await;
    Ok(())
}
