//! Sessions that were read before: what they say is kept in memory, and whether anything has changed where they are is
//! asked of the kernel each time, whoever ended them and however.

use std::collections::BTreeSet;
use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use exeunt::account_id::AccountId;
use exeunt::clock::SignedDuration;
use exeunt::files::Folder;
use exeunt::files::disk::How;
use exeunt::sessions::{
    Browser, FileSessionStore, LastingFor, LiveSession, NewSession, Session, SessionId, SessionStore,
    Sessions, Token,
};
use rustix::io::Errno;
use tempfile::TempDir;
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;

use crate::support::{Call, FailingDisk, Trouble, noon};

/// How long it may take until a session is kept.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn what_ends_a_session_ends_it_at_once_for_whoever_has_read_it() {
    let endings: [(&str, End); 14] = [
        ("removed", |at| fs::remove_file(&at.file).unwrap()),
        ("its folder removed", |at| fs::remove_dir_all(at.folder()).unwrap()),
        ("all of them removed", |at| fs::remove_dir_all(at.sessions()).unwrap()),
        ("moved away", |at| fs::rename(&at.file, &at.elsewhere).unwrap()),
        ("its folder moved away", |at| fs::rename(at.folder(), &at.elsewhere).unwrap()),
        ("its folder replaced by an empty one", |at| {
            fs::rename(at.folder(), &at.elsewhere).unwrap();
            fs::create_dir(at.folder()).unwrap();
        }),
        ("all of them moved away", |at| fs::rename(at.sessions(), &at.elsewhere).unwrap()),
        ("the data folder moved away", |at| fs::rename(at.data(), &at.elsewhere).unwrap()),
        ("a folder above moved away", |at| fs::rename(at.above(), at.elsewhere()).unwrap()),
        ("emptied", |at| drop(File::create(&at.file).unwrap())),
        ("cut short", |at| File::options().write(true).open(&at.file).unwrap().set_len(40).unwrap()),
        ("damaged in its place", |at| {
            let mut bytes = fs::read(&at.file).unwrap();
            bytes[20] ^= 1;
            fs::write(&at.file, bytes).unwrap();
        }),
        ("replaced by a link to itself", |at| {
            fs::rename(&at.file, &at.elsewhere).unwrap();
            symlink(&at.elsewhere, &at.file).unwrap();
        }),
        ("replaced by a folder", |at| {
            fs::remove_file(&at.file).unwrap();
            fs::create_dir(&at.file).unwrap();
        }),
    ];
    for (how, end) in endings {
        let home = Home::new();
        let (session, other) = (home.starts().await, home.starts().await);
        home.comes_to_keep(&session).await;
        home.comes_to_keep(&other).await;
        assert!(home.keeps(&session).await, "the other's file is none of it");
        end(&home.at(&session));
        assert!(!home.has(&session).await, "{how}");
        assert!(!home.has(&session).await, "{how}, and asked again");
    }
}

#[tokio::test]
async fn one_that_another_process_ends_is_over_and_one_that_is_put_back_is_there_again() {
    let home = Home::new();
    let session = home.starts().await;
    let at = home.at(&session);
    let copy = fs::read(&at.file).unwrap();
    for _ in 0..3 {
        home.comes_to_keep(&session).await;
        home.another().end(session.account, &[session.id]).await.unwrap();
        assert!(!home.has(&session).await);

        fs::create_dir_all(at.folder()).unwrap();
        fs::write(&at.file, &copy).unwrap();
        assert!(home.has(&session).await, "by whoever may write here");
    }
}

#[tokio::test]
async fn folders_that_are_made_anew_while_somebody_has_the_old_ones_open_are_other_folders() {
    for depth in 1..4 {
        let home = Home::new();
        let session = home.starts().await;
        let at = home.at(&session);
        let mut open = Vec::new();
        // Only of folders that it knows would it hear that the next are others again.
        for depth in [depth, 1] {
            home.comes_to_keep(&session).await;
            open.extend(at.file.ancestors().skip(1).take(depth).map(|folder| File::open(folder).unwrap()));
            fs::remove_dir_all(at.file.ancestors().nth(depth).unwrap()).unwrap();
            assert!(!home.has(&session).await);

            fs::create_dir_all(at.folder()).unwrap();
            fs::write(&at.file, exeunt::record::encode(&session)).unwrap();
        }
        home.comes_to_keep(&session).await;
        fs::remove_file(&at.file).unwrap();
        assert!(!home.has(&session).await, "{depth} folders were made anew");
    }
}

