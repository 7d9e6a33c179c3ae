//! A folder of small files: looking at them and removing them.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::{FOLDER_MODE, is_absence, open, sync_folder};
use crate::clock::{self, Timestamp};
use crate::record::LIMIT;

/// A folder of small files. Its methods take the file's name, never a path.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    /// How many of the folders above are ours to make.
    depth: usize,
}

/// A file as it was read.
#[derive(Debug)]
pub struct Contents {
    /// At most [`LIMIT`] bytes.
    pub bytes: Vec<u8>,
    /// The file's mtime, in whole seconds.
    pub modified: Timestamp,
}

/// What [`Folder::remove`] could not do.
#[derive(Debug)]
pub struct NotRemoved {
    /// The names that may still be there.
    pub names: Vec<String>,
    /// The last thing that went wrong.
    pub source: io::Error,
}

impl Folder {
    /// The folder at `path`, which need not exist yet; the one above it does.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), depth: 0 }
    }

    /// The folder `name` inside this one.
    #[must_use]
    pub fn folder(&self, name: &str) -> Self {
        Self { path: self.path.join(name), depth: self.depth + 1 }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is such a folder.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.path.is_dir()
    }

    /// Makes the folder where it is missing, and closes it to other accounts of the machine, whatever
    /// the umask.
    ///
    /// # Errors
    /// When it cannot be made, belongs to somebody else, or is removed at this moment.
    pub fn ensure(&self) -> io::Result<()> {
        if self.make()? { sync_folder(self.parent()) } else { Ok(()) }
    }

    /// Makes the folder, and those of ours above it, where they are missing. `true` when it was: then the
    /// one above has to be fsynced.
    pub(super) fn make(&self) -> io::Result<bool> {
        match DirBuilder::new().mode(FOLDER_MODE).create(&self.path) {
            Ok(()) => {
                fs::set_permissions(&self.path, fs::Permissions::from_mode(FOLDER_MODE))?;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => self.tighten().map(|()| false),
            Err(error) if error.kind() == ErrorKind::NotFound && self.depth > 0 => {
                Self { path: self.parent().to_owned(), depth: self.depth - 1 }.ensure()?;
                self.make()
            }
            Err(error) => Err(error),
        }
    }

    fn tighten(&self) -> io::Result<()> {
        let metadata = fs::metadata(&self.path)?;
        if metadata.mode() & 0o777 != FOLDER_MODE {
            fs::set_permissions(&self.path, fs::Permissions::from_mode(FOLDER_MODE))?;
        }
        Ok(())
    }

    /// Reads a plain file of at most [`LIMIT`] bytes. `None` when there is none: nothing of that name, or
    /// a link, a folder, a pipe, or something longer.
    ///
    /// # Errors
    /// When the disk fails: then nobody knows whether there is one.
    pub fn read(&self, name: &str) -> io::Result<Option<Contents>> {
        let Some(mut file) = self.open_plain(name)? else { return Ok(None) };
        let metadata = file.metadata()?;
        if metadata.len() > LIMIT as u64 {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(LIMIT.min(metadata.len() as usize + 1));
        (&mut file).take(LIMIT as u64).read_to_end(&mut bytes)?;
        Ok(Some(Contents { bytes, modified: clock::at_second(metadata.mtime()) }))
    }

    /// Sets a file's mtime through its open descriptor: where the file is unlinked meanwhile, that
    /// changes a file that nobody can find. A missing file is no error.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn touch(&self, name: &str, modified: Timestamp) -> io::Result<()> {
        match self.open_plain(name)? {
            Some(file) => file.set_modified(modified.into()),
            None => Ok(()),
        }
    }

    /// Whether there is a plain file of that name.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn has(&self, name: &str) -> io::Result<bool> {
        match fs::symlink_metadata(self.path.join(name)) {
            Ok(metadata) => Ok(metadata.is_file()),
            Err(error) if is_absence(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn open_plain(&self, name: &str) -> io::Result<Option<File>> {
        // NONBLOCK: opening a pipe must not wait for somebody at its other end.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        match open(&self.path.join(name), flags) {
            Ok(file) if file.metadata()?.is_file() => Ok(Some(file)),
            Ok(_) => Ok(None),
            // NXIO is what a socket answers, LOOP a link.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NXIO) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Removes files, and answers how many were there. What is gone already is success, and is fsynced
    /// all the same: whoever unlinked it a moment ago may not have come that far.
    ///
    /// # Errors
    /// [`NotRemoved`] names those that a power cut could still show, all others being gone for good.
    pub fn remove(&self, names: &[String]) -> Result<usize, NotRemoved> {
        // Opened first: where a sweep removes the folder meanwhile, this is still the one that held them.
        let folder = match File::open(&self.path) {
            Ok(folder) => folder,
            // A folder is removed only once it is on disk that nothing is in it.
            Err(error) if is_absence(&error) => return Ok(0),
            Err(source) => return Err(NotRemoved { names: names.to_vec(), source }),
        };
        let mut removed = 0;
        let mut kept = Vec::new();
        for name in names {
            match fs::remove_file(self.path.join(name)) {
                Ok(()) => removed += 1,
                Err(error) if is_absence(&error) => {}
                Err(error) => kept.push((name.clone(), error)),
            }
        }
        folder.sync_all().map_err(|source| NotRemoved { names: names.to_vec(), source })?;
        let (names, mut errors): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
        errors.pop().map_or(Ok(removed), |source| Err(NotRemoved { names, source }))
    }

    pub(super) fn parent(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        }
    }

    /// Removes the folder if it is empty; a file that appears at that moment keeps it. What was unlinked
    /// from it is on disk first.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove_if_empty(&self) -> io::Result<()> {
        let removed = sync_folder(&self.path).and_then(|()| fs::remove_dir(&self.path));
        match removed {
            Err(error) if !is_absence(&error) && error.kind() != ErrorKind::DirectoryNotEmpty => Err(error),
            _ => Ok(()),
        }
    }

    /// The names of the plain files in it, in no order: all that a program of ours could have written, so
    /// none that begins with a dot and none that is not text. Empty when there is no folder.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn files(&self) -> io::Result<Vec<String>> {
        self.names(|kind| kind.is_file())
    }

    /// The names of the folders in it, in the same way.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn folders(&self) -> io::Result<Vec<String>> {
        self.names(|kind| kind.is_dir())
    }

    fn names(&self, wanted: impl Fn(fs::FileType) -> bool) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if is_absence(&error) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            match (entry.file_name().into_string(), entry.file_type()) {
                (Ok(name), Ok(kind)) if wanted(kind) && !name.starts_with('.') => names.push(name),
                (_, Err(error)) if !is_absence(&error) => return Err(error),
                _ => {}
            }
        }
        Ok(names)
    }
}
