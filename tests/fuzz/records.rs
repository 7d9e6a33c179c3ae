//! Records: every byte that is read is one that would be written, and reading takes little memory.

use bolero::check;
use data_encoding::HEXLOWER;
use exeunt::account_id::AccountId;
use exeunt::accounts::{Account, AccountName, Code, Link, PasswordHash};
use exeunt::clock::Timestamp;
use exeunt::record::{self, LIMIT, Record};
use exeunt::sessions::{Browser, LastingFor, NewSession, Session, SessionId};
use sha2::{Digest, Sha256};

use crate::corpus::Example;
use crate::effort;
use crate::material::Material;

pub const NAME: &str = "records";

const CHECKSUM: usize = 8;

/// What reading a record may take at a time: its texts, what normalising a name takes, and the bytes it is
/// compared with.
const ROOM: u64 = 4 * LIMIT as u64;

/// Lengths that no record has or that are written in more bytes than they need, and characters that
/// normalising changes.
const PIECES: [&[u8]; 12] = [
    &[0],
    &[1],
    &[0xff],
    &[251, 5, 0],
    &[251, 0xff, 0xff],
    &[252, 5, 0, 0, 0],
    &[252, 0, 0, 0, 1],
    &[253, 0, 0, 0, 0, 1, 0, 0, 0],
    &[253, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    b"A",
    "ﷺ".as_bytes(),
    &[b'x'; 300],
];

#[test]
fn what_is_read_is_what_would_be_written() {
    let material = Material::of(&examples(), &PIECES);
    check!(name = NAME).with_test_time(effort()).for_each(|input: &[u8]| {
        for bytes in material.readings(input) {
            is_whole_or_nothing(&bytes);
            // As somebody would write it who knows the layout: with a checksum that is right.
            is_whole_or_nothing(&sealed(&bytes[..bytes.len().saturating_sub(CHECKSUM)]));
            for head in [b"exeunt:s\x01", b"exeunt:a\x01", b"exeunt:l\x01"] {
                is_whole_or_nothing(&sealed(&[head, &*bytes].concat()));
            }
        }
    });
}

pub fn examples() -> Vec<Example> {
    let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
    let code = Code::parse(&"BwcH".repeat(8)).unwrap();
    let account = |name: &str| {
        let mut account = Account::new(AccountName::parse(name).unwrap(), now);
        account.id = AccountId::from_bytes([1, 2, 3, 4, 5, 6, 7, 8]);
        account
    };
    let session = |name: &str, lasting, address: Option<&str>| {
        let new = NewSession {
            account: AccountId::from_bytes([1, 2, 3, 4, 5, 6, 7, 8]),
            account_name: name.to_owned(),
            lasting,
            browser: Browser::from_user_agent("Firefox/145.0 Windows"),
            address: address.map(|address| address.parse().unwrap()),
        };
        Session::start(new, SessionId::of_secret(b"a secret"), now)
    };
    let mut with_password = account("alice");
    let hash = "$scrypt$ln=17,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    with_password.password = serde_json::from_value::<PasswordHash>(hash.into()).ok();
    let mut with_link = account("名前");
    with_link.link = Some(Link::new(&code, now));
    with_link.disabled = true;
    let plain = record::encode(&session("alice", LastingFor::ThisVisit, None));
    vec![
        ("length-in-three-bytes", with_length_in_three_bytes(&plain)),
        ("session", plain),
        ("session-over-ipv4", record::encode(&session("bob", LastingFor::Days30, Some("192.0.2.7")))),
        ("session-over-ipv6", record::encode(&session("名前", LastingFor::Days30, Some("2001:db8::7")))),
        ("account-with-password", record::encode(&with_password)),
        ("account-with-link", record::encode(&with_link)),
        ("link", record::encode(&Link::new(&code, now))),
    ]
}

/// The same session, with more bytes than it takes for the length of its name, which comes after magic, kind,
/// version and two ids.
fn with_length_in_three_bytes(session: &[u8]) -> Vec<u8> {
    let (before, rest) = session.split_at(9 + AccountId::LEN + SessionId::LEN);
    let (length, rest) = rest.split_first().unwrap();
    sealed(&[before, &[251, *length, 0], &rest[..rest.len() - CHECKSUM]].concat())
}

fn is_whole_or_nothing(bytes: &[u8]) {
    is_so_as::<Session>(bytes);
    is_so_as::<Account>(bytes);
    is_so_as::<Link>(bytes);
}

fn is_so_as<R: Record>(bytes: &[u8]) {
    let mut read = None;
    let taken = allocation_counter::measure(|| read = record::decode::<R>(bytes)).bytes_max;
    assert!(taken <= ROOM, "{taken} bytes of memory for {}", HEXLOWER.encode(bytes));
    if let Some(record) = read {
        assert_eq!(HEXLOWER.encode(&record::encode(&record)), HEXLOWER.encode(bytes));
    }
}

fn sealed(content: &[u8]) -> Vec<u8> {
    [content, &Sha256::digest(content)[..CHECKSUM]].concat()
}
