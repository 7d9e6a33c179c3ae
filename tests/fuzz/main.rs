//! What nobody breaks by sending bytes. Each test holds a property against its corpus, and then against
//! whatever comes, for a few seconds; with `EXEUNT_FUZZ_SECONDS=600 cargo test --test fuzz` for ten minutes.
//!
//! A failure shows the bytes, and `BOLERO_RANDOM_SEED=…`: with that in the environment they come first.
//!
//! The same tests can be led by the branches that they reach: `cargo install cargo-bolero`, and for one test
//! `cargo bolero test --rustc-bootstrap records::what_is_read_is_what_would_be_written`. The flag is for stable
//! Rust, which has the address sanitizer behind it; without the sanitizer only the tests themselves would link.
//!
//! The corpus of a test is in `__fuzz__/<its name>/corpus`. cargo-bolero adds to it what reaches further, and
//! puts what fails into `crashes` beside it; every run begins with both. The examples are written anew by
//! `cargo test --test fuzz -- --ignored`.

#![allow(clippy::unwrap_used, reason = "in a test it is one more way to fail")]

// What is tried.
mod corpus;
mod material;
mod site;

// What the rooms read.
mod names;
mod passwords;
mod records;
mod tokens;

// What the site reads.
mod cookies;
mod proxies;
mod returning;

use std::time::Duration;

/// How long a test tries what comes at random. Each mistake that was made on purpose to see these tests fail
/// was found in less; and two at a time, all of them take a quarter of a minute.
const SECONDS: u64 = 3;

fn effort() -> Duration {
    let seconds = std::env::var("EXEUNT_FUZZ_SECONDS").map(|seconds| seconds.parse().expect("a number"));
    Duration::from_secs(seconds.unwrap_or(SECONDS))
}
