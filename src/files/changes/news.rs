//! Folders that Linux watches, and its news of them: inotify(7). It never asks the disk for anything, but to begin.

use std::fs;
use std::hash::Hash;
use std::io;
use std::mem::MaybeUninit;
use std::path::{self, Path};
use std::sync::Arc;

use foldhash::HashMap;
use rustix::fd::OwnedFd;
use rustix::fs::inotify::{self, CreateFlags, Event, ReadFlags, Reader, WatchFlags};
use rustix::io::{Errno, ioctl_fionread};

use super::{KeyOf, Moment, Moments};

/// A folder, as the kernel knows it.
type Mark = i32;

/// In a folder: whatever files are there, what is in them and when they were changed. That one was opened is no news.
const FILES: WatchFlags = PLAIN
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVE)
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::ATTRIB);

/// In the root: a folder that is removed while somebody has it open says so itself only when it is closed. And who may
/// look into which.
const FOLDERS: WatchFlags = ABOVE.union(WatchFlags::DELETE).union(WatchFlags::MOVE).union(WatchFlags::ATTRIB);

/// Of a folder above: that paths lead elsewhere now.
const ABOVE: WatchFlags = PLAIN.union(WatchFlags::MOVE_SELF);

const PLAIN: WatchFlags = WatchFlags::ONLYDIR.union(WatchFlags::DONT_FOLLOW);

/// Folders watched at once. The kernel needs a kilobyte for each.
const MOST: usize = 16_384;

/// A part of the watches that one may have: browsers that listen need others.
const PART: usize = 4;

/// Bytes of news that are read at once; each is 16 and a file's name.
const AT_ONCE: usize = 4096;

#[derive(Debug)]
pub struct System<K> {
    inotify: Arc<OwnedFd>,
    folders: HashMap<K, (Mark, Moment)>,
    keys: HashMap<Mark, K>,
    most: usize,
    root: Root,
    key_of: KeyOf<K>,
    /// The folders that the root is in.
    above: Vec<Mark>,
    /// While somebody begins to watch something: what there was news of that nobody watched yet.
    early: Option<Vec<Early<K>>>,
}

/// The folder that all are in, and which one that is on the disk.
#[derive(Clone, Copy, Debug)]
struct Root {
    mark: Mark,
    inode: (u64, u64),
}

#[derive(Debug, PartialEq, Eq)]
enum Early<K> {
    Mark(Mark),
    Key(K),
}

/// A folder is about to be watched.
pub struct Beginning {
    inotify: Arc<OwnedFd>,
    root: Root,
}

impl Beginning {
    /// Asks the disk for the folder.
    pub fn watch(&self, folder: &Path) -> io::Result<Mark> {
        Ok(inotify::add_watch(&*self.inotify, folder, FILES)?)
    }

    /// Whether the path of the root still leads to it.
    pub fn is_at(&self, root: &Path) -> io::Result<bool> {
        Ok(inode(root)? == self.root.inode)
    }
}

