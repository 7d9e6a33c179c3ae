//! What every store of sessions promises, held against each one that there is; then what files add to
//! it, and what the room does when its store cannot let go of a session.

use std::any::Any;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use exeunt::account_id::AccountId;
use exeunt::clock::{Clock, SignedDuration, Timestamp};
use exeunt::files::Folder;
use exeunt::sessions::{
    Browser, FileSessionStore, KeptSession, LastingFor, Listing, LiveSession, NewSession, Presence, Session,
    SessionId, SessionStore, Sessions, Skipped, Swept, Token,
};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::support::{Pipe, Undeletable, mode, names_in, noon, promises};

promises! {
    what_was_created_is_read_back_as_it_was,
    a_new_session_was_seen_when_it_was_created,
    creating_never_overwrites,
    of_many_who_create_one_session_only_one_does,
    what_was_never_created_is_not_there,
    touching_moves_last_seen_and_nothing_else,
    touching_what_has_ended_brings_nothing_back,
    ending_answers_how_many_there_were,
    ending_what_has_ended_is_success,
    ending_nothing_is_success,
    ending_ends_only_what_was_named,
    what_has_ended_has_ended_for_every_process,
    whoever_watches_an_account_is_told_what_another_process_ends,
    a_watch_that_nobody_waits_for_is_let_go_of_and_spoils_no_other,
    listing_shows_every_session_of_the_account_live_or_not,
    the_owner_of_a_session_is_found_by_its_id,
    accounts_with_sessions_are_found,
    sweeping_removes_what_is_over_and_keeps_what_is_live,
    of_all_who_want_to_sweep_one_does,
    sweeping_leaves_other_accounts_alone,
    an_account_can_log_in_again_after_a_sweep_of_its_last_session,
    sessions_can_start_and_end_while_others_sweep,
    nothing_of_one_account_shows_under_the_id_of_another,
}

async fn what_was_created_is_read_back_as_it_was(home: Home) {
    let store = home.store();
    for session in [a_session(), remembered(noon()), without_an_address()] {
        store.create(&session).await.unwrap();
        assert_eq!(*found(&*store, &session).await.unwrap().session, session);
    }
}

async fn a_new_session_was_seen_when_it_was_created(home: Home) {
    let store = home.store();
    let session = a_session();

    store.create(&session).await.unwrap();

    assert_eq!(found(&*store, &session).await.unwrap().last_seen, session.created());
}

async fn creating_never_overwrites(home: Home) {
    let store = home.store();
    let session = a_session();
    store.create(&session).await.unwrap();
    store.touch(session.account, session.id, noon() + minutes(5)).await.unwrap();
    let before = found(&*store, &session).await;

    let mut impostor = session.clone();
    "mallory".clone_into(&mut impostor.account_name);
    assert!(store.create(&impostor).await.is_err());
    assert!(store.create(&session).await.is_err(), "not even with the same content");

    assert_eq!(found(&*store, &session).await, before);
}

async fn of_many_who_create_one_session_only_one_does(home: Home) {
    let session = a_session();
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let (store, session) = (home.store(), session.clone());
            tokio::spawn(async move { store.create(&session).await.is_ok() })
        })
        .collect();

    let mut created = 0;
    for one in tries {
        created += usize::from(one.await.unwrap());
    }

    assert_eq!(created, 1);
    assert_eq!(*found(&*home.store(), &session).await.unwrap().session, session);
}

async fn what_was_never_created_is_not_there(home: Home) {
    let store = home.store();
    let session = a_session();

    assert_eq!(found(&*store, &session).await, None);
    assert_eq!(store.list(session.account).await.unwrap(), Listing::default());
    assert_eq!(store.owner(session.id).await.unwrap(), None);
    assert!(store.accounts().await.unwrap().is_empty());
    assert_eq!(store.sweep(session.account, noon()).await.unwrap(), Swept::default());
}

async fn touching_moves_last_seen_and_nothing_else(home: Home) {
    let store = home.store();
    let [session, other] = [a_session(), a_session()];
    store.create(&session).await.unwrap();
    store.create(&other).await.unwrap();
    let later = noon() + minutes(7);

    store.touch(session.account, session.id, later).await.unwrap();

    let seen = found(&*store, &session).await.unwrap();
    assert_eq!(seen, KeptSession { session: session.into(), last_seen: later });
    assert_eq!(found(&*store, &other).await.unwrap().last_seen, noon());
}

async fn touching_what_has_ended_brings_nothing_back(home: Home) {
    let store = home.store();
    let [session, neighbour] = two_of_one_account();
    store.create(&session).await.unwrap();
    store.create(&neighbour).await.unwrap();
    store.end(session.account, &[session.id]).await.unwrap();

    store.touch(session.account, session.id, noon() + minutes(1)).await.unwrap();

    assert_eq!(found(&*store, &session).await, None);
    assert_eq!(ids(&store.list(session.account).await.unwrap()), [neighbour.id]);
    store.end(neighbour.account, &[neighbour.id]).await.unwrap();
    store.touch(neighbour.account, neighbour.id, noon() + minutes(1)).await.unwrap();
    assert_eq!(found(&*store, &neighbour).await, None);
    assert_eq!(store.owner(neighbour.id).await.unwrap(), None);
}

