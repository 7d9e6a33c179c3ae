//! Listing who is logged in. It changes nothing.

use crate::account_id::AccountId;
use crate::app::App;
use crate::sessions::LiveSession;
use crate::store_error::StoreError;

/// The account's live sessions, the one seen last first.
///
/// # Errors
/// When the store fails.
pub async fn list_sessions(app: &App, account: AccountId) -> Result<Vec<LiveSession>, StoreError> {
    app.sessions.list(account, app.now()).await
}

/// Every live session, one account after the other.
///
/// # Errors
/// When the store fails.
pub async fn list_all_sessions(app: &App) -> Result<Vec<LiveSession>, StoreError> {
    let mut all = Vec::new();
    for account in app.sessions.accounts().await? {
        all.extend(list_sessions(app, account).await?);
    }
    all.sort_by(|a, b| a.session.account_name.cmp(&b.session.account_name));
    Ok(all)
}
