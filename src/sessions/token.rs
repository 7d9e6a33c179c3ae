//! The secret in the cookie. It is on no disk and in no log: only its hash, the session id, is.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;

use super::session_id::SessionId;
use crate::account_id::AccountId;

/// Random bytes in a token: 192 bits, far beyond guessing.
const SECRET_LEN: usize = 24;
const LEN: usize = AccountId::LEN + SECRET_LEN;

/// The account id and 24 random bytes, written as 43 characters of base64url without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    account: AccountId,
    secret: [u8; SECRET_LEN],
}

impl Token {
    /// Characters in a written token.
    pub const TEXT_LEN: usize = 43;

    /// A token that nobody can guess, for a session of `account`.
    ///
    /// # Panics
    /// When the operating system has no random bytes to give.
    #[must_use]
    pub fn generate(account: AccountId) -> Self {
        let mut secret = [0; SECRET_LEN];
        getrandom::fill(&mut secret).expect("the operating system gives random bytes");
        Self { account, secret }
    }

    /// Reads what a cookie holds. Anything but exactly 43 characters of the alphabet, in the one way of
    /// writing those bytes, is no token.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() != Self::TEXT_LEN {
            return None;
        }
        let mut bytes = [0; LEN];
        BASE64URL_NOPAD.decode_mut(text, &mut bytes).ok()?;
        let (account, secret) = bytes.split_first_chunk::<{ AccountId::LEN }>()?;
        Some(Self { account: AccountId::from_bytes(*account), secret: secret.try_into().ok()? })
    }

    /// The token as the cookie holds it. The only way to get at the secret: call it for a cookie alone.
    #[must_use]
    pub fn reveal(&self) -> String {
        let mut bytes = [0; LEN];
        bytes[..AccountId::LEN].copy_from_slice(self.account.as_bytes());
        bytes[AccountId::LEN..].copy_from_slice(&self.secret);
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// Whose session it opens.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Which session it opens.
    #[must_use]
    pub fn session_id(&self) -> SessionId {
        SessionId::of_secret(&self.secret)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
