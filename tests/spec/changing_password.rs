//! Changing one's password: the old one opens nothing any more, neither do the sessions that it opened,
//! and whoever has changed it stays logged in here, with a new token.

use std::sync::Arc;
use std::time::Duration;

use exeunt::accounts::{Account, Code, Link};
use exeunt::actions::{
    Change, LoggedIn, PasswordChange, Resumed, change_password, disable_account, log_in, reset_account,
    resume,
};
use exeunt::clock::SignedDuration;
use exeunt::sessions::{Presence, Session, Token};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::support::{Answer, NEW_PASSWORD, PASSWORD, Undeletable, Visitor, World, attempt, crowd};

const CHANGED: &str = "Your password is changed. Your other sessions have ended.";

/// ASVS 6.2.2.
#[tokio::test]
async fn the_new_password_lets_in_and_the_old_one_does_not() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    alice.opens("/").await.says("<a href=\"/password\">Change password</a>");
    alice.opens("/password").await.is(200).says("name=\"current_password\"").says("value=\"alice\" readonly");

    alice.changes_password(PASSWORD, NEW_PASSWORD).await.leads_to("/?password_changed");

    alice.opens("/?password_changed").await.is(200).says(CHANGED);
    world.visitor().tries("alice", PASSWORD).await.is(422);
    world.visitor().tries("alice", NEW_PASSWORD).await.leads_to("/");
}

/// ASVS 6.2.10.
#[tokio::test]
async fn nobody_has_to_change_a_password_however_old_it_is() {
    let world = World::open().await.with_account("alice").await;
    world.passes(SignedDuration::from_hours(24 * 365 * 10));
    let mut alice = world.visitor();
    alice.tries("alice", PASSWORD).await.leads_to("/");
    alice.opens("/").await.is(200).says("<h1>Where you are logged in</h1>");
}

/// ASVS 7.2.4, 7.4.3.
#[tokio::test]
async fn every_other_session_ends_and_this_one_gets_a_new_token() {
    let world = World::open().await.with_account("alice").await.with_account("bob").await;
    let (mut here, mut phone) = (world.logged_in("alice").await, world.logged_in("alice").await);
    let mut bob = world.logged_in("bob").await;
    let mut stolen = here.clone();
    let before = world.session_files();

    here.changes_password(PASSWORD, NEW_PASSWORD).await.leads_to("/?password_changed");

    assert_ne!(here.cookie(), stolen.cookie());
    assert!(here.is_logged_in().await);
    assert!(!stolen.is_logged_in().await, "the old token of this very browser");
    assert!(!phone.is_logged_in().await);
    assert!(bob.is_logged_in().await, "another account is not touched");
    let after = world.session_files();
    assert_eq!(after.len(), 2, "this one's and bob's: {after:?}");
    assert_eq!(after.iter().filter(|file| before.contains(file)).count(), 1, "only bob's is an old one");
}

#[tokio::test]
async fn remembered_stays_remembered_and_not_remembered_does_not() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.visitor();
    alice.posts("/login", &[("username", "alice"), ("password", PASSWORD), ("remember", "yes")]).await;

    let remembered = alice.changes_password(PASSWORD, NEW_PASSWORD).await;
    let mut again = world.visitor();
    again.tries("alice", NEW_PASSWORD).await.leads_to("/");
    let not = again.changes_password(NEW_PASSWORD, PASSWORD).await;

    for (answer, ending) in [(remembered, "SameSite=Lax; Max-Age=2592000"), (not, "SameSite=Lax")] {
        let [cookie] = answer.cookies_set()[..] else { panic!("one cookie: {answer:?}") };
        assert!(cookie.ends_with(&format!("; Path=/; HttpOnly; {ending}")), "{cookie}");
    }
}

#[tokio::test]
async fn it_needs_a_login() {
    let world = World::open().await.with_account("alice").await;
    let mut stranger = world.visitor();
    stranger.opens("/password").await.leads_to("/login?next=%2Fpassword");
    stranger.changes_password(PASSWORD, NEW_PASSWORD).await.leads_to("/login?next=%2Fpassword");
    world.visitor().tries("alice", PASSWORD).await.leads_to("/");

    let fields = [("username", "alice"), ("password", PASSWORD), ("next", "/password")];
    stranger.posts("/login", &fields).await.leads_to("/password");
    stranger.opens("/password").await.is(200);
}

