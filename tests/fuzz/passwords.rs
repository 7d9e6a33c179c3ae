//! Hashes as a damaged file might hold them: only one that is whole and no dearer than the standard is right.

use std::time::Duration;

use bolero::check;
use data_encoding::BASE64_NOPAD;
use exeunt::accounts::{Cost, Hasher, Password, PasswordHash, Verdict};
use scrypt::Params;
use tokio::time::timeout;

use crate::corpus::Example;
use crate::effort;
use crate::material::Material;
use crate::site::PASSWORD;

pub const NAME: &str = "passwords";

/// Real scrypt, with little memory.
const CHEAP: u8 = 4;

/// The dearest that may be tried takes a third of a second, and a good deal more beside other tests.
const LONGEST: Duration = Duration::from_secs(20);

const SALT: [u8; 16] = [7; 16];

const PIECES: [&[u8]; 20] = [
    b"$",
    b",",
    b"=",
    b"$scrypt",
    b"$argon2id",
    b"$v=1",
    b"ln=",
    b"r=",
    b"p=",
    b"$ln=4,r=8,p=1",
    b"$ln=1,r=9,p=1",
    b"$ln=18,r=1,p=1",
    b"$r=1,p=1,ln=1",
    b"ln=1,",
    b"63",
    b"64",
    b"65536",
    b"4294967295",
    b"$BwcHBwcHBwcHBwcHBwcHBw",
    b"AAAA",
];

#[test]
fn a_damaged_hash_is_refused_soon() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let material = Material::of(&examples(), &PIECES);
    check!(name = NAME).with_test_time(effort()).for_each(|input: &[u8]| {
        for bytes in material.readings(input) {
            let text = String::from_utf8_lossy(&bytes);
            let verdict = runtime.block_on(verify(&text));
            assert_eq!(verdict, is_right(&text), "{text}");
        }
    });
}

pub fn examples() -> Vec<Example> {
    let too_much = String::from_utf8(written(18, 1, 1, 32)).unwrap();
    let too_much_at_last = too_much.replace("ln=18", "ln=1,ln=18").into_bytes();
    let usual = String::from_utf8(written(4, 8, 1, 32)).unwrap();
    let overflowing = usual.replace("r=8,p=1", "r=65536,p=65536").into_bytes();
    vec![
        ("usual", usual.into_bytes()),
        ("cheapest", written(1, 1, 1, 32)),
        ("too-large-blocks", written(4, 9, 1, 32)),
        ("too-parallel", written(4, 8, 2, 32)),
        ("too-much-memory", too_much.into_bytes()),
        ("too-much-memory-at-last", too_much_at_last),
        ("cut-short", written(4, 8, 1, 24)),
        ("too-long", written(4, 8, 1, 64)),
        ("overflowing", overflowing),
    ]
}

/// Threads of its own for each: what kills one must not keep the next from its answer.
async fn verify(text: &str) -> bool {
    let hash: PasswordHash = serde_json::from_value(text.into()).unwrap();
    let hasher = Hasher::start(Cost::of(CHEAP));
    let verdict = hasher.verify(Password::new(PASSWORD).unwrap(), Some(hash)).unwrap();
    let verdict = timeout(LONGEST, verdict).await;
    let verdict = verdict.unwrap_or_else(|_| panic!("{text} took longer than {LONGEST:?}"));
    verdict.unwrap_or_else(|_| panic!("nobody is left to say whether {text} is right")) != Verdict::Wrong
}

/// The same, by the letter of the format.
fn is_right(text: &str) -> bool {
    let fields: Vec<_> = text.split('$').collect();
    let (params, salt, sum) = match fields[..] {
        ["", "scrypt", salt, sum] if !salt.contains('=') => ("", salt, sum),
        ["", "scrypt", params, salt, sum] if params.contains('=') => (params, salt, sum),
        _ => return false,
    };
    let decoded = |text: &str| BASE64_NOPAD.decode(text.as_bytes()).ok();
    let (Some(params), Some(salt), Some(sum)) = (costs(params), decoded(salt), decoded(sum)) else {
        return false;
    };
    (8..=48).contains(&salt.len()) && sum.len() == 32 && run(params, &salt, 32) == sum
}

/// log N, r and p, where they may be tried; of two for one name, the last.
fn costs(text: &str) -> Option<Params> {
    let mut costs = [("ln", 17, None), ("r", 8, None), ("p", 1, None)];
    for pair in text.split(',').filter(|_| !text.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let number: u32 = value.parse().ok()?;
        let (_, most, cost) = costs.iter_mut().find(|(known, ..)| *known == name)?;
        if number.to_string() != value || number > *most {
            return None;
        }
        *cost = Some(number);
    }
    let [log_n, r, p] = costs.map(|(_, standard, cost)| cost.unwrap_or(standard));
    Params::new(u8::try_from(log_n).ok()?, r, p).ok()
}

fn written(log_n: u8, r: u32, p: u32, length: usize) -> Vec<u8> {
    let sum = run(Params::new(log_n, r, p).unwrap(), &SALT, length);
    let (salt, sum) = (BASE64_NOPAD.encode(&SALT), BASE64_NOPAD.encode(&sum));
    format!("$scrypt$ln={log_n},r={r},p={p}${salt}${sum}").into_bytes()
}

fn run(params: Params, salt: &[u8], length: usize) -> Vec<u8> {
    let mut sum = vec![0; length];
    scrypt::scrypt(PASSWORD.as_bytes(), salt, &params, &mut sum).unwrap();
    sum
}