#[tokio::test]
async fn a_folder_that_is_made_anew_while_it_begins_to_be_watched_is_another_folder() {
    let home = Home::new();
    let first = home.starts().await;
    home.comes_to_keep(&first).await;
    for round in 0..4_000 {
        let session = home.starts().await;
        let at = home.at(&session);
        let open = File::open(at.folder()).unwrap();
        let bytes = exeunt::record::encode(&session);
        let go = Arc::new(AtomicBool::new(false));
        let replacing = std::thread::spawn({
            let (folder, file, go) = (at.folder().to_owned(), at.file.clone(), Arc::clone(&go));
            move || {
                while !go.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
                // From before it is watched until long after.
                for _ in 0..round % 100 * 20 {
                    std::hint::spin_loop();
                }
                fs::remove_file(&file).unwrap();
                fs::remove_dir(&folder).unwrap();
                fs::create_dir(folder).unwrap();
                fs::write(file, bytes).unwrap();
            }
        });
        // The fourth time it begins.
        for _ in 0..4 {
            home.has(&session).await;
        }
        go.store(true, Ordering::Relaxed);
        replacing.join().unwrap();
        home.comes_to_keep(&session).await;
        fs::remove_file(&at.file).unwrap();
        assert!(!home.has(&session).await);
        drop(open);
    }
}

#[tokio::test]
async fn sessions_that_end_while_they_are_read_are_over_once_that_has_happened() {
    let home = Home::new();
    for _ in 0..300 {
        let session = home.starts().await;
        for _ in 0..2 {
            assert!(home.has(&session).await);
        }
        let (file, sessions) = (home.at(&session).file, Arc::clone(&home.sessions));
        let reading = tokio::task::spawn_blocking({
            let session = session.clone();
            move || {
                let runtime = tokio::runtime::Handle::current();
                while runtime.block_on(sessions.live(session.account, session.id, noon())).unwrap().is_some()
                {
                }
            }
        });
        tokio::task::spawn_blocking(move || fs::remove_file(file).unwrap()).await.unwrap();
        assert!(!home.has(&session).await);
        reading.await.unwrap();
    }
}

#[tokio::test]
async fn where_more_has_changed_than_the_kernel_remembers_nothing_is_taken_for_granted() {
    let home = Home::new();
    let (session, other) = (home.starts().await, home.starts().await);
    home.comes_to_keep(&session).await;
    home.comes_to_keep(&other).await;
    let most: usize =
        fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse().unwrap();
    let (one, another) = (home.at(&other).folder().join("one"), home.at(&other).folder().join("another"));
    for _ in 0..=most / 2 {
        // News that are the same as those before are not queued again.
        fs::write(&one, "x").unwrap();
        fs::write(&another, "x").unwrap();
    }
    fs::remove_file(home.at(&session).file).unwrap();
    assert!(!home.has(&session).await);
    home.comes_to_keep(&other).await;
}

#[tokio::test]
async fn who_may_look_into_a_folder_is_asked_again_when_that_has_changed() {
    let home = Home::new();
    let session = home.starts().await;
    let at = home.at(&session);
    for closed in [&at.file, at.folder(), at.sessions()] {
        home.comes_to_keep(&session).await;
        fs::set_permissions(closed, Permissions::from_mode(0o700)).unwrap();
        assert!(!home.keeps(&session).await, "{}", closed.display());
    }
}

#[tokio::test]
async fn that_it_was_read_is_written_nowhere() {
    let home = Home::new();
    let session = home.starts().await;
    let file = File::open(home.at(&session).file).unwrap();
    // The kernel notes a reading after a change, and then not before the next day.
    let before = SystemTime::UNIX_EPOCH;
    file.set_times(FileTimes::new().set_accessed(before).set_modified(SystemTime::now())).unwrap();
    home.disk.counts();
    assert!(home.has(&session).await);
    // Where the file system cannot say whether it would have to wait, it is read like any other file.
    let is_read_at_once = !home.disk.calls().contains(&Call::Open(How::Read));
    assert!(!is_read_at_once || file.metadata().unwrap().accessed().unwrap() == before);
}

