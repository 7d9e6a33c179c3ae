//! Damaged and hostile files: whatever lies in the place of a session, an account or a link lets nobody in,
//! keeps nobody waiting, breaks no page, and harms none of the files beside it.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use exeunt::accounts::{Account, AccountName, Logins};
use exeunt::actions::{
    AccountListing, Added, EveryEnding, Everybody, FirstKey, LoggedIn, Pace, add_account, end_every_session,
    list_accounts, list_all_sessions, log_in, offer_first_account, sweep,
};
use exeunt::app::{App, Stores};
use exeunt::clock::SignedDuration;
use exeunt::files::Folder;
use exeunt::sessions::LiveSession;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::support::{
    Answer, Call, FailingSite, Hostile, PASSWORD, Visitor, World, attempt, clear, damaged, names_in,
    with_impossible_times,
};

/// Longer than any of it takes, and too short for a gigabyte or a pipe.
const PATIENCE: Duration = Duration::from_secs(60);

// In the place of a session.

#[tokio::test]
async fn damaged_bytes_are_no_session() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let file = world.only_session_file();
    let good = fs::read(&file).unwrap();

    let damages = damaged(&good);
    println!("{} damages to a session", damages.len());
    for bytes in damages {
        let hostile = Hostile::Bytes(bytes);
        hostile.put(&file, world.now());
        is_shown_out(&mut alice.clone(), &format!("{hostile:?}")).await;
    }

    Hostile::Bytes(good).put(&file, world.now());
    assert!(alice.is_logged_in().await, "only the damage made it none");
}

#[tokio::test]
async fn a_session_of_impossible_times_breaks_no_page() {
    let world = World::open().await.with_account("alice").await;
    let alice = world.logged_in("alice").await;
    let file = world.only_session_file();
    let mut elsewhere = world.logged_in("alice").await;

    let forgeries = with_impossible_times(&fs::read(&file).unwrap());
    assert!(forgeries.len() >= 4, "two times, each too early and too late");
    for bytes in forgeries {
        Hostile::Bytes(bytes).put(&file, world.now());
        let answer = alice.clone().opens("/").await;
        assert!([200, 303].contains(&answer.status), "{}", answer.body);
        elsewhere.opens("/").await.is(200);
        all_sessions(&world).await;
    }
}

#[tokio::test]
async fn what_is_no_file_of_ours_is_no_session_and_harms_none() {
    let world = World::open().await.with_account("alice").await.with_account("bob").await;
    let mut bob = world.logged_in("bob").await;
    let bobs = fs::read(world.only_session_file()).unwrap();
    let mut here = world.logged_in("alice").await;
    let heres = fs::read(world.session_of(&here)).unwrap();
    let alice = world.logged_in("alice").await;
    let file = world.session_of(&alice);
    let elsewhere = world.data().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    let account = fs::read(world.data().join("accounts/alice")).unwrap();

    let mut hostile = Hostile::things(&elsewhere);
    hostile.extend([vec![], heres, bobs, account].map(Hostile::Bytes));
    for hostile in hostile {
        let _pipe = hostile.put(&file, world.now());
        let all = async {
            is_shown_out(&mut alice.clone(), &format!("{hostile:?}")).await;
            here.opens("/").await.is(200).says("Nowhere else.");
            assert_eq!(all_sessions(&world).await.len(), 2, "{hostile:?}");
            sweep(world.app(), Pace::AtOnce, |_, _| {}).await.unwrap();
            assert!(here.is_logged_in().await && bob.is_logged_in().await, "{hostile:?}");
            here.logs_out_of(&alice.token().session_id().to_string()).await.leads_to("/");
            let answer = alice.clone().logs_out().await;
            answer.leads_to("/login?logged_out");
            assert_eq!(answer.cookies_expired(), ["exeunt"]);
            here.logs_out_of("others").await.leads_to("/");
        };
        timeout(PATIENCE, all).await.unwrap_or_else(|_| panic!("somebody waits for {hostile:?}"));
        clear(&file);
    }

    fs::rename(&elsewhere, &file).unwrap();
    assert!(alice.clone().is_logged_in().await, "where a link led to is as it was");
}

