//! Sessions that are over although the store has not let go of them. This process refuses them from the
//! moment they are here, and none leaves before it is gone from the store.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::session_id::SessionId;
use crate::account_id::AccountId;

/// What has ended here and may still be in the store.
#[derive(Debug, Default)]
pub struct Endings {
    /// By account too: an id that somebody names is theirs to end only below their own account.
    unfinished: Mutex<HashSet<(AccountId, SessionId)>>,
}

impl Endings {
    /// Refuses these from now on.
    pub fn begin(&self, account: AccountId, ids: &[SessionId]) {
        self.lock().extend(ids.iter().map(|&id| (account, id)));
    }

    /// The store has let go of these.
    pub fn finish<'a>(&self, account: AccountId, ids: impl Iterator<Item = &'a SessionId>) {
        let mut unfinished = self.lock();
        for &id in ids {
            unfinished.remove(&(account, id));
        }
    }

    /// Whether the session has ended and is only still in the store.
    pub fn contains(&self, account: AccountId, id: SessionId) -> bool {
        self.lock().contains(&(account, id))
    }

    /// What is still to be ended, by account.
    pub fn unfinished(&self) -> HashMap<AccountId, Vec<SessionId>> {
        let mut by_account: HashMap<_, Vec<_>> = HashMap::new();
        for &(account, id) in self.lock().iter() {
            by_account.entry(account).or_default().push(id);
        }
        by_account
    }

    /// How many are still to be ended.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// The set is whole after every single call, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, HashSet<(AccountId, SessionId)>> {
        self.unfinished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
