//! A session as it was at its start. It never changes: when it was last seen is kept beside it.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::browser::Browser;
use super::session_id::SessionId;
use crate::account_id::AccountId;
use crate::clock::{self, SignedDuration, Timestamp};
use crate::record::Record;

/// How long a session lasts (NIST SP 800-63B-4, sections 2.2.3 and 2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LastingFor {
    /// Until the browser is closed: one hour idle, 24 hours in all (AAL2).
    ThisVisit,
    /// Remembered: 30 days, idle or not (AAL1).
    Days30,
}

impl LastingFor {
    /// How long it may go unseen.
    #[must_use]
    pub fn idle(self) -> SignedDuration {
        match self {
            Self::ThisVisit => SignedDuration::from_hours(1),
            Self::Days30 => self.absolute(),
        }
    }

    /// How long it may last at all.
    #[must_use]
    pub fn absolute(self) -> SignedDuration {
        match self {
            Self::ThisVisit => SignedDuration::from_hours(24),
            Self::Days30 => SignedDuration::from_hours(24 * 30),
        }
    }
}

/// What is known when a session starts.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Whose it is.
    pub account: AccountId,
    /// What that account is called.
    pub account_name: String,
    /// How long it is to last.
    pub lasting: LastingFor,
    /// What it started in.
    pub browser: Browser,
    /// Where from.
    pub address: Option<IpAddr>,
}

/// A session, as written once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Whose it is.
    pub account: AccountId,
    /// Its handle, and its file's name.
    pub id: SessionId,
    /// What the account was called.
    pub account_name: String,
    created: i64,
    expires: i64,
    /// How long it lasts.
    pub lasting: LastingFor,
    /// What it started in, in words.
    pub browser: Browser,
    /// Where from.
    pub address: Option<IpAddr>,
}

impl Record for Session {
    const KIND: u8 = b's';
    const VERSION: u8 = 1;
}

impl Session {
    /// A session that starts now.
    #[must_use]
    pub fn start(new: NewSession, id: SessionId, now: Timestamp) -> Self {
        Self {
            account: new.account,
            id,
            account_name: new.account_name,
            created: now.as_second(),
            expires: now.as_second() + new.lasting.absolute().as_secs(),
            lasting: new.lasting,
            browser: new.browser,
            address: new.address,
        }
    }

    /// When it started.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        clock::at_second(self.created)
    }

    /// When it ends at the latest.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        clock::at_second(self.expires)
    }
}

/// A session as a store keeps it, live or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSession {
    /// As it was at its start.
    pub session: Arc<Session>,
    /// The last time a person used it, give or take a minute.
    pub last_seen: Timestamp,
}

/// A session that lets somebody in. Only [`KeptSession::live`] makes one, so nobody can forget to ask the
/// clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSession(KeptSession);

impl KeptSession {
    /// The session, if both clocks still let it live.
    #[must_use]
    pub fn live(self, now: Timestamp) -> Option<LiveSession> {
        let idle = now.duration_since(self.last_seen);
        let is_live = now < self.session.expires() && idle < self.session.lasting.idle();
        is_live.then_some(LiveSession(self))
    }
}

impl LiveSession {
    /// When it ends, if nobody sees it again.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        let idle = self.last_seen.checked_add(self.session.lasting.idle());
        self.session.expires().min(idle.unwrap_or(Timestamp::MAX))
    }

    /// The same session, seen again.
    pub(super) fn seen(mut self, now: Timestamp) -> Self {
        self.0.last_seen = now;
        self
    }
}

impl Deref for LiveSession {
    type Target = KeptSession;

    fn deref(&self) -> &KeptSession {
        &self.0
    }
}
