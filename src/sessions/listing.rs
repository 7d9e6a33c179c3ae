//! What there is of an account's sessions, and of how many nobody can say. It never guesses about those.

use super::session_id::SessionId;

/// An account's sessions, or some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<S> {
    /// Those that could be read.
    pub sessions: Vec<S>,
    /// Those that may be there as well: the store cannot read them at the moment.
    pub unread: Vec<SessionId>,
}

impl<S> Listing<S> {
    /// Of sessions that are all there are.
    #[must_use]
    pub fn whole(sessions: Vec<S>) -> Self {
        Self { sessions, unread: Vec::new() }
    }

    /// Whether all could be read.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.unread.is_empty()
    }
}

impl<S> Default for Listing<S> {
    fn default() -> Self {
        Self::whole(Vec::new())
    }
}
