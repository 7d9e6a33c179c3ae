//! The examples that every test begins with, as files where bolero looks for them. Real code makes them,
//! always the same, so that a seed means the same tomorrow.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{cookies, names, passwords, proxies, records, returning, tokens};

/// The name of a file, and what is in it.
pub type Example = (&'static str, Vec<u8>);

#[test]
fn every_example_is_checked_in_as_real_code_makes_it() {
    for (file, bytes) in files() {
        let kept = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(kept == bytes, "{} is not what real code makes today", file.display());
    }
}

#[test]
#[ignore = "writes the examples"]
fn write() {
    for (file, bytes) in files() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
}

fn files() -> Vec<(PathBuf, Vec<u8>)> {
    let all = [
        (records::NAME, records::examples()),
        (tokens::TOKENS, tokens::tokens()),
        (tokens::IDS, tokens::ids()),
        (tokens::CODES, tokens::codes()),
        (names::NAME, names::examples()),
        (passwords::NAME, passwords::examples()),
        (cookies::NAME, cookies::examples()),
        (proxies::NAME, proxies::examples()),
        (returning::NAME, returning::examples()),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/__fuzz__");
    let folder = |test: &str| folder.join(test).join("corpus");
    let all = all.into_iter().map(|(test, examples)| (folder(test), examples));
    all.flat_map(|(folder, examples)| {
        examples.into_iter().map(move |(name, bytes)| (folder.join(name), bytes))
    })
    .collect()
}
