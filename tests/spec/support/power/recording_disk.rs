//! The disk of this machine, recorded: after each call that changes something, what is durable and what
//! is not. It passes every call on, and can be told to fail as disks do, or to stop as a process does that
//! is killed.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use exeunt::clock::{Clock, Timestamp};
use exeunt::files::disk::{Disk, Entries, How, Metadata, OpenFile};
use exeunt::files::{LockKind, OsDisk};

use super::platter::{Ino, Platter, Renaming, Version};

/// Clones are the same disk.
#[derive(Clone, Debug)]
pub struct RecordingDisk {
    root: PathBuf,
    /// Files are as old as the test's clock says.
    clock: Clock,
    recording: Arc<Mutex<Recording>>,
}

#[derive(Debug)]
struct Recording {
    platter: Platter,
    points: Vec<Point>,
    fault: Option<Fault>,
    /// Changes that are still made before the process is killed.
    killed_after: Option<usize>,
}

/// A moment at which the power may go.
#[derive(Clone, Debug)]
pub struct Point {
    /// What was done last.
    pub after: String,
    pub platter: Platter,
}

/// What a disk may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No file is removed.
    KeepsFiles,
    /// No folder is opened.
    OpensNoFolder,
    /// No folder is synced.
    SyncsNoFolder,
}

impl RecordingDisk {
    /// Everything below `root` is durable now.
    pub fn over(root: &Path, clock: Clock) -> Self {
        let platter = Platter::of(root);
        let recording = Recording { platter, points: Vec::new(), fault: None, killed_after: None };
        Self { root: root.to_owned(), clock, recording: Arc::new(Mutex::new(recording)) }
    }

    /// How it is now.
    pub fn now(&self, after: &str) -> Point {
        Point { after: after.to_owned(), platter: self.lock().platter.clone() }
    }

    /// The points since it was asked last.
    pub fn take_points(&self) -> Vec<Point> {
        std::mem::take(&mut self.lock().points)
    }

    pub fn fails(&self, fault: Option<Fault>) {
        self.lock().fault = fault;
    }

    /// Kills the process that is at work on it, `changes` from now, and lets the next one work with `None`.
    pub fn kills_after(&self, changes: Option<usize>) {
        self.lock().killed_after = changes;
    }

    pub fn was_killed(&self) -> bool {
        self.lock().killed_after == Some(0)
    }

    /// Nothing happens between a call and what is written down of it.
    fn lock(&self) -> MutexGuard<'_, Recording> {
        self.recording.lock().unwrap()
    }

    fn below<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or_else(|_| panic!("{} is none of ours", path.display()))
    }

    /// The folder that the path is in, and its name there.
    fn place(&self, recording: &Recording, path: &Path) -> (Ino, OsString) {
        let path = self.below(path);
        let folder = recording.platter.find(path.parent().expect("not the data folder"));
        (folder.expect("the folder is known"), path.file_name().expect("a name").to_owned())
    }
}

impl Recording {
    fn alive(&self) -> io::Result<()> {
        if self.killed_after == Some(0) { Err(io::Error::other("the process was killed")) } else { Ok(()) }
    }

    fn faultless(&self, fault: Fault) -> io::Result<()> {
        if self.fault == Some(fault) { Err(io::Error::other("broken on purpose")) } else { Ok(()) }
    }

    fn note(&mut self, what: &str, path: &Path) {
        if let Some(left) = &mut self.killed_after {
            *left -= 1;
        }
        let after = format!("{what} {}", path.display());
        self.points.push(Point { after, platter: self.platter.clone() });
    }
}