async fn ending_answers_how_many_there_were(home: Home) {
    let store = home.store();
    let [first, second] = two_of_one_account();
    store.create(&first).await.unwrap();
    store.create(&second).await.unwrap();
    let never = a_session().id;

    assert_eq!(store.end(first.account, &[first.id, never, second.id]).await.unwrap(), 2);

    assert_eq!(store.list(first.account).await.unwrap(), Listing::default());
}

async fn ending_what_has_ended_is_success(home: Home) {
    let store = home.store();
    let session = a_session();
    store.create(&session).await.unwrap();

    assert_eq!(store.end(session.account, &[session.id]).await.unwrap(), 1);
    assert_eq!(store.end(session.account, &[session.id]).await.unwrap(), 0);
    store.sweep(session.account, noon()).await.unwrap();
    assert_eq!(store.end(session.account, &[session.id]).await.unwrap(), 0, "nor after a sweep");
    assert_eq!(store.end(session.account, &[session.id, session.id]).await.unwrap(), 0);
}

async fn ending_nothing_is_success(home: Home) {
    let store = home.store();
    let session = a_session();
    assert_eq!(store.end(session.account, &[]).await.unwrap(), 0);

    store.create(&session).await.unwrap();

    assert_eq!(store.end(session.account, &[]).await.unwrap(), 0);
    assert!(found(&*store, &session).await.is_some());
}

async fn ending_ends_only_what_was_named(home: Home) {
    let store = home.store();
    let [session, neighbour] = two_of_one_account();
    let stranger = a_session();
    for each in [&session, &neighbour, &stranger] {
        store.create(each).await.unwrap();
    }

    store.end(session.account, &[session.id]).await.unwrap();

    assert_eq!(found(&*store, &session).await, None);
    assert_eq!(ids(&store.list(session.account).await.unwrap()), [neighbour.id]);
    assert_eq!(ids(&store.list(stranger.account).await.unwrap()), [stranger.id]);
}

async fn what_has_ended_has_ended_for_every_process(home: Home) {
    let (here, there) = (home.store(), home.store());
    let session = a_session();
    here.create(&session).await.unwrap();
    assert!(found(&*there, &session).await.is_some());

    here.end(session.account, &[session.id]).await.unwrap();

    assert_eq!(found(&*there, &session).await, None);
    assert_eq!(there.list(session.account).await.unwrap(), Listing::default());
    there.touch(session.account, session.id, noon() + minutes(1)).await.unwrap();
    assert_eq!(found(&*here, &session).await, None);
}

async fn whoever_watches_an_account_is_told_what_another_process_ends(home: Home) {
    let (here, there) = (home.store(), home.store());
    let session = a_session();
    here.create(&session).await.unwrap();
    let (told, mut listening) = tokio::sync::mpsc::unbounded_channel();
    let watching = here.watch(session.account, Box::new(move || told.send(()).unwrap())).await.unwrap();

    there.end(session.account, &[session.id]).await.unwrap();
    timeout(Duration::from_secs(60), listening.recv()).await.expect("told").unwrap();

    drop(watching);
    let let_go = async { while listening.recv().await.is_some() {} };
    timeout(Duration::from_secs(60), let_go).await.expect("nobody is told any more");
}

async fn a_watch_that_nobody_waits_for_is_let_go_of_and_spoils_no_other(home: Home) {
    let (here, there) = (home.store(), home.store());
    let session = a_session();
    here.create(&session).await.unwrap();
    let (told, mut listening) = tokio::sync::mpsc::unbounded_channel();
    let (gone, mut let_go) = tokio::sync::mpsc::unbounded_channel::<()>();
    let given_up = here.watch(session.account, Box::new(move || drop(gone.clone())));
    // Asked for, and not waited for, or dropped at once.
    tokio::select! {
        biased;
        _ = given_up => {}
        () = std::future::ready(()) => {}
    }
    let _watching = here.watch(session.account, Box::new(move || told.send(()).unwrap())).await.unwrap();

    assert!(timeout(Duration::from_secs(60), let_go.recv()).await.expect("let go of").is_none());
    there.end(session.account, &[session.id]).await.unwrap();
    timeout(Duration::from_secs(60), listening.recv()).await.expect("told").unwrap();
}

async fn listing_shows_every_session_of_the_account_live_or_not(home: Home) {
    let store = home.store();
    let live = a_session();
    let over = of(live.account, started(noon() - hours(24 * 400)));
    let stranger = a_session();
    for each in [&live, &over, &stranger] {
        store.create(each).await.unwrap();
    }

    let mut listed = store.list(live.account).await.unwrap().sessions;

    let mut expected: Vec<_> = [live, over]
        .map(|session| KeptSession { last_seen: session.created(), session: session.into() })
        .into_iter()
        .collect();
    for sessions in [&mut listed, &mut expected] {
        sessions.sort_by_key(|found| found.session.id);
    }
    assert_eq!(listed, expected);
}

