//! Making and listing accounts, for whoever runs the site.

use super::ActionError;
use crate::accounts::{Account, AccountName, Busy, Code, Link, Logins, PasswordRefusal};
use crate::app::App;
use crate::audit::{Event, What};
use crate::store_error::StoreError;

/// How the owner of a new account gets in for the first time. Not to be printed: it may hold a password.
pub enum FirstKey<'a> {
    /// With this password, as typed.
    Password(&'a str),
    /// With a one-time link, at which they choose one.
    Link,
}

/// What came of adding an account.
#[derive(Debug)]
pub enum Added {
    /// It is there. With the link, where one was asked for.
    Account(Option<Code>),
    /// The name is taken.
    NameTaken,
    /// The password will not do.
    PasswordRefused(PasswordRefusal),
    /// Too many passwords are being hashed at once.
    Busy,
}

/// Adds an account.
///
/// # Errors
/// When the store fails.
pub async fn add_account(app: &App, name: AccountName, key: FirstKey<'_>) -> Result<Added, ActionError> {
    let mut account = Account::new(name, app.now());
    let mut code = None;
    match key {
        FirstKey::Password(typed) => {
            let password = match app.password_rules.check(typed, &account.name) {
                Ok(password) => password,
                Err(refusal) => return Ok(Added::PasswordRefused(refusal)),
            };
            match app.hasher.hash(password).await {
                Ok(hash) => account.password = Some(hash),
                Err(Busy) => return Ok(Added::Busy),
            }
        }
        FirstKey::Link => {
            let new = Code::generate(Some(account.name.clone()));
            account.link = Some(Link::new(&new, app.now()));
            code = Some(new);
        }
    }
    if !app.accounts.create(&account).await? {
        return Ok(Added::NameTaken);
    }
    app.audit.record(&Event::of(What::AccountAdded, account.id));
    if code.is_some() {
        app.audit.record(&Event::of(What::LinkMade, account.id));
    }
    Ok(Added::Account(code))
}

/// Whether there is an account of that name already.
///
/// # Errors
/// When the store cannot say.
pub async fn is_name_taken(app: &App, name: &AccountName) -> Result<bool, ActionError> {
    Ok(app.accounts.read(name).await?.is_some())
}

/// Who has an account, as far as the store can say.
#[derive(Debug, Default)]
pub struct AccountListing {
    /// Every account, in order of names, and how logging in to it went.
    pub accounts: Vec<(Account, Logins)>,
    /// Those that cannot be read, or of which nobody can say how logging in went.
    pub unread: Vec<AccountName>,
}

/// Every account. One that cannot be read does not keep the others from being listed.
///
/// # Errors
/// When the store cannot say which there are.
pub async fn list_accounts(app: &App) -> Result<AccountListing, StoreError> {
    let mut listing = AccountListing::default();
    for name in app.accounts.names().await? {
        match with_logins(app, &name).await {
            Ok(found) => listing.accounts.extend(found),
            Err(error) => {
                tracing::error!(%error, %name, "an account was not listed");
                listing.unread.push(name);
            }
        }
    }
    Ok(listing)
}

async fn with_logins(app: &App, name: &AccountName) -> Result<Option<(Account, Logins)>, StoreError> {
    let Some(account) = app.accounts.read(name).await? else { return Ok(None) };
    let logins = app.accounts.logins(account.id).await?;
    Ok(Some((account, logins)))
}
