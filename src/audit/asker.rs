//! Who asked for something, as far as an audit line says it. It never decides anything.

use std::fmt;
use std::net::IpAddr;

use data_encoding::HEXLOWER;
use serde::Serialize;

/// Where an order came from.
#[derive(Clone, Debug)]
pub struct Asker {
    /// Of the visitor, if it is known.
    pub address: Option<IpAddr>,
    /// The request that it came with.
    pub request: Option<RequestId>,
}

impl Asker {
    /// Nobody from outside: an operator at the machine itself, or the program on its own.
    pub const LOCAL: Self = Self { address: None, request: None };
}

/// What ties an audit line to one request, here and in a proxy's own log. It is no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestId(String);

impl RequestId {
    /// Characters in an id that somebody else has made: a UUID has 36, the longest in common use twice as many
    /// hex digits as a SHA-256 has bytes.
    const MAX: usize = 64;

    /// An id that no other request has: 16 hex digits.
    ///
    /// # Panics
    /// When the operating system has no random bytes to give.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        Self(HEXLOWER.encode(&bytes))
    }

    /// One that a proxy has made: 1 to 64 letters, digits and `- _ .`.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        let is_one = (1..=Self::MAX).contains(&text.len()) && text.iter().all(is_allowed);
        is_one.then(|| Self(String::from_utf8_lossy(text).into_owned()))
    }

    /// For a header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
