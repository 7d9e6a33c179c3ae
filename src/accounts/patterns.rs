//! Passwords that follow from their first characters, which no list can hold: one piece over and over, and runs
//! along the keyboard, the alphabet or the digits. It never knows whose they are.

use super::password_rules::PasswordRules;

/// The keys from left to right, without Shift and with it. On keyboards of other countries a few keys are
/// elsewhere, which breaks a run of theirs into a few pieces more, and not into as many as [`is_run`] allows.
const KEYBOARD: [[&str; 2]; 4] = [
    ["1234567890-=", "!@#$%^&*()_+"],
    ["qwertyuiop[]", "qwertyuiop{}"],
    ["asdfghjkl;'", "asdfghjkl:\""],
    ["zxcvbnm,./", "zxcvbnm<>?"],
];

/// How far each row begins to the right of the first, in quarters of a key.
const INDENTS: [usize; 4] = [0, 2, 3, 5];

/// A run's pieces have three characters or more, on average: `qaz wsx edc` has three. Those of words and of
/// chance have little more than one.
const PIECE: usize = 3;

/// Whether the password is one piece twice or more, with at most one character between, and the piece would be
/// too short by itself.
pub fn is_repetition(password: &str) -> bool {
    let letters: Vec<_> = password.chars().collect();
    let twice = letters.len().div_ceil(2);
    (1..=twice.min(PasswordRules::MIN_CHARS - 1))
        .any(|piece| letters.len() > piece && letters[piece..] == letters[..letters.len() - piece])
}

/// Whether the password, in lower case, goes from one key, letter or digit to the next but for a few leaps.
pub fn is_run(password: &str) -> bool {
    let letters: Vec<_> = password.chars().collect();
    let leaps = letters.windows(2).filter(|pair| !is_step(pair[0], pair[1])).count();
    (leaps + 1) * PIECE <= letters.len()
}

fn is_step(from: char, to: char) -> bool {
    let in_order =
        u32::from(from).abs_diff(u32::from(to)) == 1 && from.is_alphanumeric() && to.is_alphanumeric();
    from == to || in_order || are_neighbours(from, to)
}

fn are_neighbours(one: char, other: char) -> bool {
    let (Some((row, place)), Some((other_row, other_place))) = (key(one), key(other)) else { return false };
    // A key is four quarters wide.
    row.abs_diff(other_row) <= 1 && place.abs_diff(other_place) <= 4
}

/// Its row, and how far to the right it is.
fn key(letter: char) -> Option<(usize, usize)> {
    KEYBOARD.iter().enumerate().find_map(|(row, keys)| {
        let column = keys.iter().find_map(|keys| keys.chars().position(|key| key == letter))?;
        Some((row, INDENTS[row] + column * 4))
    })
}
