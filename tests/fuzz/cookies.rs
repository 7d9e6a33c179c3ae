//! The `Cookie` header: whoever sends the token under its name is let in, whatever is around it.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;

use bolero::check;
use poem::Response;
use poem::http::{HeaderValue, StatusCode, Uri, header};

use crate::corpus::Example;
use crate::effort;
use crate::material::Material;
use crate::site::{Site, TOKEN};

pub const NAME: &str = "cookies";

/// Every name of ours; the last is that of this site, which is on plain http.
const OURS: [&str; 3] = ["__Host-exeunt", "__Secure-exeunt", "exeunt"];

const PIECES: [&[u8]; 20] = [
    TOKEN.as_bytes(),
    b"exeunt",
    b"exeunt=",
    b"__Host-exeunt=",
    b"__Secure-exeunt=",
    b"%65xeunt=",
    b"__%48ost-exeunt=",
    b"Exeunt=",
    b"\"exeunt\"=",
    b"=",
    b";",
    b"; ",
    b"\t",
    b" ",
    b"\"",
    b",",
    b"\xa0",
    b"\xff",
    b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    b"\n",
];

#[test]
fn whoever_sends_the_token_is_let_in_and_nobody_else() {
    let site = AssertUnwindSafe(Site::open());
    let material = Material::of(&examples(), &PIECES);
    check!(name = NAME).with_test_time(effort()).for_each(|input: &[u8]| {
        for text in material.readings(input) {
            is_answered_rightly(&site, &text);
        }
    });
}

pub fn examples() -> Vec<Example> {
    let of = |text: &str| text.replace("TOKEN", TOKEN).into_bytes();
    vec![
        ("alone", of("exeunt=TOKEN")),
        ("among-others", of("a=1; exeunt=TOKEN; b=2")),
        ("odd-neighbours", of("a=1;;; \t exeunt \t=\t TOKEN ; =x; y; bad name=\"quo;te\"")),
        ("odd-bytes", [b"neighbour=\xff\xfe; ", &*of("exeunt=TOKEN")].concat()),
        ("again", of("exeunt=wrong; exeunt=; exeunt=TOKEN; exeunt=\"TOKEN\"")),
        ("after-another", of("exeunt=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; exeunt=TOKEN")),
        ("in-two-headers", of("exeunt=wrong; a=1\n__Host-exeunt=TOKEN; exeunt=TOKEN")),
        ("other-names", of("__Host-exeunt=TOKEN; __Secure-exeunt=TOKEN; exeun=TOKEN; exeuntt=TOKEN")),
        ("encoded-names", of("%65xeunt=TOKEN; __%48ost-exeunt=TOKEN; Exeunt=TOKEN; \"exeunt\"=TOKEN")),
        ("none-of-ours", of("a=1; b=2; c=exeunt=TOKEN")),
    ]
}

/// `text` has a line for each header.
fn is_answered_rightly(site: &Site, text: &[u8]) {
    let lines = text.split(|&byte| byte == b'\n');
    let headers: Vec<_> = lines.filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let pairs: Vec<_> = headers.iter().flat_map(|header| pairs(header.as_bytes())).collect();
    let is_let_in = pairs.contains(&(b"exeunt", TOKEN.as_bytes()));
    let sent = OURS.into_iter().filter(|ours| pairs.iter().any(|(name, _)| *name == ours.as_bytes()));
    let refused: BTreeSet<_> = sent.filter(|name| !is_let_in || *name != "exeunt").collect();

    let answer = site.get(Uri::from_static("/"), headers.clone());

    let expected = if is_let_in { StatusCode::OK } else { StatusCode::SEE_OTHER };
    assert_eq!(answer.status(), expected, "{}", text.escape_ascii());
    assert_eq!(removed(&answer), refused, "{}", text.escape_ascii());
}

/// The names of the cookies that an answer removes; it does nothing else to any.
fn removed(answer: &Response) -> BTreeSet<&str> {
    let mut last = BTreeMap::new();
    for cookie in answer.headers().get_all(header::SET_COOKIE) {
        let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
        assert!(rest.starts_with(';'), "{cookie:?} has a value");
        last.insert(name, rest);
    }
    assert!(last.values().all(|rest| rest.contains("; Max-Age=0;")), "{last:?}");
    last.into_keys().collect()
}

/// The names and values of a header, read by the letter: split, without blanks around, and nothing decoded.
fn pairs(header: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut pairs = Vec::new();
    for pair in header.split(|&byte| byte == b';') {
        let mut parts = pair.splitn(2, |&byte| byte == b'=');
        if let (Some(name), Some(value)) = (parts.next(), parts.next()) {
            pairs.push((without_blanks(name), without_blanks(value)));
        }
    }
    pairs
}

fn without_blanks(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}
