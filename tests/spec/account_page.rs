//! The account page: who is logged in here, and where else.

use exeunt::clock::SignedDuration;

use crate::support::World;

const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 \
     (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1";

#[tokio::test]
async fn it_lists_every_live_session_of_the_account_and_no_other() {
    let world = World::open().await.with_account("alice").await.with_account("bob").await;
    let mut phone = world.visitor().using(SAFARI);
    phone.logs_in("alice").await;
    let phone_file = world.only_session_file();
    let phone_id = phone_file.file_name().unwrap().to_str().unwrap();
    world.visitor().using("curl/8.5.0").logs_in("bob").await;
    let mut here = world.logged_in("alice").await;

    let page = here.opens("/").await;

    page.is(200).says("Firefox on Windows").says("Safari on iPhone").does_not_say("curl");
    page.says(&format!("name=\"which\" value=\"{phone_id}\""));
    page.says("Log out everywhere else").says(">Log out everywhere<");
}

#[tokio::test]
async fn alone_it_offers_nothing_to_log_out_elsewhere() {
    let world = World::open().await.with_account("alice").await;
    let page = world.logged_in("alice").await.opens("/").await;
    page.is(200).says("Nowhere else.").does_not_say("everywhere");
}

#[tokio::test]
async fn it_says_when_each_session_was_last_seen() {
    let world = World::open().await.with_account("alice").await;
    let mut here = world.logged_in("alice").await;
    world.visitor().using(SAFARI).logs_in("alice").await;
    world.passes(SignedDuration::from_mins(10));

    let page = here.opens("/").await;

    let seen = |text: &str| page.body.matches(text).count();
    assert_eq!(seen(">10 minutes ago</time> · seen <time"), 2, "both began then: {}", page.body);
    assert_eq!(seen(">just now</time></p>"), 1, "this one is looking: {}", page.body);
    assert_eq!(seen(">10 minutes ago</time></p>"), 1, "the other is not: {}", page.body);
}

#[tokio::test]
async fn expired_sessions_are_not_on_it() {
    let world = World::open().await.with_account("alice").await;
    world.visitor().using(SAFARI).logs_in("alice").await;
    world.passes(SignedDuration::from_hours(2));
    let page = world.logged_in("alice").await.opens("/").await;
    page.is(200).does_not_say("iPhone");
}

#[tokio::test]
async fn what_a_browser_calls_itself_is_never_repeated() {
    let world = World::open().await.with_account("alice").await;
    let mut hostile = world.visitor().using("<script>alert(1)</script> Firefox/1");
    hostile.logs_in("alice").await;
    hostile.opens("/").await.is(200).says("Firefox").does_not_say("alert(1)");
}

#[tokio::test]
async fn it_says_once_what_was_done() {
    let world = World::open().await.with_account("alice").await;
    let mut here = world.logged_in("alice").await;
    let phone = world.logged_in("alice").await.token().session_id().to_string();
    here.logs_out_of(&phone).await.leads_to("/");
    here.opens("/").await.says("1 other session ended.");
    here.opens("/").await.does_not_say("ended");

    here.logs_out_of(&phone).await.leads_to("/");
    here.opens("/").await.says("That session had ended already.");

    world.logged_in("alice").await;
    world.passes(SignedDuration::from_mins(50));
    here.opens("/").await.is(200);
    world.passes(SignedDuration::from_mins(20));
    world.logged_in("alice").await;
    world.logged_in("alice").await;
    here.logs_out_of("others").await.leads_to("/");
    here.opens("/").await.says("2 other sessions ended.");
    here.logs_out_of("others").await.leads_to("/");
    here.opens("/").await.says("There was no other session.");
}

#[tokio::test]
async fn it_says_what_was_done_to_nobody_else_and_not_much_later() {
    let world = World::open().await.with_account("alice").await;
    let (mut here, mut elsewhere) = (world.logged_in("alice").await, world.logged_in("alice").await);
    let phone = world.logged_in("alice").await.token().session_id().to_string();
    here.logs_out_of(&phone).await.leads_to("/");
    elsewhere.opens("/").await.is(200).does_not_say("ended");
    world.passes(SignedDuration::from_secs(10));
    here.opens("/").await.is(200).does_not_say("ended");
}
