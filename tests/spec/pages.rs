//! Every page in every state, as snapshots of its HTML.

use exeunt::clock::{SignedDuration, Timestamp};
use exeunt::sessions::{Browser, KeptSession, LastingFor, LiveSession, NewSession, Session, Token};
use exeunt::web::pages::{AccountPage, JoinPage, JoinWord, LoginPage, LoginWord, logout};
use maud::Markup;

use crate::support::{NOON, World};

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
    let page = AccountPage { this: &this, sessions: std::slice::from_ref(&this), now };
    snapshot("account alone", &page.main());
    let sessions = [this.clone(), phone, tablet];
    snapshot("account with others", &AccountPage { sessions: &sessions, ..page }.main());
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

#[tokio::test]
async fn whole_pages_with_what_is_around_them() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    for (name, page) in [
        ("whole login", world.visitor().opens("/login").await.body),
        ("whole account", alice.opens("/").await.body),
        ("whole not found", world.visitor().opens("/nothing").await.body),
        ("whole not found logged in", alice.opens("/nothing").await.body),
        ("whole link over", world.visitor().opens("/join/x").await.body),
    ] {
        settings().bind(|| insta::assert_snapshot!(name, lines(&page)));
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
    KeptSession { session, last_seen: seen }.live(now).unwrap()
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
    settings.add_filter(r#"value="[0-9a-f]{32}""#, r#"value="[session id]""#);
    settings
}
