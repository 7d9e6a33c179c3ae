//! Names of accounts: whatever is typed becomes the name of one file, and stays it.

use std::path::{Component, Path};

use bolero::check;
use exeunt::accounts::AccountName;

use crate::corpus::Example;
use crate::effort;
use crate::material::Material;

pub const NAME: &str = "names";

const PIECES: [&[u8]; 16] = [
    b"/",
    b"..",
    b"\\",
    b"\0",
    b".",
    b"-",
    b" ",
    b"@",
    "ﷺ".as_bytes(),
    "İ".as_bytes(),
    "ß".as_bytes(),
    "ﬃ".as_bytes(),
    "\u{345}".as_bytes(),
    "\u{301}".as_bytes(),
    "\u{2024}".as_bytes(),
    "\u{ff0f}".as_bytes(),
];

#[test]
fn what_is_read_as_a_name_stays_that_name_and_is_one_file() {
    let material = Material::of(&examples(), &PIECES);
    check!(name = NAME).with_test_time(effort()).for_each(|input: &[u8]| {
        for bytes in material.readings(input) {
            is_a_file_or_no_name(&String::from_utf8_lossy(&bytes));
        }
        is_a_file_or_no_name(&letters(input));
    });
}

pub fn examples() -> Vec<Example> {
    let of = |text: &str| AccountName::parse(text).unwrap().as_str().as_bytes().to_vec();
    vec![
        ("alice", of("alice")),
        ("address", of("alice.b+c@example.org")),
        ("turkish", of("İbrahim")),
        ("devanagari", of("प्रिया")),
        ("longest", of(&"ꙮ".repeat(64))),
    ]
}

fn is_a_file_or_no_name(text: &str) {
    let Ok(name) = AccountName::parse(text) else { return };
    assert_eq!(AccountName::parse(name.as_str()).as_ref(), Ok(&name), "{text:?}");
    let name = name.as_str();
    assert!((1..=64).contains(&name.chars().count()) && name.len() <= 255, "{name:?}");
    assert!(name.starts_with(char::is_alphanumeric), "{name:?}");
    assert!(
        !name.contains(|c: char| c.is_control() || c.is_whitespace() || "/\\:\0".contains(c)),
        "{name:?}"
    );
    let parts: Vec<_> = Path::new(name).components().collect();
    assert!(matches!(parts[..], [Component::Normal(part)] if part == name), "{name:?}");
}

/// One for every three bytes, of the two planes that most scripts are in.
fn letters(input: &[u8]) -> String {
    let number =
        |bytes: &[u8]| u32::from(bytes[0] & 1) << 16 | u32::from(bytes[1]) << 8 | u32::from(bytes[2]);
    input.chunks_exact(3).filter_map(|bytes| char::from_u32(number(bytes))).collect()
}
