//! An account as it is kept. It never holds a password or a link, only their hashes.

use serde::{Deserialize, Serialize};

use super::code::{Code, CodeHash};
use super::name::AccountName;
use super::password::PasswordHash;
use crate::account_id::AccountId;
use crate::clock::{self, SignedDuration, Timestamp};
use crate::record::Record;

/// Who may log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Random, never used again.
    pub id: AccountId,
    /// What it is called.
    pub name: AccountName,
    /// `None` until its link is opened and a password chosen.
    pub password: Option<PasswordHash>,
    /// Nobody logs in to a disabled account.
    pub disabled: bool,
    /// The one link that opens it now.
    pub link: Option<Link>,
    created: i64,
}

impl Record for Account {
    const KIND: u8 = b'a';
    const VERSION: u8 = 1;
}

impl Account {
    /// An account that nobody can log in to yet.
    #[must_use]
    pub fn new(name: AccountName, now: Timestamp) -> Self {
        Self {
            id: AccountId::generate(),
            name,
            password: None,
            disabled: false,
            link: None,
            created: now.as_second(),
        }
    }

    /// When it was made.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        clock::at_second(self.created)
    }
}

/// A one-time link, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    hash: CodeHash,
    expires: i64,
}

impl Record for Link {
    const KIND: u8 = b'l';
    const VERSION: u8 = 1;
}

impl Link {
    /// How long a link is good for.
    pub const LASTS: SignedDuration = SignedDuration::from_hours(24);

    /// The link that `code` opens from now on.
    #[must_use]
    pub fn new(code: &Code, now: Timestamp) -> Self {
        Self { hash: code.hash(), expires: now.as_second() + Self::LASTS.as_secs() }
    }

    /// Whether `code` opens it now.
    #[must_use]
    pub fn opens_with(&self, code: &Code, now: Timestamp) -> bool {
        self.hash == code.hash() && now < clock::at_second(self.expires)
    }
}
