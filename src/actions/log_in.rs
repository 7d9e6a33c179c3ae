//! Logging in. For every refusal there is one answer, after one run of scrypt: only the audit line says
//! why.

use super::ActionError;
use super::guess::{Guess, guess};
use super::start_session::{LetInBy, Started, Visit, start_session};
use crate::account_id::AccountId;
use crate::accounts::{Account, AccountName, LockKind, Password, PasswordHash, Place};
use crate::app::App;
use crate::audit::{Event, What, Why};
use crate::clock::Timestamp;
use crate::sessions::LastingFor;
use crate::throttle::{Begun, TooMany};

/// Somebody wants in. Not to be printed: it holds a password.
pub struct Attempt<'a> {
    /// As typed.
    pub username: &'a str,
    /// As typed.
    pub password: &'a str,
    /// How long the session is to last.
    pub lasting: LastingFor,
    /// Where they are.
    pub visit: Visit,
}

/// What came of it.
#[derive(Debug)]
pub enum LoggedIn {
    /// They are in.
    Started(Started),
    /// They are not, and nothing says why.
    Refused,
    /// They have to wait first.
    Throttled(TooMany),
    /// Too many passwords are being checked at once.
    Busy,
}

/// Logs somebody in.
///
/// # Errors
/// When a store fails.
pub async fn log_in(app: &App, attempt: Attempt<'_>) -> Result<LoggedIn, ActionError> {
    let name = AccountName::parse(attempt.username).ok();
    // What is no name is tried all the same, as one that nobody has.
    let tried = name.as_ref().map_or(attempt.username, AccountName::as_str);
    let this_try = match app.throttle.begin(tried, attempt.visit.asker.address, app.now()).await? {
        Begun::Try(this_try) => this_try,
        Begun::TooMany(too_many) => {
            attempt.failed(app, None, Why::Throttled);
            return Ok(LoggedIn::Throttled(too_many));
        }
    };
    let outcome = check(app, name.as_ref(), attempt, this_try.last_login).await;
    match &outcome {
        Ok(LoggedIn::Started(_)) => this_try.succeeded(app.now()).await,
        Ok(LoggedIn::Refused) => this_try.failed(app.now()).await,
        // Too busy, or the machine failed: dropped without a word.
        _ => {}
    }
    outcome
}

/// Once more where the account changed while its password was being checked: the change may have been
/// another login that renewed the hash, and then the password is right all the same.
async fn check(
    app: &App,
    name: Option<&AccountName>,
    attempt: Attempt<'_>,
    last_login: Option<Timestamp>,
) -> Result<LoggedIn, ActionError> {
    let mut changed = None;
    for _ in 0..2 {
        match check_once(app, name, &attempt, last_login).await? {
            Checked::Decided(outcome) => return Ok(outcome),
            Checked::Changed(account) => changed = Some(account),
        }
    }
    attempt.failed(app, changed, Why::Changed);
    Ok(LoggedIn::Refused)
}

enum Checked {
    Decided(LoggedIn),
    /// This account is another one by now.
    Changed(AccountId),
}

async fn check_once(
    app: &App,
    name: Option<&AccountName>,
    attempt: &Attempt<'_>,
    last_login: Option<Timestamp>,
) -> Result<Checked, ActionError> {
    let account = match name {
        Some(name) => app.accounts.read(name).await?,
        None => None,
    };
    let id = account.as_ref().map(|account| account.id);
    let place = place(account.as_ref(), last_login);

    let guess = guess(app, account.as_ref(), Password::claimed(attempt.password), place).await?;
    let (account, renewed) = match (guess, account) {
        (Guess::Busy, _) => {
            attempt.failed(app, id, Why::Busy);
            return Ok(Checked::Decided(LoggedIn::Busy));
        }
        (Guess::Right(renewed), Some(account)) => (account, renewed),
        (Guess::TooMany, _) => {
            attempt.failed(app, id, Why::TooManyFailures);
            return Ok(Checked::Decided(LoggedIn::Refused));
        }
        (_, account) => {
            attempt.failed(app, id, why_refused(account.as_ref()));
            return Ok(Checked::Decided(LoggedIn::Refused));
        }
    };
    let account = match renewed {
        Some(renewed) => renew_hash(app, account, renewed, attempt).await?,
        None => account,
    };
    let started = start_session(app, &account, attempt.lasting, LetInBy::Password, &attempt.visit).await?;
    Ok(started.map_or(Checked::Changed(account.id), |started| Checked::Decided(LoggedIn::Started(started))))
}

/// An account knows no place where another one of its name was logged in to before.
fn place(account: Option<&Account>, last_login: Option<Timestamp>) -> Place {
    match (account, last_login) {
        (Some(account), Some(at)) if at >= account.created() => Place::Known,
        _ => Place::Elsewhere,
    }
}

fn why_refused(account: Option<&Account>) -> Why {
    match account {
        None => Why::UnknownName,
        Some(account) if account.disabled || account.password.is_none() => Why::Closed,
        Some(_) => Why::WrongPassword,
    }
}

/// Keeps the new hash, unless somebody has changed the account meanwhile; no session ends.
async fn renew_hash(
    app: &App,
    old: Account,
    renewed: PasswordHash,
    attempt: &Attempt<'_>,
) -> Result<Account, ActionError> {
    let _lock = app.accounts.lock(old.id, LockKind::Exclusive).await?;
    match app.accounts.read(&old.name).await? {
        Some(mut account) if account.id == old.id && account.password == old.password => {
            account.password = Some(renewed);
            app.accounts.update(&account).await?;
            app.audit.record(&Event::of(What::HashRenewed, account.id).by(&attempt.visit.asker));
            Ok(account)
        }
        _ => Ok(old),
    }
}

impl Attempt<'_> {
    fn failed(&self, app: &App, account: Option<AccountId>, why: Why) {
        app.audit.record(&Event::of(What::LoginFailed { why }, account).by(&self.visit.asker));
    }
}
