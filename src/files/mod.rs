//! The disk. Nothing else touches it, and what a function here has answered is on it: a change is fsynced,
//! file and folder, before the call returns, unless it says that it need not be. It never opens a link in a file's place, and never
//! waits on a pipe.
//!
//! A [`Folder`]'s methods block; [`blocking`] takes them to a thread that may. Waiting for a lock holds no
//! thread. All of it, but for names of sockets and news of folders, goes through a [`Disk`](disk::Disk), which is the
//! operating system's but for tests that break it.

mod at_once;
pub mod disk;
mod os_disk;

mod appending;
mod changes;
mod folder;
mod guard;
mod lock;
mod reading;
mod removals;
mod removing;
mod socket;
mod watching;
mod writing;

use std::io::{self, ErrorKind};

use rustix::io::Errno;

pub use appending::Lines;
pub use changes::{Changes, Moment};
pub use folder::Folder;
pub use guard::Exposed;
pub use lock::{Lock, LockKind, Locks};
pub use os_disk::OsDisk;
pub use reading::Contents;
pub use removals::Removals;
pub use removing::NotRemoved;
pub use socket::{SocketName, listen_at};
pub use watching::{Watcher, Watching};

/// Does work that blocks on one of the threads that are there for the disk.
///
/// # Panics
/// When the work does.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("BUG: work on the disk does not panic")
}

/// Nothing of that name, or something that no file of ours is, such as a link that leads nowhere.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory)
        || Errno::from_io_error(error) == Some(Errno::LOOP)
}
