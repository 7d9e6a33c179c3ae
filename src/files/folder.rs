//! A folder of small files: where it is, and what is in it.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::{Disk, How, Kind};
use super::os_disk::{FOLDER_MODE, OsDisk};
use super::{blocking, is_absence};

/// A folder of small files. Its methods take the file's name, or with a slash between that of a file in a
/// folder of it; never a path from outside.
#[derive(Clone, Debug)]
pub struct Folder {
    pub(super) disk: Arc<dyn Disk>,
    path: PathBuf,
    /// How many of the folders above are ours to make.
    depth: usize,
}

impl Folder {
    /// The folder at `path`, which need not exist yet; the one above it does.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self::on(Arc::new(OsDisk), path)
    }

    /// The same, on a disk of the caller's choice.
    #[must_use]
    pub fn on(disk: Arc<dyn Disk>, path: impl Into<PathBuf>) -> Self {
        Self { disk, path: path.into(), depth: 0 }
    }

    /// The folder `name` inside this one.
    #[must_use]
    pub fn folder(&self, name: &str) -> Self {
        Self { disk: Arc::clone(&self.disk), path: self.path.join(name), depth: self.depth + 1 }
    }

    /// Does `work` in it, on one of the threads that are there for the disk.
    ///
    /// # Panics
    /// When the work does.
    pub async fn blocking<T, W>(&self, work: W) -> T
    where
        T: Send + 'static,
        W: FnOnce(Self) -> T + Send + 'static,
    {
        let folder = self.clone();
        blocking(move || work(folder)).await
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the file `name` is.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The folder that this one is in.
    fn above(&self) -> Self {
        let path = match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        Self { disk: Arc::clone(&self.disk), path: path.to_owned(), depth: self.depth.saturating_sub(1) }
    }

    /// Whether this machine's kernel tells of all that changes in it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.disk.is_local(&self.path)
    }

    /// Whether there is such a folder.
    #[must_use]
    pub fn exists(&self) -> bool {
        // What follows a link in the last place, as `--data` may be one.
        self.disk.metadata(&self.path.join(".")).is_ok_and(|found| found.kind == Kind::Folder)
    }

    /// Makes the folder where it is missing, and closes it to other accounts of the machine, whatever
    /// the umask. When this has answered, a power cut keeps it.
    ///
    /// # Errors
    /// When it cannot be made, belongs to somebody else, or is removed at this moment.
    pub fn ensure(&self) -> io::Result<()> {
        self.make()?;
        // Where it is there already, whoever made it may have been killed before its fsync.
        self.above().sync()
    }

    /// Makes the folder, and those of ours above it, where they are missing. The one above has to be
    /// fsynced then.
    pub(super) fn make(&self) -> io::Result<()> {
        match self.disk.make_folder(&self.path) {
            Ok(()) => self.disk.close_to_others(&self.path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => self.tighten(),
            Err(error) if error.kind() == ErrorKind::NotFound && self.depth > 0 => {
                self.above().ensure()?;
                self.make()
            }
            Err(error) => Err(error),
        }
    }

    fn tighten(&self) -> io::Result<()> {
        if self.disk.metadata(&self.path.join("."))?.mode != FOLDER_MODE {
            self.disk.close_to_others(&self.path)?;
        }
        Ok(())
    }

    /// Returns once every name that is in it, or no longer is, is so on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.disk.open(&self.path, How::Folder)?.sync()
    }

    /// The same for the folder above, in which this one may be new.
    pub(super) fn sync_above(&self) -> io::Result<()> {
        self.above().sync()
    }

    /// What is in it, in no order, read as it is asked for, but for names that begin with a dot. A name
    /// that is not text is shown as well as it can be, and is no file of ours. Empty when there is no
    /// folder.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn entries(&self) -> io::Result<impl Iterator<Item = io::Result<(String, Kind)>>> {
        let entries = match self.disk.entries(&self.path) {
            Ok(entries) => Some(entries),
            Err(error) if is_absence(&error) => None,
            Err(error) => return Err(error),
        };
        Ok(entries.into_iter().flatten().filter_map(|entry| match entry {
            Ok(entry) => match entry.name.into_string() {
                Ok(name) => (!name.starts_with('.')).then_some(Ok((name, entry.kind))),
                Err(name) => Some(Ok((name.to_string_lossy().into_owned(), Kind::Other))),
            },
            // Gone between its name and its kind.
            Err(error) if is_absence(&error) => None,
            Err(error) => Some(Err(error)),
        }))
    }

    /// The names of the plain files in it.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn files(&self) -> io::Result<Vec<String>> {
        let files = self.entries()?.filter_map(|entry| match entry {
            Ok((name, Kind::File)) => Some(Ok(name)),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        });
        files.collect()
    }
}
