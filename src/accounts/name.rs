//! What an account is called. A name in this type is normalised, and safe as a file's name; nothing else
//! makes one.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// 1 to 64 letters, digits and `. _ - + @` of any script, beginning with a letter or digit; NFKC and
/// case-folded, so that `Alice` and `alice` are one account.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountName(String);

/// Why a text is no name. It says what would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing there.
    #[error("Enter a name.")]
    Empty,
    /// More than 64 characters, or more bytes than a file's name may have.
    #[error("A name has at most 64 characters, and fewer in scripts that take more room.")]
    TooLong,
    /// Other characters than those allowed.
    #[error("A name has letters, digits and . _ - + @ only, and begins with a letter or a digit.")]
    Characters,
}

impl AccountName {
    /// Characters in a name.
    pub const MAX_CHARS: usize = 64;

    /// What a file's name may have on every common file system.
    const MAX_BYTES: usize = 255;

    /// Reads what a person typed.
    ///
    /// # Errors
    /// [`NameError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        // Bounded before it is normalised, and again after: NFKC makes some texts longer.
        if is_too_long(text) {
            return Err(NameError::TooLong);
        }
        let name = normalise(text);
        if is_too_long(&name) {
            return Err(NameError::TooLong);
        }
        let starts_well = name.chars().next().is_some_and(is_letter_or_digit);
        if !starts_well || !name.chars().all(is_allowed) || normalise(&name) != name {
            return Err(NameError::Characters);
        }
        Ok(Self(name))
    }

    /// The normalised text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// NFKC and case-folded. Folding can undo the normal form, so it is taken again.
pub(super) fn normalise(text: &str) -> String {
    caseless::default_case_fold_str(&text.nfkc().collect::<String>()).nfkc().collect()
}

fn is_too_long(text: &str) -> bool {
    text.len() > AccountName::MAX_BYTES || text.chars().count() > AccountName::MAX_CHARS
}

/// Marks belong to the letters before them: many scripts cannot be written without.
fn is_allowed(letter: char) -> bool {
    let is_mark = is_combining_mark(letter) && !is_invisible(letter);
    is_letter_or_digit(letter) || is_mark || "._-+@".contains(letter)
}

fn is_letter_or_digit(letter: char) -> bool {
    letter.is_alphanumeric() && !is_combining_mark(letter) && !is_invisible(letter)
}

/// The letters and marks that show nothing (`Default_Ignorable_Code_Point` in Unicode's
/// DerivedCoreProperties): with them, two names would look the same.
fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}'
    )
}

impl TryFrom<String> for AccountName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<AccountName> for String {
    fn from(name: AccountName) -> Self {
        name.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountName({})", self.0)
    }
}
