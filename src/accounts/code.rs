//! The secret in a one-time link. It carries the name of the account that it opens, as a session token
//! carries its account's id, so that no index has to be kept. It is on no disk: only its hash is.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::name::AccountName;

const SECRET_LEN: usize = 24;

/// 24 random bytes and an account's name, or none for the first account, written in base64url.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    secret: [u8; SECRET_LEN],
    account: Option<AccountName>,
}

/// What is kept of a code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeHash([u8; 16]);

impl Code {
    /// A code that nobody can guess, for `account`, or for the first one.
    ///
    /// # Panics
    /// When the operating system has no random bytes to give.
    #[must_use]
    pub fn generate(account: Option<AccountName>) -> Self {
        let mut secret = [0; SECRET_LEN];
        getrandom::fill(&mut secret).expect("the operating system gives random bytes");
        Self { secret, account }
    }

    /// Reads the last part of a link.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // 24 bytes and a name's 255 at most; what is longer is not worth decoding.
        if text.len() > 400 {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (secret, name) = bytes.split_first_chunk::<SECRET_LEN>()?;
        let account = match std::str::from_utf8(name).ok()? {
            "" => None,
            name => Some(AccountName::parse(name).ok().filter(|parsed| parsed.as_str() == name)?),
        };
        Some(Self { secret: *secret, account })
    }

    /// The code as the link holds it. Call it for a link alone.
    #[must_use]
    pub fn reveal(&self) -> String {
        let mut bytes = self.secret.to_vec();
        bytes.extend_from_slice(self.account.as_ref().map_or("", AccountName::as_str).as_bytes());
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// Whose link it is; `None` for the first account's.
    #[must_use]
    pub fn account(&self) -> Option<&AccountName> {
        self.account.as_ref()
    }

    /// What to keep of it.
    #[must_use]
    pub fn hash(&self) -> CodeHash {
        let digest = Sha256::digest(self.secret);
        let mut hash = [0; 16];
        hash.copy_from_slice(&digest[..16]);
        CodeHash(hash)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeHash(…)")
    }
}
