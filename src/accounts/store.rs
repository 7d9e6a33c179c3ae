//! What every store of accounts promises. `tests/spec/account_store.rs` holds each one to it.

use async_trait::async_trait;

use super::account::{Account, Link};
use super::logins::Logins;
use super::name::AccountName;
use crate::account_id::AccountId;
use crate::clock::Timestamp;
pub use crate::files::LockKind;
use crate::store_error::StoreError;

/// A lock on one account, held against every process until it is dropped.
pub type AccountLock = Box<dyn Send + Sync>;

/// What is to become of an account's logins; asked again where somebody else was faster.
pub type ChangeLogins = Box<dyn Fn(&mut Logins) -> bool + Send>;

/// Where accounts are kept. Creating and updating are separate calls and neither does the other's work.
#[async_trait]
pub trait AccountStore: Send + Sync + 'static {
    /// Keeps a new account; `false` when the name is taken, and then nothing has changed.
    ///
    /// # Errors
    /// When the store fails; then the new account is there whole or not at all.
    async fn create(&self, account: &Account) -> Result<bool, StoreError>;

    /// The account of that name, if it is there whole.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn read(&self, name: &AccountName) -> Result<Option<Account>, StoreError>;

    /// Puts the account in the place of the one with the same name and id; `false` when there is none.
    /// Whoever calls this holds the account's exclusive lock, and has read the account under it.
    ///
    /// # Errors
    /// When the store fails; then the old one is there or the new.
    async fn update(&self, account: &Account) -> Result<bool, StoreError>;

    /// Removes the account, with what is known of its logins, if the one that bears its name has its id too.
    /// When this has answered, no power cut brings it back; removing what is gone already is success. Whoever calls this holds the account's
    /// exclusive lock.
    ///
    /// # Errors
    /// When the store fails; then it may still be there.
    async fn remove(&self, account: &Account) -> Result<(), StoreError>;

    /// The name of every account, in order.
    ///
    /// # Errors
    /// When the store fails.
    async fn names(&self) -> Result<Vec<AccountName>, StoreError>;

    /// How logging in to that account went; nothing yet where nobody has tried.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn logins(&self, account: AccountId) -> Result<Logins, StoreError>;

    /// Changes that, and answers what the change did. Of several who change it at once, in any process, none
    /// undoes what another did. It takes as long for an account that is not there.
    ///
    /// # Errors
    /// When the store fails; then it is changed or not.
    async fn change_logins(&self, account: AccountId, change: ChangeLogins) -> Result<bool, StoreError>;

    /// Waits for the account's lock: shared for logging in, exclusive for what must see all of its
    /// sessions or change the account.
    ///
    /// # Errors
    /// When the store fails, or somebody has held it for ten seconds.
    async fn lock(&self, account: AccountId, kind: LockKind) -> Result<AccountLock, StoreError>;

    /// Keeps the link that makes the first account, in the place of an older one.
    ///
    /// # Errors
    /// When the store fails; then the older one still works.
    async fn offer_first(&self, link: &Link) -> Result<(), StoreError>;

    /// The link that makes the first account, if one is on offer.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn first_offer(&self) -> Result<Option<Link>, StoreError>;

    /// Takes that link back.
    ///
    /// # Errors
    /// When the store fails.
    async fn withdraw_first(&self) -> Result<(), StoreError>;

    /// Removes what a crash left behind.
    ///
    /// # Errors
    /// When the store fails.
    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError>;
}
