//! Sessions that were read before: what they say is kept in memory, and whether they are there is asked of the disk each
//! time all the same, whoever ended them and however.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::SystemTime;

use exeunt::account_id::AccountId;
use exeunt::clock::SignedDuration;
use exeunt::files::Folder;
use exeunt::sessions::{Browser, FileSessionStore, LastingFor, NewSession, Session, SessionStore, Token};
use tempfile::TempDir;

use crate::support::noon;

#[tokio::test]
async fn what_ends_a_session_ends_it_at_once_for_whoever_has_read_it() {
    let home = Home::new();
    let elsewhere = home.data.path().join("elsewhere");
    let endings: [(&str, End<'_>); 8] = [
        ("removed", &|file| fs::remove_file(file).unwrap()),
        ("its folder removed", &|file| fs::remove_dir_all(file.parent().unwrap()).unwrap()),
        ("moved away", &|file| fs::rename(file, &elsewhere).unwrap()),
        ("emptied", &|file| drop(File::create(file).unwrap())),
        ("cut short", &|file| File::options().write(true).open(file).unwrap().set_len(40).unwrap()),
        ("damaged in its place", &|file| {
            let mut bytes = fs::read(file).unwrap();
            bytes[20] ^= 1;
            fs::write(file, bytes).unwrap();
        }),
        ("replaced by a link to itself", &|file| {
            fs::rename(file, &elsewhere).unwrap();
            symlink(&elsewhere, file).unwrap();
        }),
        ("replaced by a folder", &|file| {
            fs::remove_file(file).unwrap();
            fs::create_dir(file).unwrap();
        }),
    ];
    for (how, end) in endings {
        let session = home.starts().await;
        for _ in 0..3 {
            assert!(home.has(&session).await, "before it was {how}");
        }
        end(&home.file_of(&session));
        assert!(!home.has(&session).await, "{how}");
        assert!(!home.has(&session).await, "{how}, and asked again");
    }
}

#[tokio::test]
async fn one_that_another_process_ends_is_over_and_one_that_is_put_back_is_there_again() {
    let home = Home::new();
    let session = home.starts().await;
    assert!(home.has(&session).await);
    let (file, elsewhere) = (home.file_of(&session), home.data.path().join("elsewhere"));
    fs::copy(&file, &elsewhere).unwrap();

    home.another().end(session.account, &[session.id]).await.unwrap();
    assert!(!home.has(&session).await);

    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::copy(&elsewhere, &file).unwrap();
    assert!(home.has(&session).await, "by whoever may write here");
}

#[tokio::test]
async fn it_was_seen_when_the_disk_says_so() {
    let home = Home::new();
    let session = home.starts().await;
    for minutes in [1, 5, 3] {
        let seen = noon() + SignedDuration::from_mins(minutes);
        home.another().touch(session.account, session.id, seen).await.unwrap();
        for _ in 0..2 {
            let kept = home.store.read(session.account, session.id).await.unwrap().unwrap();
            assert_eq!((kept.last_seen, &*kept.session), (seen, &session));
        }
    }
    File::open(home.file_of(&session)).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    let kept = home.store.read(session.account, session.id).await.unwrap().unwrap();
    assert_eq!(kept.last_seen.as_second(), 0);
}

#[tokio::test]
async fn the_same_file_is_no_session_of_another_account() {
    let home = Home::new();
    let session = home.starts().await;
    let mut other = session.clone();
    other.account = AccountId::generate();
    let file = home.file_of(&other);
    fs::create_dir(file.parent().unwrap()).unwrap();
    fs::hard_link(home.file_of(&session), file).unwrap();

    assert!(home.has(&session).await);
    assert!(home.store.read(other.account, other.id).await.unwrap().is_none());
    assert!(home.has(&session).await);
}

#[tokio::test]
async fn more_than_are_kept_are_all_there() {
    let home = Home::new();
    let account = AccountId::generate();
    let folder = home.data.path().join("sessions").join(account.to_string());
    fs::create_dir(&folder).unwrap();
    let sessions: Vec<_> = (0..17_000).map(|_| session(account)).collect();
    for session in &sessions {
        fs::write(folder.join(session.id.to_string()), exeunt::record::encode(session)).unwrap();
    }
    for _ in 0..2 {
        for session in &sessions {
            assert!(home.has(session).await);
        }
    }
}

/// What somebody does to a session's file.
type End<'a> = &'a dyn Fn(&PathBuf);

/// A store that has read things before, in a folder that others work on too.
struct Home {
    data: TempDir,
    store: FileSessionStore,
}

impl Home {
    fn new() -> Self {
        let data = TempDir::new().unwrap();
        let store = FileSessionStore::open(Folder::at(data.path().join("sessions"))).unwrap();
        Self { data, store }
    }

    fn another(&self) -> FileSessionStore {
        FileSessionStore::open(Folder::at(self.data.path().join("sessions"))).unwrap()
    }

    async fn starts(&self) -> Session {
        let session = session(AccountId::generate());
        self.store.create(&session).await.unwrap();
        session
    }

    async fn has(&self, session: &Session) -> bool {
        let kept = self.store.read(session.account, session.id).await.unwrap();
        kept.is_some_and(|kept| *kept.session == *session)
    }

    fn file_of(&self, session: &Session) -> PathBuf {
        self.data.path().join("sessions").join(session.account.to_string()).join(session.id.to_string())
    }
}

fn session(account: AccountId) -> Session {
    let new = NewSession {
        account,
        account_name: "alice".to_owned(),
        lasting: LastingFor::Days30,
        browser: Browser::from_user_agent(""),
        address: None,
    };
    Session::start(new, Token::generate(account).session_id(), noon())
}
