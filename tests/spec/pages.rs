//! Every page in every state, as snapshots of its HTML.

use std::path::Path;
use std::sync::atomic::Ordering;

use exeunt::accounts::Logins;
use exeunt::actions::{Overview, finish_endings};
use exeunt::clock::{SignedDuration, Timestamp};
use exeunt::sessions::{Browser, KeptSession, LastingFor, Listing, LiveSession, NewSession, Session, Token};
use exeunt::web::pages::{
    AccountPage, AccountWord, JoinPage, JoinWord, LoginPage, LoginWord, PasswordPage, PasswordWord, logout,
};
use maud::Markup;
use reqwest::Method;

use crate::support::{NEW_PASSWORD, NOON, PANICS, PASSWORD, Undeletable, World};

#[test]
fn the_login_page() {
    let page = LoginPage { word: None, next: "/", username: "", remember: false };
    snapshot("login", &page.main());
    snapshot("login with a page to go on to", &LoginPage { next: "/reports?a=b&c=\"d\"", ..page }.main());
    snapshot("login after a logout", &LoginPage { word: Some(LoginWord::LoggedOut), ..page }.main());
    let again = LoginPage { username: "<alice>", remember: true, ..page };
    snapshot("login refused", &LoginPage { word: Some(LoginWord::Wrong), ..again }.main());
    for seconds in [1, 30, 600] {
        let word = Some(LoginWord::Wait { seconds });
        snapshot(&format!("login to wait {seconds} s"), &LoginPage { word, ..again }.main());
    }
}

#[test]
fn the_logout_page() {
    snapshot("logout", &logout());
}

#[test]
fn the_account_page() {
    let now: Timestamp = NOON.parse().unwrap();
    let this = session("Firefox/146 Windows", now - SignedDuration::from_secs(30), now);
    let phone = session("iPhone Safari/604", now - SignedDuration::from_hours(50), now);
    let tablet = session("<b>?", now - SignedDuration::from_mins(90), now - SignedDuration::from_mins(59));
    let alone = Overview {
        sessions: Listing::whole(vec![this.clone()]),
        last_login: None,
        failed: 0,
        is_closed_elsewhere: false,
    };
    let page = AccountPage { word: None, this: &this, overview: &alone, now };
    snapshot("account alone", &page.main());
    let mut overview =
        Overview { sessions: Listing::whole(vec![this.clone(), phone, tablet]), ..alone.clone() };
    snapshot("account with others", &AccountPage { overview: &overview, ..page }.main());
    let [one, another] = [(); 2].map(|()| session("", now, now).session.id);
    overview.sessions.unread = vec![one, this.session.id];
    snapshot("account with others and one unread", &AccountPage { overview: &overview, ..page }.main());
    let mut unread = alone.clone();
    unread.sessions.unread = vec![one, another];
    snapshot("account with two unread", &AccountPage { overview: &unread, ..page }.main());
    overview.sessions.unread.clear();
    let mut logins = Logins::default();
    logins.log_in(now - SignedDuration::from_hours(49), Some([192, 0, 2, 7].into()), true);
    (overview.last_login, overview.failed) = (logins.before(now).0, 1);
    snapshot("account after a failed try", &AccountPage { overview: &overview, ..page }.main());
    (overview.failed, overview.is_closed_elsewhere) = (71, true);
    snapshot("account after too many", &AccountPage { overview: &overview, ..page }.main());
    let word = Some(AccountWord::PasswordChanged);
    snapshot("account after a change of password", &AccountPage { word, ..page }.main());
    let words = [0, 1, 2].map(AccountWord::OthersEnded).into_iter();
    let words = words.chain([true, false].map(AccountWord::OneEnded));
    let receipts: Vec<_> = words.map(|word| word.to_string()).collect();
    settings().bind(|| insta::assert_snapshot!("account receipts", receipts.join("\n")));
}

#[test]
fn the_page_behind_a_link() {
    let first = JoinPage { action: "/join/code", account: None, username: "", word: None };
    snapshot("join first", &first.main());
    let word = Some(JoinWord::Name("Enter a name.".to_owned()));
    snapshot("join name refused", &JoinPage { username: "<x>", word, ..first.clone() }.main());
    let word = Some(JoinWord::Password("This password is too short.".to_owned()));
    snapshot("join password refused", &JoinPage { username: "alice", word, ..first.clone() }.main());
    let busy = JoinPage { username: "alice", word: Some(JoinWord::Busy), ..first.clone() };
    snapshot("join busy", &busy.main());
    snapshot("join invited", &JoinPage { account: Some("bob"), ..first }.main());
}

#[test]
fn the_page_at_which_one_changes_ones_password() {
    let page = PasswordPage { account: "alice", word: None };
    snapshot("password", &page.main());
    let refused = PasswordWord::Refused("This password is too short.".to_owned());
    for (name, word) in [
        ("wrong", PasswordWord::Wrong),
        ("wrong too often", PasswordWord::TooManyFailures),
        ("same", PasswordWord::Same),
        ("refused", refused),
        ("busy", PasswordWord::Busy),
        ("to wait", PasswordWord::Wait { seconds: 30 }),
    ] {
        snapshot(&format!("password {name}"), &PasswordPage { word: Some(word), ..page.clone() }.main());
    }
}

