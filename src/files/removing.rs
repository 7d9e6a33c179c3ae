//! Removing files and folders: for good, so that a power cut shows nothing of them, or for now.

use std::io::{self, ErrorKind};

use super::disk::{How, Kind};
use super::writing::TEMPORARY;
use super::{Folder, is_absence};
use crate::clock::{SignedDuration, Timestamp};

/// A temporary file older than this was left by a crash.
const LEFT_OVER_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// What [`Folder::remove`] could not do.
#[derive(Debug)]
pub struct NotRemoved {
    /// The names that may still be there.
    pub names: Vec<String>,
    /// The last thing that went wrong.
    pub source: io::Error,
}

impl Folder {
    /// Removes files, and answers how many were there. What is gone already is success, and is fsynced
    /// all the same: whoever unlinked it a moment ago may not have come that far.
    ///
    /// # Errors
    /// [`NotRemoved`] names those that a power cut could still show, all others being gone for good.
    pub fn remove(&self, names: &[String]) -> Result<usize, NotRemoved> {
        told(names, self.unlink_for_good(names))
    }

    /// The same for what must never again be taken for what it was: a file that keeps its name loses its
    /// content.
    ///
    /// # Errors
    /// As those of [`Folder::remove`].
    pub fn remove_or_empty(&self, names: &[String]) -> Result<usize, NotRemoved> {
        self.remove(names).inspect_err(|kept| self.empty_all(kept))
    }

    /// The same for several who ask at once, with one fsync for all of them. Each is told of their own, and all where
    /// that fails: another one could succeed without having made good for it.
    pub(super) fn remove_together(&self, asked: &[Vec<String>]) -> Vec<Result<usize, NotRemoved>> {
        let mut unlinked = self.unlink_for_good(asked.iter().flatten()).map(Vec::into_iter);
        let removed = asked.iter().map(|names| match &mut unlinked {
            Ok(unlinked) => told(names, Ok(unlinked.take(names.len()))),
            Err(error) => told(names, Err::<[_; 0], _>(alike(error))),
        });
        removed.map(|removed| removed.inspect_err(|kept| self.empty_all(kept))).collect()
    }

    /// Unlinks files so that no power cut brings back those that could be, and answers for each whether it was there.
    fn unlink_for_good<'a>(
        &self,
        names: impl IntoIterator<Item = &'a String>,
    ) -> io::Result<Vec<io::Result<bool>>> {
        let names = names.into_iter();
        // Opened first: where a sweep removes the folder meanwhile, this is still the one that held them.
        let folder = match self.disk.open(self.path(), How::Folder) {
            Ok(folder) => folder,
            // A folder is removed only once it is on disk that nothing is in it. That it is removed may not
            // be on disk yet.
            Err(error) if is_absence(&error) => {
                return match self.sync_above() {
                    Err(error) if !is_absence(&error) => Err(error),
                    _ => Ok(names.map(|_| Ok(false)).collect()),
                };
            }
            Err(error) => return Err(error),
        };
        let unlinked = names.map(|name| self.unlink(name)).collect();
        folder.sync()?;
        if !self.exists() {
            // A sweep took it away meanwhile, before that was on disk.
            self.sync_above()?;
        }
        Ok(unlinked)
    }

    /// Removes a file that may as well be there: a power cut can bring it back. What is gone already is
    /// success.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove_for_now(&self, name: &str) -> io::Result<()> {
        self.unlink(name).map(drop)
    }

    /// Takes a file's name away; `false` when nothing has it.
    fn unlink(&self, name: &str) -> io::Result<bool> {
        let path = self.file(name);
        match self.disk.remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if is_absence(&error) => Ok(false),
            // A disk that takes no change says so before it looks whether there is anything to remove.
            Err(error) => match self.disk.metadata(&path) {
                Err(missing) if is_absence(&missing) => Ok(false),
                _ => Err(error),
            },
        }
    }

    fn empty_all(&self, kept: &NotRemoved) {
        kept.names.iter().for_each(|name| self.empty(name));
    }

    /// Takes a file's content away. It may be impossible as well, and whoever asked is told in any case that
    /// the file may still be there.
    fn empty(&self, name: &str) {
        let emptied = self.disk.open(&self.file(name), How::Empty).and_then(|file| file.sync());
        // Where descriptors have run out nothing can be emptied, but a name still goes without one.
        if let Err(error) = emptied
            && self.unlink(name).is_err()
        {
            tracing::error!(%error, folder = %self.path().display(), name, "a file can neither be removed nor emptied");
        }
    }

    /// Removes the folder if it is empty; a file that appears at that moment keeps it. What was unlinked
    /// from it is on disk first.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove_if_empty(&self) -> io::Result<()> {
        let removed = self.sync().and_then(|()| self.disk.remove_folder(self.path()));
        match removed {
            Err(error) if !is_absence(&error) && error.kind() != ErrorKind::DirectoryNotEmpty => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes what a crash left behind: temporary files last written an hour ago.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove_leftovers(&self, now: Timestamp) -> io::Result<()> {
        for entry in self.disk.entries(self.path())? {
            let name = match entry {
                Ok(entry) => entry.name.into_string(),
                // Gone between its name and its kind.
                Err(error) if is_absence(&error) => continue,
                Err(error) => return Err(error),
            };
            let Ok(name) = name else { continue };
            if !name.starts_with(TEMPORARY) {
                continue;
            }
            // Whoever wrote it may be done with it at this moment.
            let Ok(metadata) = self.disk.metadata(&self.file(&name)) else { continue };
            if metadata.kind == Kind::File && metadata.modified < now - LEFT_OVER_AFTER {
                self.remove_for_now(&name)?;
            }
        }
        Ok(())
    }

    /// Takes back a file that nobody was told of; if even that fails, a sweep finds it.
    pub(super) fn discard(&self, name: &str) {
        let _ = self.remove_for_now(name);
    }
}

/// How many of `names` were there, unless some may still be: those that were not unlinked, or all of them.
fn told(
    names: &[String],
    unlinked: io::Result<impl IntoIterator<Item = io::Result<bool>>>,
) -> Result<usize, NotRemoved> {
    let unlinked = unlinked.map_err(|source| NotRemoved { names: names.to_vec(), source })?;
    let mut removed = 0;
    let mut kept = Vec::new();
    for (name, unlinked) in names.iter().zip(unlinked) {
        match unlinked {
            Ok(was_there) => removed += usize::from(was_there),
            Err(error) => kept.push((name.clone(), error)),
        }
    }
    let (names, mut errors): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
    errors.pop().map_or(Ok(removed), |source| Err(NotRemoved { names, source }))
}

/// The same error, for somebody else as well.
fn alike(error: &io::Error) -> io::Error {
    error
        .raw_os_error()
        .map_or_else(|| io::Error::new(error.kind(), error.to_string()), io::Error::from_raw_os_error)
}
