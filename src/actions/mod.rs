//! What can be done here. An action is the only place where the rooms meet: it asks one, tells another,
//! and writes the audit line. Who asked, a browser or an operator, is for that line alone: it never decides
//! by it.

mod change_password;
mod check_stores;
mod close_account;
mod end_sessions;
mod finish_endings;
mod guess;
mod join;
mod list_sessions;
mod log_in;
mod log_out;
mod manage_accounts;
mod overview;
mod resume;
mod start_session;
mod sweep;
mod vigil;

pub use change_password::{Change, PasswordChange, change_password};
pub use check_stores::check_stores;
pub use close_account::{Reset, disable_account, enable_account, remove_account, reset_account};
pub use finish_endings::finish_endings;
pub use join::{Choice, Invitation, Joined, invitation, join, offer_first_account};
pub use list_sessions::{Everybody, list_all_sessions, list_sessions, list_sessions_of};
pub use log_in::{Attempt, LoggedIn, log_in};
pub use log_out::{
    EveryEnding, end_every_session, end_session, end_sessions_of, log_out_everywhere, log_out_here,
    log_out_one, log_out_others,
};
pub use manage_accounts::{AccountListing, Added, FirstKey, add_account, is_name_taken, list_accounts};
pub use overview::{Overview, overview};
pub use resume::{Resumed, resume};
pub use start_session::{Started, Visit};
pub use sweep::{Pace, sweep};
pub use vigil::{Tidings, Vigil};

use crate::sessions::NotEnded;
use crate::store_error::StoreError;

/// The machine failed while something was being done.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// A store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Sessions that should be over are still in the store. They are refused here, and tried again.
    #[error(transparent)]
    NotEnded(#[from] NotEnded),
    /// This browser is logged out, but the account's other sessions could not be ended.
    #[error("logged out here only: {0}")]
    HereOnly(Box<ActionError>),
    /// A password is what it was, because sessions of the account could not be ended.
    #[error("password not changed: {0}")]
    NotChanged(NotEnded),
    /// A password may be the new one or what it was: the store failed at the last step, and all sessions of the
    /// account have ended.
    #[error("password changed or not: {0}")]
    MaybeChanged(StoreError),
    /// Nobody can log in to the account any more, but sessions of it could not be ended.
    #[error("the account is disabled, but not logged out everywhere: {0}")]
    DisabledOnly(Box<ActionError>),
}
