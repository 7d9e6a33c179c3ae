//! The disk. Nothing else touches it, and what a function here has answered is on it: every change is
//! fsynced, file and folder, before the call returns. It never opens a link in a file's place, and never
//! waits on a pipe.
//!
//! A [`Folder`]'s methods block; [`blocking`] takes them to a thread that may. Waiting for a lock holds no
//! thread.

mod folder;
mod lock;
mod writing;

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

pub use folder::{Contents, Folder, NotRemoved};
pub use lock::{Lock, LockKind, Locks};

/// Only the program's own account may look inside.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// Does work that blocks on one of the threads that are there for the disk.
///
/// # Panics
/// When the work does.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("BUG: work on the disk does not panic")
}

/// Opens without following a link in the last place; new files are ours alone under any umask.
fn open(path: &Path, flags: OFlags) -> Result<File, Errno> {
    let mode = Mode::from_raw_mode(FILE_MODE);
    let file = rustix::fs::open(path, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, mode)?;
    if flags.contains(OFlags::CREATE) {
        rustix::fs::fchmod(&file, mode)?;
    }
    Ok(file.into())
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Nothing of that name, or something that no file of ours is.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory)
}