#[tokio::test]
async fn of_a_gigabyte_nothing_is_read() {
    let site = FailingSite::of_alice().await;
    let mut alice = site.world.logged_in("alice").await;
    let ordinary = site.world.visitor().tries("alice", "something else altogether").await;
    for file in [site.world.only_session_file(), site.world.data().join("accounts/alice")] {
        Hostile::Gigabyte.put(&file, site.world.now());
    }

    site.disk.counts();
    is_shown_out(&mut alice, "a gigabyte").await;
    assert_eq!(site.world.visitor().tries("alice", PASSWORD).await.body, ordinary.body);
    assert!(!site.disk.calls().contains(&Call::Read));
}

#[tokio::test]
async fn a_session_that_may_not_be_read_lets_nobody_in_and_keeps_the_cookie() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let file = world.only_session_file();
    fs::set_permissions(&file, Permissions::from_mode(0o000)).unwrap();

    let answer = alice.opens("/").await;

    // The administrator reads it all the same.
    if fs::read(&file).is_ok() {
        answer.is(200);
    } else {
        answer.is(503).says("Not now").does_not_say("alice");
    }
    assert!(answer.cookies_set().is_empty());
    sweep(world.app(), Pace::AtOnce, |_, _| {}).await.unwrap();
    alice.logs_out().await.leads_to("/login?logged_out");
    assert!(!file.exists(), "logging out needs no reading");
}

#[tokio::test]
async fn what_is_no_folder_of_ours_holds_no_session() {
    let world = World::open().await.with_account("alice").await.with_account("bob").await;
    let mut bob = world.logged_in("bob").await;
    let bobs = world.only_session_file().parent().unwrap().to_owned();
    let alice = world.logged_in("alice").await;
    let folder = world.session_of(&alice).parent().unwrap().to_owned();
    let elsewhere = world.data().join("elsewhere");
    fs::rename(&folder, &elsewhere).unwrap();

    let mut hostile = Hostile::things(&bobs);
    hostile.retain(|hostile| !matches!(hostile, Hostile::FullFolder));
    hostile.push(Hostile::Bytes(b"not a folder".to_vec()));
    for hostile in hostile {
        let _pipe = hostile.put(&folder, world.now());
        let all = async {
            is_shown_out(&mut alice.clone(), &format!("{hostile:?}")).await;
            let answer = world.visitor().tries("alice", PASSWORD).await;
            assert!([303, 503].contains(&answer.status), "{hostile:?}: {}", answer.body);
            assert!(all_sessions(&world).await.iter().any(|live| live.session.account_name == "bob"));
            sweep(world.app(), Pace::AtOnce, |_, _| {}).await.unwrap();
            assert!(bob.is_logged_in().await);
            let answer = alice.clone().logs_out().await;
            assert!([303, 503].contains(&answer.status), "{hostile:?}: {}", answer.body);
            assert_eq!(answer.cookies_expired(), ["exeunt"]);
        };
        timeout(PATIENCE, all).await.unwrap_or_else(|_| panic!("somebody waits for {hostile:?}"));
        clear(&folder);
    }
}

// In the place of an account.

#[tokio::test]
async fn damaged_bytes_are_no_account_and_its_login_is_refused_in_the_ordinary_words() {
    let world = World::open().await.with_account("alice").await.with_account("bob").await;
    let file = world.data().join("accounts/alice");
    let good = fs::read(&file).unwrap();
    let ordinary = world.visitor().tries("alice", "something else altogether").await;

    let mut visitor = world.visitor();
    let damages = damaged(&good);
    println!("{} damages to an account", damages.len());
    for bytes in damages {
        fs::write(&file, &bytes).unwrap();
        is_refused(&world, &mut visitor, &ordinary, &format!("{bytes:?}")).await;
    }

    fs::write(&file, &good).unwrap();
    visitor.logs_in("alice").await;
}

