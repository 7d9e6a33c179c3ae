//! Sweeping: what is over vanishes from the disk by itself, soon, and at nobody's expense.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use exeunt::actions::{Pace, sweep};
use exeunt::clock::SignedDuration;
use exeunt::sessions::Session;
use tokio::time::Instant;

use crate::support::program::Place;
use crate::support::terminal::Terminal;
use crate::support::{World, names_in};

#[tokio::test]
async fn a_sweep_removes_expired_sessions_and_empty_folders_and_leaves_live_ones() {
    let world = World::open().await.with_account("alice").await.with_account("bob").await;
    world.logged_in("alice").await;
    let mut bob = world.visitor();
    bob.logs_in_for_long("bob").await;
    world.passes(SignedDuration::from_hours(2));

    let mut progress = Vec::new();
    let swept =
        sweep(world.app(), Pace::AtOnce, |done, of| progress.push((done, of))).await.unwrap().unwrap();

    assert_eq!((swept.removed, swept.live, swept.failed, swept.skipped.count), (1, 1, 0, 0));
    assert_eq!(progress, [(1, 2), (2, 2)]);
    let bobs = world.only_session_file();
    let folder = bobs.parent().unwrap().file_name().unwrap().to_str().unwrap();
    assert_eq!(names_in(&world.data().join("sessions")), [".sweeping", folder]);
    assert!(bob.is_logged_in().await);
    world.logged_in("alice").await;
}

#[tokio::test]
async fn a_sweep_removes_what_a_crash_left_among_the_accounts() {
    let world = World::open().await.with_account("alice").await;
    let left = world.data().join("accounts/.tmp-0011223344556677");
    let now = std::time::UNIX_EPOCH + Duration::from_secs(world.now().as_second() as u64);
    File::create(&left).unwrap().set_modified(now - Duration::from_secs(3700)).unwrap();

    sweep(world.app(), Pace::AtOnce, |_, _| {}).await.unwrap().unwrap();

    assert_eq!(names_in(&world.data().join("accounts")), [".locks", "alice"]);
}

#[tokio::test]
async fn one_process_sweeps_at_a_time() {
    let world = World::open().await.with_account("alice").await;
    world.logged_in("alice").await;
    world.passes(SignedDuration::from_hours(2));
    let round = world.beside(4).await.sessions.begin_sweep().await.unwrap();

    assert!(sweep(world.app(), Pace::AtOnce, |_, _| {}).await.unwrap().is_none());
    world.only_session_file();

    drop(round);
    assert!(sweep(world.app(), Pace::AtOnce, |_, _| {}).await.unwrap().is_some());
    assert!(world.session_files().is_empty());
}

#[tokio::test]
async fn a_sweep_beside_a_site_rests_three_times_as_long_as_it_works() {
    let world = World::open().await.with_account("alice").await;
    for _ in 0..50 {
        world.logged_in("alice").await;
    }
    let mut accounts = vec![world.only_account_folder()];
    for number in 0..400 {
        accounts.push(copied(&accounts[0], number));
    }

    let at_once = timed(&world, Pace::AtOnce).await;
    let beside = timed(&world, Pace::Beside).await;

    // Four times as long, on a machine that does nothing else.
    assert!(beside > at_once * 2, "{beside:?} beside, {at_once:?} at once");
}

#[tokio::test]
async fn a_server_sweeps_when_it_starts_though_nobody_comes() {
    let place = Place::new();
    let alice = place.account("alice").await;
    let (_, live) = place.session(&alice).await;
    let (_, idle) = place.session(&alice).await;
    grown_old(&place, &idle);
    File::create(place.data().join("sessions/lost")).unwrap();

    let mut server = place.serves();
    server.process().logs("swept removed=1");
    server
        .process()
        .logs("found among the sessions, but no session of ours; left as it is count=1 names=[\"lost\"]");

    assert_eq!(files_of(&place, &live), [live.id.to_string()]);
}

#[tokio::test]
async fn an_operator_is_told_what_was_swept_and_what_was_skipped() {
    let place = Place::new();
    let alice = place.account("alice").await;
    let (_, live) = place.session(&alice).await;
    let (_, idle) = place.session(&alice).await;
    grown_old(&place, &idle);
    let foreign = format!("{}/notes", alice.id);
    File::create(place.data().join("sessions").join(&foreign)).unwrap();

    let done = place.runs(&["session", "sweep"]);

    assert_eq!(done.err, format!("Skipped 1 that no session is: {foreign}\n"));
    assert_eq!(done.done(), "Removed 1 session, left 1.\n");
    assert_eq!(place.runs(&["session", "sweep"]).done(), "Removed 0 sessions, left 1.\n");
    assert_eq!(files_of(&place, &live), [live.id.to_string(), "notes".to_owned()]);
}

#[tokio::test]
async fn an_operator_is_told_when_somebody_else_is_sweeping() {
    let place = Place::new();
    place.account("alice").await;
    let sessions = place.sessions();
    let _round = sessions.begin_sweep().await.unwrap().unwrap();

    assert_eq!(place.runs(&["session", "sweep"]).done(), "Somebody else is sweeping at this moment.\n");
}

#[tokio::test]
async fn a_terminal_shows_how_far_a_sweep_is() {
    let place = Place::new();
    for name in ["alice", "bob"] {
        let account = place.account(name).await;
        place.session(&account).await;
    }

    let shown = Terminal::runs(&place, "session sweep").ends_with("code 0");

    assert!(shown.contains("\rAccounts swept: 1 of 2\rAccounts swept: 2 of 2"), "{shown:?}");
    assert!(shown.contains("Removed 0 sessions, left 2."), "{shown:?}");
}

/// A folder with the same files under another account's id: not one of them is a session there.
fn copied(folder: &Path, number: usize) -> PathBuf {
    let copy = folder.with_file_name(format!("{number:016x}"));
    std::fs::create_dir(&copy).unwrap();
    for name in names_in(folder) {
        std::fs::hard_link(folder.join(&name), copy.join(&name)).unwrap();
    }
    copy
}

async fn timed(world: &World, pace: Pace) -> Duration {
    let began = Instant::now();
    sweep(world.app(), pace, |_, _| {}).await.unwrap().unwrap();
    began.elapsed()
}

fn grown_old(place: &Place, session: &Session) {
    let file = place.data().join(format!("sessions/{}/{}", session.account, session.id));
    let two_hours_ago = SystemTime::now() - Duration::from_secs(2 * 3600);
    File::open(file).unwrap().set_modified(two_hours_ago).unwrap();
}

fn files_of(place: &Place, session: &Session) -> Vec<String> {
    names_in(&place.data().join(format!("sessions/{}", session.account)))
}
