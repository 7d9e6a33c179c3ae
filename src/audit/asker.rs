//! Who asked for something, as far as an audit line says it. It never decides anything.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use data_encoding::HEXLOWER;
use serde::{Serialize, Serializer};

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
#[derive(Clone)]
pub struct RequestId(Text);

#[derive(Clone)]
enum Text {
    /// Of ours, in hex: nothing to be shared, and nothing to be let go of.
    Ours([u8; 16]),
    /// Of somebody else.
    Given(Arc<str>),
}

/// Odd, and 2^64 divided by the golden ratio: neighbours look nothing like each other.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl RequestId {
    /// Characters in an id that somebody else has made: a UUID has 36, the longest in common use twice as many
    /// hex digits as a SHA-256 has bytes.
    const MAX: usize = 64;

    /// An id that no other request has: 16 hex digits.
    #[must_use]
    pub fn generate() -> Self {
        // No secret, so that not each has to wait for random bytes: those of one process are counted from where
        // chance begins, in steps that reach every number before one comes again.
        static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| RandomState::new().hash_one(()).into());
        let number = NEXT.fetch_add(STEP, Ordering::Relaxed);
        let mut digits = [0; 16];
        HEXLOWER.encode_mut(&number.to_be_bytes(), &mut digits);
        Self(Text::Ours(digits))
    }

    /// One that a proxy has made: 1 to 64 letters, digits and `- _ .`.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        let is_one = (1..=Self::MAX).contains(&text.len()) && text.iter().all(is_allowed);
        is_one.then(|| Self(Text::Given(String::from_utf8_lossy(text).into())))
    }

    /// For a header.
    ///
    /// # Panics
    /// Never: hex digits are text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Ours(digits) => std::str::from_utf8(digits).expect("BUG: hex digits are text"),
            Text::Given(text) => text,
        }
    }
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