#[tokio::test]
async fn what_is_no_file_of_ours_is_no_account_and_its_name_stays_taken() {
    let world = World::open().await.with_account("alice").await.with_account("bob").await;
    let mut alice = world.logged_in("alice").await;
    let session = fs::read(world.only_session_file()).unwrap();
    let accounts = world.data().join("accounts");
    let (file, elsewhere) = (accounts.join("alice"), world.data().join("elsewhere"));
    let ordinary = world.visitor().tries("alice", "something else altogether").await;
    fs::rename(&file, &elsewhere).unwrap();
    let bobs = fs::read(accounts.join("bob")).unwrap();

    let mut hostile = Hostile::things(&elsewhere);
    hostile.extend([vec![], bobs, session].map(Hostile::Bytes));
    for hostile in hostile {
        let _pipe = hostile.put(&file, world.now());
        let all = async {
            is_refused(&world, &mut world.visitor(), &ordinary, &format!("{hostile:?}")).await;
            let name = AccountName::parse("alice").unwrap();
            let added = add_account(world.app(), name, FirstKey::Password(PASSWORD)).await;
            assert!(matches!(added, Ok(Added::NameTaken)), "{hostile:?}: {added:?}");
        };
        timeout(PATIENCE, all).await.unwrap_or_else(|_| panic!("somebody waits for {hostile:?}"));
        clear(&file);
    }

    alice.logs_out_of("all").await.leads_to("/login?logged_out");
    fs::rename(&elsewhere, &file).unwrap();
    world.logged_in("alice").await;
    assert_eq!(names_in(&accounts), [".locks", ".logins", ".throttle", "alice", "bob"]);
}

#[tokio::test]
async fn what_is_no_lock_of_ours_keeps_nobody_waiting_and_nobody_logged_in() {
    let world = World::open().await.with_account("alice").await;
    let alice = world.account("alice").await.id.to_string();
    let lock = world.data().join("accounts/.locks").join(alice);
    let elsewhere = world.data().join("elsewhere");
    fs::write(&elsewhere, "").unwrap();

    for hostile in Hostile::things(&elsewhere) {
        clear(&lock);
        let mut alice = world.logged_in("alice").await;
        let _pipe = hostile.put(&lock, world.now());
        let all = async {
            let answer = world.visitor().tries("alice", PASSWORD).await;
            assert!([303, 503].contains(&answer.status), "{hostile:?}: {}", answer.body);
            let answer = alice.clone().logs_out_of("all").await;
            assert!([303, 503].contains(&answer.status), "{hostile:?}: {}", answer.body);
            assert_eq!(answer.cookies_expired(), ["exeunt"]);
            alice.logs_out().await.leads_to("/login?logged_out");
        };
        timeout(PATIENCE, all).await.unwrap_or_else(|_| panic!("somebody waits for {hostile:?}"));
    }
}

// In the place of how logging in went.

