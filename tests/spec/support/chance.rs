//! Chance that can be had again, and how much of it to take.

use std::env;

/// From `EXEUNT_SEED`, or one that no run before had. Whoever takes it prints it.
pub fn seed() -> u64 {
    number("EXEUNT_SEED").unwrap_or_else(|| fastrand::u64(..))
}

/// A number from the environment.
pub fn number(setting: &str) -> Option<u64> {
    let text = env::var(setting).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{setting} is a number, not {text:?}")))
}
