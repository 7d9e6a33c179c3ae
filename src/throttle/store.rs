//! What every store of tries promises. `tests/spec/throttle_store.rs` holds each one to it.

use async_trait::async_trait;

use super::key::Key;
use super::tried::Tried;
use crate::clock::Timestamp;
use crate::store_error::StoreError;

/// Where tries are kept that cost a wait, and places where somebody has logged in. Of several processes on one
/// store each counts for itself, and whichever starts goes on with what was written last.
#[async_trait]
pub trait ThrottleStore: Send + Sync + 'static {
    /// What is kept of it.
    ///
    /// # Errors
    /// When the store cannot say.
    async fn read(&self, key: Key) -> Result<Option<Tried>, StoreError>;

    /// Keeps this of it, in the place of what was kept before.
    ///
    /// # Errors
    /// When the store fails; then the old one is there or the new.
    async fn write(&self, key: Key, tried: &Tried) -> Result<(), StoreError>;

    /// Keeps nothing of it; nothing kept is success.
    ///
    /// # Errors
    /// When the store fails.
    async fn remove(&self, key: Key) -> Result<(), StoreError>;

    /// Removes what costs nobody a wait any more, and answers how much that was.
    ///
    /// # Errors
    /// When the store fails.
    async fn sweep(&self, now: Timestamp) -> Result<usize, StoreError>;
}
