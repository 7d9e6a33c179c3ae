//! Tokens, ids and codes: there is one way to write each, and nothing else is read.

use bolero::check;
use data_encoding::BASE64URL_NOPAD;
use exeunt::account_id::AccountId;
use exeunt::accounts::Code;
use exeunt::sessions::{SessionId, Token};

use crate::corpus::Example;
use crate::effort;
use crate::material::Material;
use crate::site::TOKEN;

pub const TOKENS: &str = "tokens";
pub const IDS: &str = "ids";
pub const CODES: &str = "codes";

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const PIECES: [&[u8]; 14] =
    [b"=", b"+", b"/", b" ", b"\n", b"\0", b"%41", b"..", b"\xc3\xa9", b"0", b"f", b"F", b"AAAA", b"_-_-"];

#[test]
fn a_token_is_43_characters_written_in_one_way() {
    let material = Material::of(&tokens(), &PIECES);
    check!(name = TOKENS).with_test_time(effort()).for_each(|input: &[u8]| {
        for text in material.readings(input) {
            let read = Token::parse(&text);
            assert_eq!(read.is_some(), is_a_token(&text), "{}", text.escape_ascii());
            if let Some(token) = read {
                assert_eq!(token.reveal().as_bytes(), text);
            }
        }
    });
}

#[test]
fn an_id_is_lower_case_hex_of_its_length() {
    let material = Material::of(&ids(), &PIECES);
    check!(name = IDS).with_test_time(effort()).for_each(|input: &[u8]| {
        for text in material.readings(input) {
            let Ok(text) = std::str::from_utf8(&text) else { continue };
            let is_hex = text.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
            let session = SessionId::parse(text).map(|id| id.to_string());
            assert_eq!(session.as_deref(), (is_hex && text.len() == 32).then_some(text));
            let account = AccountId::parse(text).map(|id| id.to_string());
            assert_eq!(account.as_deref(), (is_hex && text.len() == 16).then_some(text));
        }
    });
}

#[test]
fn a_code_that_is_read_is_written_the_same() {
    let material = Material::of(&codes(), &PIECES);
    check!(name = CODES).with_test_time(effort()).for_each(|input: &[u8]| {
        for bytes in material.readings(input) {
            is_written_the_same(&String::from_utf8_lossy(&bytes));
            // With a secret before it, any name gets as far as the rule for names.
            is_written_the_same(&BASE64URL_NOPAD.encode(&[&[7; 24], &*bytes].concat()));
        }
    });
}

pub fn tokens() -> Vec<Example> {
    let of = |bytes: [u8; 32]| {
        Token::parse(BASE64URL_NOPAD.encode(&bytes).as_bytes()).unwrap().reveal().into_bytes()
    };
    vec![("token", TOKEN.as_bytes().to_vec()), ("of-zeros", of([0; 32])), ("of-ones", of([0xff; 32]))]
}

pub fn ids() -> Vec<Example> {
    vec![
        ("session", SessionId::of_secret(b"a secret").to_string().into_bytes()),
        ("account", AccountId::from_bytes([1, 2, 3, 4, 0xc5, 0xd6, 0xe7, 0xf8]).to_string().into_bytes()),
    ]
}

pub fn codes() -> Vec<Example> {
    let of = |name: &str| {
        let text = BASE64URL_NOPAD.encode(&[&[7; 24], name.as_bytes()].concat());
        Code::parse(&text).unwrap().reveal().into_bytes()
    };
    vec![
        ("first", of("")),
        ("alice", of("alice")),
        ("any-script", of("名前")),
        ("longest", of(&"ꙮ".repeat(64))),
    ]
}

/// 43 characters are 258 bits for 256: the last two are none.
fn is_a_token(text: &[u8]) -> bool {
    let value = |byte| ALPHABET.iter().position(|letter| letter == byte);
    let values: Option<Vec<_>> = text.iter().map(value).collect();
    values.is_some_and(|values| values.len() == 43 && values[42] % 4 == 0)
}

fn is_written_the_same(text: &str) {
    if let Some(code) = Code::parse(text) {
        assert_eq!(code.reveal(), text);
    }
}
