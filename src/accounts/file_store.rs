//! Accounts as files: `accounts/<name>`, replaced atomically. Beside them, in names that no account can
//! have, the locks, the link for the first account, and how logging in went. It never keeps an account in
//! memory.

use async_trait::async_trait;

use super::account::{Account, Link};
use super::logins::Logins;
use super::name::AccountName;
use super::store::{AccountLock, AccountStore, ChangeLogins, LockKind};
use crate::account_id::AccountId;
use crate::clock::Timestamp;
use crate::files::{Contents, Folder, Locks};
use crate::record;
use crate::store_error::{StoreError, While};

const FIRST: &str = ".first";
const LOCKS: &str = ".locks";
const LOGINS: &str = ".logins";

const READING: &str = "reading an account's logins";

/// Accounts in a folder.
#[derive(Debug)]
pub struct FileAccountStore {
    folder: Folder,
    locks: Locks,
}

impl FileAccountStore {
    /// Accounts in `folder`, which is made where it is missing.
    ///
    /// # Errors
    /// When it cannot be made or closed to others.
    pub fn open(folder: Folder) -> Result<Self, StoreError> {
        let locks = folder.folder(LOCKS);
        // With the name of the locks' folder every other in here is on the disk, so that what is read stays,
        // whoever wrote it and was killed before its fsync.
        folder.ensure().and_then(|()| locks.ensure()).map_err(|error| {
            StoreError::new("opening the accounts", format!("{}: {error}", folder.path().display()))
        })?;
        Ok(Self { folder, locks: Locks::in_folder(locks) })
    }
}

#[async_trait]
impl AccountStore for FileAccountStore {
    async fn create(&self, account: &Account) -> Result<bool, StoreError> {
        let (name, bytes) = (account.name.to_string(), record::encode(account));
        self.folder.blocking(move |folder| folder.publish(&name, &bytes)).await.doing("writing a new account")
    }

    async fn read(&self, name: &AccountName) -> Result<Option<Account>, StoreError> {
        let name = name.clone();
        self.folder.blocking(move |folder| read(&folder, &name)).await
    }

    async fn update(&self, account: &Account) -> Result<bool, StoreError> {
        let account = account.clone();
        self.folder
            .blocking(move |folder| {
                if read(&folder, &account.name)?.is_none_or(|kept| kept.id != account.id) {
                    return Ok(false);
                }
                folder
                    .replace(account.name.as_str(), &record::encode(&account))
                    .doing("writing an account")?;
                Ok(true)
            })
            .await
    }

    async fn remove(&self, account: &Account) -> Result<(), StoreError> {
        let account = account.clone();
        self.folder
            .blocking(move |folder| {
                if read(&folder, &account.name)?.is_none_or(|kept| kept.id != account.id) {
                    return Ok(());
                }
                // First, so that no crash leaves them without their account. A new one of that name has another id.
                folder
                    .folder(LOGINS)
                    .remove_for_now(&account.id.to_string())
                    .doing("removing an account's logins")?;
                let removed = folder.remove(&[account.name.to_string()]);
                removed.map(|_| ()).map_err(|kept| StoreError::new("removing an account", kept.source))
            })
            .await
    }

    async fn names(&self) -> Result<Vec<AccountName>, StoreError> {
        let names = self.folder.blocking(|folder| folder.files()).await.doing("listing accounts")?;
        let mut names: Vec<_> = names
            .into_iter()
            .filter_map(|name| AccountName::parse(&name).ok().filter(|parsed| parsed.as_str() == name))
            .collect();
        names.sort();
        Ok(names)
    }

    async fn logins(&self, account: AccountId) -> Result<Logins, StoreError> {
        let read = self.folder.read_without_blocking(&format!("{LOGINS}/{account}")).await;
        read.doing(READING).map(|contents| logins(contents, account))
    }

    async fn change_logins(&self, account: AccountId, change: ChangeLogins) -> Result<bool, StoreError> {
        // One for all: it is held as long as a small file takes to be written.
        let _lock = self.locks.take(LOGINS, LockKind::Exclusive).await.doing("locking the logins")?;
        self.folder
            .blocking(move |folder| {
                let folder = folder.folder(LOGINS);
                let mut logins = logins(folder.read(&account.to_string()).doing(READING)?, account);
                let answer = change(&mut logins);
                folder
                    .replace(&account.to_string(), &record::encode(&logins))
                    .doing("writing an account's logins")?;
                Ok(answer)
            })
            .await
    }

    async fn lock(&self, account: AccountId, kind: LockKind) -> Result<AccountLock, StoreError> {
        let lock = self.locks.take(&account.to_string(), kind).await;
        Ok(Box::new(lock.doing("locking an account")?))
    }

    async fn offer_first(&self, link: &Link) -> Result<(), StoreError> {
        let bytes = record::encode(link);
        self.folder
            .blocking(move |folder| folder.replace(FIRST, &bytes))
            .await
            .doing("writing the first link")
    }

    async fn first_offer(&self) -> Result<Option<Link>, StoreError> {
        let contents =
            self.folder.blocking(|folder| folder.read(FIRST)).await.doing("reading the first link")?;
        Ok(contents.and_then(|contents| record::decode(&contents.bytes)))
    }

    async fn withdraw_first(&self) -> Result<(), StoreError> {
        let removed = self.folder.blocking(|folder| folder.remove_or_empty(&[FIRST.to_owned()])).await;
        removed.map(|_| ()).map_err(|kept| StoreError::new("withdrawing the first link", kept.source))
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        self.folder
            .blocking(move |folder| {
                let logins = folder.folder(LOGINS);
                if logins.exists() {
                    logins.remove_leftovers(now)?;
                }
                folder.remove_leftovers(now)
            })
            .await
            .doing("sweeping accounts")
    }
}

/// A damaged account is none that anybody could log in to. Its name stays taken and its owner is locked
/// out, so somebody has to hear of it.
fn read(folder: &Folder, name: &AccountName) -> Result<Option<Account>, StoreError> {
    let Some(contents) = folder.read(name.as_str()).doing("reading an account")? else {
        return Ok(None);
    };
    let account = record::decode(&contents.bytes).filter(|account: &Account| account.name == *name);
    if account.is_none() {
        tracing::error!(%name, "the account's file is damaged");
    }
    Ok(account)
}

/// Where they are damaged, nobody is kept out for it.
fn logins(contents: Option<Contents>, account: AccountId) -> Logins {
    let Some(contents) = contents else { return Logins::default() };
    let logins = record::decode(&contents.bytes);
    if logins.is_none() {
        tracing::error!(%account, "what is known of the account's logins is damaged, and begins afresh");
    }
    logins.unwrap_or_default()
}
