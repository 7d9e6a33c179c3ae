//! Sessions as files: `sessions/<account id>/<session id>`, each written once. A file's existence is the
//! session's, for every process, and its mtime is when the session was last seen. It never answers from memory
//! whether there is one.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;

use super::decoded::Decoded;
use super::file_sweep;
use super::listing::Listing;
use super::session::{KeptSession, Session};
use super::session_id::SessionId;
use super::store::{NotEnded, Round, SessionStore, Tell, Watching};
use super::swept::Swept;
use crate::account_id::AccountId;
use crate::clock::Timestamp;
use crate::files::disk::Kind;
use crate::files::{Contents, Folder, Removals, Watcher, blocking};
use crate::record;
use crate::store_error::{StoreError, While};

/// Sessions in a folder.
#[derive(Clone, Debug)]
pub struct FileSessionStore {
    folder: Folder,
    removals: Removals,
    watcher: Watcher,
    /// Where no other machine changes anything.
    decoded: Option<Decoded>,
}

impl FileSessionStore {
    /// Sessions in `folder`, which is made where it is missing.
    ///
    /// # Errors
    /// When it cannot be made or closed to others.
    pub fn open(folder: Folder) -> Result<Self, StoreError> {
        folder.ensure().map_err(|error| {
            StoreError::new("opening the sessions", format!("{}: {error}", folder.path().display()))
        })?;
        let decoded = folder.is_local().then(|| Decoded::below(&folder));
        let removals = Removals::below(&folder);
        Ok(Self { folder, removals, watcher: Watcher::default(), decoded })
    }

    fn folder_of(&self, account: AccountId) -> Folder {
        self.folder.folder(&account.to_string())
    }
}

#[async_trait]
impl SessionStore for FileSessionStore {
    async fn create(&self, session: &Session) -> Result<(), StoreError> {
        let (name, bytes, seen) = (session.id.to_string(), record::encode(session), session.created());
        self.folder_of(session.account)
            .blocking(move |folder| folder.create(&name, &bytes, seen))
            .await
            .doing("writing a session")
    }

    fn known(&self, account: AccountId, id: SessionId) -> Option<KeptSession> {
        self.decoded.as_ref()?.still(account, id)
    }

    async fn read(&self, account: AccountId, id: SessionId) -> Result<Option<KeptSession>, StoreError> {
        let decoded = self.decoded.as_ref().filter(|decoded| decoded.expects_more_of(id));
        let moment = decoded.and_then(|decoded| decoded.moment(account));
        let read = self.folder.read_without_blocking(&format!("{account}/{id}")).await;
        let kept = read.doing("reading a session")?.and_then(|contents| decode(&contents, account, id));
        if let Some(decoded) = decoded {
            decoded.keep(account, id, moment, kept.as_ref());
        }
        Ok(kept)
    }

    async fn touch(&self, account: AccountId, id: SessionId, seen: Timestamp) -> Result<(), StoreError> {
        self.folder_of(account)
            .blocking(move |folder| folder.touch(&id.to_string(), seen))
            .await
            .doing("noting when a session was seen")
    }

    async fn end(&self, account: AccountId, ids: &[SessionId]) -> Result<usize, NotEnded> {
        let names: Vec<_> = ids.iter().map(SessionId::to_string).collect();
        let removed = self.removals.remove_or_empty(account.to_string(), names).await;
        removed.map_err(|kept| NotEnded {
            ids: kept.names.iter().filter_map(|name| SessionId::parse(name)).collect(),
            source: StoreError::new("ending a session", kept.source),
        })
    }

    async fn list(&self, account: AccountId) -> Result<Listing<KeptSession>, StoreError> {
        let known = self.decoded.as_ref().and_then(|decoded| Some((decoded, decoded.moment(account)?)));
        if let Some(sessions) = known.and_then(|(decoded, now)| decoded.list(account, now)) {
            return Ok(Listing::whole(sessions));
        }
        let listing = self.folder_of(account).blocking(move |folder| list(&folder, account)).await;
        let listing = listing.doing("listing sessions")?;
        if let Some((decoded, now)) = known
            && listing.is_whole()
        {
            decoded.keep_list(account, now, &listing.sessions);
        }
        Ok(listing)
    }

    async fn ids(&self, account: AccountId) -> Result<Vec<SessionId>, StoreError> {
        self.folder_of(account).blocking(|folder| session_ids(&folder)).await.doing("listing sessions")
    }

    async fn owner(&self, id: SessionId) -> Result<Option<AccountId>, StoreError> {
        let root = self.folder.clone();
        blocking(move || {
            // Where it cannot be looked for, it may be in another place all the same.
            let mut failed = None;
            for account in account_ids(&root)? {
                match root.folder(&account.to_string()).has(&id.to_string()) {
                    Ok(true) => return Ok(Some(account)),
                    Ok(false) => {}
                    Err(error) => failed = Some(error),
                }
            }
            failed.map_or(Ok(None), Err)
        })
        .await
        .doing("looking for a session")
    }

    async fn accounts(&self) -> Result<Vec<AccountId>, StoreError> {
        let root = self.folder.clone();
        blocking(move || account_ids(&root)).await.doing("listing accounts with sessions")
    }

    async fn watch(&self, account: AccountId, tell: Tell) -> Result<Watching, StoreError> {
        let watching = self.watcher.watch(&self.folder_of(account), tell).await;
        watching.map(|watching| Box::new(watching) as Watching).doing("watching an account's sessions")
    }

    async fn begin_sweep(&self) -> Result<Option<Round>, StoreError> {
        let root = self.folder.clone();
        blocking(move || file_sweep::begin(&root)).await.doing("beginning a sweep")
    }

    async fn sweep(&self, account: AccountId, now: Timestamp) -> Result<Swept, StoreError> {
        self.folder_of(account)
            .blocking(move |folder| file_sweep::sweep(&folder, account, now))
            .await
            .doing("sweeping sessions")
    }
}

fn account_ids(root: &Folder) -> io::Result<Vec<AccountId>> {
    let accounts = root.entries()?.filter_map(|entry| match entry {
        Ok((_, Kind::File)) => None,
        // A folder, or a link to one.
        Ok((name, _)) => AccountId::parse(&name).map(Ok),
        Err(error) => Some(Err(error)),
    });
    accounts.collect()
}

fn session_ids(folder: &Folder) -> io::Result<Vec<SessionId>> {
    Ok(folder.files()?.iter().filter_map(|name| SessionId::parse(name)).collect())
}

/// One file that cannot be read is no reason to say nothing of the others.
fn list(folder: &Folder, account: AccountId) -> io::Result<Listing<KeptSession>> {
    let mut listing = Listing::default();
    for id in session_ids(folder)? {
        match folder.read(&id.to_string()) {
            Ok(contents) => {
                listing.sessions.extend(contents.and_then(|contents| decode(&contents, account, id)));
            }
            Err(error) => {
                tracing::error!(%error, session = %id, "a session's file cannot be read");
                listing.unread.push(id);
            }
        }
    }
    Ok(listing)
}

/// The session in a file, if the file is whole and is the one it says it is.
pub(super) fn decode(contents: &Contents, account: AccountId, id: SessionId) -> Option<KeptSession> {
    let session: Session = record::decode(&contents.bytes)?;
    (session.account == account && session.id == id)
        .then(|| KeptSession { session: Arc::new(session), last_seen: contents.modified })
}