#[tokio::test]
async fn password_managers_find_the_page_at_the_well_known_address() {
    let world = World::open().await;
    world.visitor().opens("/.well-known/change-password").await.leads_to("/password");
    let other = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";
    world.visitor().opens(other).await.is(404);
}

#[tokio::test]
async fn htmx_is_led_to_the_account_page_whole() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await.with_htmx_at("/password");
    alice.changes_password("wrong", NEW_PASSWORD).await.is(422);
    let answer = alice.changes_password(PASSWORD, NEW_PASSWORD).await;
    answer.sends_htmx_to("/?password_changed");
    assert_eq!(answer.cookies_set().len(), 1, "the cookie is in the same answer");
    assert!(alice.is_logged_in().await);
}

// What keeps it from being changed.

/// ASVS 6.2.3, 7.5.1.
#[tokio::test]
async fn without_the_current_password_nothing_changes() {
    let world = World::open().await.with_account("alice").await;
    let (mut alice, mut phone) = (world.logged_in("alice").await, world.logged_in("alice").await);
    let (account, sessions) = (world.account("alice").await, world.session_files());

    for wrong in ["wrong horse battery staple", "", &"x".repeat(1025)] {
        let answer = alice.changes_password(wrong, NEW_PASSWORD).await;
        answer.is(422).says("The current password is wrong.").says("Logged in as <b>alice</b>");
        answer.says("autocomplete=\"current-password\" autofocus aria-invalid=\"true\"");
        answer.does_not_say(NEW_PASSWORD);
        assert!(answer.cookies_set().is_empty());
    }
    alice.posts("/password", &[]).await.is(422);

    assert_eq!(world.account("alice").await, account);
    assert_eq!(world.session_files(), sessions);
    assert!(alice.is_logged_in().await);
    assert!(phone.is_logged_in().await);
}

/// ASVS 6.2.4, 6.2.11.
#[tokio::test]
async fn a_new_password_that_will_not_do_is_refused_and_the_page_says_why() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let (account, sessions) = (world.account("alice").await, world.session_files());

    for (new, why) in [
        ("short", "Use at least 15 characters"),
        ("passwordpassword", "one of those that are tried first"),
        ("alice-alice-alice", "made of the name and the site"),
        (&*"x".repeat(1025), "at most 1,024 bytes"),
        (PASSWORD, "what you have typed as the current one"),
    ] {
        let answer = alice.changes_password(PASSWORD, new).await;
        answer.is(422).says(why).says("autocomplete=\"new-password\" aria-invalid=\"true\"");
        answer.does_not_say(&format!("value=\"{new}\""));
    }

    assert_eq!(world.account("alice").await, account);
    assert_eq!(world.session_files(), sessions);
}

/// ASVS 6.3.1, 6.3.4.
#[tokio::test]
async fn wrong_tries_count_with_those_at_the_login_page() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    for number in 0..5 {
        if number % 2 == 0 {
            alice.changes_password("wrong horse battery staple", NEW_PASSWORD).await.is(422);
        } else {
            world.visitor().tries("alice", "wrong horse battery staple").await.is(422);
        }
    }

    let answer = alice.changes_password(PASSWORD, NEW_PASSWORD).await;

    answer.is(429).says("Too many tries. Please wait a second, then try again.");
    assert_eq!(answer.header("retry-after"), "1");
    world.visitor().tries("alice", PASSWORD).await.is(429);
    assert!(alice.is_logged_in().await, "nobody is logged out for it");

    world.passes(SignedDuration::from_secs(1));
    alice.changes_password(PASSWORD, NEW_PASSWORD).await.leads_to("/?password_changed");
    world.visitor().tries("alice", "wrong horse battery staple").await.is(422);
    world.visitor().tries("alice", NEW_PASSWORD).await.leads_to("/");
}