#[tokio::test]
async fn whatever_is_in_the_place_of_what_was_tried_nobody_waits_for_it_and_others_get_in() {
    let world = World::open().await.with_account("alice").await.with_account("bob").await;
    world.logged_in("alice").await;
    let alice = world.account("alice").await.id.to_string();
    let accounts = world.data().join("accounts");
    let logins = accounts.join(".logins").join(alice);
    let place = accounts.join(".throttle").join(&names_in(&accounts.join(".throttle"))[0]);
    let elsewhere = world.data().join("elsewhere");
    for file in [logins, place] {
        let good = fs::read(&file).unwrap();
        fs::write(&elsewhere, &good).unwrap();
        let mut hostile = Hostile::things(&elsewhere);
        let another = fs::read(accounts.join("bob")).unwrap();
        hostile.extend([vec![], good[..good.len() - 1].to_vec(), another].map(Hostile::Bytes));
        for hostile in hostile {
            clear(&file);
            let _pipe = hostile.put(&file, world.now());
            let all = async {
                let world = world.beside(4).await;
                let tried = log_in(&world, attempt("alice", PASSWORD)).await;
                if matches!(hostile, Hostile::Bytes(_)) {
                    assert!(matches!(tried, Ok(LoggedIn::Started(_))), "{hostile:?}: {tried:?}");
                }
                let tried = log_in(&world, attempt("bob", PASSWORD)).await;
                assert!(matches!(tried, Ok(LoggedIn::Started(_))), "{hostile:?}: {tried:?}");
            };
            timeout(PATIENCE, all).await.unwrap_or_else(|_| panic!("somebody waits for {hostile:?}"));
        }
        clear(&file);
    }
    world.logged_in("alice").await;
}

// In the place of the first account's link.

#[tokio::test]
async fn whatever_is_in_the_place_of_the_first_link_opens_nothing() {
    let world = World::open().await;
    let link = world.first_link().await;
    let (file, elsewhere) = (world.data().join("accounts/.first"), world.data().join("elsewhere"));
    let good = fs::read(&file).unwrap();
    fs::write(&elsewhere, &good).unwrap();

    let mut visitor = world.visitor();
    let mut hostile = Hostile::things(&elsewhere);
    hostile.extend(damaged(&good).into_iter().map(Hostile::Bytes));
    println!("{} damages to a link", hostile.len());
    for hostile in hostile {
        let _pipe = hostile.put(&file, world.now());
        let all = async {
            visitor.opens(&link).await.is(404).says("This link is over");
            let fields = [("username", "alice"), ("new_password", PASSWORD)];
            visitor.posts(&link, &fields).await.is(404).says("This link is over");
            if !matches!(hostile, Hostile::Bytes(_)) {
                // What lies there is in the way of a new one, or makes room; nothing waits for it.
                let _ = offer_first_account(world.app()).await;
            }
        };
        timeout(PATIENCE, all).await.unwrap_or_else(|_| panic!("somebody waits for {hostile:?}"));
    }

    assert!(all_accounts(world.app()).await.is_empty());
    Hostile::Bytes(good).put(&file, world.now());
    visitor.opens(&link).await.is(200);
}

// Beside them.

#[tokio::test]
async fn ten_thousand_foreign_files_in_each_folder_disturb_nobody() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let sessions = world.data().join("sessions");
    let own = world.only_session_file().parent().unwrap().to_owned();
    let accounts = world.data().join("accounts");
    for folder in [&sessions, &own, &accounts] {
        for number in 0..10_000 {
            fs::write(folder.join(format!("Foreign {number}")), "").unwrap();
        }
        fs::write(folder.join(OsStr::from_bytes(b"\xff\xfe\x80")), "").unwrap();
        fs::create_dir(folder.join("Folder")).unwrap();
        fs::write(folder.join(".hidden"), "").unwrap();
    }

    let all = async {
        alice.opens("/").await.is(200).says("Nowhere else.");
        let mut phone = world.logged_in("alice").await;
        assert_eq!(all_sessions(&world).await.len(), 2);
        assert_eq!(all_accounts(world.app()).await.len(), 1);
        sweep(world.app(), Pace::AtOnce, |_, _| {}).await.unwrap();
        assert!(phone.is_logged_in().await);
        alice.logs_out_of("all").await.leads_to("/login?logged_out");
        assert!(!phone.is_logged_in().await);
        let reopened = world.beside(4).await;
        assert_eq!(all_accounts(&reopened).await.len(), 1);
    };
    timeout(PATIENCE, all).await.expect("all of it is done in no time");
    for folder in [&sessions, &own, &accounts] {
        assert!(fs::read_dir(folder).unwrap().count() >= 10_003, "what is not ours is not touched");
    }
}

