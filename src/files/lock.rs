//! Locks, held against every task of this process and against every other process. Whoever waits for one
//! holds no thread: whoever has it may need one to go on.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use tokio::time::{sleep, timeout};

use super::disk::{How, OpenFile};
use super::{Folder, blocking};
use crate::mutex;

/// How long somebody waits before being told that it cannot be done now. What is done under a lock takes
/// milliseconds; only a process that hangs holds one for longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long until another process is asked again whether it still has the lock.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// Locks that are remembered before those that nobody holds are forgotten.
const REMEMBERED: usize = 1024;

/// Shared: several at once. Exclusive: one, and no shared ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// For those who may go on beside each other.
    Shared,
    /// For whoever must be alone.
    Exclusive,
}

/// Locks as files of a folder, one for each name. The files stay.
#[derive(Debug)]
pub struct Locks {
    folder: Folder,
    /// Who of this process is next; only one of them asks the other processes.
    here: Mutex<HashMap<String, Weak<RwLock<()>>>>,
}

/// A lock, held until it is dropped.
pub struct Lock {
    /// First, so that other processes are let in before the next one here asks.
    _file: Box<dyn OpenFile>,
    _here: Here,
}

#[expect(dead_code, reason = "a guard is held, not read")]
enum Here {
    Shared(OwnedRwLockReadGuard<()>),
    Exclusive(OwnedRwLockWriteGuard<()>),
}

impl Locks {
    /// Locks in `folder`, which is made where it is missing.
    #[must_use]
    pub fn in_folder(folder: Folder) -> Self {
        Self { folder, here: Mutex::default() }
    }

    /// Waits for the lock `name`.
    ///
    /// # Errors
    /// When the disk fails, or somebody has held it for ten seconds.
    pub async fn take(&self, name: &str, kind: LockKind) -> io::Result<Lock> {
        let taken = timeout(PATIENCE, async {
            let here = self.here(name);
            let here = match kind {
                LockKind::Shared => Here::Shared(here.read_owned().await),
                LockKind::Exclusive => Here::Exclusive(here.write_owned().await),
            };
            loop {
                let (folder, name) = (self.folder.clone(), name.to_owned());
                if let Some(file) = blocking(move || try_lock(&folder, &name, kind)).await? {
                    return Ok(Lock { _file: file, _here: here });
                }
                sleep(ASK_AGAIN_AFTER).await;
            }
        });
        taken.await.unwrap_or_else(|_| Err(io::Error::new(ErrorKind::TimedOut, "somebody holds the lock")))
    }

    fn here(&self, name: &str) -> Arc<RwLock<()>> {
        let mut here = mutex::lock(&self.here);
        if let Some(lock) = here.get(name).and_then(Weak::upgrade) {
            return lock;
        }
        if here.len() >= REMEMBERED {
            here.retain(|_, lock| lock.strong_count() > 0);
        }
        let lock = Arc::default();
        here.insert(name.to_owned(), Arc::downgrade(&lock));
        lock
    }
}

impl Folder {
    /// Locks the file `name`, which is made where it is missing, against every other taker in any process
    /// until it is dropped; `None` when somebody has it.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn try_lock(&self, name: &str) -> io::Result<Option<impl Send + Sync + use<>>> {
        try_lock(self, name, LockKind::Exclusive)
    }
}

/// The locked file, unless another process has it locked.
fn try_lock(folder: &Folder, name: &str, kind: LockKind) -> io::Result<Option<Box<dyn OpenFile>>> {
    let file = folder.open_or_make_folder(name, How::Lock)?;
    Ok(file.try_lock(kind)?.then_some(file))
}
