//! Tokens and codes: the secrets in cookies and links. There is one way to write each, only its hash is
//! kept, and nothing shows it by accident.

use std::collections::HashSet;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use exeunt::account_id::AccountId;
use exeunt::accounts::{AccountName, Code, Link};
use exeunt::clock::SignedDuration;
use exeunt::sessions::{SessionId, Token};
use sha2::{Digest, Sha256};

use crate::support::noon;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[test]
fn a_token_is_43_characters_that_a_cookie_takes_as_they_are() {
    for token in (0..100).map(|_| a_token()) {
        let written = token.reveal();
        assert_eq!(written.len(), Token::TEXT_LEN);
        assert_eq!(written.len(), 43);
        assert!(written.bytes().all(|byte| ALPHABET.contains(&byte)), "{written}");
    }
}

#[test]
fn a_token_is_read_back_as_it_was() {
    let account = AccountId::generate();
    let token = Token::generate(account);

    let read = Token::parse(token.reveal().as_bytes()).unwrap();

    assert_eq!(read, token);
    assert_eq!(read.account(), account);
    assert_eq!(read.session_id(), token.session_id());
}

/// ASVS 7.2.2, 7.2.3.
#[test]
fn a_token_is_the_account_and_24_bytes_that_nobody_can_guess() {
    let account = AccountId::generate();
    let secrets: HashSet<_> = (0..1000)
        .map(|_| {
            let bytes = BASE64URL_NOPAD.decode(Token::generate(account).reveal().as_bytes()).unwrap();
            let (of, secret) = bytes.split_at(AccountId::LEN);
            assert_eq!(of, account.as_bytes());
            assert_eq!(secret.len(), 24);
            secret.to_vec()
        })
        .collect();

    assert_eq!(secrets.len(), 1000, "no two are alike");
    for place in 0..24 {
        let values: HashSet<_> = secrets.iter().map(|secret| secret[place]).collect();
        assert!(values.len() > 200, "byte {place} has {} values in 1000 tokens", values.len());
    }
}