#[tokio::test]
async fn it_was_seen_when_the_disk_says_so() {
    let home = Home::new();
    let session = home.starts().await;
    for minutes in [1, 5, -20_000, 3] {
        home.comes_to_keep(&session).await;
        let seen = noon() + SignedDuration::from_mins(minutes);
        home.another().touch(session.account, session.id, seen).await.unwrap();
        for _ in 0..2 {
            let live = home.asks(&session).await.unwrap();
            assert_eq!((live.last_seen, &*live.session), (seen, &session));
        }
    }
    home.comes_to_keep(&session).await;
    let long_ago = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH).set_accessed(SystemTime::UNIX_EPOCH);
    File::open(home.at(&session).file).unwrap().set_times(long_ago).unwrap();
    assert!(home.asks(&session).await.is_none(), "it has been idle for too long");
}

#[tokio::test]
async fn the_same_file_is_no_session_of_another_account() {
    let home = Home::new();
    let session = home.starts().await;
    home.comes_to_keep(&session).await;
    let mut other = session.clone();
    other.account = AccountId::generate();
    let file = home.at(&other).file;
    fs::create_dir(file.parent().unwrap()).unwrap();
    fs::hard_link(home.at(&session).file, file).unwrap();

    for _ in 0..3 {
        assert!(home.has(&session).await);
        assert!(home.asks(&other).await.is_none());
    }
}

#[test]
fn what_is_seldom_asked_for_is_not_kept() {
    // With one thread for the disk, what it was given before is done when the next thing is.
    let runtime = Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let home = Home::new();
        let session = home.starts().await;
        let asked = async || {
            let is_kept = home.keeps(&session).await;
            spawn_blocking(|| ()).await.unwrap();
            is_kept
        };
        for _ in 0..3 {
            assert!(!asked().await, "nobody expects it to be asked for again");
        }
        assert!(!asked().await, "its folder is watched from here on");
        assert!(home.store.known(session.account, session.id).is_none(), "it was read before that");
        assert!(!asked().await, "so it is read again");
        assert!(home.store.known(session.account, session.id).is_some());
        assert!(asked().await);
    });
}

#[tokio::test]
async fn a_list_is_known_until_anything_changes_in_the_accounts_folder() {
    let home = Home::new();
    let session = home.starts().await;
    home.comes_to_keep(&session).await;
    assert_eq!(home.lists(session.account).await, [session.id]);
    home.disk.counts();
    assert_eq!(home.lists(session.account).await, [session.id]);
    assert_eq!(home.disk.calls(), [], "nothing has changed");

    let another = self::session(session.account);
    home.another().create(&another).await.unwrap();
    let both = BTreeSet::from([session.id, another.id]);
    assert_eq!(BTreeSet::from_iter(home.lists(session.account).await), both);

    let elsewhere = home.at(&another).elsewhere;
    fs::hard_link(home.at(&another).file, &elsewhere).unwrap();
    home.another().end(another.account, &[another.id]).await.unwrap();
    assert_eq!(home.lists(session.account).await, [session.id]);
    assert_eq!(home.lists(session.account).await, [session.id]);
    fs::hard_link(elsewhere, home.at(&another).file).unwrap();
    assert_eq!(BTreeSet::from_iter(home.lists(session.account).await), both);

    let seen = noon() + SignedDuration::from_mins(3);
    home.another().touch(session.account, session.id, seen).await.unwrap();
    let listed = home.store.list(session.account).await.unwrap();
    assert!(listed.sessions.iter().any(|kept| kept.session.id == session.id && kept.last_seen == seen));
}

#[tokio::test]
async fn a_list_of_which_a_file_could_not_be_read_is_not_kept() {
    let home = Home::new();
    let session = home.starts().await;
    home.comes_to_keep(&session).await;
    home.disk.counts();
    home.lists(session.account).await;
    let opening = home.disk.calls().iter().position(|&call| call == Call::Open(How::Read)).unwrap();

    home.another().touch(session.account, session.id, noon()).await.unwrap();
    home.disk.gets(Trouble::Once(Errno::MFILE), opening);
    assert_eq!(home.lists(session.account).await, []);
    home.disk.mends();
    assert_eq!(home.lists(session.account).await, [session.id]);
}