async fn the_owner_of_a_session_is_found_by_its_id(home: Home) {
    let store = home.store();
    let [one, other] = [a_session(), a_session()];
    store.create(&one).await.unwrap();
    store.create(&other).await.unwrap();

    assert_eq!(store.owner(one.id).await.unwrap(), Some(one.account));
    assert_eq!(store.owner(other.id).await.unwrap(), Some(other.account));

    store.end(one.account, &[one.id]).await.unwrap();
    assert_eq!(store.owner(one.id).await.unwrap(), None);
    assert_eq!(store.owner(a_session().id).await.unwrap(), None);
}

async fn accounts_with_sessions_are_found(home: Home) {
    let store = home.store();
    let [one, same] = two_of_one_account();
    let other = a_session();
    for each in [&one, &same, &other] {
        store.create(each).await.unwrap();
    }

    let mut found = store.accounts().await.unwrap();

    found.sort();
    let mut expected = vec![one.account, other.account];
    expected.sort();
    assert_eq!(found, expected);
}

async fn sweeping_removes_what_is_over_and_keeps_what_is_live(home: Home) {
    let store = home.store();
    let live = a_session();
    let of_the_account = |session| of(live.account, session);
    let seen_just_now = of_the_account(started(noon() - hours(23)));
    let remembered = of_the_account(remembered(noon() - hours(24 * 29)));
    let idle = of_the_account(started(noon() - hours(1)));
    let too_old = of_the_account(started(noon() - hours(24)));
    for each in [&live, &seen_just_now, &remembered, &idle, &too_old] {
        store.create(each).await.unwrap();
    }
    for each in [&seen_just_now, &too_old] {
        store.touch(each.account, each.id, noon()).await.unwrap();
    }

    let mut swept = store.sweep(live.account, noon()).await.unwrap();

    assert_eq!(set(swept.expired.drain(..)), set([idle.id, too_old.id]));
    assert_eq!(swept, did(3, 2, 0));
    let mut left = ids(&store.list(live.account).await.unwrap());
    left.sort();
    let mut expected = vec![live.id, seen_just_now.id, remembered.id];
    expected.sort();
    assert_eq!(left, expected);
    assert_eq!(found(&*store, &seen_just_now).await.unwrap().last_seen, noon(), "it is as it was");
    let again = store.sweep(live.account, noon()).await.unwrap();
    assert_eq!(again, did(3, 0, 0));
}

async fn of_all_who_want_to_sweep_one_does(home: Home) {
    let (store, [one, other]) = (home.store(), [started(noon()), started(noon())]);
    store.create(&one).await.unwrap();
    store.create(&other).await.unwrap();

    let round = store.begin_sweep().await.unwrap().expect("nobody else is sweeping");

    assert_eq!(set(round.accounts.iter().copied()), set([one.account, other.account]));
    assert_eq!(round.skipped, Skipped::default());
    assert!(store.begin_sweep().await.unwrap().is_none());
    assert!(home.store().begin_sweep().await.unwrap().is_none(), "nor in another process");
    drop(round);
    assert!(home.store().begin_sweep().await.unwrap().is_some());
}

async fn sweeping_leaves_other_accounts_alone(home: Home) {
    let store = home.store();
    let [mine, theirs] = [started(noon() - hours(48)), started(noon() - hours(48))];
    store.create(&mine).await.unwrap();
    store.create(&theirs).await.unwrap();

    store.sweep(mine.account, noon()).await.unwrap();

    assert_eq!(found(&*store, &mine).await, None);
    assert!(found(&*store, &theirs).await.is_some());
}

async fn an_account_can_log_in_again_after_a_sweep_of_its_last_session(home: Home) {
    let store = home.store();
    let old = started(noon() - hours(48));
    store.create(&old).await.unwrap();
    store.sweep(old.account, noon()).await.unwrap();
    assert_eq!(store.list(old.account).await.unwrap(), Listing::default());

    let new = of(old.account, a_session());
    store.create(&new).await.unwrap();

    assert_eq!(*found(&*store, &new).await.unwrap().session, new);
}

async fn sessions_can_start_and_end_while_others_sweep(home: Home) {
    // The machine's own time: what is half written has it too.
    let (account, now) = (AccountId::generate(), Clock::system().now());
    let sweepers: Vec<_> = (0..2)
        .map(|_| {
            let store = home.store();
            tokio::spawn(async move {
                loop {
                    let swept = store.sweep(account, now).await.unwrap();
                    assert_eq!((swept.removed, swept.failed), (0, 0));
                }
            })
        })
        .collect();

    let store = home.store();
    for round in 0..300 {
        let session = of(account, started(now));
        store.create(&session).await.unwrap_or_else(|error| panic!("round {round}: {error}"));
        assert!(found(&*store, &session).await.is_some(), "round {round}");
        assert_eq!(store.end(account, &[session.id]).await.unwrap(), 1, "round {round}");
    }

    for sweeper in sweepers {
        assert!(!sweeper.is_finished(), "a sweep failed");
        sweeper.abort();
    }
}