#[test]
fn a_session_id_is_the_beginning_of_the_hash_of_the_24_bytes() {
    let token = a_token();
    let bytes = BASE64URL_NOPAD.decode(token.reveal().as_bytes()).unwrap();

    let expected = HEXLOWER.encode(&Sha256::digest(&bytes[8..])[..16]);

    assert_eq!(token.session_id().to_string(), expected);
    let known = Token::parse(b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
    assert_eq!(known.account().to_string(), "0000000000000000");
    assert_eq!(known.session_id().to_string(), "9d908ecfb6b256def8b49a7c504e6c88");
}

#[test]
fn there_is_one_way_to_write_a_token() {
    let token = a_token();
    let written = token.reveal();

    let mut same = 0;
    for place in 0..written.len() {
        for &letter in ALPHABET {
            let mut other = written.clone().into_bytes();
            other[place] = letter;
            let Some(read) = Token::parse(&other) else {
                assert_eq!(place, 42, "only the last letter has bits to spare");
                continue;
            };
            assert_eq!(read.reveal().as_bytes(), other, "what is read is written the same");
            same += usize::from(read == token);
        }
    }

    assert_eq!(same, written.len(), "each place has one letter that makes this token");
}

#[test]
fn what_is_no_token_is_refused() {
    let good = a_token().reveal();
    let not_tokens = [
        String::new(),
        good[1..].to_owned(),
        format!("{good}A"),
        format!("{good}="),
        format!("{}=", &good[1..]),
        format!(" {}", &good[1..]),
        format!("{} ", &good[1..]),
        format!("\"{}\"", &good[2..]),
        format!("{}+", &good[1..]),
        format!("{}/", &good[1..]),
        format!("{}.", &good[1..]),
        format!("%41{}", &good[3..]),
        format!("{}\0", &good[1..]),
        format!("{}\n", &good[1..]),
        format!("{}é", &good[2..]),
        "../".repeat(15)[..43].to_owned(),
        "A".repeat(1 << 20),
    ];
    for text in not_tokens {
        assert_eq!(Token::parse(text.as_bytes()), None, "{text:.50}");
    }
    assert_eq!(Token::parse(&[0xff; 43]), None);
    assert_eq!(Token::parse(&[0; 43]), None);
    for byte in (0..=u8::MAX).filter(|byte| !ALPHABET.contains(byte)) {
        let mut bytes = good.clone().into_bytes();
        bytes[7] = byte;
        assert_eq!(Token::parse(&bytes), None, "with the byte {byte:#x}");
    }
}

#[test]
fn nothing_shows_a_token_by_accident() {
    let token = a_token();
    let shown = format!("{token:?} {token:#?} {:?}", Some((&token, token.session_id())));

    assert_shows_none(&shown, &token.reveal());
}

#[test]
fn ids_are_written_in_one_way_only() {
    let (session, account) = (a_token().session_id(), AccountId::generate());
    let (written, account_written) = (session.to_string(), account.to_string());

    assert_eq!((written.len(), account_written.len()), (32, 16));
    assert_eq!(SessionId::parse(&written), Some(session));
    assert_eq!(AccountId::parse(&account_written), Some(account));
    for change in ["", "0", " ", "/", "\0", "g", "é"] {
        for text in [format!("{written}{change}"), format!("{change}{written}")] {
            assert_eq!(SessionId::parse(&text).is_some(), change.is_empty(), "{text:?}");
        }
        for text in [format!("{account_written}{change}"), format!("{change}{account_written}")] {
            assert_eq!(AccountId::parse(&text).is_some(), change.is_empty(), "{text:?}");
        }
    }
    assert_eq!(SessionId::parse(&"A".repeat(32)), None, "capitals are another file's name");
    assert_eq!(AccountId::parse(&"A".repeat(16)), None);
    assert_eq!(SessionId::parse(""), None);
}

#[test]
fn a_code_is_read_back_with_the_name_that_it_opens() {
    for account in [None, Some("alice"), Some("名前"), Some(&*"ꙮ".repeat(64))] {
        let account = account.map(|name| AccountName::parse(name).unwrap());
        let code = Code::generate(account.clone());

        let read = Code::parse(&code.reveal()).unwrap();

        assert_eq!(read, code);
        assert_eq!(read.account(), account.as_ref());
        assert!(code.reveal().bytes().all(|byte| ALPHABET.contains(&byte)), "it needs no escaping");
    }
}

#[test]
fn what_is_no_code_is_refused() {
    let good = Code::generate(Some(AccountName::parse("alice").unwrap())).reveal();
    let secret = [7; 24];
    let of = |name: &str| BASE64URL_NOPAD.encode(&[&secret[..], name.as_bytes()].concat());
    let not_codes = [
        String::new(),
        good[..31].to_owned(),
        format!("{good}="),
        format!("{good}/"),
        format!("{good}\n"),
        of("Alice"),
        of(" alice"),
        of("alice "),
        of("../alice"),
        of("ａlice"),
        of("alice\0"),
        of(&"a".repeat(65)),
        BASE64URL_NOPAD.encode(&[&secret[..], &[0xff, 0xfe]].concat()),
        "A".repeat(1 << 20),
    ];

    assert!(Code::parse(&of("alice")).is_some(), "a code made this way can be one");
    for text in not_codes {
        assert_eq!(Code::parse(&text), None, "{text:.60}");
    }
}

#[test]
fn nothing_shows_a_code_by_accident() {
    let code = Code::generate(None);
    let link = Link::new(&code, noon());
    let secret = BASE64URL_NOPAD.decode(code.reveal().as_bytes()).unwrap();

    let shown = format!("{code:?} {code:#?} {link:?} {:?}", code.hash());

    assert_shows_none(&shown, &code.reveal());
    let hash = Sha256::digest(&secret);
    assert!(!shown.contains(&format!("{}, {}, {}", hash[0], hash[1], hash[2])), "{shown}");
}

#[test]
fn a_link_opens_with_its_code_alone_and_for_a_day() {
    let code = Code::generate(None);
    let link = Link::new(&code, noon());
    let just_before = noon() + SignedDuration::from_hours(24) - SignedDuration::from_secs(1);

    assert!(link.opens_with(&code, noon()));
    assert!(link.opens_with(&code, just_before));
    assert!(!link.opens_with(&code, noon() + SignedDuration::from_hours(24)));
    assert!(!link.opens_with(&Code::generate(None), noon()));
}

fn a_token() -> Token {
    Token::generate(AccountId::generate())
}

/// Neither as written nor as a list of bytes.
fn assert_shows_none(shown: &str, secret: &str) {
    assert!(!shown.contains(secret), "{shown}");
    assert!(!shown.contains(&secret[11..]), "{shown}");
    let bytes = BASE64URL_NOPAD.decode(secret.as_bytes()).unwrap();
    assert!(!shown.contains(&HEXLOWER.encode(&bytes[8..])), "{shown}");
    assert!(!shown.contains(&format!("{}, {}, {}", bytes[8], bytes[9], bytes[10])), "{shown}");
}
