//! Changing one's password, from within a session. Every session of the account ends, this one too, and a
//! new one begins here. It never takes a wrong password for less of a guess than a login does.

use super::ActionError;
use super::end_sessions::end_sessions;
use super::guess::{Guess, guess};
use super::start_session::{LetInBy, Started, Visit, lets_in, start_session};
use crate::accounts::{Account, AccountName, LockKind, Password, PasswordHash, PasswordRefusal, Place};
use crate::app::App;
use crate::audit::{Event, What, Why};
use crate::sessions::{Session, SessionId};
use crate::throttle::{Begun, TooMany};

/// Somebody wants another password. Not to be printed: it holds two.
pub struct Change<'a> {
    /// The session that asks for it.
    pub this: &'a Session,
    /// As typed.
    pub current_password: &'a str,
    /// As typed.
    pub new_password: &'a str,
    /// Where they are.
    pub visit: Visit,
}

/// What came of it.
#[derive(Debug)]
pub enum PasswordChange {
    /// It is changed. With the session that took this one's place, unless none could begin.
    Done(Option<Started>),
    /// It is not: meanwhile this session ended, or the account changed.
    TooLate,
    /// The current password is another one.
    WrongPassword,
    /// Too many have been wrong in a row: the right one is not taken either.
    TooManyFailures,
    /// The new password is what was typed as the current one.
    SamePassword,
    /// The new password will not do.
    PasswordRefused(PasswordRefusal),
    /// They have to wait first.
    Throttled(TooMany),
    /// Too many passwords are being hashed at once.
    Busy,
}

/// Changes a password.
///
/// # Errors
/// When a store fails; [`ActionError::NotChanged`] when a session could not be ended, and
/// [`ActionError::MaybeChanged`] when all have ended and the account could not be written.
pub async fn change_password(app: &App, change: Change<'_>) -> Result<PasswordChange, ActionError> {
    let Ok(name) = AccountName::parse(&change.this.account_name) else { return Ok(PasswordChange::TooLate) };
    let new = match app.password_rules.check(change.new_password, &name) {
        Ok(new) => new,
        Err(refusal) => return Ok(PasswordChange::PasswordRefused(refusal)),
    };
    let current = Password::claimed(change.current_password);
    if new == current {
        return Ok(PasswordChange::SamePassword);
    }
    let this_try = match app.throttle.begin(name.as_str(), change.visit.asker.address, app.now()).await? {
        Begun::Try(this_try) => this_try,
        Begun::TooMany(too_many) => {
            change.failed(app, Why::Throttled);
            return Ok(PasswordChange::Throttled(too_many));
        }
    };
    let outcome = check(app, &name, &change, (current, new)).await;
    match &outcome {
        Ok(PasswordChange::Done(_)) => this_try.succeeded(app.now()).await,
        // Too late may have been wrong as well, and must not be told from it.
        Ok(PasswordChange::WrongPassword | PasswordChange::TooLate | PasswordChange::TooManyFailures) => {
            this_try.failed(app.now()).await;
        }
        // Too busy, or the machine failed: dropped without a word.
        _ => {}
    }
    outcome
}

/// Once more where something changed while the password was being checked: it may have been a login that
/// renewed the hash, and then the password is right all the same.
async fn check(
    app: &App,
    name: &AccountName,
    change: &Change<'_>,
    typed: (Password, Password),
) -> Result<PasswordChange, ActionError> {
    for _ in 0..2 {
        if let Some(outcome) = check_once(app, name, change, typed.clone()).await? {
            return Ok(outcome);
        }
    }
    change.failed(app, Why::Changed);
    Ok(PasswordChange::TooLate)
}

/// `None` when the account or this session changed meanwhile.
async fn check_once(
    app: &App,
    name: &AccountName,
    change: &Change<'_>,
    (current, new): (Password, Password),
) -> Result<Option<PasswordChange>, ActionError> {
    let account = app.accounts.read(name).await?;
    let account = account.filter(|account| account.id == change.this.account && !account.disabled);
    let account = match (guess(app, account.as_ref(), current, Place::Known).await?, account) {
        (Guess::Right(_), Some(account)) => account,
        (Guess::Busy, _) => return Ok(Some(change.failed_for_now(app))),
        (Guess::TooMany, _) => {
            change.failed(app, Why::TooManyFailures);
            return Ok(Some(PasswordChange::TooManyFailures));
        }
        _ => {
            // Whether the session is over by now or not: it was a guess.
            change.failed(app, Why::WrongPassword);
            let is_live = is_live(app, change.this).await?;
            return Ok(Some(if is_live { PasswordChange::WrongPassword } else { PasswordChange::TooLate }));
        }
    };
    let Ok(hash) = app.hasher.hash(new).await else { return Ok(Some(change.failed_for_now(app))) };
    let Some(account) = replace(app, change, &account, hash).await? else { return Ok(None) };
    app.audit.record(&change.event(What::PasswordChanged));

    let started = start_session(app, &account, change.this.lasting, LetInBy::Password, &change.visit).await;
    Ok(Some(PasswordChange::Done(started.unwrap_or_else(|error| {
        // The password is changed all the same, and its owner has to hear that.
        tracing::error!(%error, "no session began after a password was changed");
        None
    }))))
}

/// Puts the new password in the place of the one that was checked, unless the account or this session is
/// another one by now: then `None`.
///
/// Sessions end before the password changes: a crash between the two leaves the old password, and never an
/// old session beside a new one.
async fn replace(
    app: &App,
    change: &Change<'_>,
    checked: &Account,
    hash: PasswordHash,
) -> Result<Option<Account>, ActionError> {
    let _lock = app.accounts.lock(checked.id, LockKind::Exclusive).await?;
    let account = app.accounts.read(&checked.name).await?;
    let Some(mut account) = account.filter(|account| lets_in(account, checked)) else { return Ok(None) };
    let ids = app.sessions.ids(account.id).await?;
    // A logout takes no lock. Of all who end this session at the same moment, one finds it there.
    if !is_live(app, change.this).await? || end(app, change, &[change.this.id], "this").await? == 0 {
        return Ok(None);
    }
    end(app, change, &ids, "all").await?;
    account.password = Some(hash);
    account.link = None;
    let updated = app.accounts.update(&account).await.map_err(ActionError::MaybeChanged)?;
    Ok(updated.then_some(account))
}

async fn end(app: &App, change: &Change<'_>, ids: &[SessionId], which: &str) -> Result<usize, ActionError> {
    let ended = end_sessions(app, change.this.account, ids, which, &change.visit.asker).await;
    ended.map_err(ActionError::NotChanged)
}

async fn is_live(app: &App, this: &Session) -> Result<bool, ActionError> {
    Ok(app.sessions.live(this.account, this.id, app.now()).await?.is_some())
}

impl Change<'_> {
    fn event<'a>(&'a self, what: What<'a>) -> Event<'a> {
        Event::of(what, self.this.account).session(&self.this.id).by(&self.visit.asker)
    }

    fn failed(&self, app: &App, why: Why) {
        app.audit.record(&self.event(What::PasswordNotChanged { why }));
    }

    fn failed_for_now(&self, app: &App) -> PasswordChange {
        self.failed(app, Why::Busy);
        PasswordChange::Busy
    }
}
