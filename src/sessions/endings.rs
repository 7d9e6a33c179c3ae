//! Sessions that are over although the store has not let go of them. This process refuses them from the
//! moment they are here, and none leaves before it is gone from the store.

use std::collections::HashMap;
use std::sync::Mutex;

use super::session_id::SessionId;
use crate::account_id::AccountId;
use crate::mutex::lock;

/// What has ended here and may still be in the store.
#[derive(Debug, Default)]
pub struct Endings {
    /// By account too: an id that somebody names is theirs to end only below their own account.
    endings: Mutex<HashMap<(AccountId, SessionId), Ending>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The store is being asked to let go of it.
    UnderWay,
    /// The store could not, and has to be asked again.
    Unfinished,
}

impl Endings {
    /// Refuses these from now on; the store is being asked to let go of them.
    pub fn begin(&self, account: AccountId, ids: &[SessionId]) {
        lock(&self.endings).extend(ids.iter().map(|&id| ((account, id), Ending::UnderWay)));
    }

    /// The store has let go of these, but for those that it `kept`.
    pub fn settle(&self, account: AccountId, ids: &[SessionId], kept: &[SessionId]) {
        let mut endings = lock(&self.endings);
        for &id in ids {
            endings.remove(&(account, id));
        }
        endings.extend(kept.iter().map(|&id| ((account, id), Ending::Unfinished)));
    }

    /// Whether the session has ended and is only still in the store.
    pub fn contains(&self, account: AccountId, id: SessionId) -> bool {
        lock(&self.endings).contains_key(&(account, id))
    }

    /// What the store has to be asked for again, by account.
    pub fn unfinished(&self) -> HashMap<AccountId, Vec<SessionId>> {
        let mut by_account: HashMap<_, Vec<_>> = HashMap::new();
        for (&(account, id), &ending) in lock(&self.endings).iter() {
            if ending == Ending::Unfinished {
                by_account.entry(account).or_default().push(id);
            }
        }
        by_account
    }
}
