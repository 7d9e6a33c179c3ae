//! Logging out: the session ends on the server, the cookie goes, and the account stays. It always works,
//! and when the server cannot delete what it must, it says so.

use reqwest::Method;

use crate::support::{Undeletable, Visitor, World};

/// ASVS 7.4.1.
#[tokio::test]
async fn logging_out_ends_the_session_on_the_server() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let stolen = alice.clone();
    assert_eq!(world.session_files().len(), 1);

    alice.logs_out().await.leads_to("/login?logged_out");

    assert!(world.session_files().is_empty(), "the session's file is gone");
    assert!(!alice.has_cookie(), "the cookie is gone");
    assert!(!stolen.clone().is_logged_in().await, "its token opens nothing any more");
    assert!(world.data().join("accounts/alice").exists(), "the account stays");
    alice.opens("/login?logged_out").await.is(200).says("You are logged out in this browser.");
}

#[tokio::test]
async fn the_page_that_says_so_clears_what_the_site_has_stored_in_the_browser() {
    let world = World::open().await.with_account("alice").await;
    let led = |from, to| world.visitor().with("sec-fetch-site", from).with("sec-fetch-dest", to);
    let cleared = async |mut visitor: Visitor, path| {
        visitor.opens(path).await.is(200).header("clear-site-data").to_owned()
    };
    assert_eq!(cleared(led("same-origin", "document"), "/login?logged_out").await, "\"storage\"");
    assert_eq!(cleared(led("same-origin", "document"), "/login").await, "");
    // Another site's link or picture, which comes without the cookie of whoever is logged in.
    assert_eq!(cleared(led("cross-site", "document"), "/login?logged_out").await, "");
    assert_eq!(cleared(led("cross-site", "image"), "/login?logged_out").await, "");
    assert_eq!(cleared(led("same-origin", "image"), "/login?logged_out").await, "");
    assert_eq!(cleared(world.visitor(), "/login?logged_out").await, "");
}

#[tokio::test]
async fn the_cookie_is_removed_with_the_attributes_it_was_set_with() {
    let world = World::open().await.with_account("alice").await;
    let over = "exeunt=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

    let answer = world.visitor().logs_out().await;
    assert_eq!(answer.cookies_set(), [over]);

    // Changed three times: see `back_after_a_logout_shows_nothing_private` in a browser.
    let answer = world.logged_in("alice").await.logs_out().await;
    let empty = "exeunt=; Path=/; HttpOnly; SameSite=Lax; Max-Age=1";
    assert_eq!(answer.cookies_set(), [over, empty, over]);
}

#[tokio::test]
async fn logging_out_twice_late_unknown_or_without_a_cookie_works() {
    let world = World::open().await.with_account("alice").await;
    let alice = world.logged_in("alice").await;
    let mut twice = alice.clone();
    alice.clone().logs_out().await.leads_to("/login?logged_out");

    let unknown = format!("exeunt={}", "A".repeat(43));
    for visitor in [
        &mut twice,
        &mut world.visitor(),
        &mut world.visitor().with_cookie(&unknown),
        &mut world.visitor().with_cookie("exeunt=nonsense"),
    ] {
        let answer = visitor.logs_out().await;
        answer.leads_to("/login?logged_out");
        assert_eq!(answer.cookies_expired(), ["exeunt"], "every logout changes the cookie");
    }
}

#[tokio::test]
async fn an_expired_session_is_deleted_by_logging_out_of_it() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    world.passes(exeunt::clock::SignedDuration::from_hours(48));

    alice.logs_out().await.leads_to("/login?logged_out");
    assert!(world.session_files().is_empty());
}

#[tokio::test]
async fn looking_at_the_logout_page_changes_nothing() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let answer = alice.opens("/logout").await;
    answer.is(200).says("Log out?");
    assert!(answer.cookies_set().is_empty());
    assert!(alice.is_logged_in().await);
    world.visitor().opens("/logout").await.is(200);
}

#[tokio::test]
async fn logging_out_others_leaves_this_one() {
    let world = World::open().await.with_account("alice").await.with_account("bob").await;
    let mut here = world.logged_in("alice").await;
    let mut phone = world.logged_in("alice").await;
    let mut bob = world.logged_in("bob").await;

    let answer = here.logs_out_of("others").await;

    answer.leads_to("/");
    assert!(answer.cookies_set().is_empty());
    assert_eq!(world.session_files().len(), 2);
    assert!(here.is_logged_in().await);
    assert!(!phone.is_logged_in().await);
    assert!(bob.is_logged_in().await, "another account is not touched");
}

#[tokio::test]
async fn logging_out_everywhere_ends_all_of_the_accounts_sessions() {
    let world = World::open().await.with_account("alice").await.with_account("bob").await;
    let mut here = world.logged_in("alice").await;
    let mut phone = world.logged_in("alice").await;
    let mut bob = world.logged_in("bob").await;

    let answer = here.logs_out_of("all").await;

    answer.leads_to("/login?logged_out");
    assert_eq!(answer.cookies_expired(), ["exeunt"]);
    assert!(!phone.is_logged_in().await);
    assert!(bob.is_logged_in().await);
    world.only_session_file();
}

#[tokio::test]
async fn logging_one_session_out_by_its_id_ends_that_one() {
    let world = World::open().await.with_account("alice").await;
    let mut here = world.logged_in("alice").await;
    let here_file = world.only_session_file();
    let mut phone = world.logged_in("alice").await;
    let phone_file = world.session_files().into_iter().find(|file| *file != here_file).unwrap();
    let id = phone_file.file_name().unwrap().to_str().unwrap().to_owned();

    here.logs_out_of(&id).await.leads_to("/");
    assert!(!phone.is_logged_in().await);
    here.logs_out_of(&id).await.leads_to("/");

    let own = here_file.file_name().unwrap().to_str().unwrap();
    let answer = here.logs_out_of(own).await;
    answer.leads_to("/login?logged_out");
    assert_eq!(answer.cookies_expired(), ["exeunt"], "one's own id is this session");
    assert!(world.session_files().is_empty());
}

