//! The event stream: whoever listens hears of the end of their session at once, whatever ended it.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use exeunt::account_id::AccountId;
use exeunt::accounts::{AccountName, Cost};
use exeunt::actions::{Tidings, Vigil, disable_account, end_session, remove_account, reset_account};
use exeunt::app::{App, Stores};
use exeunt::clock::{Clock, SignedDuration};
use exeunt::config::PublicUrl;
use exeunt::files::Folder;
use exeunt::sessions::{Browser, LastingFor, NewSession, Session};
use reqwest::Method;
use tempfile::TempDir;

use crate::support::program::{Place, Server};
use crate::support::proxy::{Kind, Proxy};
use crate::support::{Breakable, Listening, NEW_PASSWORD, PASSWORD, World, noon};

#[tokio::test]
async fn it_says_whose_end_is_waited_for() {
    let world = World::open().await.with_account("alice").await;
    let alice = world.logged_in("alice").await;
    let (_listening, session) = alice.listens().await;
    assert_eq!(session, alice.token().session_id().to_string());
}

#[tokio::test]
async fn no_proxy_and_no_cache_keeps_it() {
    let world = World::open().await.with_account("alice").await;
    let alice = world.logged_in("alice").await;
    let head = alice.clone().sends(Method::HEAD, "/events", None).await.is(200).headers.clone();
    let (listening, _) = alice.listens().await;
    for headers in [&head, listening.headers()] {
        assert_eq!(headers["content-type"], "text/event-stream");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-accel-buffering"], "no");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(headers.contains_key("content-security-policy") && headers.contains_key("date"));
        assert!(!headers.contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn real_proxies_pass_it_on_at_once() {
    let world = World::open().await.with_account("alice").await;
    for kind in [Kind::Nginx, Kind::Caddy] {
        let mut alice = world.logged_in("alice").await;
        let proxy = Proxy::before(world.base(), kind).await;
        let mut behind = alice.clone().at_another(&proxy.base);
        behind.opens("/").await.is(200);
        let heard = behind.listens().await;
        behind.opens("/").await.is(200);
        alice.logs_out().await;
        hears_the_logout(heard).await;
        behind.opens("/events").await.is(204);
    }
}

#[tokio::test]
async fn whoever_is_not_logged_in_is_told_not_to_ask_again() {
    let world = World::open().await.with_account("alice").await;
    let answer = world.visitor().opens("/events").await;
    assert_eq!((answer.is(204).body.as_str(), answer.cookies_set().len()), ("", 0));

    let mut alice = world.logged_in("alice").await;
    let mut stale = alice.clone();
    alice.logs_out().await;
    let answer = stale.opens("/events").await;
    assert_eq!(answer.is(204).cookies_set(), Vec::<&str>::new(), "the browser may have a new one by now");
}

#[tokio::test]
async fn while_nobody_can_tell_who_asks_it_says_so() {
    let (world, broken) = World::breakable().await;
    let world = world.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    broken.store(true, Ordering::SeqCst);
    alice.opens("/events").await.is(503);
    assert!(alice.has_cookie());
}

#[tokio::test]
async fn listening_is_not_being_seen() {
    let world = World::open().await.with_account("alice").await;
    let alice = world.logged_in("alice").await;
    let seen = || fs::metadata(world.only_session_file()).unwrap().modified().unwrap();
    let before = seen();
    world.passes(SignedDuration::from_mins(30));

    alice.listens().await;
    alice.clone().sends(Method::HEAD, "/events", None).await.is(200);

    assert_eq!(seen(), before);
}

#[tokio::test]
async fn every_logout_is_heard_by_those_whom_it_logs_out() {
    let world = World::open().await.with_account("alice").await;
    for which in ["this", "all"] {
        let mut alice = world.logged_in("alice").await;
        let heard = alice.listens().await;
        alice.logs_out_of(which).await;
        hears_the_logout(heard).await;
    }
    let mut here = world.logged_in("alice").await;
    let (mut stays, _) = here.listens().await;
    let (phone, tablet) = (world.logged_in("alice").await, world.logged_in("alice").await);
    let (phone_hears, tablet_hears) = (phone.listens().await, tablet.listens().await);

    here.logs_out_of(&phone.token().session_id().to_string()).await;
    hears_the_logout(phone_hears).await;
    here.logs_out_of("others").await;
    hears_the_logout(tablet_hears).await;

    here.logs_out().await;
    assert_eq!(stays.hears_to_the_end().await.len(), 1, "of nothing before that");
}

#[tokio::test]
async fn of_one_session_any_number_listen() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let mut listening = Vec::new();
    for _ in 0..20 {
        listening.push(alice.listens().await);
    }
    alice.logs_out().await;
    for heard in listening {
        hears_the_logout(heard).await;
    }
}

#[tokio::test]
async fn no_account_takes_all_connections() {
    let world = World::open().await.with_account("alice").await.with_account("bob").await;
    let mut alice = world.logged_in("alice").await;
    let mut listening = Vec::new();
    for _ in 0..200 {
        listening.push(alice.listens().await);
    }
    let answer = alice.opens("/events").await;
    assert_eq!(answer.is(429).header("retry-after"), "5");
    assert!(alice.is_logged_in().await);
    world.logged_in("bob").await.listens().await;

    listening.pop();
    let seat = async {
        while alice.sends(Method::HEAD, "/events", None).await.status == 429 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), seat).await.expect("who leaves makes room");
}

#[tokio::test]
async fn a_changed_password_is_heard_here_and_everywhere_else() {
    let world = World::open().await.with_account("alice").await;
    let mut here = world.logged_in("alice").await;
    let elsewhere = world.logged_in("alice").await.listens().await;
    let before = here.listens().await;

    here.changes_password(PASSWORD, NEW_PASSWORD).await.leads_to("/?password_changed");

    hears_the_logout(elsewhere).await;
    hears_the_logout(before).await;
    let (_, now) = here.listens().await;
    assert_eq!(now, here.token().session_id().to_string(), "the new session is another one");
}

#[tokio::test]
async fn a_closed_account_is_heard() {
    for close in [Closing::Disable, Closing::Remove, Closing::Reset] {
        let world = World::open().await.with_account("alice").await;
        let heard = world.logged_in("alice").await.listens().await;
        close.in_process(&world).await;
        hears_the_logout(heard).await;
    }
}

#[tokio::test]
async fn what_ends_in_another_process_is_heard() {
    let world = World::open().await.with_account("alice").await;
    let beside = world.beside(4).await;
    let alice = world.logged_in("alice").await;
    let heard = alice.listens().await;
    assert!(end_session(&beside, alice.token().session_id()).await.unwrap());
    hears_the_logout(heard).await;
}

#[tokio::test]
async fn what_is_ended_by_hand_is_heard() {
    type Deed = fn(&Path);
    let deeds: [(&str, Deed); 5] = [
        ("deleted", |file| fs::remove_file(file).unwrap()),
        ("emptied", |file| drop(File::create(file).unwrap())),
        ("renamed", |file| fs::rename(file, file.with_extension("x")).unwrap()),
        ("replaced", |file| {
            let other = file.with_extension("x");
            fs::write(&other, "another").unwrap();
            fs::rename(other, file).unwrap();
        }),
        ("deleted with its folder", |file| fs::remove_dir_all(file.parent().unwrap()).unwrap()),
    ];
    for (what, deed) in deeds {
        let world = World::open().await.with_account("alice").await;
        let heard = world.logged_in("alice").await.listens().await;
        deed(&world.only_session_file());
        println!("{what}");
        hears_the_logout(heard).await;
    }
}

#[tokio::test]
async fn a_folder_behind_a_link_is_watched_as_well() {
    let world = World::open().await.with_account("alice").await;
    let alice = world.logged_in("alice").await;
    let folder = world.only_account_folder();
    let elsewhere = world.data().join("elsewhere");
    fs::rename(&folder, &elsewhere).unwrap();
    symlink(&elsewhere, &folder).unwrap();
    let heard = alice.listens().await;
    fs::remove_file(elsewhere.join(alice.token().session_id().to_string())).unwrap();
    hears_the_logout(heard).await;
}

#[tokio::test]
async fn what_the_command_line_ends_is_heard() {
    let place = Place::new();
    let account = place.account("alice").await;
    let server = place.serves();
    let (token, session) = place.session(&account).await;
    let heard = server.visitor_with(&token).listens().await;
    place.runs(&["session", "end", &session.id.to_string()]).done();
    hears_the_logout(heard).await;

    for command in [["account", "disable", "alice"], ["account", "remove", "alice"]] {
        let (token, _) = place.session(&account).await;
        let heard = server.visitor_with(&token).listens().await;
        place.runs(&command).done();
        hears_the_logout(heard).await;
    }
}

#[tokio::test]
async fn either_clock_is_heard() {
    let place = Place::new();
    let account = place.account("alice").await;
    let server = place.serves();

    let (token, idle) = place.session(&account).await;
    seen(&place, &idle, SystemTime::now() - Duration::from_secs(3600 - 5));
    hears_the_logout(server.visitor_with(&token).listens().await).await;

    let began = Clock::system().now() - LastingFor::ThisVisit.absolute() + SignedDuration::from_secs(5);
    let (token, old) = place.session_begun(&account, began).await;
    seen(&place, &old, SystemTime::now());
    hears_the_logout(server.visitor_with(&token).listens().await).await;
}

#[tokio::test]
async fn whoever_is_seen_meanwhile_is_not_idle() {
    let place = Place::new();
    let account = place.account("alice").await;
    let server = place.serves();
    let (token, session) = place.session(&account).await;
    seen(&place, &session, SystemTime::now() - Duration::from_secs(3600 - 5));
    let mut alice = server.visitor_with(&token);
    let (mut heard, _) = alice.listens().await;
    alice.opens("/").await.is(200);

    // The stream looks again when the session would have ended.
    heard.comes_by().await;

    place.runs(&["session", "end", "--all"]).done();
    assert_eq!(heard.hears_to_the_end().await, [format!("logout {}", session.id)]);
}

#[tokio::test(start_paused = true)]
async fn what_no_watcher_saw_is_noticed_within_seconds() {
    let data = TempDir::new().unwrap();
    let app = app(Stores::files(&Folder::at(data.path())).unwrap());
    let session = started(&app).await;
    let mut vigil = Vigil::begin(Arc::clone(&app), &session).await.unwrap();
    let began = tokio::time::Instant::now();
    assert_eq!(vigil.tidings().await, Tidings::Live);
    assert_eq!(began.elapsed(), Duration::ZERO, "the first come at once");
    assert_eq!(vigil.tidings().await, Tidings::Live);
    assert_eq!(began.elapsed().as_secs(), 15);

    // Whoever watches the account's folder does not see the one above it go.
    fs::rename(data.path().join("sessions"), data.path().join("gone")).unwrap();

    assert_eq!(vigil.tidings().await, Tidings::Over);
    assert_eq!(began.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn what_ends_here_is_noticed_at_once_also_where_nothing_can_be_watched() {
    let data = TempDir::new().unwrap();
    let mut stores = Stores::files(&Folder::at(data.path())).unwrap();
    let broken = Arc::new(AtomicBool::new(false));
    stores.sessions = Arc::new(Breakable::new(stores.sessions, Arc::clone(&broken)));
    let app = app(stores);
    let session = started(&app).await;
    broken.store(true, Ordering::SeqCst);
    let mut vigil = Vigil::begin(Arc::clone(&app), &session).await.unwrap();
    broken.store(false, Ordering::SeqCst);
    assert_eq!(vigil.tidings().await, Tidings::Live);
    let began = tokio::time::Instant::now();

    app.sessions.end(session.account, &[session.id]).await.unwrap();

    assert_eq!(vigil.tidings().await, Tidings::Over);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn nobody_is_told_of_an_end_because_the_store_fails() {
    let (world, broken) = World::breakable().await;
    let world = world.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let other = world.logged_in("alice").await;
    let (mut heard, session) = alice.listens().await;
    broken.store(true, Ordering::SeqCst);
    // The stream looks, and nobody can tell.
    fs::remove_file(world.session_of(&other)).unwrap();
    heard.comes_by().await;
    broken.store(false, Ordering::SeqCst);

    alice.logs_out().await;
    assert_eq!(heard.hears_to_the_end().await, [format!("logout {session}")]);
}

#[tokio::test]
async fn a_stop_ends_the_streams_and_tells_nobody_that_they_are_logged_out() {
    let world = World::open().await.with_account("alice").await;
    let (mut heard, _) = world.logged_in("alice").await.listens().await;
    let (_data, server) = world.stop();
    tokio::time::timeout(Duration::from_secs(5), server).await.expect("at once").unwrap().unwrap();
    assert_eq!(heard.hears().await, None);
}

#[tokio::test]
async fn more_browsers_listen_than_a_shell_gives_descriptors() {
    let place = Place::new();
    let account = place.account("alice").await;
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let server = Server::start(place.program_after("ulimit -Sn 100", &serve));
    let (token, _) = place.session(&account).await;
    let mut listening = Vec::new();
    for _ in 0..150 {
        listening.push(server.visitor_with(&token).listens().await);
    }
    place.runs(&["session", "end", "--all"]).done();
    for heard in listening {
        hears_the_logout(heard).await;
    }
}

#[tokio::test]
async fn nothing_is_watched_when_nobody_listens() {
    let place = Place::new();
    let account = place.account("alice").await;
    let mut server = place.serves();
    let (token, _) = place.session(&account).await;
    let process = server.process().id();
    assert_eq!(watched(process), 0);

    let alice = server.visitor_with(&token);
    let (first, second) = (alice.listens().await, alice.listens().await);
    assert_eq!(watched(process), 1, "one folder, however many listen");
    drop(first);
    drop(second);

    let none = async {
        while watched(process) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Sooner than a stream would notice that nobody reads it.
    tokio::time::timeout(Duration::from_secs(10), none).await.expect("the folder is let go of");
    let heard = alice.listens().await;
    place.runs(&["session", "end", "--all"]).done();
    hears_the_logout(heard).await;
}

/// What an operator may do to an account.
enum Closing {
    Disable,
    Remove,
    Reset,
}

impl Closing {
    async fn in_process(&self, world: &World) {
        let alice = AccountName::parse("alice").unwrap();
        match self {
            Self::Disable => drop(disable_account(world.app(), &alice).await.unwrap().unwrap()),
            Self::Remove => drop(remove_account(world.app(), &alice).await.unwrap().unwrap()),
            Self::Reset => drop(reset_account(world.app(), &alice).await.unwrap().unwrap()),
        }
    }
}

/// Nothing else, and then the stream ends.
async fn hears_the_logout((mut listening, session): (Listening, String)) {
    assert_eq!(listening.hears_to_the_end().await, [format!("logout {session}")]);
}

fn app(stores: Stores) -> Arc<App> {
    let url = PublicUrl::parse("http://localhost:8000").unwrap();
    Arc::new(App::new(stores, url, Cost::of(4), Clock::manual(noon())))
}

async fn started(app: &App) -> Session {
    let new = NewSession {
        account: AccountId::NOBODY,
        account_name: "alice".to_owned(),
        lasting: LastingFor::ThisVisit,
        browser: Browser::from_user_agent(""),
        address: None,
    };
    app.sessions.start(new, app.now()).await.unwrap().1
}

fn seen(place: &Place, session: &Session, when: SystemTime) {
    let file = place.data().join(format!("sessions/{}/{}", session.account, session.id));
    File::open(file).unwrap().set_modified(when).unwrap();
}

/// How many folders a process watches for those who listen: what has changed in a file they have to hear, and what has
/// only changed of it they need not, as whoever keeps what was read does.
fn watched(process: u32) -> usize {
    let infos = fs::read_dir(format!("/proc/{process}/fdinfo")).unwrap();
    let infos = infos.filter_map(|info| fs::read_to_string(info.unwrap().path()).ok());
    infos.map(|info| info.lines().filter(|line| is_watched_for_listeners(line)).count()).sum()
}

fn is_watched_for_listeners(line: &str) -> bool {
    let mask = line.strip_prefix("inotify ").and_then(|line| line.split_once(" mask:"));
    let mask = mask.map(|(_, mask)| u32::from_str_radix(mask.split(' ').next().unwrap(), 16).unwrap());
    // IN_MODIFY, and not IN_ATTRIB.
    mask.is_some_and(|mask| mask & 6 == 2)
}