/// ASVS 6.2.6, 6.2.7.
#[tokio::test]
async fn every_password_is_typed_into_a_field_that_hides_it_and_that_managers_fill_in_whole() {
    let world = World::open().await.with_account("alice").await;
    let link = world.invite("bob").await;
    let (current, new) = ("current-password", "new-password");
    for (page, purposes) in [
        (world.visitor().opens("/login").await, vec![current]),
        (world.visitor().opens(&link).await, vec![new]),
        (world.logged_in("alice").await.opens("/password").await, vec![current, new]),
    ] {
        let inputs = page.is(200).body.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap());
        let fields: Vec<_> = inputs.filter(|input| input.contains("password\"")).collect();
        assert_eq!(fields.len(), purposes.len(), "{fields:?}");
        for (field, purpose) in fields.iter().zip(purposes) {
            assert!(field.contains("type=\"password\""), "it shows what is typed: {field}");
            assert!(field.contains(&format!("autocomplete=\"{purpose}\"")), "not said what for: {field}");
            for narrower in ["maxlength", "pattern", "readonly", "onpaste"] {
                assert!(!field.contains(narrower), "it does not take every password: {field}");
            }
        }
    }
}

/// ASVS 7.4.4.
#[tokio::test]
async fn every_page_that_needs_a_login_has_a_button_that_logs_out() {
    let world = World::open().await.with_account("alice").await;
    let (mut stranger, mut alice) = (world.visitor(), world.logged_in("alice").await);
    let routes = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/mod.rs");
    let routes = std::fs::read_to_string(routes).unwrap();
    let mut private = Vec::new();
    for path in routes.split(".at(\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        if stranger.opens(path).await.header("location").starts_with("/login") {
            let page = alice.opens(path).await;
            page.is(200).says("action=\"/logout\"").says("name=\"which\" value=\"this\"").says("Log out");
            private.push(path);
        }
    }
    assert_eq!(private, ["/", "/password"]);
}

#[tokio::test]
async fn whole_pages_with_what_is_around_them() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    for (name, page) in [
        ("whole login", world.visitor().opens("/login").await.body),
        ("whole account", alice.opens("/").await.body),
        ("whole password", alice.opens("/password").await.body),
        ("whole not found", world.visitor().opens("/nothing").await.body),
        ("whole not found logged in", alice.opens("/nothing").await.body),
        ("whole link over", world.visitor().opens("/join/x").await.body),
    ] {
        settings().bind(|| insta::assert_snapshot!(name, lines(&page)));
    }
}

#[tokio::test]
async fn every_error_page() {
    let (world, broken) = World::breakable().await;
    let world = world.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let mut stranger = world.visitor();
    let elsewhere = stranger.clone().with("sec-fetch-site", "cross-site");
    let huge = vec![b'x'; 20_000];
    let form = "application/x-www-form-urlencoded";

    let mut pages = vec![
        ("400", stranger.sends(Method::POST, "/login", Some(("text/plain", b"x".to_vec()))).await),
        ("403", elsewhere.clone().logs_out().await),
        ("404", stranger.opens("/nothing").await),
        ("404 link", stranger.opens("/join/x").await),
        ("404 session", alice.logs_out_of("nonsense").await),
        ("405", stranger.sends(Method::PUT, "/login", None).await),
        ("413", stranger.sends(Method::POST, "/login", Some((form, huge))).await),
        ("500", stranger.with_cookie(PANICS).opens("/").await),
    ];
    let stuck = Undeletable::folder_of(&world.only_session_file());
    pages.push(("503 not ended", alice.clone().logs_out().await));
    drop(stuck);
    finish_endings(world.app()).await;
    alice.logs_in("alice").await;
    let stuck = Undeletable::folder_of(&world.only_session_file());
    pages.push(("503 not changed", alice.changes_password(PASSWORD, NEW_PASSWORD).await));
    drop(stuck);
    finish_endings(world.app()).await;
    alice.logs_in("alice").await;
    let stuck = Undeletable::folder_of(&world.data().join("accounts/alice"));
    pages.push(("503 maybe changed", alice.changes_password(PASSWORD, NEW_PASSWORD).await));
    drop(stuck);
    alice.logs_in("alice").await;
    broken.store(true, Ordering::SeqCst);
    pages.push(("503 store", alice.clone().opens("/").await));
    pages.push(("503 here only", alice.logs_out_of("all").await));

    for (name, answer) in pages {
        assert!(name.starts_with(&answer.status.to_string()), "{name}: {}", answer.status);
        let main = answer.body.split("<main").nth(1).unwrap();
        settings().bind(|| insta::assert_snapshot!(format!("error {name}"), lines(&format!("<main{main}"))));
    }
}

fn session(user_agent: &str, created: Timestamp, seen: Timestamp) -> LiveSession {
    let account = exeunt::account_id::AccountId::NOBODY;
    let new = NewSession {
        account,
        account_name: "alice".to_owned(),
        lasting: LastingFor::Days30,
        browser: Browser::from_user_agent(user_agent),
        address: Some("192.0.2.7".parse().unwrap()),
    };
    let session = Session::start(new, Token::generate(account).session_id(), created);
    let now = NOON.parse().unwrap();
    KeptSession { session: session.into(), last_seen: seen }.live(now).unwrap()
}

fn snapshot(name: &str, markup: &Markup) {
    settings().bind(|| insta::assert_snapshot!(name, lines(&markup.0)));
}

/// An element on each line, so that a difference is seen at a glance.
fn lines(html: &str) -> String {
    html.replace("><", ">\n<")
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.add_filter(r"/assets/exeunt\.[0-9a-f]{16}\.", "/assets/exeunt.[hash].");
    settings.add_filter(r#"="[0-9a-f]{32}""#, r#"="[session id]""#);
    settings
}
