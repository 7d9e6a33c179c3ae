//! Logging in. For every refusal there is one answer, after one run of scrypt: only the audit line says
//! why.

use std::net::IpAddr;

use super::ActionError;
use super::start_session::{Started, Visit, start_session};
use crate::account_id::AccountId;
use crate::accounts::{Account, AccountName, Busy, LockKind, Password, PasswordHash, Verdict};
use crate::app::App;
use crate::audit::{self, Event, LoginFailure};
use crate::sessions::LastingFor;
use crate::throttle::TooMany;

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
    let address = attempt.visit.address;
    // What is no name is tried all the same, as one that nobody has.
    let tried = name.as_ref().map_or(attempt.username, AccountName::as_str);
    let this_try = match app.throttle.begin(tried, address, app.now()) {
        Ok(this_try) => this_try,
        Err(too_many) => {
            failed(None, LoginFailure::Throttled, address);
            return Ok(LoggedIn::Throttled(too_many));
        }
    };
    let outcome = check(app, name.as_ref(), attempt).await;
    match &outcome {
        Ok(LoggedIn::Started(_)) => this_try.succeeded(),
        Ok(LoggedIn::Refused) => this_try.failed(app.now()),
        // Too busy, or the machine failed: dropped without a word.
        _ => {}
    }
    outcome
}

/// Once more where the account changed while its password was being checked: the change may have been
/// another login that renewed the hash, and then the password is right all the same.
async fn check(app: &App, name: Option<&AccountName>, attempt: Attempt<'_>) -> Result<LoggedIn, ActionError> {
    for _ in 0..2 {
        if let Some(outcome) = check_once(app, name, &attempt).await? {
            return Ok(outcome);
        }
    }
    failed(None, LoginFailure::Changed, attempt.visit.address);
    Ok(LoggedIn::Refused)
}

/// `None` when the account changed meanwhile.
async fn check_once(
    app: &App,
    name: Option<&AccountName>,
    attempt: &Attempt<'_>,
) -> Result<Option<LoggedIn>, ActionError> {
    let address = attempt.visit.address;
    let account = match name {
        Some(name) => app.accounts.read(name).await?,
        None => None,
    };
    let id = account.as_ref().map(|account| account.id);
    let open = account.as_ref().filter(|account| !account.disabled);
    let hash = open.and_then(|account| account.password.clone());

    let verdict = app.hasher.verify(Password::claimed(attempt.password), hash).await;
    let (account, renewed) = match (verdict, account) {
        (Err(Busy), _) => {
            failed(id, LoginFailure::Busy, address);
            return Ok(Some(LoggedIn::Busy));
        }
        (Ok(Verdict::Right { renewed }), Some(account)) => (account, renewed),
        (Ok(_), account) => {
            failed(id, why_refused(account.as_ref()), address);
            return Ok(Some(LoggedIn::Refused));
        }
    };
    let account = match renewed {
        Some(renewed) => renew_hash(app, account, renewed).await?,
        None => account,
    };
    let started = start_session(app, &account, attempt.lasting, &attempt.visit).await?;
    Ok(started.map(LoggedIn::Started))
}

fn why_refused(account: Option<&Account>) -> LoginFailure {
    match account {
        None => LoginFailure::UnknownName,
        Some(account) if account.disabled || account.password.is_none() => LoginFailure::Closed,
        Some(_) => LoginFailure::WrongPassword,
    }
}

/// Keeps the new hash, unless somebody has changed the account meanwhile; no session ends.
async fn renew_hash(app: &App, old: Account, renewed: PasswordHash) -> Result<Account, ActionError> {
    let _lock = app.accounts.lock(old.id, LockKind::Exclusive).await?;
    match app.accounts.read(&old.name).await? {
        Some(mut account) if account.id == old.id && account.password == old.password => {
            account.password = Some(renewed);
            app.accounts.update(&account).await?;
            audit::record(&Event::HashRenewed { account: account.id });
            Ok(account)
        }
        _ => Ok(old),
    }
}

fn failed(account: Option<AccountId>, why: LoginFailure, address: Option<IpAddr>) {
    audit::record(&Event::LoginFailed { account, why, address });
}