#[tokio::test]
async fn somebody_elses_session_is_not_touched_nor_told() {
    let world = World::open().await.with_account("alice").await.with_account("bob").await;
    let mut bob = world.logged_in("bob").await;
    let bobs = world.only_session_file();
    let mut alice = world.logged_in("alice").await;
    let id = bobs.file_name().unwrap().to_str().unwrap();

    alice.logs_out_of(id).await.leads_to("/");
    alice.logs_out_of(&"0".repeat(32)).await.leads_to("/");
    for nonsense in ["nonsense", "../bob", &id.to_uppercase(), &id[1..]] {
        alice.logs_out_of(nonsense).await.is(404).says("No such session");
    }
    assert!(bobs.exists());
    assert!(bob.is_logged_in().await);
    assert!(alice.is_logged_in().await);
}

#[tokio::test]
async fn who_is_logged_out_already_cannot_log_others_out() {
    let world = World::open().await.with_account("alice").await;
    let mut phone = world.logged_in("alice").await;
    let id = world.only_session_file().file_name().unwrap().to_str().unwrap().to_owned();

    world.visitor().logs_out_of("others").await.leads_to("/login");
    world.visitor().logs_out_of(&id).await.leads_to("/login");
    world.visitor().logs_out_of("all").await.leads_to("/login?logged_out");
    assert!(phone.is_logged_in().await);
}

#[tokio::test]
async fn every_token_that_the_browser_sends_is_ended() {
    let world = World::open().await.with_account("alice").await;
    let (one, other) = (world.logged_in("alice").await, world.logged_in("alice").await);
    let both = format!("{}; {}", one.cookie(), other.cookie());

    world.visitor().with_cookie(&both).logs_out().await.leads_to("/login?logged_out");
    assert!(world.session_files().is_empty(), "none is left behind to be logged in with");
}

/// ASVS 7.2.1.
#[tokio::test]
async fn deleting_the_file_by_hand_is_a_logout() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    assert!(alice.is_logged_in().await);
    std::fs::remove_file(world.only_session_file()).unwrap();

    let answer = alice.opens("/").await;
    answer.leads_to("/login");
    assert_eq!(answer.cookies_expired(), ["exeunt"]);
}

#[tokio::test]
async fn a_logout_that_cannot_delete_says_so_refuses_the_session_and_tries_again() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let stolen = alice.clone();
    let file = world.only_session_file();
    let stuck = Undeletable::folder_of(&file);

    let answer = alice.logs_out().await;

    answer.is(503).says("Not logged out yet").says("keeps trying");
    assert_eq!(answer.cookies_expired(), ["exeunt"], "the cookie goes all the same");
    assert!(file.exists(), "the file is really still there");
    assert!(!stolen.clone().is_logged_in().await, "and is refused at once");

    exeunt::actions::finish_endings(world.app()).await;
    assert!(file.exists());
    drop(stuck);
    exeunt::actions::finish_endings(world.app()).await;
    assert!(!file.exists(), "it is deleted as soon as it can be");
    assert!(!stolen.clone().is_logged_in().await);
}

#[tokio::test]
async fn logging_others_out_says_so_when_it_cannot_and_they_are_refused_at_once() {
    let world = World::open().await.with_account("alice").await;
    let mut here = world.logged_in("alice").await;
    let mut phone = world.logged_in("alice").await;
    let stuck = Undeletable::folder_of(&world.session_files()[0]);

    let answer = here.logs_out_of("others").await;

    answer.is(503).says("Not logged out yet");
    assert!(answer.cookies_set().is_empty(), "this browser stays logged in");
    assert!(!phone.is_logged_in().await);
    assert!(here.is_logged_in().await);
    drop(stuck);
}

#[tokio::test]
async fn a_browser_that_leaves_in_the_middle_is_logged_out_all_the_same() {
    let world = World::open().await.with_account("alice").await;
    world.logged_in("alice").await;
    let mut here = world.logged_in("alice").await;
    let lock = world.lock(world.account("alice").await.id).await;

    // The logout waits for the lock, and the browser does not wait for the logout.
    let leaving = tokio::spawn(async move { here.logs_out_of("all").await });
    world.until(|| world.posts("/logout") == 1 && world.session_files().len() == 1).await;
    leaving.abort();
    world.until(|| world.abandoned() == 1).await;
    assert_eq!(world.session_files().len(), 1, "it could not go on yet");
    drop(lock);

    world.until(|| world.session_files().is_empty()).await;
}

#[tokio::test]
async fn the_next_page_is_kept_for_after_the_next_login() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let answer = alice.posts("/logout", &[("next", "/login-free/page?a=b")]).await;
    answer.leads_to("/login?logged_out&next=%2Flogin-free%2Fpage%3Fa%3Db");
    alice.posts("/logout", &[("next", "https://evil.example/")]).await.leads_to("/login?logged_out");
    alice.posts("/logout", &[("next", "/logout")]).await.leads_to("/login?logged_out");
}

#[tokio::test]
async fn a_post_without_a_body_logs_out() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    alice.sends(Method::POST, "/logout", None).await.leads_to("/login?logged_out");
    world.logged_in("alice").await.logs_out_of("").await.leads_to("/login?logged_out");
    assert!(world.session_files().is_empty());
}