/// A visitor whose session is none any more is led to the login page, and the cookie goes.
async fn is_shown_out(visitor: &mut Visitor, why: &str) {
    let answer = visitor.opens("/").await;
    assert_eq!((answer.status, answer.header("location")), (303, "/login"), "{why}");
    assert_eq!(answer.cookies_expired(), ["exeunt"], "{why}");
}

/// Alice, whose account is none any more, is told what everybody is told, and the list shows bob alone.
async fn is_refused(world: &World, visitor: &mut Visitor, ordinary: &Answer, why: &str) {
    // So that no try of before counts.
    world.passes(SignedDuration::from_hours(2));
    let answer = visitor.tries("alice", PASSWORD).await;
    assert_eq!((answer.status, &answer.body), (422, &ordinary.body), "{why}");
    assert!(answer.cookies_set().is_empty(), "{why}");
    let listed = all_accounts(world.app()).await;
    assert_eq!(listed.iter().map(|(account, _)| account.name.as_str()).collect::<Vec<_>>(), ["bob"], "{why}");
}

/// All that there are, of which there is none that could not be read.
async fn all_accounts(app: &App) -> Vec<(Account, Logins)> {
    let AccountListing { accounts, unread } = list_accounts(app).await.unwrap();
    assert!(unread.is_empty(), "{unread:?}");
    accounts
}

/// All that are live, of which there is none that could not be told.
async fn all_sessions(world: &World) -> Vec<LiveSession> {
    let Everybody { listing, unlisted } = list_all_sessions(world.app()).await.unwrap();
    assert!(listing.is_whole() && unlisted.is_empty(), "{listing:?}, {unlisted:?}");
    listing.sessions
}

// Folders that an operator keeps elsewhere. A link to one is not hostile.

#[tokio::test]
async fn a_folder_may_be_kept_elsewhere_behind_a_link() {
    for folder in [".", "sessions", "accounts"] {
        let world = World::open().await.with_account("alice").await;
        let mut alice = world.logged_in("alice").await;
        let elsewhere = TempDir::new().unwrap();
        let link = elsewhere.path().join("link");
        let data = if folder == "." {
            symlink(world.data(), &link).unwrap();
            link
        } else {
            let kept = elsewhere.path().join("kept");
            fs::rename(world.data().join(folder), &kept).unwrap();
            symlink(kept, world.data().join(folder)).unwrap();
            world.data().to_owned()
        };

        let stores = Stores::files(&Folder::at(data)).expect(folder);

        let ids = stores.sessions.ids(world.account("alice").await.id).await.unwrap();
        assert_eq!(ids.len(), 1, "{folder}");
        world.logged_in("alice").await;
        assert!(alice.is_logged_in().await, "{folder}");
        alice.logs_out_of("all").await.leads_to("/login?logged_out");
        assert!(stores.sessions.ids(world.account("alice").await.id).await.unwrap().is_empty(), "{folder}");
    }
}

#[tokio::test]
async fn who_logs_out_is_out_though_their_folder_was_moved_behind_a_link() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let mut phone = world.logged_in("alice").await;
    let (folder, elsewhere) = (world.only_account_folder(), TempDir::new().unwrap());
    let kept = elsewhere.path().join("kept");
    fs::rename(&folder, &kept).unwrap();
    symlink(&kept, &folder).unwrap();
    let cookie = alice.cookie().to_owned();

    alice.logs_out().await.leads_to("/login?logged_out");

    assert!(!world.visitor().with_cookie(&cookie).is_logged_in().await);
    assert!(phone.is_logged_in().await);
    let every = EveryEnding { ended: 1, failed: vec![] };
    assert_eq!(end_every_session(world.app()).await.unwrap(), every);
    assert!(!phone.is_logged_in().await);
    assert!(names_in(&kept).is_empty());
}