#[tokio::test]
async fn a_change_that_finds_the_queue_full_is_told_to_come_back() {
    let world = World::hashing(17).await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let crowd = crowd(&world).await;

    let answer = alice.changes_password(PASSWORD, NEW_PASSWORD).await;

    answer.is(503).says("too much to do").says("<h1>Change password</h1>");
    assert_eq!(answer.header("retry-after"), "5");
    drop(crowd);
    assert!(alice.is_logged_in().await);
}

#[tokio::test]
async fn sessions_that_cannot_be_ended_keep_the_password_as_it_was() {
    let world = World::open().await.with_account("alice").await;
    let (mut alice, mut phone) = (world.logged_in("alice").await, world.logged_in("alice").await);
    let mut stolen = alice.clone();
    let account = world.account("alice").await;
    let stuck = Undeletable::folder_of(&world.session_files()[0]);

    let answer = alice.changes_password(PASSWORD, NEW_PASSWORD).await;

    answer.is(503).says("Your password is not changed").says("You are logged out in this browser");
    assert_eq!(answer.header("retry-after"), "5");
    assert_eq!(answer.cookies_expired(), ["exeunt"], "this session is refused from now on");
    assert_eq!(world.account("alice").await, account);
    assert!(!stolen.is_logged_in().await);
    drop(stuck);
    exeunt::actions::finish_endings(world.app()).await;
    assert!(phone.is_logged_in().await, "it came no further than this session");
    alice.logs_in("alice").await;
}

#[tokio::test]
async fn an_account_that_cannot_be_written_never_leaves_an_old_session_beside_a_new_password() {
    let world = World::open().await.with_account("alice").await;
    let (mut alice, mut phone) = (world.logged_in("alice").await, world.logged_in("alice").await);
    let account = world.account("alice").await;
    let stuck = Undeletable::folder_of(&world.data().join("accounts/alice"));

    let answer = alice.changes_password(PASSWORD, NEW_PASSWORD).await;

    answer.is(503).says("Your password may be changed or not");
    assert_eq!(answer.cookies_expired(), ["exeunt"]);
    drop(stuck);
    assert!(world.session_files().is_empty(), "the sessions ended first");
    assert!(!alice.is_logged_in().await);
    assert!(!phone.is_logged_in().await);
    assert_eq!(world.account("alice").await, account);
}

// What it does beside that.

#[tokio::test]
async fn a_link_that_was_still_good_is_withdrawn() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let code = Code::generate(Some(world.account("alice").await.name));
    let link = format!("/join/{}", code.reveal());
    world.change_account("alice", |account| account.link = Some(Link::new(&code, world.now()))).await;
    world.visitor().opens(&link).await.is(200);

    alice.changes_password(PASSWORD, NEW_PASSWORD).await.leads_to("/?password_changed");

    world.visitor().opens(&link).await.is(404).says("This link is over");
    assert_eq!(world.account("alice").await.link, None);
}

#[tokio::test]
async fn only_a_session_that_has_just_started_is_told_that_a_password_was_changed() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    alice.opens("/").await.does_not_say(CHANGED);
    world.passes(SignedDuration::from_mins(1));
    alice.opens("/?password_changed").await.is(200).does_not_say(CHANGED);
}

#[tokio::test]
async fn no_login_leads_to_where_a_changed_password_is_told() {
    let world = World::open().await.with_account("alice").await;
    world.visitor().opens("/?password_changed").await.leads_to("/login");
    let fields = [("username", "alice"), ("password", PASSWORD), ("next", "/?a=1&password_changed=")];
    world.visitor().posts("/login", &fields).await.leads_to("/");
}

#[tokio::test]
async fn a_guess_counts_though_its_session_is_over() {
    let world = World::open().await.with_account("alice").await;
    let (token, session) = started(&world).await;
    world.app().sessions.end(session.account, &[session.id]).await.unwrap();

    for _ in 0..5 {
        let guess = Change { current_password: "wrong horse battery staple", ..change(&token, &session) };
        let outcome = change_password(world.app(), guess).await;
        assert!(matches!(outcome, Ok(PasswordChange::TooLate)), "{outcome:?}");
    }

    let outcome = change_password(world.app(), change(&token, &session)).await;
    assert!(matches!(outcome, Ok(PasswordChange::Throttled(_))), "{outcome:?}");
}

