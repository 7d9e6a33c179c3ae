//! Sessions as they were read, for as long as their files are what they were. A session never changes, so there is
//! nothing in here that could be out of date; whether it is still there is asked of the disk each time, and never
//! answered from here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::session::Session;
use super::session_id::SessionId;
use crate::files::disk::State;
use crate::mutex::lock;

/// Sessions at most: some 400 bytes each. Whoever has more at work reads some of them again.
const MOST: usize = 16_384;

/// What was read, with the state that its file was in.
type Read = (State, Arc<Session>);

/// All that was read of late.
#[derive(Clone, Debug, Default)]
pub(super) struct Decoded(Arc<Mutex<HashMap<SessionId, Read>>>);

impl Decoded {
    /// The session, as it was read from a file in that state.
    pub fn get(&self, id: SessionId) -> Option<Read> {
        lock(&self.0).get(&id).cloned()
    }

    /// Keeps it.
    pub fn put(&self, state: State, session: &Arc<Session>) {
        let mut sessions = lock(&self.0);
        if sessions.len() >= MOST {
            // Rarely, and cheaper than to know which is needed least.
            sessions.clear();
        }
        sessions.insert(session.id, (state, Arc::clone(session)));
    }

    /// Lets go of it.
    pub fn remove(&self, id: SessionId) {
        lock(&self.0).remove(&id);
    }
}
