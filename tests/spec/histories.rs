//! Histories: several processes on one data folder, many visitors who do things at random, and processes
//! that are killed in the middle. Everything is written down and held against rules that no order of events
//! may break: who has logged out stays out, and who has not stays in.

mod chapter;
mod history;
mod rules;
mod sites;
mod wrong_histories;

use std::time::Instant;

use chapter::Chapter;
use futures_util::future::join_all;
use history::Figures;
use sites::{Sites, app_on, be_one_of_the_processes};

use crate::support::chance::{number, seed};

const PROCESSES: usize = 3;

/// Accounts that things are done to at the same time.
const ACCOUNTS: usize = 4;

/// Rounds that an account lives through, each with two to five things at once.
const ROUNDS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_order_of_events_lets_in_who_is_out_or_keeps_out_who_is_in() {
    let rounds = number("EXEUNT_INTERLEAVINGS").unwrap_or(10_000);
    let seed = seed();
    println!("EXEUNT_SEED={seed} EXEUNT_INTERLEAVINGS={rounds}");
    let began = Instant::now();
    let sites = Sites::start(PROCESSES);
    let operator = app_on(sites.data());

    let mut figures = Figures::default();
    let chapters = rounds.div_ceil(ROUNDS as u64);
    for first in (0..chapters).step_by(ACCOUNTS) {
        let together = (first..chapters.min(first + ACCOUNTS as u64)).map(|number| {
            let (sites, operator) = (&sites, &operator);
            async move {
                let name = format!("account-{number}");
                let chapter = Chapter::open(sites, operator, &name, seed.wrapping_add(number)).await;
                for _ in 0..ROUNDS {
                    chapter.round().await;
                }
                let history = chapter.close().await;
                let wrong = history.violations();
                assert!(wrong.is_empty(), "{name}, EXEUNT_SEED={seed}: {wrong:#?}");
                history
            }
        });
        join_all(together).await.iter().for_each(|history| figures.add(history));
    }
    println!("{} interleavings in {:?}: {figures:?}", chapters * ROUNDS as u64, began.elapsed());
    // Of too little of a kind the rules would say nothing.
    assert!(figures.sessions as u64 > rounds / 2, "{figures:?}");
    assert!(figures.looks_let_in as u64 > rounds && figures.looks_refused as u64 > rounds, "{figures:?}");
    assert!(figures.endings as u64 > rounds / 2 && figures.endings_without_an_answer > 0, "{figures:?}");
}

/// What the others start and kill.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "one of the processes that the histories need"]
async fn one_of_the_processes() {
    be_one_of_the_processes().await;
}
