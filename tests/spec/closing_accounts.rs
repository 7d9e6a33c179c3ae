//! Closing accounts: whoever is logged in is out at once, in every process; nobody gets in; and nothing
//! brings a session back, neither enabling nor a new account of the old name.

use exeunt::accounts::AccountName;
use exeunt::actions::{
    ActionError, disable_account, enable_account, list_accounts, log_in, remove_account, reset_account,
};
use exeunt::clock::SignedDuration;

use crate::support::{PASSWORD, Undeletable, World, attempt};

/// ASVS 7.4.2.
#[tokio::test]
async fn disabling_ends_every_session_at_once_in_every_process() {
    let world = World::open().await.with_account("alice").await.with_account("bob").await;
    let (mut laptop, mut phone) = (world.logged_in("alice").await, world.logged_in("alice").await);
    let mut bob = world.logged_in("bob").await;
    let elsewhere = world.beside(4).await;

    let ended = disable_account(&elsewhere, &name("alice")).await.unwrap();

    assert_eq!(ended, Some(2));
    assert!(!laptop.is_logged_in().await);
    assert!(!phone.is_logged_in().await);
    assert!(bob.is_logged_in().await, "another account is not touched");
    world.only_session_file();
}

#[tokio::test]
async fn a_disabled_account_is_refused_in_the_same_words_as_a_wrong_password() {
    let world = World::open().await.with_account("alice").await;
    let wrong = world.visitor().tries("alice", "wrong horse battery staple").await;
    disable_account(world.app(), &name("alice")).await.unwrap();

    let right = world.visitor().tries("alice", PASSWORD).await;

    assert_eq!((right.status, right.body), (422, wrong.body));
    assert!(world.session_files().is_empty());
}

#[tokio::test]
async fn disabling_what_is_disabled_and_enabling_what_is_enabled_is_success() {
    let world = World::open().await.with_account("alice").await;
    assert!(enable_account(world.app(), &name("alice")).await.unwrap());
    for _ in 0..2 {
        assert_eq!(disable_account(world.app(), &name("alice")).await.unwrap(), Some(0));
        assert!(world.account("alice").await.disabled);
    }
}

#[tokio::test]
async fn enabling_lets_its_owner_log_in_again_and_revives_no_session() {
    let world = World::open().await.with_account("alice").await;
    let before = world.logged_in("alice").await;
    disable_account(world.app(), &name("alice")).await.unwrap();

    assert!(enable_account(world.app(), &name("alice")).await.unwrap());

    assert!(world.session_files().is_empty());
    assert!(!before.clone().is_logged_in().await);
    assert!(world.logged_in("alice").await.is_logged_in().await);
}

/// ASVS 7.4.2.
#[tokio::test]
async fn a_new_account_of_a_removed_ones_name_inherits_nothing() {
    let world = World::open().await.with_account("alice").await;
    let removed = world.account("alice").await;
    let before = world.logged_in("alice").await;
    let link = reset_link(&world, "alice").await;
    let other = world.logged_in_at(&link).await;

    assert_eq!(remove_account(world.app(), &name("alice")).await.unwrap(), Some(1));

    assert!(!world.data().join("accounts/alice").exists());
    assert!(list_accounts(world.app()).await.unwrap().accounts.is_empty());
    world.visitor().tries("alice", PASSWORD).await.is(422);
    let link = world.invite("alice").await;
    let new = world.account("alice").await;
    assert_ne!(new.id, removed.id);
    assert_eq!((new.password, new.disabled), (None, false));
    for token in [before, other] {
        assert!(!token.clone().is_logged_in().await);
    }
    world.visitor().tries("alice", PASSWORD).await.is(422);
    world.logged_in_at(&link).await.opens("/").await.is(200).says("Nowhere else.");
}

#[tokio::test]
async fn removing_the_last_account_reopens_no_link_for_the_first_one() {
    let world = World::open().await;
    let link = world.first_link().await;
    let world = world.with_account("alice").await;

    remove_account(world.app(), &name("alice")).await.unwrap();

    world.visitor().opens(&link).await.is(404);
}

/// ASVS 6.4.3, 6.5.6, 7.4.3.
#[tokio::test]
async fn resetting_ends_every_session_and_takes_the_password_away() {
    let world = World::open().await.with_account("alice").await;
    let mut before = world.logged_in("alice").await;

    let link = reset_link(&world, "alice").await;

    assert!(world.session_files().is_empty());
    assert!(!before.is_logged_in().await);
    assert_eq!(world.account("alice").await.password, None);
    world.visitor().tries("alice", PASSWORD).await.is(422).says("The name or the password is wrong.");
    assert!(world.logged_in_at(&link).await.is_logged_in().await);
    world.logged_in("alice").await;
}