#[tokio::test]
async fn an_outdated_hash_is_as_good_as_any_and_is_replaced() {
    let world = World::open().await.with_account("alice").await;
    let (token, session) = started(&world).await;
    let dearer = world.beside(6).await;
    let before = world.account("alice").await.password;

    let outcome = change_password(&dearer, change(&token, &session)).await;

    assert!(matches!(outcome, Ok(PasswordChange::Done(Some(_)))), "{outcome:?}");
    assert_ne!(world.account("alice").await.password, before);
    world.visitor().tries("alice", NEW_PASSWORD).await.leads_to("/");
}

// What happens at the same moment.

#[tokio::test]
async fn a_hash_that_is_renewed_meanwhile_is_no_reason_to_refuse() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let renewed = World::hashing(5).await.with_account("alice").await.account("alice").await.password;
    let lock = world.lock(world.account("alice").await.id).await;
    let changing = waits(&world, alice.clone()).await;

    world.change_account("alice", |account| account.password = renewed).await;
    drop(lock);

    changing.await.unwrap().leads_to("/?password_changed");
    assert!(!alice.is_logged_in().await);
    world.visitor().tries("alice", NEW_PASSWORD).await.leads_to("/");
}

#[tokio::test]
async fn a_session_that_is_logged_out_meanwhile_changes_nothing() {
    let world = World::open().await.with_account("alice").await;
    let (mut alice, mut phone) = (world.logged_in("alice").await, world.logged_in("alice").await);
    let account = world.account("alice").await;
    let lock = world.lock(account.id).await;
    let changing = waits(&world, alice.clone()).await;

    alice.logs_out().await.leads_to("/login?logged_out");
    drop(lock);

    let answer = changing.await.unwrap();
    answer.leads_to("/login");
    assert!(answer.cookies_set().is_empty());
    assert_eq!(world.account("alice").await, account);
    world.only_session_file();
    assert!(phone.is_logged_in().await);
}

#[tokio::test]
async fn an_account_that_is_disabled_or_reset_meanwhile_is_left_so() {
    for reset in [true, false] {
        let world = World::hashing(16).await.with_account("alice").await;
        let mut alice = world.logged_in("alice").await;
        let name = world.account("alice").await.name;
        let changing = tokio::spawn({
            let mut alice = alice.clone();
            async move { alice.changes_password(PASSWORD, NEW_PASSWORD).await }
        });
        world.until(|| world.posts("/password") == 1).await;
        world.visitor().opens("/login").await.is(200);

        match reset {
            true => assert!(reset_account(world.app(), &name).await.unwrap().is_some()),
            false => assert!(disable_account(world.app(), &name).await.unwrap().is_some()),
        }
        let closed = world.account("alice").await;

        changing.await.unwrap().leads_to("/login");
        assert_eq!(world.account("alice").await, closed);
        assert!(world.session_files().is_empty());
        assert!(!alice.is_logged_in().await);
    }
}

#[tokio::test]
async fn an_account_that_is_not_as_it_was_when_its_password_was_checked_is_left_so() {
    let other = World::open().await.with_account("alice").await;
    other.logged_in("alice").await.changes_password(PASSWORD, NEW_PASSWORD).await;
    let other = other.account("alice").await.password;
    for disabled in [true, false] {
        let world = World::open().await.with_account("alice").await;
        let mut alice = world.logged_in("alice").await;
        let lock = world.lock(world.account("alice").await.id).await;
        let changing = waits(&world, alice.clone()).await;

        let changed = |account: &mut Account| match disabled {
            true => account.disabled = true,
            false => account.password = other.clone(),
        };
        world.change_account("alice", changed).await;
        let account = world.account("alice").await;
        drop(lock);

        changing.await.unwrap().is(422).says("The current password is wrong.");
        assert_eq!(world.account("alice").await, account);
        assert!(alice.is_logged_in().await, "and no session has ended");
    }
}

