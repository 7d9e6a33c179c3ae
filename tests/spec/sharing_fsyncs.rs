//! Logouts that come at once: those of one account that wait for the disk share an fsync. What each of them is told is
//! as true as if they had come one by one, and none waits for another account's disk.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::pin::Pin;
use std::slice;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use exeunt::account_id::AccountId;
use exeunt::files::Folder;
use exeunt::sessions::{
    Browser, FileSessionStore, LastingFor, NewSession, NotEnded, Session, SessionStore, Token,
};
use futures_util::FutureExt;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::support::{HeldDisk, Next, noon};

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn logouts_of_one_account_that_wait_for_the_disk_share_an_fsync() {
    let house = House::new();
    let (first, together) = (house.session(), house.sessions_of_one(5));
    with_threads(1).block_on(async {
        let first = house.holds_up(&first);
        let endings: Vec<_> = together.iter().map(|session| house.asked_to_end(session)).collect();
        house.disk.lets_go(&first.folder);
        assert_eq!(soon(first.ending).await.unwrap(), 1);
        for ending in endings {
            assert_eq!(soon(ending).await.unwrap(), 1);
        }
    });
    assert!(together.iter().all(|session| !house.has(session)));
    assert_eq!(house.disk.fsyncs(&house.folder(&together[0])), 1);
}

#[test]
fn of_two_logouts_of_one_session_that_share_an_fsync_one_ends_it() {
    let house = House::new();
    let (first, session) = (house.session(), house.session());
    with_threads(1).block_on(async {
        let first = house.holds_up(&first);
        let endings = [house.asked_to_end(&session), house.asked_to_end(&session)];
        house.disk.lets_go(&first.folder);
        let [one, other] = endings;
        assert_eq!((soon(one).await.unwrap(), soon(other).await.unwrap()), (1, 0));
    });
}

#[test]
fn whoever_comes_after_the_unlinks_waits_for_an_fsync_of_their_own() {
    let house = House::new();
    let together = house.sessions_of_one(2);
    with_threads(1).block_on(async {
        let first = house.holds_up(&together[0]);
        let mut second = house.asked_to_end(&together[1]);
        house.disk.lets_one_go(&first.folder);
        assert_eq!(soon(first.ending).await.unwrap(), 1);
        house.disk.has_begun(&first.folder, 2);
        assert!(!house.has(&together[1]));
        assert!(is_waiting(&mut second));
        house.disk.lets_one_go(&first.folder);
        assert_eq!(soon(second).await.unwrap(), 1);
    });
}

#[test]
fn nobody_is_answered_before_their_own_fsync_and_nobody_waits_for_the_fsync_of_others() {
    let house = House::new();
    let sessions = [(); 8].map(|()| house.session());
    with_threads(8).block_on(async {
        let mut held: Vec<_> = sessions.iter().map(|session| house.holds_up(session)).collect();
        while let Some(last) = held.pop() {
            assert!(held.iter_mut().all(|other| is_waiting(&mut other.ending)));
            house.disk.lets_go(&last.folder);
            assert_eq!(soon(last.ending).await.unwrap(), 1);
        }
    });
}

#[test]
fn a_folder_whose_fsync_hangs_keeps_only_its_own_waiting() {
    let house = House::new();
    let [hanging, other] = [house.session(), house.session()];
    with_threads(2).block_on(async {
        // Both are asked for before a thread comes, and it takes them in turn.
        let busy = [busy_thread(), busy_thread()];
        house.disk.holds(&house.folder(&hanging));
        let mut hung = house.asked_to_end(&hanging);
        let other = house.asked_to_end(&other);
        drop(busy);
        assert_eq!(soon(other).await.unwrap(), 1);
        assert!(is_waiting(&mut hung));
        house.disk.lets_go(&house.folder(&hanging));
        assert_eq!(soon(hung).await.unwrap(), 1);
    });
}

#[test]
fn a_failed_fsync_is_told_to_all_who_shared_it_and_to_nobody_later() {
    let house = House::new();
    let (first, together) = (house.session(), house.sessions_of_one(4));
    let folder = house.folder(&together[0]);
    let (later, together) = together.split_last().unwrap();
    with_threads(1).block_on(async {
        let first = house.holds_up(&first);
        let endings: Vec<_> = together.iter().map(|session| house.asked_to_end(session)).collect();
        house.disk.next(&folder, Next::Fails);
        house.disk.lets_go(&first.folder);
        for (session, ending) in together.iter().zip(endings) {
            let kept = soon(ending).await.unwrap_err();
            assert_eq!(kept.ids, [session.id]);
            assert!(kept.to_string().contains("os error 5"), "{kept}");
        }
        assert_eq!(house.disk.fsyncs(&folder), 1);

        assert_eq!(soon(house.ends(later)).await.unwrap(), 1);
        assert_eq!(soon(house.ends(&together[0])).await.unwrap(), 0);
        assert_eq!(house.disk.fsyncs(&folder), 3, "what has gone is fsynced all the same");
    });
}

#[test]
fn a_file_that_cannot_be_unlinked_is_told_to_those_who_named_it() {
    let house = House::new();
    let (first, together) = (house.session(), house.sessions_of_one(3));
    with_threads(1).block_on(async {
        let first = house.holds_up(&first);
        house.disk.keeps(&house.file(&together[1]));
        let endings: Vec<_> = together.iter().map(|session| house.asked_to_end(session)).collect();
        house.disk.lets_go(&first.folder);
        let mut told = Vec::new();
        for ending in endings {
            told.push(soon(ending).await.map_err(|kept| kept.ids));
        }
        assert_eq!(told, [Ok(1), Err(vec![together[1].id]), Ok(1)]);
    });
    assert_eq!(house.file(&together[1]).metadata().unwrap().len(), 0, "no process accepts it");
}

