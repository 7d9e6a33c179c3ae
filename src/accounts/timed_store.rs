//! A store of accounts that says how long it takes. It never does anything of its own.

use std::sync::Arc;

use async_trait::async_trait;

use super::account::{Account, Link};
use super::logins::Logins;
use super::name::AccountName;
use super::store::{AccountLock, AccountStore, ChangeLogins, LockKind};
use crate::account_id::AccountId;
use crate::clock::Timestamp;
use crate::metrics::{Metrics, Stopwatch};
use crate::store_error::StoreError;

/// A store, timed.
pub struct TimedAccountStore {
    inner: Arc<dyn AccountStore>,
    create: Stopwatch,
    read: Stopwatch,
    update: Stopwatch,
    remove: Stopwatch,
    logins: Stopwatch,
    change_logins: Stopwatch,
    lock: Stopwatch,
}

impl TimedAccountStore {
    /// What `inner` does, timed in `metrics`.
    pub fn new(inner: Arc<dyn AccountStore>, metrics: &Metrics) -> Self {
        let time = |operation| metrics.operation("accounts", operation);
        Self {
            inner,
            create: time("create"),
            read: time("read"),
            update: time("update"),
            remove: time("remove"),
            logins: time("logins"),
            change_logins: time("change_logins"),
            lock: time("lock"),
        }
    }
}

#[async_trait]
impl AccountStore for TimedAccountStore {
    async fn create(&self, account: &Account) -> Result<bool, StoreError> {
        let _timer = self.create.start();
        self.inner.create(account).await
    }

    async fn read(&self, name: &AccountName) -> Result<Option<Account>, StoreError> {
        let _timer = self.read.start();
        self.inner.read(name).await
    }

    async fn update(&self, account: &Account) -> Result<bool, StoreError> {
        let _timer = self.update.start();
        self.inner.update(account).await
    }

    async fn remove(&self, account: &Account) -> Result<(), StoreError> {
        let _timer = self.remove.start();
        self.inner.remove(account).await
    }

    async fn names(&self) -> Result<Vec<AccountName>, StoreError> {
        self.inner.names().await
    }

    async fn logins(&self, account: AccountId) -> Result<Logins, StoreError> {
        let _timer = self.logins.start();
        self.inner.logins(account).await
    }

    async fn change_logins(&self, account: AccountId, change: ChangeLogins) -> Result<bool, StoreError> {
        let _timer = self.change_logins.start();
        self.inner.change_logins(account, change).await
    }

    async fn lock(&self, account: AccountId, kind: LockKind) -> Result<AccountLock, StoreError> {
        let _timer = self.lock.start();
        self.inner.lock(account, kind).await
    }

    async fn offer_first(&self, link: &Link) -> Result<(), StoreError> {
        self.inner.offer_first(link).await
    }

    async fn first_offer(&self) -> Result<Option<Link>, StoreError> {
        self.inner.first_offer().await
    }

    async fn withdraw_first(&self) -> Result<(), StoreError> {
        self.inner.withdraw_first().await
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        self.inner.sweep(now).await
    }
}
