//! A disk on which fsyncs of folders are counted, held up and made to fail, each folder's for itself, and which can
//! keep a file. Where nobody says otherwise everything is done at once.

use std::collections::{HashMap, HashSet};
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use exeunt::clock::Timestamp;
use exeunt::files::disk::{Disk, Entries, How, Metadata, OpenFile};
use exeunt::files::{LockKind, OsDisk};
use rustix::io::Errno;

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct HeldDisk(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    folders: HashMap<PathBuf, Fsyncs>,
    kept: HashSet<PathBuf>,
}

/// Those of one folder.
#[derive(Clone, Copy, Debug, Default)]
struct Fsyncs {
    begun: usize,
    done: usize,
    /// How many may be done; all, where it does not say.
    let_go: Option<usize>,
    next: Next,
}

/// What becomes of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Next {
    #[default]
    Succeeds,
    Fails,
    Panics,
}

impl HeldDisk {
    /// Holds up all further fsyncs of the folder.
    pub fn holds(&self, folder: &Path) {
        self.change(folder, |fsyncs| fsyncs.let_go = Some(fsyncs.done));
    }

    /// Lets one of those go, or the next one.
    pub fn lets_one_go(&self, folder: &Path) {
        self.change(folder, |fsyncs| *fsyncs.let_go.as_mut().expect("it is held") += 1);
    }

    pub fn lets_go(&self, folder: &Path) {
        self.change(folder, |fsyncs| fsyncs.let_go = None);
    }

    /// Says what becomes of the next one that is done.
    pub fn next(&self, folder: &Path, next: Next) {
        self.change(folder, |fsyncs| fsyncs.next = next);
    }

    /// Lets nobody remove the file.
    pub fn keeps(&self, file: &Path) {
        self.lock().kept.insert(file.to_owned());
    }

    /// Waits until so many have begun.
    pub fn has_begun(&self, folder: &Path, number: usize) {
        let few = |state: &mut State| state.folders.get(folder).map_or(0, |fsyncs| fsyncs.begun) < number;
        let waited = self.0.1.wait_timeout_while(self.lock(), PATIENCE, few).unwrap().1;
        assert!(!waited.timed_out(), "fewer than {number} fsyncs begin");
    }

    /// How many were done, or failed.
    pub fn fsyncs(&self, folder: &Path) -> usize {
        self.lock().folders.get(folder).map_or(0, |fsyncs| fsyncs.done)
    }

    fn change(&self, folder: &Path, change: impl FnOnce(&mut Fsyncs)) {
        change(self.lock().folders.entry(folder.to_owned()).or_default());
        self.0.1.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().expect("nothing panics while it counts")
    }

    fn sync(&self, folder: &Path) -> io::Result<()> {
        self.change(folder, |fsyncs| fsyncs.begun += 1);
        let is_held = |state: &mut State| {
            let fsyncs = &state.folders[folder];
            fsyncs.let_go.is_some_and(|let_go| let_go <= fsyncs.done)
        };
        // A test that has failed lets go of nothing, and waits for its threads.
        let mut state = self.0.1.wait_timeout_while(self.lock(), 2 * PATIENCE, is_held).unwrap().0;
        let fsyncs = state.folders.get_mut(folder).expect("it has begun");
        fsyncs.done += 1;
        let next = mem::take(&mut fsyncs.next);
        drop(state);
        assert_ne!(next, Next::Panics, "panicking on purpose");
        if next == Next::Fails { Err(Errno::IO.into()) } else { Ok(()) }
    }
}

impl Disk for HeldDisk {
    fn open(&self, path: &Path, how: How) -> io::Result<Box<dyn OpenFile>> {
        let file = OsDisk.open(path, how)?;
        if how != How::Folder {
            return Ok(file);
        }
        Ok(Box::new(HeldFolder { disk: self.clone(), path: path.to_owned(), inner: file }))
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        OsDisk.make_folder(path)
    }

    fn close_to_others(&self, path: &Path) -> io::Result<()> {
        OsDisk.close_to_others(path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        if self.lock().kept.contains(path) { Err(Errno::IO.into()) } else { OsDisk.remove_file(path) }
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        OsDisk.remove_folder(path)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        OsDisk.link(from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        OsDisk.rename(from, to)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        OsDisk.metadata(path)
    }

    fn entries(&self, path: &Path) -> io::Result<Entries> {
        OsDisk.entries(path)
    }
}

struct HeldFolder {
    disk: HeldDisk,
    path: PathBuf,
    inner: Box<dyn OpenFile>,
}

impl OpenFile for HeldFolder {
    fn metadata(&self) -> io::Result<Metadata> {
        self.inner.metadata()
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
        self.inner.read_at(offset, bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn set_modified(&self, modified: Timestamp) -> io::Result<()> {
        self.inner.set_modified(modified)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.sync(&self.path)
    }

    fn try_lock(&self, kind: LockKind) -> io::Result<bool> {
        self.inner.try_lock(kind)
    }
}