impl<K: Copy + Eq + Hash> System<K> {
    /// Watches `root` and every folder that it is in.
    pub fn of(root: &Path, key_of: KeyOf<K>) -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        let root = path::absolute(root)?;
        let watch = |folder: &Path, what| inotify::add_watch(&inotify, folder, what).map_err(unwatched);
        let above: Vec<_> = root.ancestors().skip(1).collect();
        // From the top: whatever moves has moved before what is in it is watched, or there is news of it.
        let above = above.into_iter().rev().map(|folder| watch(folder, ABOVE)).collect::<Result<_, _>>()?;
        let mark = watch(&root, FOLDERS)?;
        let root = Root { mark, inode: inode(&root)? };
        let (folders, keys, early) = Default::default();
        Ok(Self { inotify: Arc::new(inotify), folders, keys, most: most()?, root, key_of, above, early })
    }

    /// Whether no more folders are to be watched beside these: then all is begun anew, which is rare, and cheaper than
    /// to know which is needed least.
    pub fn is_full(&self) -> bool {
        self.folders.len() >= self.most
    }

    /// The moment of a folder, as of the last news.
    pub fn moment(&self, key: K) -> Option<Moment> {
        self.folders.get(&key).map(|&(_, moment)| moment)
    }

    /// Takes note of what there is news of too early, until that has ended.
    pub fn beginning(&mut self) -> Beginning {
        self.early = Some(Vec::new());
        Beginning { inotify: Arc::clone(&self.inotify), root: self.root }
    }

    /// The folder is watched, unless it may be another by now, or all was begun anew meanwhile.
    pub fn begun(&mut self, beginning: &Beginning, mark: Mark, key: K, now: Moment) {
        let early = self.early.as_deref().unwrap_or_default();
        let may_be_another = [Early::Mark(mark), Early::Key(key)].iter().any(|news| early.contains(news));
        if Arc::ptr_eq(&self.inotify, &beginning.inotify) && !may_be_another {
            self.keys.insert(mark, key);
            self.folders.insert(key, (mark, now));
        }
    }

    /// Whoever began to watch something has done so, or could not.
    pub fn has_begun(&mut self) {
        self.early = None;
    }

    /// Learns whatever has happened so far.
    ///
    /// # Errors
    /// When nobody can know: news were lost, a path leads elsewhere now, or the kernel does not answer.
    pub fn follow(&mut self, moments: &mut Moments) -> io::Result<()> {
        // Most often there is nothing, and then this is cheaper than to read.
        if ioctl_fionread(&*self.inotify)? == 0 {
            return Ok(());
        }
        let inotify = Arc::clone(&self.inotify);
        let mut bytes = [MaybeUninit::uninit(); AT_ONCE];
        let mut news = Reader::new(&*inotify, &mut bytes);
        loop {
            match news.next() {
                Ok(event) if self.is_fatal(&event) => {
                    return Err(io::Error::other("nobody knows what has changed"));
                }
                Ok(event) if event.wd() == self.root.mark => self.changed_in_root(&event),
                Ok(event) => self.changed(&event, moments),
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn is_fatal(&self, event: &Event<'_>) -> bool {
        // Without a name it is of the root itself.
        event.events().contains(ReadFlags::QUEUE_OVERFLOW)
            || self.above.contains(&event.wd())
            || (event.wd() == self.root.mark && event.file_name().is_none())
    }

    fn changed_in_root(&mut self, event: &Event<'_>) {
        let name = event.file_name().and_then(|name| name.to_str().ok());
        let Some(key) = name.and_then(self.key_of) else { return };
        self.forget(key);
        self.early.iter_mut().for_each(|early| early.push(Early::Key(key)));
    }

    fn changed(&mut self, event: &Event<'_>, moments: &mut Moments) {
        let mark = event.wd();
        match self.keys.get(&mark) {
            None => self.early.iter_mut().for_each(|early| early.push(Early::Mark(mark))),
            Some(&key) if event.events().contains(ReadFlags::IGNORED) => self.forget(key),
            Some(&key) => drop(self.folders.insert(key, (mark, moments.next()))),
        }
    }

    fn forget(&mut self, key: K) {
        if let Some((mark, _)) = self.folders.remove(&key) {
            self.keys.remove(&mark);
            // It may be watched no more already.
            let _ = inotify::remove_watch(&*self.inotify, mark);
        }
    }
}

/// How many folders may be watched here.
fn most() -> io::Result<usize> {
    let watches = fs::read_to_string("/proc/sys/fs/inotify/max_user_watches")?;
    let watches: usize = watches.trim().parse().map_err(io::Error::other)?;
    Ok(MOST.min(watches / PART))
}

/// Where a folder's path has a link in it, the folder that the link is in would have to be watched.
fn unwatched(errno: Errno) -> io::Error {
    if errno == Errno::NOTDIR { io::Error::other("a link leads there") } else { errno.into() }
}

/// The file system, and the folder's number there.
fn inode(folder: &Path) -> io::Result<(u64, u64)> {
    let found = rustix::fs::stat(folder)?;
    Ok((found.st_dev, found.st_ino))
}
