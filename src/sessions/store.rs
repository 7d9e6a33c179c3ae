//! What every store of sessions promises. `tests/spec/session_store.rs` holds each one to it.

use async_trait::async_trait;

use super::listing::Listing;
use super::session::{KeptSession, Session};
use super::session_id::SessionId;
use super::swept::{Skipped, Swept};
use crate::account_id::AccountId;
use crate::clock::Timestamp;
use crate::store_error::StoreError;

/// Where sessions are kept.
///
/// Creating and seeing are separate calls and neither does the other's work, so nothing can write back a
/// session that has ended. A store never decides whether a session is still live, but for [`sweep`]: it
/// keeps what it was given and the time it was last seen.
///
/// [`sweep`]: SessionStore::sweep
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Keeps a new session, seen when it was created. When this has answered, a power cut keeps it.
    ///
    /// # Errors
    /// When the id is taken or the store fails; then nothing is kept, as far as the store can see to that.
    async fn create(&self, session: &Session) -> Result<(), StoreError>;

    /// The session, where the store can tell without waiting that it is still there, and when it was last seen. `None`
    /// says nothing: then it is for [`read`](SessionStore::read) to say.
    fn known(&self, _account: AccountId, _id: SessionId) -> Option<KeptSession> {
        None
    }

    /// The session, if it is there whole and bears these very ids.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn read(&self, account: AccountId, id: SessionId) -> Result<Option<KeptSession>, StoreError>;

    /// Notes when the session was last seen. For one that has ended this does nothing at all.
    ///
    /// # Errors
    /// When the store fails.
    async fn touch(&self, account: AccountId, id: SessionId, seen: Timestamp) -> Result<(), StoreError>;

    /// Ends these, and answers how many were there. When this has answered, no process finds them and no
    /// power cut brings them back; what has ended already is success.
    ///
    /// # Errors
    /// [`NotEnded`] names those that may still be there.
    async fn end(&self, account: AccountId, ids: &[SessionId]) -> Result<usize, NotEnded>;

    /// Every whole session of the account, live or not, in no order, and which cannot be read.
    ///
    /// # Errors
    /// When the store fails as a whole.
    async fn list(&self, account: AccountId) -> Result<Listing<KeptSession>, StoreError>;

    /// The id of everything that may be a session of the account, read or not: what there is to end.
    ///
    /// # Errors
    /// When the store fails.
    async fn ids(&self, account: AccountId) -> Result<Vec<SessionId>, StoreError>;

    /// Whose session `id` is, if there is something of that name.
    ///
    /// # Errors
    /// When the store fails.
    async fn owner(&self, id: SessionId) -> Result<Option<AccountId>, StoreError>;

    /// Every account that may have sessions, in no order.
    ///
    /// # Errors
    /// When the store fails.
    async fn accounts(&self) -> Result<Vec<AccountId>, StoreError>;

    /// Calls `tell` whenever sessions of the account may have ended, whoever ended them, until what this
    /// answers is dropped. It may call for nothing, and it may miss one: whoever has to know asks
    /// [`read`](SessionStore::read) as well.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn watch(&self, account: AccountId, tell: Tell) -> Result<Watching, StoreError>;

    /// What there is to sweep; `None` while a [`Round`] of any process is held.
    ///
    /// # Errors
    /// When the store fails.
    async fn begin_sweep(&self) -> Result<Option<Round>, StoreError>;

    /// Removes the account's expired sessions, and names them, and what a crash or damage left of others. A
    /// power cut may bring them back, as expired as they were.
    ///
    /// # Errors
    /// When the store fails as a whole; single failures are counted.
    async fn sweep(&self, account: AccountId, now: Timestamp) -> Result<Swept, StoreError>;
}

/// What is called when sessions may have ended. It does not block.
pub type Tell = Box<dyn Fn() + Send + Sync>;

/// Keeps a store telling, until it is dropped.
pub type Watching = Box<dyn Send + Sync>;

/// One sweep over everything. Nobody else begins one until it is dropped.
pub struct Round {
    /// Every account that may have sessions, in no order.
    pub accounts: Vec<AccountId>,
    /// What was found beside them.
    pub skipped: Skipped,
    /// What keeps others from beginning one.
    pub turn: Box<dyn Send + Sync>,
}

/// Sessions that the store could not let go of.
#[derive(Debug, thiserror::Error)]
#[error("ending {} session(s): {source}", ids.len())]
pub struct NotEnded {
    /// Those that may still be there.
    pub ids: Vec<SessionId>,
    /// Why.
    #[source]
    pub source: StoreError,
}
