//! Who is logged in: sessions, the tokens that open them, and where they are kept.
//! It never knows a password, and it never writes a session a second time.

mod browser;
mod decoded;
mod endings;
mod file_store;
mod file_sweep;
mod listing;
mod session;
mod session_id;
mod store;
mod swept;
mod times;
mod token;
mod watches;

use std::cmp::Reverse;
use std::sync::Arc;

pub use browser::Browser;
pub use file_store::FileSessionStore;
pub use listing::Listing;
pub use session::{KeptSession, LastingFor, LiveSession, NewSession, Session};
pub use session_id::SessionId;
pub use store::{NotEnded, Round, SessionStore, Tell, Watching};
pub use swept::{Skipped, Swept};
pub use token::Token;
pub use watches::Watch;

use endings::Endings;
use times::Times;
use watches::Watches;

use crate::account_id::AccountId;
use crate::clock::{SignedDuration, Timestamp};
use crate::metrics::Metrics;
use crate::store_error::StoreError;

/// How much later than the last time a session must be seen for that to be written down: precise enough
/// for people and for the idle clock, rare enough for the disk.
const SEEN_AT_MOST_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// Sessions that an account may have; the next login ends the one that was seen longest ago.
pub const CAP: usize = 100;

/// How long a session must have been over before it is removed: whoever found it live a moment earlier has
/// written down by then that it was seen.
const OVER_FOR: SignedDuration = SignedDuration::from_mins(1);

/// Whether a request counts as its session being seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// A person did something.
    Active,
    /// A program asked on its own: an event stream, a proxy's background poll.
    Passive,
}

/// All sessions of the site.
pub struct Sessions {
    store: Arc<dyn SessionStore>,
    endings: Endings,
    watches: Watches,
    times: Times,
}

impl Sessions {
    /// Sessions kept in `store`.
    pub fn new(store: Arc<dyn SessionStore>) -> Self {
        Self::timed(store, &Metrics::default())
    }

    /// The same, timed in `metrics`.
    pub fn timed(store: Arc<dyn SessionStore>, metrics: &Metrics) -> Self {
        let times = Times::of(metrics);
        Self { store, endings: Endings::default(), watches: Watches::default(), times }
    }

    /// Starts a session. Once the token is here the session is on disk, and a power cut keeps it.
    ///
    /// # Errors
    /// When the store fails; then there is no session, or what is left of it is refused and tried again to
    /// end.
    pub async fn start(&self, new: NewSession, now: Timestamp) -> Result<(Token, Session), StoreError> {
        let token = Token::generate(new.account);
        let session = Session::start(new, token.session_id(), now);
        let timer = self.times.create.start();
        let created = self.store.create(&session).await;
        drop(timer);
        if let Err(error) = created {
            // A disk that fails may have kept it all the same, and nobody holds its token.
            let _ = self.end(session.account, &[session.id]).await;
            return Err(error);
        }
        Ok((token, session))
    }

    /// The live session that `token` opens, if there is one.
    ///
    /// # Errors
    /// When the store cannot say: then nobody knows, and the caller must not let anybody in.
    pub async fn resume(
        &self,
        token: &Token,
        presence: Presence,
        now: Timestamp,
    ) -> Result<Option<LiveSession>, StoreError> {
        let (account, id) = (token.account(), token.session_id());
        let Some(live) = self.live(account, id, now).await? else { return Ok(None) };
        if presence == Presence::Active && now.duration_since(live.last_seen) >= SEEN_AT_MOST_EVERY {
            // A disk that cannot note it makes the session idle sooner; that is no reason to refuse.
            let _timer = self.times.touch.start();
            match self.store.touch(account, id, now).await {
                Ok(()) => return Ok(Some(live.seen(now))),
                Err(error) => tracing::warn!(%error, session = %id, "last seen was not noted"),
            }
        }
        Ok(Some(live))
    }

    /// The account's session `id`, if it is live. That does not count as its being seen.
    ///
    /// # Errors
    /// When the store cannot say.
    pub async fn live(
        &self,
        account: AccountId,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Option<LiveSession>, StoreError> {
        if self.endings.contains(account, id) {
            return Ok(None);
        }
        if let Some(kept) = self.store.known(account, id) {
            return Ok(kept.live(now));
        }
        let _timer = self.times.read.start();
        Ok(self.store.read(account, id).await?.and_then(|kept| kept.live(now)))
    }

    /// Begins to watch the account's sessions: whenever some may have ended from now on, it is told. `None` when
    /// too many watch them already.
    pub async fn watch(&self, account: AccountId) -> Option<Watch> {
        self.watches.begin(account, &*self.store).await
    }

    /// The account's live sessions, the one seen last first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, account: AccountId, now: Timestamp) -> Result<Listing<LiveSession>, StoreError> {
        let timer = self.times.list.start();
        let Listing { sessions, mut unread } = self.store.list(account).await?;
        drop(timer);
        let mut live: Vec<_> = sessions
            .into_iter()
            .filter_map(|kept| kept.live(now))
            .filter(|live| !self.endings.contains(account, live.session.id))
            .collect();
        live.sort_by_key(|live| (Reverse(live.last_seen), live.session.id));
        unread.retain(|&id| !self.endings.contains(account, id));
        Ok(Listing { sessions: live, unread })
    }

    /// Every session that the store may still have of the account, live or not.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ids(&self, account: AccountId) -> Result<Vec<SessionId>, StoreError> {
        self.store.ids(account).await
    }

    /// Ends sessions of one account, and answers how many there were. Once it has answered, no power cut
    /// brings them back; ending what has ended is success.
    ///
    /// # Errors
    /// When the store cannot let go of all. Those are refused here from now on, and tried again.
    pub async fn end(&self, account: AccountId, ids: &[SessionId]) -> Result<usize, NotEnded> {
        if ids.is_empty() {
            return Ok(0);
        }
        // Refused from here on, however long the store takes.
        self.endings.begin(account, ids);
        let timer = self.times.end.start();
        let ended = self.store.end(account, ids).await;
        drop(timer);
        let kept = ended.as_ref().err().map_or(&[][..], |kept| &kept.ids);
        self.endings.settle(account, ids, kept);
        self.watches.tell(account);
        ended
    }

    /// Whose session `id` is, if there is a file of that name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn owner(&self, id: SessionId) -> Result<Option<AccountId>, StoreError> {
        self.store.owner(id).await
    }

    /// Every account that may have sessions.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn accounts(&self) -> Result<Vec<AccountId>, StoreError> {
        self.store.accounts().await
    }

    /// Whether something that should have ended is still in the store.
    #[must_use]
    pub fn has_unfinished_endings(&self) -> bool {
        !self.endings.unfinished().is_empty()
    }

    /// Tries again to end what could not be ended, and answers how many are still left.
    pub async fn retry_endings(&self) -> usize {
        for (account, ids) in self.endings.unfinished() {
            // A failure keeps them where they are: in `endings`, refused.
            let _ = self.end(account, &ids).await;
        }
        self.endings.unfinished().values().map(Vec::len).sum()
    }

    /// What there is to sweep, unless somebody else is sweeping at this moment: then `None`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin_sweep(&self) -> Result<Option<Round>, StoreError> {
        self.store.begin_sweep().await
    }

    /// Removes the account's sessions that have been over for a minute, and damaged ones.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sweep(&self, account: AccountId, now: Timestamp) -> Result<Swept, StoreError> {
        let _timer = self.times.sweep.start();
        self.store.sweep(account, now - OVER_FOR).await
    }
}
