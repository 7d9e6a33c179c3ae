//! The word that both rooms share: which account. An id is random and never used again, so an account
//! that is removed and made anew inherits nothing.

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

/// Eight random bytes, shown as 16 hex digits: the name of the folder that holds an account's sessions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AccountId([u8; AccountId::LEN]);

impl AccountId {
    /// Bytes in an id.
    pub const LEN: usize = 8;

    /// Stands for the account that does not exist yet: who is making the first one holds its lock.
    pub const NOBODY: Self = Self([0; Self::LEN]);

    /// An id that no other account has.
    ///
    /// # Panics
    /// When the operating system has no random bytes to give: nothing here is safe then.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = [0; Self::LEN];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        Self(bytes)
    }

    /// The id made of these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Reads exactly 16 lower-case hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // For every request: without taking memory.
        let mut text = [0; 2 * Self::LEN];
        HEXLOWER.encode_mut(&self.0, &mut text);
        f.write_str(std::str::from_utf8(&text).expect("BUG: hex digits are text"))
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountId({self})")
    }
}