/// ASVS 6.4.1, 6.4.3.
#[tokio::test]
async fn a_reset_link_is_good_for_a_day_and_for_once_and_ends_an_older_one() {
    let world = World::open().await;
    let invitation = world.invite("alice").await;
    let older = reset_link(&world, "alice").await;
    world.visitor().opens(&invitation).await.is(404);
    let newer = reset_link(&world, "alice").await;
    world.visitor().opens(&older).await.is(404).says("This link is over");
    world.logged_in_at(&newer).await;
    world.visitor().opens(&newer).await.is(404);

    let late = reset_link(&world, "alice").await;
    world.passes(SignedDuration::from_hours(24));
    world.visitor().opens(&late).await.is(404);
}

#[tokio::test]
async fn the_link_of_a_disabled_account_opens_nothing_until_it_is_enabled() {
    let world = World::open().await.with_account("alice").await;
    disable_account(world.app(), &name("alice")).await.unwrap();
    let reset = reset_account(world.app(), &name("alice")).await.unwrap().unwrap();
    assert!(reset.disabled);
    let link = format!("/join/{}", reset.code.reveal());
    world.visitor().posts(&link, &[("new_password", PASSWORD)]).await.is(404);

    enable_account(world.app(), &name("alice")).await.unwrap();

    world.logged_in_at(&link).await;
}

#[tokio::test]
async fn a_name_that_no_account_has_is_told() {
    let world = World::open().await;
    let (app, nobody) = (world.app(), name("nobody"));
    assert_eq!(disable_account(app, &nobody).await.unwrap(), None);
    assert_eq!(remove_account(app, &nobody).await.unwrap(), None);
    assert!(!enable_account(app, &nobody).await.unwrap());
    assert!(reset_account(app, &nobody).await.unwrap().is_none());
}

#[tokio::test]
async fn what_cannot_be_ended_leaves_the_account_disabled_and_there() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let stuck = Undeletable::folder_of(&world.only_session_file());

    for _ in 0..2 {
        let outcome = disable_account(world.app(), &name("alice")).await;
        assert!(matches!(outcome, Err(ActionError::DisabledOnly(_))), "{outcome:?}");
        let outcome = remove_account(world.app(), &name("alice")).await;
        assert!(matches!(outcome, Err(ActionError::DisabledOnly(_))), "{outcome:?}");
    }

    assert!(world.account("alice").await.disabled);
    assert!(!alice.is_logged_in().await, "this process refuses it all the same");
    drop(stuck);
    assert_eq!(remove_account(world.app(), &name("alice")).await.unwrap(), Some(1));
    assert!(world.session_files().is_empty());
}

#[tokio::test]
async fn a_reset_that_cannot_end_the_sessions_leaves_the_password_as_it_was() {
    let world = World::open().await.with_account("alice").await;
    let before = world.account("alice").await;
    world.logged_in("alice").await;
    let stuck = Undeletable::folder_of(&world.only_session_file());

    let outcome = reset_account(world.app(), &name("alice")).await;

    assert!(matches!(outcome, Err(ActionError::NotEnded(_))), "{outcome:?}");
    assert_eq!(world.account("alice").await, before);
    drop(stuck);
}

#[tokio::test]
async fn of_the_logins_that_race_a_closing_none_outlives_it() {
    for round in 0..15 {
        let world = World::open().await.with_account("alice").await;
        let elsewhere = world.beside(4).await;
        let mut logins = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let app = world.shared_app();
            logins.spawn(async move { log_in(&app, attempt("alice", PASSWORD)).await.map(drop) });
        }
        tokio::task::yield_now().await;

        let closed = match round % 3 {
            0 => disable_account(&elsewhere, &name("alice")).await.unwrap().is_some(),
            1 => remove_account(&elsewhere, &name("alice")).await.unwrap().is_some(),
            _ => reset_account(&elsewhere, &name("alice")).await.unwrap().is_some(),
        };

        assert!(closed);
        for login in logins.join_all().await {
            login.unwrap();
        }
        let left = world.session_files();
        assert!(left.is_empty(), "round {round}: {left:?}");
    }
}

/// The path of a new link for the account.
async fn reset_link(world: &World, account: &str) -> String {
    let reset = reset_account(world.app(), &name(account)).await.unwrap().expect("there is such an account");
    format!("/join/{}", reset.code.reveal())
}

fn name(text: &str) -> AccountName {
    AccountName::parse(text).unwrap()
}