impl Disk for RecordingDisk {
    fn open(&self, path: &Path, how: How) -> io::Result<Box<dyn OpenFile>> {
        let mut recording = self.lock();
        recording.alive()?;
        if how == How::Folder {
            recording.faultless(Fault::OpensNoFolder)?;
        }
        let inner = OsDisk.open(path, how)?;
        let found = recording.platter.find(self.below(path));
        let now = self.clock.now();
        let ino = match found {
            Some(ino) => ino,
            None => {
                let (folder, name) = self.place(&recording, path);
                let ino = recording.platter.add_file(now.as_second());
                recording.platter.rename(folder, Renaming::Added(name, ino));
                inner.set_modified(now)?;
                recording.note("making", self.below(path));
                ino
            }
        };
        if how == How::Empty {
            recording.platter.change(ino, Version { bytes: Vec::new(), modified: now.as_second() });
            inner.set_modified(now)?;
            recording.note("emptying", self.below(path));
        }
        let path = self.below(path).to_owned();
        Ok(Box::new(RecordedFile { disk: self.clone(), path, ino, is_folder: how == How::Folder, inner }))
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        let mut recording = self.lock();
        recording.alive()?;
        OsDisk.make_folder(path)?;
        let (above, name) = self.place(&recording, path);
        let ino = recording.platter.add_folder();
        recording.platter.rename(above, Renaming::Added(name, ino));
        recording.note("making the folder", self.below(path));
        Ok(())
    }

    fn close_to_others(&self, path: &Path) -> io::Result<()> {
        self.lock().alive()?;
        OsDisk.close_to_others(path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut recording = self.lock();
        recording.alive()?;
        recording.faultless(Fault::KeepsFiles)?;
        OsDisk.remove_file(path)?;
        let (folder, name) = self.place(&recording, path);
        recording.platter.rename(folder, Renaming::Removed(name));
        recording.note("removing", self.below(path));
        Ok(())
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        let mut recording = self.lock();
        recording.alive()?;
        OsDisk.remove_folder(path)?;
        let (above, name) = self.place(&recording, path);
        recording.platter.rename(above, Renaming::Removed(name));
        recording.note("removing the folder", self.below(path));
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut recording = self.lock();
        recording.alive()?;
        OsDisk.link(from, to)?;
        let ino = recording.platter.find(self.below(from)).expect("the file is known");
        let (folder, name) = self.place(&recording, to);
        recording.platter.rename(folder, Renaming::Added(name, ino));
        recording.note("linking", self.below(to));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut recording = self.lock();
        recording.alive()?;
        OsDisk.rename(from, to)?;
        let ino = recording.platter.find(self.below(from)).expect("the file is known");
        let ((above, old), (folder, new)) = (self.place(&recording, from), self.place(&recording, to));
        assert_eq!(above, folder, "between two folders the model knows of no order");
        recording.platter.rename(folder, Renaming::Moved { from: old, to: new, ino });
        recording.note("renaming to", self.below(to));
        Ok(())
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.lock().alive()?;
        OsDisk.metadata(path)
    }

    fn entries(&self, path: &Path) -> io::Result<Entries> {
        self.lock().alive()?;
        OsDisk.entries(path)
    }
}

struct RecordedFile {
    disk: RecordingDisk,
    /// What it was called when it was opened.
    path: PathBuf,
    ino: Ino,
    is_folder: bool,
    inner: Box<dyn OpenFile>,
}

impl OpenFile for RecordedFile {
    fn metadata(&self) -> io::Result<Metadata> {
        self.inner.metadata()
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
        self.inner.read_at(offset, bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut recording = self.disk.lock();
        recording.alive()?;
        let written = self.inner.write(bytes)?;
        let now = self.disk.clock.now();
        self.inner.set_modified(now)?;
        let mut version = recording.platter.version(self.ino);
        version.bytes.extend_from_slice(&bytes[..written]);
        recording.platter.change(self.ino, Version { modified: now.as_second(), ..version });
        recording.note("writing", &self.path);
        Ok(written)
    }

    fn set_modified(&self, modified: Timestamp) -> io::Result<()> {
        let mut recording = self.disk.lock();
        recording.alive()?;
        self.inner.set_modified(modified)?;
        let version = recording.platter.version(self.ino);
        recording.platter.change(self.ino, Version { modified: modified.as_second(), ..version });
        recording.note("dating", &self.path);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut recording = self.disk.lock();
        recording.alive()?;
        if self.is_folder {
            recording.faultless(Fault::SyncsNoFolder)?;
        }
        self.inner.sync()?;
        recording.platter.sync(self.ino);
        recording.note("syncing", &self.path);
        Ok(())
    }

    fn try_lock(&self, kind: LockKind) -> io::Result<bool> {
        self.disk.lock().alive()?;
        self.inner.try_lock(kind)
    }
}