async fn nothing_of_one_account_shows_under_the_id_of_another(home: Home) {
    let store = home.store();
    let [mine, theirs] = [a_session(), a_session()];
    store.create(&mine).await.unwrap();
    store.create(&theirs).await.unwrap();

    assert_eq!(store.read(mine.account, theirs.id).await.unwrap(), None);
    store.touch(mine.account, theirs.id, noon() + minutes(9)).await.unwrap();
    assert_eq!(store.end(mine.account, &[theirs.id]).await.unwrap(), 0);
    store.sweep(mine.account, noon() + hours(24 * 400)).await.unwrap();

    let untouched = KeptSession { last_seen: theirs.created(), session: theirs.clone().into() };
    assert_eq!(found(&*store, &theirs).await, Some(untouched));
}

// What files add: everybody can see where a session is, and anybody may have put something beside it.

#[tokio::test]
async fn a_session_is_the_file_that_its_ids_name() {
    let home = in_a_folder();
    let session = a_session();

    home.store().create(&session).await.unwrap();

    let folder = home.path().join(session.account.to_string());
    assert_eq!(names_in(home.path()), [session.account.to_string()]);
    assert_eq!(names_in(&folder), [session.id.to_string()]);
    assert_eq!(mode(home.path()), 0o700);
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join(session.id.to_string())), 0o600);
}

#[tokio::test]
async fn a_folder_that_others_may_look_into_is_closed_when_the_store_opens() {
    let home = in_a_folder();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();

    home.store();

    assert_eq!(mode(home.path()), 0o700);
}

#[tokio::test]
async fn being_seen_changes_the_time_of_a_file_and_no_byte() {
    let home = in_a_folder();
    let (store, session) = (home.store(), a_session());
    store.create(&session).await.unwrap();
    let file = home.file_of(&session);
    let (bytes, before) = (fs::read(&file).unwrap(), fs::metadata(&file).unwrap());
    assert_eq!(before.mtime(), noon().as_second());

    store.touch(session.account, session.id, noon() + minutes(3)).await.unwrap();

    let after = fs::metadata(&file).unwrap();
    assert_eq!(fs::read(&file).unwrap(), bytes);
    assert_eq!(after.ino(), before.ino(), "it is the same file");
    assert_eq!(after.mtime(), (noon() + minutes(3)).as_second());
}

#[tokio::test]
async fn deleting_a_file_by_hand_is_a_logout() {
    let home = in_a_folder();
    let (store, session) = (home.store(), a_session());
    store.create(&session).await.unwrap();

    fs::remove_file(home.file_of(&session)).unwrap();

    assert_eq!(found(&*store, &session).await, None);
    assert_eq!(store.end(session.account, &[session.id]).await.unwrap(), 0);
}

#[tokio::test]
async fn deleting_an_accounts_folder_by_hand_logs_it_out_and_lets_it_log_in_again() {
    let home = in_a_folder();
    let session = a_session();
    home.store().create(&session).await.unwrap();
    let folder = home.path().join(session.account.to_string());

    home.survives_without(&folder, &session).await;
}

#[tokio::test]
async fn deleting_the_whole_folder_by_hand_logs_everybody_out_and_lets_them_log_in_again() {
    let home = in_a_folder();
    let session = a_session();
    home.store().create(&session).await.unwrap();

    home.survives_without(home.path(), &session).await;
}

#[tokio::test]
async fn a_truncated_file_is_no_session_whatever_its_length() {
    let home = in_a_folder();
    let (store, session) = (home.store(), a_session());
    store.create(&session).await.unwrap();
    let file = home.file_of(&session);
    let whole = fs::read(&file).unwrap();

    for length in 0..whole.len() {
        fs::write(&file, &whole[..length]).unwrap();
        assert_eq!(found(&*store, &session).await, None, "with {length} bytes");
        assert_eq!(store.list(session.account).await.unwrap(), Listing::default(), "with {length} bytes");
    }

    fs::write(&file, &whole).unwrap();
    assert!(found(&*store, &session).await.is_some(), "only the damage made it none");
}