#[tokio::test]
async fn it_waits_for_whoever_must_see_the_whole_account() {
    let world = World::open().await.with_account("alice").await;
    let alice = world.logged_in("alice").await;
    let account = world.account("alice").await;
    let lock = world.lock(account.id).await;
    let changing = waits(&world, alice).await;
    assert_eq!(world.account("alice").await, account);
    world.only_session_file();
    drop(lock);
    changing.await.unwrap().leads_to("/?password_changed");
}

#[tokio::test]
async fn once_it_is_answered_no_session_lives_that_the_old_password_opened() {
    for round in 0..20 {
        let world = World::open().await.with_account("alice").await;
        let (token, session) = started(&world).await;
        let elsewhere = world.beside(4).await;
        let mut logins = JoinSet::new();
        for number in 0..8 {
            let app = if number % 2 == 0 { world.shared_app() } else { Arc::clone(&elsewhere) };
            logins.spawn(async move { log_in(&app, attempt("alice", PASSWORD)).await.unwrap() });
        }
        for _ in 0..round % 4 {
            tokio::task::yield_now().await;
        }

        let outcome = change_password(world.app(), change(&token, &session)).await.unwrap();

        let PasswordChange::Done(Some(new)) = outcome else { panic!("{outcome:?}") };
        for login in logins.join_all().await {
            let LoggedIn::Started(old) = login else { continue };
            let resumed = resume(world.app(), &[old.token], Presence::Passive).await;
            assert!(matches!(resumed, Resumed::Stranger), "round {round}: {resumed:?}");
        }
        let only = world.only_session_file();
        assert_eq!(only.file_name().unwrap().to_str().unwrap(), new.session.id.to_string());
    }
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_made_and_the_other_led_to_the_login_page() {
    for same_session in [true, false] {
        for _ in 0..8 {
            let world = World::open().await.with_account("alice").await;
            let one = world.logged_in("alice").await;
            let other = if same_session { one.clone() } else { world.logged_in("alice").await };
            let mut changes = JoinSet::new();
            for (mut visitor, new) in [(one, NEW_PASSWORD), (other, "another orchard of violins")] {
                changes.spawn(async move { (visitor.changes_password(PASSWORD, new).await, visitor, new) });
            }

            let (mut done, late): (Vec<_>, Vec<_>) = changes
                .join_all()
                .await
                .into_iter()
                .partition(|(answer, ..)| answer.header("location") == "/?password_changed");

            assert_eq!((done.len(), late.len()), (1, 1));
            assert!(late[0].0.header("location").starts_with("/login"), "{:?}", late[0].0);
            let (_, winner, chosen) = &mut done[0];
            assert!(winner.is_logged_in().await);
            world.only_session_file();
            world.visitor().tries("alice", chosen).await.leads_to("/");
            world.visitor().tries("alice", late[0].2).await.is(422);
        }
    }
}

/// Somebody whose change waits for a lock that another one holds. All that comes before is done in far
/// less than this.
async fn waits(world: &World, mut visitor: Visitor) -> JoinHandle<Answer> {
    let mut changing = tokio::spawn(async move { visitor.changes_password(PASSWORD, NEW_PASSWORD).await });
    world.until(|| world.posts("/password") == 1).await;
    let came = timeout(Duration::from_millis(300), &mut changing).await;
    assert!(came.is_err(), "it did not wait: {came:?}");
    changing
}

/// A session of alice's, by no browser.
async fn started(world: &World) -> (Token, Session) {
    let outcome = log_in(world.app(), attempt("alice", PASSWORD)).await;
    let Ok(LoggedIn::Started(started)) = outcome else { panic!("{outcome:?}") };
    (started.token, started.session)
}

fn change<'a>(token: &Token, this: &'a Session) -> Change<'a> {
    let mut visit = attempt("", "").visit;
    visit.tokens = vec![token.clone()];
    Change { this, current_password: PASSWORD, new_password: NEW_PASSWORD, visit }
}
