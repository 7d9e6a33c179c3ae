//! Listing who is logged in. It changes nothing.

use crate::account_id::AccountId;
use crate::accounts::AccountName;
use crate::app::App;
use crate::sessions::{Listing, LiveSession};
use crate::store_error::StoreError;

/// The account's live sessions, the one seen last first.
///
/// # Errors
/// When the store fails.
pub async fn list_sessions(app: &App, account: AccountId) -> Result<Listing<LiveSession>, StoreError> {
    app.sessions.list(account, app.now()).await
}

/// The same of the account `name`; `None` when there is no such account.
///
/// # Errors
/// When a store fails.
pub async fn list_sessions_of(
    app: &App,
    name: &AccountName,
) -> Result<Option<Listing<LiveSession>>, StoreError> {
    match app.accounts.read(name).await? {
        Some(account) => list_sessions(app, account.id).await.map(Some),
        None => Ok(None),
    }
}

/// Every live session, one account after the other.
///
/// # Errors
/// When the store fails.
pub async fn list_all_sessions(app: &App) -> Result<Listing<LiveSession>, StoreError> {
    let mut all = Listing::default();
    for account in app.sessions.accounts().await? {
        let listing = list_sessions(app, account).await?;
        all.sessions.extend(listing.sessions);
        all.unread.extend(listing.unread);
    }
    all.sessions.sort_by(|a, b| a.session.account_name.cmp(&b.session.account_name));
    Ok(all)
}
