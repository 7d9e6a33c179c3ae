//! One-time links: the first account's, and an invitation's. Good for a day, and for once.

use exeunt::clock::SignedDuration;

use crate::support::{PASSWORD, World};

#[tokio::test]
async fn the_first_link_makes_the_first_account_and_logs_it_in() {
    let world = World::open().await;
    let link = world.first_link().await;
    let mut alice = world.visitor();
    alice.opens(&link).await.is(200).says("Make the first account").says("name=\"username\"");
    assert!(!world.data().join("accounts/alice").exists(), "looking makes nothing");

    alice.posts(&link, &[("username", "Alice"), ("new_password", PASSWORD)]).await.leads_to("/");

    alice.opens("/").await.is(200).says("Logged in as <b>alice</b>");
    world.logged_in("alice").await;
}

#[tokio::test]
async fn an_invitation_lets_its_owner_choose_a_password() {
    let world = World::open().await;
    let link = world.invite("bob").await;
    world.visitor().tries("bob", "").await.is(422);
    let mut bob = world.visitor();
    bob.opens(&link).await.is(200).says("Choose a password").says("value=\"bob\" readonly");

    // The name is the link's, whatever the form says.
    bob.posts(&link, &[("username", "mallory"), ("new_password", PASSWORD)]).await.leads_to("/");

    bob.opens("/").await.says("Logged in as <b>bob</b>");
    world.logged_in("bob").await;
}

/// ASVS 6.4.1.
#[tokio::test]
async fn a_link_works_once() {
    let world = World::open().await;
    for link in [world.first_link().await, world.invite("bob").await] {
        let fields = [("username", "alice"), ("new_password", PASSWORD)];
        let first = world.visitor().posts(&link, &fields).await;
        if first.status == 404 {
            continue; // The invitation made the first link moot.
        }
        first.leads_to("/");
        world.visitor().posts(&link, &fields).await.is(404).says("This link is over");
        world.visitor().opens(&link).await.is(404).says("This link is over");
    }
}

#[tokio::test]
async fn of_many_who_open_a_link_at_once_one_joins() {
    for first in [true, false] {
        let world = World::open().await;
        let link = if first { world.first_link().await } else { world.invite("bob").await };
        let mut joining = tokio::task::JoinSet::new();
        for number in 0..12 {
            let (mut visitor, link) = (world.visitor(), link.clone());
            let (name, password) = (format!("bob{number}"), format!("{PASSWORD} {number}"));
            joining.spawn(async move {
                visitor.posts(&link, &[("username", &name), ("new_password", &password)]).await.status
            });
        }
        let mut statuses = joining.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses[0], 303);
        assert!(statuses[1..].iter().all(|&status| status == 404), "{statuses:?}");
        assert_eq!(exeunt::actions::list_accounts(world.app()).await.unwrap().accounts.len(), 1);
        world.only_session_file();
    }
}

/// ASVS 6.4.1.
#[tokio::test]
async fn a_link_is_good_for_a_day() {
    let world = World::open().await;
    let (first, late) = (world.first_link().await, world.invite("late").await);
    world.passes(SignedDuration::from_hours(24));
    for link in [first, late] {
        world.visitor().opens(&link).await.is(404).says("This link is over");
        let fields = [("username", "alice"), ("new_password", PASSWORD)];
        world.visitor().posts(&link, &fields).await.is(404);
    }
}

#[tokio::test]
async fn a_newer_first_link_ends_the_older_one_and_an_account_ends_both() {
    let world = World::open().await;
    let (older, newer) = (world.first_link().await, world.first_link().await);
    world.visitor().opens(&older).await.is(404);
    world.visitor().opens(&newer).await.is(200);
    let world = world.with_account("alice").await;
    world.visitor().opens(&newer).await.is(404);
}

#[tokio::test]
async fn nonsense_is_a_link_that_is_over() {
    let world = World::open().await.with_account("alice").await;
    let long = "A".repeat(5000);
    for code in ["x", "AAAA", "%00", "..%2f..%2faccounts%2falice", &"A".repeat(32), &long] {
        world.visitor().opens(&format!("/join/{code}")).await.is(404);
    }
}

/// ASVS 6.2.4, 6.2.11.
#[tokio::test]
async fn a_refused_name_or_password_says_why_and_leaves_the_link_good() {
    let world = World::open().await;
    let link = world.first_link().await;
    let host_twice = "localhost localhost";
    for (name, password, why) in [
        ("", PASSWORD, "Enter a name."),
        ("a b", PASSWORD, "A name has letters, digits"),
        (&*"x".repeat(65), PASSWORD, "at most 64 characters"),
        ("alice", "short", "Use at least 15 characters"),
        ("alice", "passwordpassword", "one of those that are tried first"),
        ("alice", "alice-alice-alice", "made of the name and the site"),
        ("alice", host_twice, "made of the name and the site"),
        ("alice", &*"x".repeat(1025), "at most 1,024 bytes"),
    ] {
        let fields = [("username", name), ("new_password", password)];
        let answer = world.visitor().posts(&link, &fields).await;
        answer.is(422).says(why).does_not_say(&format!("value=\"{password}\""));
    }
    let fields = [("username", "alice"), ("new_password", PASSWORD)];
    world.visitor().posts(&link, &fields).await.leads_to("/");
}

#[tokio::test]
async fn joining_ends_the_session_that_the_browser_had_and_the_accounts_older_ones() {
    let world = World::open().await.with_account("alice").await;
    let link = world.invite("bob").await;
    let mut browser = world.logged_in("alice").await;
    let before = browser.clone();
    browser.posts(&link, &[("new_password", PASSWORD)]).await.leads_to("/");
    world.only_session_file();
    assert!(!before.clone().is_logged_in().await);
}