#[tokio::test]
async fn more_than_are_kept_are_all_there() {
    let home = Home::new();
    let account = AccountId::generate();
    let folder = home.data.path().join("above/data/sessions").join(account.to_string());
    fs::create_dir(&folder).unwrap();
    let sessions: Vec<_> = (0..17_000).map(|_| session(account)).collect();
    for session in &sessions {
        fs::write(folder.join(session.id.to_string()), exeunt::record::encode(session)).unwrap();
    }
    home.comes_to_keep(&sessions[0]).await;
    for session in &sessions {
        for _ in 0..6 {
            assert!(home.has(session).await);
        }
    }
    home.comes_to_keep(&sessions[0]).await;
}

#[tokio::test]
async fn where_a_link_leads_to_the_folder_all_is_read_anew() {
    let real = Home::new();
    let session = real.starts().await;
    let link = real.data.path().join("link");
    symlink(real.data.path().join("above"), &link).unwrap();
    let linked = Home { data: TempDir::new().unwrap(), ..Home::at_data(&link.join("data")) };
    for _ in 0..2_000 {
        assert!(!linked.keeps(&session).await);
    }
    fs::remove_file(link).unwrap();
    assert!(!linked.has(&session).await);
}

/// What somebody does to a session's file.
type End = fn(&At);

/// Where a session's file is, and a place for what is moved.
struct At {
    file: PathBuf,
    elsewhere: PathBuf,
}

impl At {
    fn folder(&self) -> &Path {
        self.file.parent().unwrap()
    }

    fn sessions(&self) -> &Path {
        self.folder().parent().unwrap()
    }

    fn data(&self) -> &Path {
        self.sessions().parent().unwrap()
    }

    fn above(&self) -> &Path {
        self.data().parent().unwrap()
    }

    fn elsewhere(&self) -> &Path {
        &self.elsewhere
    }
}

/// Sessions that were read before, in a folder that others work on too.
struct Home {
    data: TempDir,
    disk: FailingDisk,
    store: FileSessionStore,
    sessions: Arc<Sessions>,
}

impl Home {
    fn new() -> Self {
        let data = TempDir::new().unwrap();
        let above = data.path().canonicalize().unwrap().join("above");
        fs::create_dir_all(above.join("data")).unwrap();
        Self { data, ..Self::at_data(&above.join("data")) }
    }

    fn at_data(data: &Path) -> Self {
        let disk = FailingDisk::local();
        let folder = Folder::on(Arc::new(disk.clone()), data.join("sessions"));
        let store = FileSessionStore::open(folder).unwrap();
        let sessions = Arc::new(Sessions::new(Arc::new(store.clone())));
        Self { data: TempDir::new().unwrap(), disk, store, sessions }
    }

    fn another(&self) -> FileSessionStore {
        FileSessionStore::open(Folder::at(self.data.path().join("above/data/sessions"))).unwrap()
    }

    async fn starts(&self) -> Session {
        let session = session(AccountId::generate());
        self.store.create(&session).await.unwrap();
        session
    }

    /// As every request does.
    async fn asks(&self, session: &Session) -> Option<LiveSession> {
        self.sessions.live(session.account, session.id, noon()).await.unwrap()
    }

    async fn has(&self, session: &Session) -> bool {
        self.asks(session).await.is_some_and(|live| *live.session == *session)
    }

    /// Whether it is there, and known to be without a look at its file.
    async fn keeps(&self, session: &Session) -> bool {
        self.disk.counts();
        self.has(session).await && !self.disk.calls().contains(&Call::Open(How::ReadAtOnce))
    }

    /// Reads it until it is kept: its folder begins to be watched meanwhile.
    async fn comes_to_keep(&self, session: &Session) {
        let began = Instant::now();
        while !self.keeps(session).await {
            assert!(began.elapsed() < PATIENCE, "it is read again and again");
            tokio::task::yield_now().await;
        }
    }

    async fn lists(&self, account: AccountId) -> Vec<SessionId> {
        self.store.list(account).await.unwrap().sessions.iter().map(|kept| kept.session.id).collect()
    }

    fn at(&self, session: &Session) -> At {
        let data = self.data.path().canonicalize().unwrap();
        let folder = data.join("above/data/sessions").join(session.account.to_string());
        At { file: folder.join(session.id.to_string()), elsewhere: data.join("elsewhere") }
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
