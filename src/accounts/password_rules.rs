//! Which passwords may be chosen (SP 800-63B-4, section 3.1.1.2). There are no composition rules, and a
//! password that is already in use is never checked again.

use super::common_passwords::{core, is_common};
use super::name::{AccountName, normalise};
use super::password::Password;
use super::patterns::{is_repetition, is_run};

/// What a new password is held against.
#[derive(Clone, Debug)]
pub struct PasswordRules {
    /// The site's host, which makes a poor password.
    site: String,
}

/// Why a password cannot be chosen. It says what would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// Fewer than 15 characters.
    #[error("This password is too short. Use at least 15 characters: four or five words do well.")]
    TooShort,
    /// More than 1,024 bytes.
    #[error(
        "This password is too long. Use at most 1,024 bytes, which is room for 256 characters of any script."
    )]
    TooLong,
    /// On the list of common passwords, or one of them with a few digits and signs around it.
    #[error(
        "This password is one of those that are tried first, with digits around it or without. Use one that nobody else has: four or five words that do not belong together."
    )]
    Common,
    /// One short piece over and over.
    #[error(
        "This password repeats one short piece, which is as good as the piece alone. Use four or five different words."
    )]
    Repeated,
    /// Along the keyboard, the alphabet or the digits.
    #[error(
        "This password follows the order of the keyboard, the alphabet or the digits. Use four or five words that do not belong together."
    )]
    Run,
    /// Nothing but the account's name and the site's.
    #[error(
        "This password is made of the name and the site, which anybody would try. Use words that do not follow from them."
    )]
    Guessable,
}

impl PasswordRules {
    /// Characters that a password needs where it is the only factor.
    pub const MIN_CHARS: usize = 15;

    /// The rules of the site at `host`.
    #[must_use]
    pub fn new(host: &str) -> Self {
        Self { site: letters_and_digits(&normalise(host)) }
    }

    /// Takes a password that somebody wants for the account `name`.
    ///
    /// # Errors
    /// [`PasswordRefusal`] when it will not do.
    pub fn check(&self, typed: &str, name: &AccountName) -> Result<Password, PasswordRefusal> {
        let password = Password::new(typed).ok_or(PasswordRefusal::TooLong)?;
        if password.expose().chars().count() < Self::MIN_CHARS {
            return Err(PasswordRefusal::TooShort);
        }
        // Folded as names are, so that one cannot be passed off by writing it otherwise.
        let folded = normalise(password.expose());
        if is_common(&folded) {
            return Err(PasswordRefusal::Common);
        }
        if self.follows_from(&folded, name) {
            return Err(PasswordRefusal::Guessable);
        }
        if is_repetition(&folded) || is_repetition(core(&folded)) {
            return Err(PasswordRefusal::Repeated);
        }
        if is_run(&folded) {
            return Err(PasswordRefusal::Run);
        }
        Ok(password)
    }

    /// Whether no letter is left of it without the name and the site, in whichever order they are taken
    /// out: a short name may be a part of the site's.
    fn follows_from(&self, folded: &str, name: &AccountName) -> bool {
        let whole = letters_and_digits(folded);
        let name = letters_and_digits(name.as_str());
        let without = |text: &str, known: &str| match known {
            "" => text.to_owned(),
            known => text.replace(known, ""),
        };
        let rests =
            [without(&without(&whole, &name), &self.site), without(&without(&whole, &self.site), &name)];
        rests.iter().any(|rest| rest.len() < whole.len() && !rest.chars().any(char::is_alphabetic))
    }
}

fn letters_and_digits(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).collect()
}