#[test]
fn a_logout_is_carried_through_though_nobody_waits_for_it_any_more() {
    let house = House::new();
    let [first, left, last] = [house.session(), house.session(), house.session()];
    with_threads(1).block_on(async {
        let first = house.holds_up(&first);
        drop(house.asked_to_end(&left));
        let last = house.asked_to_end(&last);
        house.disk.lets_go(&first.folder);
        assert_eq!(soon(last).await.unwrap(), 1);
    });
    assert!(!house.has(&left));
    assert_eq!(house.disk.fsyncs(&house.folder(&left)), 1);
}

#[test]
fn a_panic_of_the_disk_leaves_nobody_else_waiting() {
    let house = House::new();
    let [first, unlucky, last] = [house.session(), house.session(), house.session()];
    with_threads(1).block_on(async {
        let first = house.holds_up(&first);
        house.disk.next(&house.folder(&unlucky), Next::Panics);
        let unlucky = house.asked_to_end(&unlucky);
        let last = house.asked_to_end(&last);
        house.disk.lets_go(&first.folder);
        assert!(AssertUnwindSafe(soon(unlucky)).catch_unwind().await.is_err());
        assert_eq!(soon(last).await.unwrap(), 1);
    });
}

#[test]
fn what_a_runtime_does_not_come_to_that_was_shut_down_the_next_one_does() {
    let house = House::new();
    let [left, last] = [house.session(), house.session()];
    let runtime = with_threads(1);
    let over = runtime.handle().clone();
    runtime.shutdown_background();
    let entered = over.enter();
    drop(house.asked_to_end(&left));
    drop(entered);
    with_threads(1).block_on(async {
        assert_eq!(soon(house.ends(&last)).await.unwrap(), 1);
    });
    assert!(!house.has(&left));
}

/// One who is to be told what came of a logout.
type Ending<'a> = Pin<Box<dyn Future<Output = Result<usize, NotEnded>> + Send + 'a>>;

/// Sessions on a disk that can be held up.
struct House {
    data: TempDir,
    disk: HeldDisk,
    store: FileSessionStore,
}

/// A logout whose fsync is under way for as long as a test likes.
struct HeldUp<'a> {
    ending: Ending<'a>,
    folder: PathBuf,
}

impl House {
    fn new() -> Self {
        let (data, disk) = (TempDir::new().unwrap(), HeldDisk::default());
        let folder = Folder::on(Arc::new(disk.clone()), data.path().join("sessions"));
        Self { store: FileSessionStore::open(folder).unwrap(), data, disk }
    }

    fn session(&self) -> Session {
        self.session_of(AccountId::generate())
    }

    fn sessions_of_one(&self, number: usize) -> Vec<Session> {
        let account = AccountId::generate();
        (0..number).map(|_| self.session_of(account)).collect()
    }

    /// On the disk, without an fsync that counts.
    fn session_of(&self, account: AccountId) -> Session {
        let new = NewSession {
            account,
            account_name: "alice".to_owned(),
            lasting: LastingFor::ThisVisit,
            browser: Browser::from_user_agent(""),
            address: None,
        };
        let session = Session::start(new, Token::generate(account).session_id(), noon());
        let store = FileSessionStore::open(Folder::at(self.data.path().join("sessions"))).unwrap();
        with_threads(1).block_on(store.create(&session)).unwrap();
        session
    }

    fn folder(&self, session: &Session) -> PathBuf {
        self.data.path().join("sessions").join(session.account.to_string())
    }

    fn file(&self, session: &Session) -> PathBuf {
        self.folder(session).join(session.id.to_string())
    }

    fn has(&self, session: &Session) -> bool {
        self.file(session).exists()
    }

    fn ends<'a>(&'a self, session: &'a Session) -> Ending<'a> {
        self.store.end(session.account, slice::from_ref(&session.id))
    }

    /// It has been asked for, and is not answered while the disk is held up or its threads are busy.
    fn asked_to_end<'a>(&'a self, session: &'a Session) -> Ending<'a> {
        let mut ending = self.ends(session);
        assert!(is_waiting(&mut ending));
        ending
    }

    fn holds_up<'a>(&'a self, session: &'a Session) -> HeldUp<'a> {
        let folder = self.folder(session);
        self.disk.holds(&folder);
        let ending = self.asked_to_end(session);
        self.disk.has_begun(&folder, 1);
        HeldUp { ending, folder }
    }
}

/// With as many threads for the disk.
fn with_threads(number: usize) -> Runtime {
    Builder::new_current_thread().enable_all().max_blocking_threads(number).build().unwrap()
}

/// One of those threads does nothing else until this is dropped.
fn busy_thread() -> Sender<()> {
    let (busy, is_dropped) = mpsc::channel::<()>();
    tokio::task::spawn_blocking(move || is_dropped.recv());
    busy
}

fn is_waiting(ending: &mut Ending) -> bool {
    ending.now_or_never().is_none()
}

async fn soon(ending: Ending<'_>) -> Result<usize, NotEnded> {
    timeout(PATIENCE, ending).await.expect("the answer comes")
}
