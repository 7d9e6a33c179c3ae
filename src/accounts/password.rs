//! Passwords and their scrypt hashes. What was typed is shown nowhere, not even to a debugger's format.

use std::fmt;

use password_hash::{PasswordHasher, PasswordVerifier, phc};
use scrypt::{Params, Scrypt};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// What a person typed, in NFC, spaces and all.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Bytes that a password may have as typed. SP 800-63B-4 asks for 64 characters at least; this is
    /// room for 256 of any script.
    pub const MAX_BYTES: usize = 1024;

    /// Takes what was typed; `None` when it is longer than a password may be.
    #[must_use]
    pub fn new(typed: &str) -> Option<Self> {
        (typed.len() <= Self::MAX_BYTES).then(|| Self(typed.nfc().collect()))
    }

    /// Takes what was typed as a password that there is already. What is longer than one may be is nobody's,
    /// and neither is the empty one that stands for it.
    #[must_use]
    pub fn claimed(typed: &str) -> Self {
        Self::new(typed).unwrap_or_else(|| Self(String::new()))
    }

    /// The text. Call it to check or to hash a password, for nothing else.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A PHC string: `$scrypt$ln=17,r=8,p=1$…$…`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash(String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// How dear a guess is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost(Params);

impl Cost {
    /// N = 2^17, r = 8, p = 1: 128 MiB for a run, the first choice of OWASP's Password Storage Cheat
    /// Sheet.
    pub const STANDARD: Self = Self(Params::RECOMMENDED);

    /// N = 2^`log_n`, r = 8, p = 1, at most the standard.
    ///
    /// # Panics
    /// When scrypt cannot run with that.
    #[must_use]
    pub fn of(log_n: u8) -> Self {
        assert!(log_n <= Params::RECOMMENDED_LOG_N, "BUG: dearer than what a hash may cost");
        Self(Params::new(log_n, 8, 1).expect("BUG: parameters that scrypt runs with"))
    }

    /// Whether a hash read from disk may be tried: no dearer than the standard in memory or time, so that
    /// a damaged file cannot ask for more, not even for a number that is there twice.
    fn allows(params: &phc::ParamsString) -> bool {
        let standard = Self::STANDARD.0;
        params.iter().all(|(name, value)| {
            let most = match name.as_str() {
                "ln" => standard.log_n().into(),
                "r" => standard.r(),
                "p" => standard.p(),
                _ => return false,
            };
            value.decimal().is_ok_and(|asked| asked <= most)
        })
    }
}

/// Hashes with a salt of 16 random bytes. Takes as long as `cost` says.
///
/// # Panics
/// When the operating system has no random bytes to give.
pub(super) fn hash(password: &Password, cost: Cost) -> PasswordHash {
    let hash = Scrypt::new_with_params(cost.0)
        .hash_password(password.expose().as_bytes())
        .expect("scrypt runs with these parameters, and the operating system gives random bytes");
    PasswordHash(hash.to_string())
}

/// Whether the password is the one that was hashed. Without a hash, or with one that is damaged or too
/// dear, it is not, and finding that out takes one run all the same.
pub(super) fn verify(password: &Password, hash: Option<&PasswordHash>, cost: Cost) -> bool {
    let Some((hash, params)) = hash.and_then(|hash| parse(hash).ok()) else {
        let _ = self::hash(password, cost);
        return false;
    };
    Scrypt::new_with_params(params).verify_password(password.expose().as_bytes(), &hash).is_ok()
}

/// Whether the hash was made with other parameters than `cost`.
pub(super) fn is_outdated(hash: &PasswordHash, cost: Cost) -> bool {
    parse(hash).is_ok_and(|(_, params)| {
        (params.log_n(), params.r(), params.p()) != (cost.0.log_n(), cost.0.r(), cost.0.p())
    })
}

fn parse(hash: &PasswordHash) -> password_hash::Result<(phc::PasswordHash, Params)> {
    let hash = phc::PasswordHash::new(&hash.0).map_err(|_| password_hash::Error::EncodingInvalid)?;
    // A shorter output is the beginning of the whole one: cut short, a hash would still be right.
    let is_whole = hash.hash.is_some_and(|output| output.len() == Params::RECOMMENDED_LEN);
    if hash.salt.is_none() || !is_whole || hash.algorithm != scrypt::phc::ALG_ID {
        return Err(password_hash::Error::Algorithm);
    }
    // Before scrypt sees them: it multiplies them as they are, and a debug build panics where that overflows.
    if !Cost::allows(&hash.params) {
        return Err(password_hash::Error::ParamsInvalid);
    }
    let params = Params::try_from(&hash)?;
    Ok((hash, params))
}
