//! Who wants to be told when sessions of an account may have ended. It never says which have: whoever is
//! told looks, and sees what everybody would.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use tokio::sync::{OnceCell, watch};

use super::CAP;
use super::store::{SessionStore, Watching};
use crate::account_id::AccountId;
use crate::mutex::lock;

/// The accounts that somebody watches, each with one watch of the store's for all who do.
#[derive(Clone, Default)]
pub(super) struct Watches {
    accounts: Arc<Mutex<HashMap<AccountId, Weak<Watched>>>>,
    has_warned: Arc<AtomicBool>,
}

/// An account that is watched.
struct Watched {
    account: AccountId,
    told: watch::Sender<()>,
    /// What tells of endings in other processes; `None` inside where the store cannot.
    elsewhere: OnceCell<Option<Watching>>,
    watches: Watches,
}

/// Somebody who watches an account's sessions.
pub struct Watch {
    told: watch::Receiver<()>,
    _watched: Arc<Watched>,
}

/// Who may watch an account at once, so that nobody takes all connections: twice as many as it has sessions, each
/// of which is one browser's.
const MOST: usize = 2 * CAP;

impl Watches {
    /// Begins to watch: what ends from now on is told. `None` when too many do already.
    pub async fn begin(&self, account: AccountId, store: &dyn SessionStore) -> Option<Watch> {
        let watched = self.watched(account);
        if watched.told.receiver_count() >= MOST {
            return None;
        }
        let told = watched.told.subscribe();
        watched.elsewhere.get_or_init(|| watched.ask(store)).await;
        Some(Watch { told, _watched: watched })
    }

    /// Tells whoever watches the account that sessions of it have ended.
    pub fn tell(&self, account: AccountId) {
        let watched = lock(&self.accounts).get(&account).and_then(Weak::upgrade);
        if let Some(watched) = watched {
            watched.told.send_replace(());
        }
    }

    fn watched(&self, account: AccountId) -> Arc<Watched> {
        let mut accounts = lock(&self.accounts);
        if let Some(watched) = accounts.get(&account).and_then(Weak::upgrade) {
            return watched;
        }
        let watched = Arc::new(Watched {
            account,
            told: watch::Sender::new(()),
            elsewhere: OnceCell::new(),
            watches: self.clone(),
        });
        accounts.insert(account, Arc::downgrade(&watched));
        watched
    }
}

impl Watched {
    async fn ask(&self, store: &dyn SessionStore) -> Option<Watching> {
        let told = self.told.clone();
        let tell = Box::new(move || {
            told.send_replace(());
        });
        match store.watch(self.account, tell).await {
            Ok(watching) => Some(watching),
            Err(error) => {
                // Once: where one account cannot be watched, thousands may not be.
                if !self.watches.has_warned.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "what ends in other processes may be noticed seconds later");
                }
                None
            }
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Somebody new may watch the account by now.
        if let Entry::Occupied(entry) = lock(&self.watches.accounts).entry(self.account)
            && entry.get().strong_count() == 0
        {
            entry.remove();
        }
    }
}

impl Watch {
    /// Completes when sessions of the account may have ended since this was asked last.
    pub async fn told(&mut self) {
        // The sender is in `_watched`, so there is one as long as somebody asks.
        let _ = self.told.changed().await;
    }
}
