//! Closing accounts, for whoever runs the site: disabling and enabling, resetting, removing. All
//! but enabling ends every session; none of it ever brings one back.

use super::ActionError;
use super::end_sessions::end_all;
use crate::accounts::{Account, AccountLock, AccountName, Code, Link, LockKind, Logins, Place};
use crate::app::App;
use crate::audit::{Asker, Event, What};

/// An account that has just been reset.
#[derive(Debug)]
pub struct Reset {
    /// For the link at which its owner chooses a new password.
    pub code: Code,
    /// How many sessions ended.
    pub ended: usize,
    /// Whether the account is disabled: then the link opens nothing until it is enabled.
    pub disabled: bool,
}

/// Disables the account, and answers how many sessions ended; `None` when there is no such account.
///
/// # Errors
/// When a store fails; [`ActionError::DisabledOnly`] when a session could not be ended.
pub async fn disable_account(app: &App, name: &AccountName) -> Result<Option<usize>, ActionError> {
    let Some((mut account, _lock)) = locked(app, name).await? else { return Ok(None) };
    close(app, &mut account).await.map(Some)
}

/// Lets an account log in again that was disabled, or that too many wrong passwords have closed. `false` when
/// there is no such account.
///
/// # Errors
/// When the store fails.
pub async fn enable_account(app: &App, name: &AccountName) -> Result<bool, ActionError> {
    let Some((mut account, _lock)) = locked(app, name).await? else { return Ok(false) };
    let was_closed = forgive(app, &account).await? || account.disabled;
    if account.disabled {
        account.disabled = false;
        app.accounts.update(&account).await?;
    }
    if was_closed {
        app.audit.record(&Event::of(What::AccountEnabled, account.id));
    }
    Ok(true)
}

/// Removes the account for good, and answers how many sessions ended; `None` when there is no such
/// account.
///
/// # Errors
/// When a store fails; [`ActionError::DisabledOnly`] when a session could not be ended.
pub async fn remove_account(app: &App, name: &AccountName) -> Result<Option<usize>, ActionError> {
    let Some((mut account, _lock)) = locked(app, name).await? else { return Ok(None) };
    let ended = close(app, &mut account).await?;
    // A crash may have left the link that made the first account, and with no account it would open again.
    app.accounts.withdraw_first().await?;
    app.accounts.remove(&account).await?;
    app.audit.record(&Event::of(What::AccountRemoved, account.id));
    Ok(Some(ended))
}

/// Takes the account's password away and makes a link for a new one, in the place of an older link;
/// `None` when there is no such account.
///
/// # Errors
/// When a store fails or a session cannot be ended: then the password is still the old one.
pub async fn reset_account(app: &App, name: &AccountName) -> Result<Option<Reset>, ActionError> {
    let Some((mut account, _lock)) = locked(app, name).await? else { return Ok(None) };
    // First, so that no crash leaves a session of the old password beside the link.
    let ended = end_all(app, account.id, &Asker::LOCAL).await?;
    let code = Code::generate(Some(account.name.clone()));
    account.password = None;
    account.link = Some(Link::new(&code, app.now()));
    if !app.accounts.update(&account).await? {
        return Ok(None);
    }
    app.audit.record(&Event::of(What::PasswordTaken, account.id));
    app.audit.record(&Event::of(What::LinkMade, account.id));
    Ok(Some(Reset { code, ended, disabled: account.disabled }))
}

/// Forgets the wrong passwords in a row, and answers whether they had closed the account to anybody.
async fn forgive(app: &App, account: &Account) -> Result<bool, ActionError> {
    let forgive = |logins: &mut Logins| {
        let is_open = logins.admit(Place::Known) && logins.admit(Place::Elsewhere);
        logins.forgive();
        !is_open
    };
    Ok(app.accounts.change_logins(account.id, Box::new(forgive)).await?)
}

/// The account as it is now, and its exclusive lock.
async fn locked(app: &App, name: &AccountName) -> Result<Option<(Account, AccountLock)>, ActionError> {
    let Some(account) = app.accounts.read(name).await? else { return Ok(None) };
    let lock = app.accounts.lock(account.id, LockKind::Exclusive).await?;
    // Once more: it may have changed, or another one may have its name by now.
    let account = app.accounts.read(name).await?.filter(|now| now.id == account.id);
    Ok(account.map(|account| (account, lock)))
}

/// Disables before it ends sessions, so that nobody logs in any more, whatever keeps them from ending.
async fn close(app: &App, account: &mut Account) -> Result<usize, ActionError> {
    if !account.disabled {
        account.disabled = true;
        app.accounts.update(account).await?;
        app.audit.record(&Event::of(What::AccountDisabled, account.id));
    }
    end_all(app, account.id, &Asker::LOCAL).await.map_err(|error| ActionError::DisabledOnly(Box::new(error)))
}
