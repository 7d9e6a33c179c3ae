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

/// Everybody who is logged in, as far as the store can say.
#[derive(Debug)]
pub struct Everybody {
    /// The live sessions of all, one account after the other, and those that cannot be read.
    pub listing: Listing<LiveSession>,
    /// The accounts of which nobody can say what sessions they have.
    pub unlisted: Vec<AccountId>,
}

/// Every live session. An account whose sessions cannot be listed does not keep the others from being.
///
/// # Errors
/// When the store cannot say which accounts there are.
pub async fn list_all_sessions(app: &App) -> Result<Everybody, StoreError> {
    let (mut listing, mut unlisted) = (Listing::default(), Vec::new());
    for account in app.sessions.accounts().await? {
        match list_sessions(app, account).await {
            Ok(Listing { sessions, unread }) => {
                listing.sessions.extend(sessions);
                listing.unread.extend(unread);
            }
            Err(error) => {
                tracing::error!(%error, %account, "an account's sessions were not listed");
                unlisted.push(account);
            }
        }
    }
    listing.sessions.sort_by(|a, b| a.session.account_name.cmp(&b.session.account_name));
    Ok(Everybody { listing, unlisted })
}
