//! What somebody has done, to be said on the next page that they see. It is only a word: it is kept for
//! seconds, in memory, and a page that another process shows goes without.

use std::collections::HashMap;
use std::sync::Mutex;

use super::pages::AccountWord;
use crate::clock::{SignedDuration, Timestamp};
use crate::mutex::lock;
use crate::sessions::SessionId;

/// Far longer than a browser takes to follow a redirect.
const KEPT_FOR: SignedDuration = SignedDuration::from_secs(10);

/// The words that are to be said, each to one session.
#[derive(Default)]
pub struct Receipts(Mutex<HashMap<SessionId, (AccountWord, Timestamp)>>);

impl Receipts {
    /// Keeps a word for the session's next page.
    pub fn keep(&self, session: SessionId, word: AccountWord, now: Timestamp) {
        let mut words = lock(&self.0);
        words.retain(|_, (_, since)| now.duration_since(*since) < KEPT_FOR);
        words.insert(session, (word, now));
    }

    /// The word that is to be said, once.
    pub fn take(&self, session: SessionId, now: Timestamp) -> Option<AccountWord> {
        let (word, since) = lock(&self.0).remove(&session)?;
        (now.duration_since(since) < KEPT_FOR).then_some(word)
    }
}
