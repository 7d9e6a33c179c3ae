//! Records: bytes that say themselves whether they are whole, and of which nothing is believed.

use data_encoding::HEXLOWER;
use exeunt::accounts::AccountName;
use exeunt::record::{self, LIMIT, Record};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Magic, kind and version.
const HEAD: usize = 9;
const CHECKSUM: usize = 8;

#[test]
fn a_record_is_read_back_as_it_was() {
    for note in [a_note(), Note::default(), a_note_of(&"x".repeat(4000)), a_note_of("日本語\0\n")] {
        assert_eq!(record::decode::<Note>(&record::encode(&note)), Some(note));
    }
}

#[test]
fn a_record_begins_with_what_it_is_and_ends_with_its_checksum() {
    let bytes = record::encode(&a_note());

    assert_eq!(&bytes[..HEAD], b"exeunt:n\x03");
    let (content, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
    assert_eq!(checksum, &Sha256::digest(content)[..CHECKSUM]);
}

#[test]
fn the_bytes_of_a_record_stay_the_same_from_release_to_release() {
    let bytes = record::encode(&a_note());

    let expected = "657865756e743a6e03096d696c6b20f09fa59bfd00f2052a01000000010700";
    assert_eq!(HEXLOWER.encode(&bytes[..bytes.len() - CHECKSUM]), expected);
}

#[test]
fn a_truncated_record_is_none_whatever_its_length() {
    let whole = record::encode(&a_note());
    for length in 0..whole.len() {
        assert_eq!(record::decode::<Note>(&whole[..length]), None, "{length} bytes");
        assert_eq!(record::decode::<Note>(&whole[whole.len() - length..]), None, "the last {length}");
    }
}

#[test]
fn a_record_with_one_wrong_bit_is_none() {
    let mut bytes = record::encode(&a_note());
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(record::decode::<Note>(&bytes), None, "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!(record::decode::<Note>(&bytes), Some(a_note()), "only the damage made it none");
}

#[test]
fn a_record_of_another_kind_is_none() {
    let bytes = record::encode(&Letter(a_note()));
    assert_eq!(record::decode::<Note>(&bytes), None);
    assert!(record::decode::<Letter>(&bytes).is_some());
}

#[test]
fn a_record_of_another_version_is_none() {
    let bytes = record::encode(&OldNote(a_note()));
    assert_eq!(record::decode::<Note>(&bytes), None);
    assert!(record::decode::<OldNote>(&bytes).is_some());
}

#[test]
fn bytes_after_the_record_make_it_none() {
    let good = record::encode(&a_note());
    for trailing in [&b"\0"[..], b"n", &[0; 100], &good] {
        assert_eq!(record::decode::<Note>(&[&good, trailing].concat()), None, "after the checksum");
        let body = [&good[HEAD..good.len() - CHECKSUM], trailing].concat();
        assert_eq!(record::decode::<Note>(&forged(&body)), None, "before a checksum that is right");
    }
}

#[test]
fn a_length_that_no_file_has_is_none_though_its_checksum_is_right() {
    let lengths: [&[u8]; 5] = [
        &[250],
        &[251, 0xff, 0xff],
        &[252, 0xff, 0xff, 0xff, 0xff],
        &[253, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        &[253, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ];
    for length in lengths {
        assert_eq!(record::decode::<Note>(&forged(&[length, b"milk"].concat())), None, "{length:?}");
        assert_eq!(record::decode::<Note>(&forged(length)), None, "{length:?} alone");
    }
}

#[test]
fn what_no_field_can_hold_is_none_though_its_checksum_is_right() {
    let good = record::encode(&a_note());
    let body = &good[HEAD..good.len() - CHECKSUM];
    assert!(record::decode::<Note>(&forged(body)).is_some(), "the forgery is one that works");

    let mut no_text = body.to_vec();
    no_text[1] = 0xff;
    assert_eq!(record::decode::<Note>(&forged(&no_text)), None, "not UTF-8");
    let mut no_option = body.to_vec();
    no_option[19] = 2;
    assert_eq!(record::decode::<Note>(&forged(&no_option)), None, "neither some nor none");
    let mut no_truth = body.to_vec();
    *no_truth.last_mut().unwrap() = 2;
    assert_eq!(record::decode::<Note>(&forged(&no_truth)), None, "neither true nor false");
}

#[test]
fn a_number_in_more_bytes_than_it_needs_makes_it_none_though_its_checksum_is_right() {
    let good = record::encode(&a_note());
    let body = &good[HEAD..good.len() - CHECKSUM];
    let (length, rest) = body.split_first().unwrap();
    for longer in [&[251, *length, 0][..], &[252, *length, 0, 0, 0], &[253, *length, 0, 0, 0, 0, 0, 0, 0]] {
        assert_eq!(record::decode::<Note>(&forged(&[longer, rest].concat())), None, "{longer:?}");
    }
}

#[test]
fn a_name_that_is_not_written_as_names_are_kept_makes_it_none() {
    assert!(record::decode::<Card>(&forged(b"\x05alice")).is_some());
    for name in ["Alice", " alice", "ａlice", "ﬁona"] {
        let length = u8::try_from(name.len()).unwrap();
        assert_eq!(record::decode::<Card>(&forged(&[&[length], name.as_bytes()].concat())), None, "{name}");
    }
}

#[test]
fn what_is_longer_than_a_record_can_be_is_none() {
    let longest = (0..LIMIT).rev().find(|&length| encoded_length(length) <= LIMIT).unwrap();
    let longest = a_note_of(&"x".repeat(longest));
    let bytes = record::encode(&longest);
    assert_eq!(bytes.len(), LIMIT);
    assert_eq!(record::decode::<Note>(&bytes), Some(longest));

    let longer = [&[251, 0x00, 0x10][..], &[b'x'; 0x1000], &[0, 0, 0]].concat();
    assert_eq!(record::decode::<Note>(&forged(&longer)), None);
    assert_eq!(record::decode::<Note>(&vec![0; 1 << 20]), None);
}

#[test]
#[should_panic(expected = "BUG: a record of bounded fields is short")]
fn a_record_that_could_not_be_read_back_is_never_written() {
    let _ = record::encode(&a_note_of(&"x".repeat(LIMIT)));
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Note {
    text: String,
    written: i64,
    page: Option<u8>,
    done: bool,
}

impl Record for Note {
    const KIND: u8 = b'n';
    const VERSION: u8 = 3;
}

/// A name and nothing else.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Card(AccountName);

impl Record for Card {
    const KIND: u8 = b'n';
    const VERSION: u8 = 3;
}

/// The same fields, of another kind.
#[derive(Serialize, Deserialize)]
struct Letter(Note);

impl Record for Letter {
    const KIND: u8 = b'o';
    const VERSION: u8 = 3;
}

/// The same fields, of another version.
#[derive(Serialize, Deserialize)]
struct OldNote(Note);

impl Record for OldNote {
    const KIND: u8 = b'n';
    const VERSION: u8 = 2;
}

fn a_note() -> Note {
    a_note_of("milk 🥛")
}

fn a_note_of(text: &str) -> Note {
    Note { text: text.to_owned(), written: 2_500_000_000, page: Some(7), done: false }
}

/// A record with a right checksum, whatever is in it: what somebody can write who knows the layout.
fn forged(body: &[u8]) -> Vec<u8> {
    let content = [b"exeunt:n\x03", body].concat();
    let checksum = Sha256::digest(&content);
    [&content, &checksum[..CHECKSUM]].concat()
}

/// What a note of this many letters is long.
fn encoded_length(letters: usize) -> usize {
    let length = if letters > 250 { 3 } else { 1 };
    HEAD + length + letters + 9 + 2 + 1 + CHECKSUM
}
