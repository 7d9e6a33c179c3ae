//! Removing sessions that are over. It never touches a live one, and nothing waits for it: an expired
//! session is refused whether it was swept or not.

use crate::app::App;
use crate::sessions::Swept;
use crate::store_error::StoreError;

/// Sweeps every account's sessions, and reports after each how many accounts are done, and of how many.
///
/// # Errors
/// When the accounts cannot be listed. A single account that fails is counted, logged and left for later.
pub async fn sweep(app: &App, mut progress: impl FnMut(usize, usize)) -> Result<Swept, StoreError> {
    let accounts = app.sessions.accounts().await?;
    let mut total = Swept::default();
    for (index, &account) in accounts.iter().enumerate() {
        match app.sessions.sweep(account, app.now()).await {
            Ok(swept) => {
                total.live += swept.live;
                total.removed += swept.removed;
                total.failed += swept.failed;
            }
            Err(error) => {
                tracing::error!(%error, %account, "an account's sessions were not swept");
                total.failed += 1;
            }
        }
        progress(index + 1, accounts.len());
    }
    Ok(total)
}