#[tokio::test]
async fn a_file_with_one_wrong_bit_is_no_session() {
    let home = in_a_folder();
    let (store, session) = (home.store(), a_session());
    store.create(&session).await.unwrap();
    let file = home.file_of(&session);
    let mut bytes = fs::read(&file).unwrap();

    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(&file, &bytes).unwrap();
        assert_eq!(found(&*store, &session).await, None, "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

#[tokio::test]
async fn another_sessions_file_under_this_name_is_no_session() {
    let home = in_a_folder();
    let [session, neighbour] = two_of_one_account();
    let store = home.store();
    store.create(&neighbour).await.unwrap();
    fs::hard_link(home.file_of(&neighbour), home.file_of(&session)).unwrap();

    home.has_only(&neighbour, &session).await;
}

#[tokio::test]
async fn a_file_that_was_copied_to_another_account_is_no_session() {
    let home = in_a_folder();
    let [session, other] = [a_session(), a_session()];
    let store = home.store();
    store.create(&session).await.unwrap();
    store.create(&other).await.unwrap();
    let copy = of(other.account, session.clone());
    fs::copy(home.file_of(&session), home.file_of(&copy)).unwrap();

    home.has_only(&other, &copy).await;
}

#[tokio::test]
async fn a_link_to_a_good_file_is_no_session() {
    let home = in_a_folder();
    let [session, neighbour] = two_of_one_account();
    let store = home.store();
    store.create(&session).await.unwrap();
    store.create(&neighbour).await.unwrap();
    let elsewhere = home.path().join("elsewhere");
    fs::rename(home.file_of(&session), &elsewhere).unwrap();
    symlink(&elsewhere, home.file_of(&session)).unwrap();

    home.has_only(&neighbour, &session).await;
    let last_seen = fs::metadata(&elsewhere).unwrap().mtime();
    assert_eq!(last_seen, noon().as_second(), "touching does not follow the link either");
}

#[tokio::test]
async fn a_link_to_nowhere_and_a_link_to_itself_are_no_sessions() {
    for target in ["nowhere", "itself"] {
        let home = in_a_folder();
        let [session, neighbour] = two_of_one_account();
        home.store().create(&neighbour).await.unwrap();
        let file = home.file_of(&session);
        symlink(if target == "itself" { file.as_path() } else { Path::new(target) }, &file).unwrap();

        home.has_only(&neighbour, &session).await;
    }
}

#[tokio::test]
async fn a_folder_under_this_name_is_no_session() {
    let home = in_a_folder();
    let [session, neighbour] = two_of_one_account();
    home.store().create(&neighbour).await.unwrap();
    fs::create_dir(home.file_of(&session)).unwrap();

    home.has_only(&neighbour, &session).await;
}

#[tokio::test]
async fn a_pipe_is_no_session_and_nobody_waits_for_it() {
    let home = in_a_folder();
    let [session, neighbour] = two_of_one_account();
    home.store().create(&neighbour).await.unwrap();
    let _pipe = Pipe::at(home.file_of(&session));

    home.has_only(&neighbour, &session).await;
}

#[tokio::test]
async fn a_gigabyte_is_no_session_and_is_not_read() {
    let home = in_a_folder();
    let [session, neighbour] = two_of_one_account();
    home.store().create(&neighbour).await.unwrap();
    File::create(home.file_of(&session)).unwrap().set_len(1 << 30).unwrap();

    home.has_only(&neighbour, &session).await;
}

#[tokio::test]
async fn names_that_are_no_ids_are_passed_over() {
    let home = in_a_folder();
    let (store, session) = (home.store(), a_session());
    store.create(&session).await.unwrap();
    let file = home.file_of(&session);
    let folder = file.parent().unwrap();
    let good = session.id.to_string();
    for name in ["README", ".hidden", "g".repeat(32).as_str(), &good[1..], &format!("{good}0"), &loud(&good)]
    {
        fs::copy(&file, folder.join(name)).unwrap();
        fs::copy(&file, home.path().join(name)).unwrap();
    }

    assert_eq!(ids(&store.list(session.account).await.unwrap()), [session.id]);
    assert_eq!(store.accounts().await.unwrap(), [session.account]);
    assert_eq!(store.owner(session.id).await.unwrap(), Some(session.account));
    let swept = store.sweep(session.account, noon() + hours(48)).await.unwrap();
    assert_eq!((swept.removed, swept.skipped.count), (1, 5), "all but the hidden one are named");
    assert!(folder.join("README").exists(), "what is not ours is not deleted");
}

#[tokio::test]
async fn a_file_where_an_accounts_folder_should_be_holds_no_session() {
    let home = in_a_folder();
    let (store, session) = (home.store(), a_session());
    fs::write(home.path().join(session.account.to_string()), "not a folder").unwrap();

    assert_eq!(found(&*store, &session).await, None);
    assert_eq!(store.list(session.account).await.unwrap(), Listing::default());
    assert_eq!(store.owner(session.id).await.unwrap(), None);
    assert_eq!(store.end(session.account, &[session.id]).await.unwrap(), 0);
    assert_eq!(store.sweep(session.account, noon()).await.unwrap(), Swept::default());
    assert!(store.create(&session).await.is_err(), "and none can start there");
}

#[tokio::test]
async fn sweeping_removes_what_a_crash_left_but_not_what_is_being_written() {
    let home = in_a_folder();
    let (store, [left, writing]) = (home.store(), two_of_one_account());
    store.create(&left).await.unwrap();
    store.create(&writing).await.unwrap();
    for (session, age) in [(&left, 61), (&writing, 59)] {
        let file = File::options().write(true).open(home.file_of(session)).unwrap();
        file.set_len(20).unwrap();
        file.set_modified((noon() - minutes(age)).into()).unwrap();
    }

    let swept = store.sweep(left.account, noon()).await.unwrap();

    assert_eq!(swept, did(0, 1, 0));
    assert!(!home.file_of(&left).exists());
    assert!(home.file_of(&writing).exists());
}

#[tokio::test]
async fn sweeping_removes_what_is_too_long_to_be_a_session_though_it_bears_a_sessions_name() {
    let home = in_a_folder();
    let (store, session) = (home.store(), started(noon()));
    store.create(&session).await.unwrap();
    let file = File::options().write(true).open(home.file_of(&session)).unwrap();
    file.set_len(1 << 30).unwrap();
    file.set_modified(noon().into()).unwrap();

    assert_eq!(store.sweep(session.account, noon() + minutes(59)).await.unwrap(), did(0, 0, 0));
    assert_eq!(store.sweep(session.account, noon() + minutes(60)).await.unwrap(), did(0, 1, 0));
}

#[tokio::test]
async fn sweeping_leaves_what_is_no_session_and_says_what_it_is() {
    let home = in_a_folder();
    let (store, live, over) = (home.store(), started(noon()), started(noon() - hours(48)));
    let over = of(live.account, over);
    store.create(&live).await.unwrap();
    store.create(&over).await.unwrap();
    let account = home.file_of(&live).parent().unwrap().to_owned();
    symlink(home.file_of(&live), account.join("0".repeat(32))).unwrap();
    std::fs::create_dir(account.join("1".repeat(32))).unwrap();
    let _pipe = Pipe::at(account.join("2".repeat(32)));
    File::create(account.join("notes.txt")).unwrap();
    File::create(account.join(".hidden")).unwrap();
    File::create(home.path().join("README")).unwrap();
    std::fs::create_dir(home.path().join("lost+found")).unwrap();

    let round = store.begin_sweep().await.unwrap().unwrap();
    let swept = store.sweep(live.account, noon()).await.unwrap();

    assert_eq!(
        (round.skipped.count, set(round.skipped.names)),
        (2, set(["README", "lost+found"].map(String::from)))
    );
    assert_eq!((swept.live, swept.removed, swept.failed, swept.skipped.count), (1, 1, 0, 4));
    let named = ["0".repeat(32), "1".repeat(32), "2".repeat(32), "notes.txt".to_owned()];
    assert_eq!(set(swept.skipped.names), set(named.clone().map(|name| format!("{}/{name}", live.account))));
    for name in named {
        assert!(account.join(&name).symlink_metadata().is_ok(), "{name} is left as it is");
    }
    assert!(found(&*store, &live).await.is_some(), "what a link leads to is left as well");
}

#[tokio::test]
async fn of_ten_thousand_that_are_no_sessions_a_few_are_named_and_all_are_counted() {
    let home = in_a_folder();
    let (store, live) = (home.store(), started(noon()));
    store.create(&live).await.unwrap();
    let account = home.file_of(&live).parent().unwrap().to_owned();
    for number in 0..10_000 {
        File::create(account.join(format!("foreign-{number}"))).unwrap();
    }

    let swept = store.sweep(live.account, noon()).await.unwrap();

    assert_eq!((swept.live, swept.skipped.count, swept.skipped.names.len()), (1, 10_000, 10));
    assert_eq!(store.list(live.account).await.unwrap().sessions.len(), 1);
}

#[tokio::test]
async fn a_session_is_removed_only_when_it_has_been_over_for_a_minute() {
    let home = in_a_folder();
    let sessions = Sessions::new(home.store());
    let (_, session) = sessions.start(a_new_session(), noon()).await.unwrap();

    // Somebody who was let in within its last second may still have to note it.
    assert_eq!(sessions.sweep(session.account, noon() + minutes(60)).await.unwrap(), did(1, 0, 0));
    let swept = sessions.sweep(session.account, noon() + minutes(61)).await.unwrap();
    assert_eq!(swept, Swept { expired: vec![session.id], ..did(0, 1, 0) });
}

#[tokio::test]
async fn sweeping_removes_the_folder_of_an_account_without_sessions() {
    let home = in_a_folder();
    let (store, session) = (home.store(), started(noon() - hours(48)));
    store.create(&session).await.unwrap();

    store.sweep(session.account, noon()).await.unwrap();

    assert!(names_in(home.path()).is_empty());
}

#[tokio::test]
async fn a_file_that_cannot_be_deleted_is_named() {
    let home = in_a_folder();
    let (store, [one, other]) = (home.store(), two_of_one_account());
    store.create(&one).await.unwrap();
    store.create(&other).await.unwrap();
    let held = Undeletable::folder_of(&home.file_of(&one));

    let mut kept = store.end(one.account, &[one.id, other.id]).await.unwrap_err().ids;

    kept.sort();
    let mut expected = vec![one.id, other.id];
    expected.sort();
    assert_eq!(kept, expected);
    assert!(home.file_of(&one).exists(), "the disk has not let go");
    drop(held);
    assert_eq!(store.end(one.account, &kept).await.unwrap(), 2);
}

#[tokio::test]
async fn a_file_that_cannot_be_deleted_is_emptied_so_that_no_process_ever_accepts_it() {
    let home = in_a_folder();
    let (store, session) = (home.store(), started(noon()));
    store.create(&session).await.unwrap();
    let _held = Undeletable::folder_of(&home.file_of(&session));

    assert!(store.end(session.account, &[session.id]).await.is_err(), "it is still there");

    assert_eq!(std::fs::read(home.file_of(&session)).unwrap(), b"");
    assert_eq!(found(&*home.store(), &session).await, None);
    assert_eq!(store.ids(session.account).await.unwrap(), [session.id], "and can be ended again");
}

#[tokio::test]
async fn a_sweep_counts_what_it_cannot_delete() {
    let home = in_a_folder();
    let (store, session) = (home.store(), started(noon() - hours(48)));
    store.create(&session).await.unwrap();
    let _held = Undeletable::folder_of(&home.file_of(&session));

    let swept = store.sweep(session.account, noon()).await.unwrap();

    assert_eq!(swept, did(0, 0, 1));
}

#[tokio::test]
async fn a_session_that_cannot_be_written_is_not_there() {
    let home = in_a_folder();
    let (store, [neighbour, session]) = (home.store(), two_of_one_account());
    store.create(&neighbour).await.unwrap();
    let held = Undeletable::folder_of(&home.file_of(&neighbour));

    assert!(store.create(&session).await.is_err());

    drop(held);
    assert!(!home.file_of(&session).exists());
    assert_eq!(found(&*store, &session).await, None);
}

// The room: sessions that should be over are over here, whatever the store can do.

#[tokio::test]
async fn an_ending_that_fails_is_refused_at_once_and_finished_when_the_disk_lets_go() {
    let home = in_a_folder();
    let sessions = Sessions::new(home.store());
    let (token, session) = sessions.start(a_new_session(), noon()).await.unwrap();
    let (neighbours, neighbour) = sessions.start(a_new_session_of(session.account), noon()).await.unwrap();
    let file = home.file_of(&session);
    let held = Undeletable::folder_of(&file);

    let kept = sessions.end(session.account, &[session.id]).await.unwrap_err();

    assert_eq!(kept.ids, [session.id]);
    assert!(file.exists(), "the disk has not let go");
    assert_eq!(sessions.resume(&token, Presence::Active, noon()).await.unwrap(), None);
    assert_eq!(ids_of_live(&sessions.list(session.account, noon()).await.unwrap()), [neighbour.id]);
    assert!(sessions.resume(&neighbours, Presence::Active, noon()).await.unwrap().is_some());
    assert!(sessions.has_unfinished_endings());
    assert_eq!(sessions.retry_endings().await, 1, "it cannot be finished yet");
    assert_eq!(sessions.resume(&token, Presence::Active, noon()).await.unwrap(), None);

    drop(held);
    assert_eq!(sessions.retry_endings().await, 0);

    assert!(!file.exists());
    assert!(!sessions.has_unfinished_endings());
    assert_eq!(sessions.resume(&token, Presence::Active, noon()).await.unwrap(), None);
    assert!(sessions.resume(&neighbours, Presence::Active, noon()).await.unwrap().is_some());
}

#[tokio::test]
async fn asking_again_finishes_an_ending_too() {
    let home = in_a_folder();
    let sessions = Sessions::new(home.store());
    let (_, session) = sessions.start(a_new_session(), noon()).await.unwrap();
    let held = Undeletable::folder_of(&home.file_of(&session));
    sessions.end(session.account, &[session.id]).await.unwrap_err();
    drop(held);

    assert_eq!(sessions.end(session.account, &[session.id]).await.unwrap(), 1);

    assert!(!sessions.has_unfinished_endings());
    assert!(!home.file_of(&session).exists());
}

#[tokio::test]
async fn a_person_is_noted_once_a_minute_and_a_program_never() {
    let home = in_a_folder();
    let sessions = Sessions::new(home.store());
    let (token, session) = sessions.start(a_new_session(), noon()).await.unwrap();
    let seen = || fs::metadata(home.file_of(&session)).unwrap().mtime() - noon().as_second();
    let comes = |who, after| sessions.resume(&token, who, noon() + SignedDuration::from_secs(after));

    comes(Presence::Active, 59).await.unwrap().unwrap();
    assert_eq!(seen(), 0);
    comes(Presence::Passive, 1800).await.unwrap().unwrap();
    assert_eq!(seen(), 0);
    comes(Presence::Active, 1800).await.unwrap().unwrap();
    assert_eq!(seen(), 1800);
    assert_eq!(comes(Presence::Passive, 1800 + 3600).await.unwrap(), None, "an hour idle");
}

#[tokio::test]
async fn a_session_that_is_over_is_refused_though_its_file_is_there() {
    for (lasting, at_most) in [(LastingFor::ThisVisit, hours(24)), (LastingFor::Days30, hours(24 * 30))] {
        let home = in_a_folder();
        let sessions = Sessions::new(home.store());
        let new = NewSession { lasting, ..a_new_session() };
        let (token, session) = sessions.start(new, noon()).await.unwrap();
        let last_second = noon() + at_most - SignedDuration::from_secs(1);
        home.store().touch(session.account, session.id, last_second).await.unwrap();

        assert!(sessions.resume(&token, Presence::Active, last_second).await.unwrap().is_some());
        assert_eq!(sessions.resume(&token, Presence::Active, noon() + at_most).await.unwrap(), None);
        assert_eq!(sessions.list(session.account, noon() + at_most).await.unwrap(), Listing::default());
        assert!(home.file_of(&session).exists());
    }
}

/// Where one store keeps its sessions. Each [`Home::store`] is what another process would open.
struct Home {
    open: Box<dyn Fn() -> Arc<dyn SessionStore> + Send + Sync>,
    path: PathBuf,
    _keep: Box<dyn Any + Send + Sync>,
}

fn in_a_folder() -> Home {
    let data = TempDir::new().unwrap();
    let path = data.path().join("sessions");
    let folder = Folder::at(&path);
    let open = Box::new(move || -> Arc<dyn SessionStore> {
        Arc::new(FileSessionStore::open(folder.clone()).unwrap())
    });
    open();
    Home { open, path, _keep: Box::new(data) }
}

impl Home {
    fn store(&self) -> Arc<dyn SessionStore> {
        (self.open)()
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn file_of(&self, session: &Session) -> PathBuf {
        self.path.join(session.account.to_string()).join(session.id.to_string())
    }

    /// Without a folder there are no sessions, until the next one starts: a server that is running goes on.
    async fn survives_without(&self, folder: &Path, session: &Session) {
        let store = self.store();
        fs::remove_dir_all(folder).unwrap();

        assert_eq!(found(&*store, session).await, None);
        store.touch(session.account, session.id, noon()).await.unwrap();
        assert_eq!(store.end(session.account, &[session.id]).await.unwrap(), 0);
        assert_eq!(store.list(session.account).await.unwrap(), Listing::default());
        assert!(store.accounts().await.unwrap().is_empty());
        assert_eq!(store.sweep(session.account, noon()).await.unwrap(), Swept::default());

        store.create(session).await.unwrap();
        assert!(found(&*store, session).await.is_some());
        assert_eq!(mode(folder), 0o700);
    }

    /// `bad` is no session for anybody who asks, and `good`, of the same account, is not disturbed by it.
    async fn has_only(&self, good: &Session, bad: &Session) {
        let asked = async {
            let store = self.store();
            assert_eq!(found(&*store, bad).await, None);
            store.touch(bad.account, bad.id, noon() + minutes(1)).await.unwrap();
            assert_eq!(ids(&store.list(bad.account).await.unwrap()), [good.id]);
            let swept = store.sweep(bad.account, noon()).await.unwrap();
            assert_eq!((swept.live, swept.failed), (1, 0));
            store.end(bad.account, &[bad.id]).await.unwrap();
            assert_eq!(found(&*store, bad).await, None);
            assert_eq!(*found(&*store, good).await.unwrap().session, *good);
        };
        timeout(Duration::from_secs(10), asked).await.expect("nothing waits for a file");
    }
}

fn set<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    items.into_iter().collect()
}

/// A sweep's figures, of which it skipped nothing.
fn did(live: usize, removed: usize, failed: usize) -> Swept {
    Swept { live, removed, failed, ..Swept::default() }
}

async fn found(store: &dyn SessionStore, session: &Session) -> Option<KeptSession> {
    match store.known(session.account, session.id) {
        Some(known) => Some(known),
        None => store.read(session.account, session.id).await.expect("the store can say"),
    }
}

fn ids_of_live(found: &Listing<LiveSession>) -> Vec<SessionId> {
    found.sessions.iter().map(|live| live.session.id).collect()
}

fn ids(found: &Listing<KeptSession>) -> Vec<SessionId> {
    found.sessions.iter().map(|found| found.session.id).collect()
}

fn a_session() -> Session {
    started(noon())
}

fn two_of_one_account() -> [Session; 2] {
    let first = a_session();
    let second = of(first.account, a_session());
    [first, second]
}

fn of(account: AccountId, mut session: Session) -> Session {
    session.account = account;
    session
}

fn started(at: Timestamp) -> Session {
    session_of(a_new_session(), at)
}

fn remembered(at: Timestamp) -> Session {
    session_of(NewSession { lasting: LastingFor::Days30, ..a_new_session() }, at)
}

fn without_an_address() -> Session {
    session_of(NewSession { address: None, ..a_new_session() }, noon())
}

fn session_of(new: NewSession, at: Timestamp) -> Session {
    let id = Token::generate(new.account).session_id();
    Session::start(new, id, at)
}

fn a_new_session() -> NewSession {
    a_new_session_of(AccountId::generate())
}

fn a_new_session_of(account: AccountId) -> NewSession {
    NewSession {
        account,
        account_name: "alice".to_owned(),
        lasting: LastingFor::ThisVisit,
        browser: Browser::from_user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Firefox/146.0"),
        address: Some("192.0.2.7".parse().unwrap()),
    }
}

fn minutes(number: i64) -> SignedDuration {
    SignedDuration::from_mins(number)
}

fn hours(number: i64) -> SignedDuration {
    SignedDuration::from_hours(number)
}

/// The same hex digits, in a way that we never write them. An id without letters gets one.
fn loud(id: &str) -> String {
    format!("A{}", &id[1..]).to_uppercase()
}
