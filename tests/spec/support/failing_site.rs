//! A site whose disk fails at each call of an act in turn, in every way there is. What was tried is printed:
//! how many calls the act makes, and in how many cases it went through.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use exeunt::actions::finish_endings;
use exeunt::app::Stores;
use exeunt::clock::{Clock, SignedDuration};
use exeunt::files::Folder;
use tokio::time::timeout;

use super::disk::names_in;
use super::failing_disk::{Call, FailingDisk, Trouble};
use super::panics::{notice_panics, panics_noticed};
use super::world::World;

/// Beyond this many calls, an act is reading many files one by one, and only the first and the last call of
/// each kind are tried.
const MANY: usize = 80;

/// Longer than anybody waits for a lock.
const PATIENCE: Duration = Duration::from_secs(30);

/// A site, and its disk.
pub struct FailingSite {
    pub world: World,
    pub disk: FailingDisk,
}

impl FailingSite {
    /// With an account for alice.
    pub async fn of_alice() -> Self {
        let site = Self::empty().await;
        Self { world: site.world.with_account("alice").await, ..site }
    }

    /// Without any account.
    pub async fn empty() -> Self {
        notice_panics();
        let disk = FailingDisk::default();
        Self { world: World::on(disk.clone()).await, disk }
    }

    /// Goes through an act once for each call that it makes and each trouble that can begin there. `before`
    /// is done while the disk is well; after the act, `then` finds it still in trouble.
    pub async fn in_every_way<S, A>(
        &self,
        act: &str,
        before: impl AsyncFn() -> S,
        does: impl AsyncFn(&mut S) -> A,
        then: impl AsyncFn(S, A),
    ) {
        let tried = async |trouble: Option<(Trouble, usize)>| {
            let _case = Case(format!("{act}: {trouble:?}"));
            timeout(PATIENCE, async {
                let mut state = before().await;
                match trouble {
                    Some((trouble, first)) => self.disk.gets(trouble, first),
                    None => self.disk.counts(),
                }
                let came_of_it = does(&mut state).await;
                let calls = self.disk.calls();
                then(state, came_of_it).await;
                self.disk.mends();
                calls
            })
            .await
            .expect("nobody waits for ever")
        };
        let calls = tried(None).await;
        assert!(!calls.is_empty(), "{act} asks nothing of the disk: nothing can fail");
        let mut cases = 0;
        for first in worth_trying(&calls) {
            for trouble in Trouble::ALL {
                tried(Some((trouble, first))).await;
                cases += 1;
            }
            // Whatever is done about the first failure may fail as well.
            if calls.len() < MANY {
                for gap in 1.. {
                    let made = tried(Some((Trouble::Twice(gap), first))).await.len();
                    cases += 1;
                    if first + gap >= made {
                        break;
                    }
                }
            }
        }
        assert_eq!(panics_noticed(), Vec::<String>::new());
        println!("{act}: {} calls, {cases} cases", calls.len());
    }

    /// The disk is well again, and what could not be ended has been tried once more.
    pub async fn recovers(&self) {
        self.disk.mends();
        assert_eq!(finish_endings(self.world.app()).await, 0, "nothing keeps a session on this disk now");
    }

    /// Every session file, in order.
    pub fn sessions(&self) -> BTreeSet<PathBuf> {
        self.world.session_files().into_iter().collect()
    }

    /// Removes every session and its folder behind the program's back.
    pub fn forgets_everybody(&self) {
        let sessions = self.world.data().join("sessions");
        for account in names_in(&sessions).iter().filter(|name| !name.starts_with('.')) {
            fs::remove_dir_all(sessions.join(account)).unwrap();
        }
    }

    /// Removes an account in the same way.
    pub fn forgets(&self, name: &str) {
        let _ = fs::remove_file(self.world.data().join("accounts").join(name));
    }

    /// A sweep after an hour finds nothing half written, or removes it.
    pub async fn leaves_nothing_half_written(&self) {
        let later = Clock::system().now() + SignedDuration::from_hours(2);
        let stores = Stores::files(&Folder::at(self.world.data())).expect("the stores open");
        stores.accounts.sweep(later).await.expect("the disk is well");
        let left = names_in(&self.world.data().join("accounts"));
        assert!(!left.iter().any(|name| name.starts_with(".tmp-")), "{left:?}");
    }
}

fn worth_trying(calls: &[Call]) -> Vec<usize> {
    let is_edge = |at: usize| {
        let is_same = |other: &Call| *other == calls[at];
        !calls[..at].iter().any(is_same) || !calls[at + 1..].iter().any(is_same)
    };
    (0..calls.len()).filter(|&at| calls.len() < MANY || is_edge(at)).collect()
}

/// Said when a test fails: which case it was.
struct Case(String);

impl Drop for Case {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("in the case {}", self.0);
        }
    }
}
