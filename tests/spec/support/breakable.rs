//! A store of sessions that cannot be read while a flag is up, as when its disk is gone. Everything else
//! is the store that it stands before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use exeunt::account_id::AccountId;
use exeunt::clock::Timestamp;
use exeunt::sessions::{
    KeptSession, Listing, NotEnded, Round, Session, SessionId, SessionStore, Swept, Tell, Token, Watching,
};
use exeunt::store_error::StoreError;

/// A cookie whose session makes the store panic.
pub const PANICS: &str = "exeunt=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub struct Breakable {
    inner: Arc<dyn SessionStore>,
    broken: Arc<AtomicBool>,
}

impl Breakable {
    pub fn new(inner: Arc<dyn SessionStore>, broken: Arc<AtomicBool>) -> Self {
        Self { inner, broken }
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.broken.load(Ordering::SeqCst) {
            true => Err(StoreError::new("reading", "broken on purpose")),
            false => Ok(()),
        }
    }
}

#[async_trait::async_trait]
impl SessionStore for Breakable {
    async fn create(&self, session: &Session) -> Result<(), StoreError> {
        self.inner.create(session).await
    }

    async fn read(&self, account: AccountId, id: SessionId) -> Result<Option<KeptSession>, StoreError> {
        let panics = Token::parse(PANICS.trim_start_matches("exeunt=").as_bytes()).expect("a token");
        assert_ne!(id, panics.session_id(), "panicking on purpose");
        self.check()?;
        self.inner.read(account, id).await
    }

    async fn touch(&self, account: AccountId, id: SessionId, seen: Timestamp) -> Result<(), StoreError> {
        self.inner.touch(account, id, seen).await
    }

    async fn end(&self, account: AccountId, ids: &[SessionId]) -> Result<usize, NotEnded> {
        self.inner.end(account, ids).await
    }

    async fn list(&self, account: AccountId) -> Result<Listing<KeptSession>, StoreError> {
        self.check()?;
        self.inner.list(account).await
    }

    async fn ids(&self, account: AccountId) -> Result<Vec<SessionId>, StoreError> {
        self.check()?;
        self.inner.ids(account).await
    }

    async fn owner(&self, id: SessionId) -> Result<Option<AccountId>, StoreError> {
        self.check()?;
        self.inner.owner(id).await
    }

    async fn accounts(&self) -> Result<Vec<AccountId>, StoreError> {
        self.check()?;
        self.inner.accounts().await
    }

    async fn watch(&self, account: AccountId, tell: Tell) -> Result<Watching, StoreError> {
        self.check()?;
        self.inner.watch(account, tell).await
    }

    async fn begin_sweep(&self) -> Result<Option<Round>, StoreError> {
        self.check()?;
        self.inner.begin_sweep().await
    }

    async fn sweep(&self, account: AccountId, now: Timestamp) -> Result<Swept, StoreError> {
        self.inner.sweep(account, now).await
    }
}
