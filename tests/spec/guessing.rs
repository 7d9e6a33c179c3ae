//! How many passwords may be wrong in a row: a hundred for an account (NIST SP 800-63B-4, section 3.2.2), of which
//! strangers have seventy. After them the right one is refused too, in the same words. Its owner still gets
//! in from where they have logged in before, and then it is open again.

use std::net::IpAddr;

use exeunt::account_id::AccountId;
use exeunt::accounts::{AccountName, Place};
use exeunt::actions::{
    Attempt, LoggedIn, Visit, disable_account, enable_account, log_in, remove_account, reset_account,
};
use exeunt::app::App;
use exeunt::audit::Asker;
use exeunt::clock::SignedDuration;

use crate::support::{NEW_PASSWORD, PASSWORD, World, attempt, readme_words};

const WRONG: &str = "wrong horse battery staple";

/// Where alice lives.
const HOME: &str = "192.0.2.7";

/// ASVS 6.1.1, 6.3.1.
#[tokio::test]
async fn after_seventy_wrong_ones_a_stranger_is_refused_even_with_the_right_one() {
    let world = World::open().await.with_account("alice").await;
    world.guesses("alice", 69).await;
    assert!(world.gets_in("alice", PASSWORD, HOME).await, "the seventieth is right");

    world.guesses("alice", 70).await;

    world.audited();
    assert!(!world.gets_in("alice", PASSWORD, &stranger(1)).await);
    let audited = world.audited();
    assert!(audited[0].contains(r#""event":"login_failed","why":"too_many_failures""#), "{audited:?}");
    assert!(world.session_files().len() == 1, "none began but the first");
}

/// ASVS 6.3.8.
#[tokio::test]
async fn nobody_sees_that_an_account_takes_no_more() {
    let world = World::open().await.with_account("alice").await;
    world.guesses("alice", 70).await;
    world.guesses("nobody", 70).await;
    let mut answers = Vec::new();
    for (name, password) in [("alice", PASSWORD), ("alice", WRONG), ("nobody", PASSWORD)] {
        world.passes(SignedDuration::from_mins(1));
        let answer = world.visitor().tries(name, password).await;
        answers.push((answer.status, answer.body.replace("nobody", "alice")));
    }
    assert_eq!(answers[0].0, 422);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

/// Or else the disk would take its time for names that somebody has, and for no others.
#[tokio::test]
async fn a_guess_at_a_name_that_nobody_has_is_written_down_as_well() {
    let world = World::open().await.with_account("alice").await;
    world.guesses("alice", 1).await;
    world.guesses("nobody", 2).await;
    let failed = async |id| world.app().accounts.logins(id).await.unwrap().latest().1;
    assert_eq!(failed(world.account("alice").await.id).await, 1);
    assert_eq!(failed(AccountId::NOBODY).await, 2);
}

#[tokio::test]
async fn its_owner_still_gets_in_where_they_have_before_and_that_opens_it_to_all() {
    let world = World::open().await.with_account("alice").await;
    assert!(world.gets_in("alice", PASSWORD, HOME).await);
    world.guesses("alice", 200).await;
    assert!(!world.gets_in("alice", PASSWORD, "192.0.2.8").await, "next door");

    assert!(world.gets_in("alice", PASSWORD, HOME).await);

    assert!(world.gets_in("alice", PASSWORD, "192.0.2.8").await);
}

#[tokio::test]
async fn where_its_owner_has_logged_in_thirty_may_be_wrong_and_never_more_than_a_hundred_in_all() {
    let world = World::open().await.with_account("alice").await;
    for _ in 0..2 {
        assert!(world.gets_in("alice", PASSWORD, HOME).await);
        for _ in 0..29 {
            assert!(!world.gets_in("alice", WRONG, HOME).await);
        }
    }
    assert!(world.gets_in("alice", PASSWORD, HOME).await, "the thirtieth is right");
    for _ in 0..30 {
        assert!(!world.gets_in("alice", WRONG, HOME).await);
    }

    assert!(!world.gets_in("alice", PASSWORD, HOME).await);
    assert!(world.gets_in("alice", PASSWORD, &stranger(1)).await, "which is no reason to refuse others");
    assert_eq!(Place::Known.most_failures() + Place::Elsewhere.most_failures(), 100);
}

#[tokio::test]
async fn it_takes_no_more_in_other_processes_and_after_a_restart() {
    let world = World::open().await.with_account("alice").await;
    let beside = world.beside(4).await;
    for number in 0..70 {
        let app = if number % 2 == 0 { world.app() } else { &beside };
        assert!(!gets_in(&world, app, "alice", WRONG, &stranger(number)).await);
    }

    assert!(!gets_in(&world, &beside, "alice", PASSWORD, HOME).await);
    let world = world.restart().await;
    assert!(!world.gets_in("alice", PASSWORD, HOME).await);
}

#[tokio::test]
async fn time_opens_it_to_nobody() {
    let world = World::open().await.with_account("alice").await;
    world.guesses("alice", 70).await;
    world.passes(SignedDuration::from_hours(24 * 365));
    assert!(!world.gets_in("alice", PASSWORD, HOME).await);
}

#[tokio::test]
async fn whoever_runs_the_site_can_open_it() {
    let world = World::open().await.with_account("alice").await;
    world.guesses("alice", 70).await;
    world.audited();
    assert!(enable_account(world.app(), &name("alice")).await.unwrap());
    assert!(world.audited()[0].contains(r#""event":"account_enabled""#));
    assert!(world.gets_in("alice", PASSWORD, HOME).await);
    world.audited();
    assert!(enable_account(world.app(), &name("alice")).await.unwrap());
    assert_eq!(world.audited(), [""; 0], "nothing was closed");
}

#[tokio::test]
async fn a_link_opens_it_to_its_owner() {
    let world = World::open().await.with_account("alice").await;
    world.guesses("alice", 70).await;
    let reset = reset_account(world.app(), &name("alice")).await.unwrap().unwrap();
    world.logged_in_at(&format!("/join/{}", reset.code.reveal())).await;
    assert!(world.gets_in("alice", PASSWORD, &stranger(1)).await);
    world.guesses("alice", 100).await;
    assert!(world.gets_in("alice", PASSWORD, "127.0.0.1").await, "where the link was opened is known");
}

#[tokio::test]
async fn guesses_at_a_disabled_account_are_refused_as_ever() {
    let world = World::open().await.with_account("alice").await;
    disable_account(world.app(), &name("alice")).await.unwrap();
    world.guesses("alice", 70).await;
    enable_account(world.app(), &name("alice")).await.unwrap();
    assert!(world.gets_in("alice", PASSWORD, HOME).await, "enabling forgives them as well");
}

#[tokio::test]
async fn a_new_account_of_an_old_name_knows_none_of_the_old_places() {
    let world = World::open().await.with_account("alice").await;
    assert!(world.gets_in("alice", PASSWORD, HOME).await);
    world.passes(SignedDuration::from_mins(1));
    remove_account(world.app(), &name("alice")).await.unwrap();
    let world = world.with_account("alice").await;

    world.guesses("alice", 70).await;

    assert!(!world.gets_in("alice", PASSWORD, HOME).await);
}

#[tokio::test]
async fn what_failed_at_the_old_account_is_not_the_new_ones() {
    let world = World::open().await.with_account("alice").await;
    world.guesses("alice", 70).await;
    remove_account(world.app(), &name("alice")).await.unwrap();
    let logins = world.data().join("accounts/.logins");
    let left: Vec<_> = std::fs::read_dir(logins).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [""; 0]);

    let world = world.with_account("alice").await;

    assert!(world.gets_in("alice", PASSWORD, HOME).await);
}

#[tokio::test]
async fn within_a_session_thirty_may_be_wrong_and_then_the_page_says_so() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    for _ in 0..30 {
        world.passes(SignedDuration::from_mins(1));
        alice.changes_password(WRONG, NEW_PASSWORD).await.is(422).says("The current password is wrong.");
    }

    world.passes(SignedDuration::from_mins(1));
    let page = alice.changes_password(PASSWORD, NEW_PASSWORD).await;

    page.is(422).says("Too many wrong passwords in a row");
    enable_account(world.app(), &name("alice")).await.unwrap();
    world.passes(SignedDuration::from_mins(1));
    alice.changes_password(PASSWORD, NEW_PASSWORD).await.leads_to("/?password_changed");
}

#[tokio::test]
async fn the_account_page_says_when_somebody_last_logged_in_and_how_often_it_failed_since() {
    let world = World::open().await.with_account("alice").await;
    let mut first = world.logged_in("alice").await;
    first.opens("/").await.is(200).does_not_say("Last login").does_not_say("failed");

    world.passes(SignedDuration::from_mins(10));
    world.guesses("alice", 1).await;
    first.opens("/").await.does_not_say("Last login").says("1 try to log in has failed.");

    world.passes(SignedDuration::from_mins(9));
    let mut second = world.logged_in("alice").await;
    world.guesses("alice", 2).await;

    let page = second.opens("/").await;
    page.says("Last login before: ").says(">22 minutes ago</time>, from 127.0.0.1.");
    page.says("3 tries to log in have failed since.").does_not_say("Too many");
    let page = first.opens("/").await;
    page.says(">2 minutes ago</time>, from 127.0.0.1.").says("2 tries to log in have failed since.");

    world.guesses("alice", 34).await;
    second.opens("/").await.says("37 tries").does_not_say("Too many");
    world.guesses("alice", 34).await;
    second.opens("/").await.says("71 tries to log in have failed since.").says("Too many: until you log in");
}

/// ASVS 6.1.1.
#[test]
fn the_readme_says_how_many() {
    let limits = readme_words("Limits");
    let (known, elsewhere) = (Place::Known.most_failures(), Place::Elsewhere.most_failures());
    for said in [
        format!("At most {} passwords in a row", known + elsewhere),
        format!("{elsewhere} from anywhere, and {known} from addresses"),
        "`exeunt account enable NAME`".to_owned(),
    ] {
        assert!(limits.contains(&said), "the README does not say: {said}");
    }
}

impl World {
    /// So many strangers, each somewhere else, try a wrong password, each when it is taken.
    async fn guesses(&self, name: &str, count: usize) {
        for number in 0..count {
            assert!(!self.gets_in(name, WRONG, &stranger(number)).await);
        }
    }

    /// Somebody tries from there, when it is taken; whether they are in.
    async fn gets_in(&self, name: &str, password: &str, address: &str) -> bool {
        gets_in(self, self.app(), name, password, address).await
    }
}

async fn gets_in(world: &World, app: &App, name: &str, password: &str, address: &str) -> bool {
    world.passes(SignedDuration::from_mins(1));
    let address: IpAddr = address.parse().unwrap();
    let asker = Asker { address: Some(address), ..Asker::LOCAL };
    let attempt = attempt(name, password);
    let visit = Visit { asker, ..attempt.visit };
    match log_in(app, Attempt { visit, ..attempt }).await.unwrap() {
        LoggedIn::Started(_) => true,
        LoggedIn::Refused => false,
        other => panic!("{name} from {address}: {other:?}"),
    }
}

fn stranger(number: usize) -> String {
    format!("203.0.113.{}", number % 256)
}

fn name(text: &str) -> AccountName {
    AccountName::parse(text).unwrap()
}
