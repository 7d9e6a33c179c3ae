//! The two clocks of a session, and what counts as being seen.

use std::os::unix::fs::MetadataExt;

use exeunt::clock::SignedDuration;
use exeunt::sessions::{CAP, LastingFor};

use crate::support::{Visitor, World, readme_words};

/// ASVS 7.3.1, 7.4.1.
/// NIST SP 800-63B-4, section 2.2.3.
#[tokio::test]
async fn an_hour_unseen_ends_a_session_of_this_visit() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    world.passes(SignedDuration::from_mins(59));
    assert!(alice.is_logged_in().await);
    world.passes(SignedDuration::from_mins(59));
    assert!(alice.is_logged_in().await, "being seen starts the hour again");
    world.passes(SignedDuration::from_mins(60));

    let answer = alice.opens("/").await;
    answer.leads_to("/login");
    assert_eq!(answer.cookies_expired(), ["exeunt"]);
}

/// ASVS 7.3.2, 7.4.1.
/// NIST SP 800-63B-4, section 2.2.3.
#[tokio::test]
async fn a_day_ends_it_however_often_it_is_seen() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    for _ in 0..47 {
        world.passes(SignedDuration::from_mins(30));
        assert!(alice.is_logged_in().await);
    }
    world.passes(SignedDuration::from_mins(30));
    assert!(!alice.is_logged_in().await);
}

/// ASVS 7.3.2.
/// NIST SP 800-63B-4, section 2.1.3.
#[tokio::test]
async fn a_remembered_session_lasts_thirty_days_seen_or_not() {
    let world = World::open().await.with_account("alice").await;
    let (mut seen, mut unseen) = (remembered(&world).await, remembered(&world).await);
    world.passes(SignedDuration::from_hours(24 * 30 - 1));
    assert!(seen.is_logged_in().await);
    world.passes(SignedDuration::from_hours(1));
    assert!(!seen.is_logged_in().await);
    assert!(!unseen.is_logged_in().await);
}

/// ASVS 7.1.1, 7.1.2.
#[test]
fn the_readme_says_how_long_a_session_lasts_and_how_many_there_may_be() {
    let (visit, remembered) = (LastingFor::ThisVisit, LastingFor::Days30);
    let limits = readme_words("Limits");
    for (lasts, hours, words) in [
        (visit.idle(), 1, "one hour unseen"),
        (visit.absolute(), 24, "24 hours in all"),
        (remembered.idle(), 24 * 30, "remembered, 30 days"),
        (remembered.absolute(), 24 * 30, "remembered, 30 days"),
    ] {
        assert_eq!(lasts, SignedDuration::from_hours(hours), "{words}");
        assert!(limits.contains(words), "{words:?} is not in {limits}");
    }
    let most = format!("has at most {CAP}; the next login ends the one seen longest ago");
    assert!(limits.contains(&most), "{most:?} is not in {limits}");
}

#[tokio::test]
async fn being_seen_is_the_files_mtime_and_is_written_once_a_minute_at_most() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let file = world.only_session_file();
    let content = std::fs::read(&file).unwrap();
    let seen = || std::fs::metadata(&file).unwrap().mtime();
    let start = world.now().as_second();
    assert_eq!(seen(), start);

    world.passes(SignedDuration::from_secs(59));
    alice.opens("/").await.is(200);
    assert_eq!(seen(), start, "not yet");

    world.passes(SignedDuration::from_secs(1));
    alice.opens("/").await.is(200);
    assert_eq!(seen(), start + 60);
    assert_eq!(std::fs::read(&file).unwrap(), content, "the file itself is never written again");
}

#[tokio::test]
async fn sessions_survive_a_restart() {
    let world = World::open().await.with_account("alice").await;
    let cookie = world.logged_in("alice").await.cookie().to_owned();
    let world = world.restart().await;
    assert!(world.visitor().with_cookie(&cookie).is_logged_in().await);
}

async fn remembered(world: &World) -> Visitor {
    let mut visitor = world.visitor();
    visitor.logs_in_for_long("alice").await;
    visitor
}
