//! The disk. Nothing else touches it, and what a function here has answered is on it: every change is
//! fsynced, file and folder, before the call returns. It never follows a link and never waits on a pipe.
//!
//! A [`Folder`]'s methods block; [`blocking`] takes them to a thread that may.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::clock::{self, Timestamp};
use crate::record::LIMIT;

/// Only the program's own account may look inside.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// How often a folder is made for a file before giving up. Only a sweep takes it away again at the same
/// moment; one without any pause was seen to do so a hundred times in a row.
const FOLDER_TRIES: usize = 1000;

/// How temporary files begin: with a dot, as no session id and no account name does.
const TEMPORARY: &str = ".tmp-";

/// Does work that blocks on one of the threads that are there for the disk.
///
/// # Panics
/// When the work does.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("BUG: work on the disk does not panic")
}

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

/// Shared: several at once. Exclusive: one, and no shared ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// For what adds to an account.
    Shared,
    /// For what must see all of an account.
    Exclusive,
}

/// A lock on a file, held against every process until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
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

    /// Where it is, for messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
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
    fn make(&self) -> io::Result<bool> {
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

    /// Writes a new file whose mtime is `modified`, and makes the folder first where it is missing.
    ///
    /// # Errors
    /// `AlreadyExists` when the name is taken; otherwise what went wrong, and then nothing is left of it.
    pub fn create(&self, name: &str, bytes: &[u8], modified: Timestamp) -> io::Result<()> {
        let mut file = self.create_new(name)?;
        fill(&mut file, bytes, Some(modified))
            .and_then(|()| sync_folder(&self.path))
            .inspect_err(|_| self.discard(name))
    }

    fn create_new(&self, name: &str) -> io::Result<File> {
        self.open_or_make_folder(name, OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY)
    }

    /// Opens a file of the folder, which is made where it is missing, and again where a sweep removes it
    /// at this very moment: with a file in it, it stays.
    fn open_or_make_folder(&self, name: &str, flags: OFlags) -> io::Result<File> {
        let path = self.path.join(name);
        let mut made = false;
        for _ in 0..FOLDER_TRIES {
            match open(&path, flags) {
                Ok(file) if made => {
                    sync_folder(self.parent()).inspect_err(|_| self.discard(name))?;
                    return Ok(file);
                }
                Err(Errno::NOENT) => match self.make() {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => made = true,
                },
                opened => return Ok(opened?),
            }
        }
        Err(ErrorKind::NotFound.into())
    }

    /// Writes a file that is whole from the moment it has its name. `false` when the name is taken.
    ///
    /// # Errors
    /// When the disk fails; then nothing is left of it.
    pub fn publish(&self, name: &str, bytes: &[u8]) -> io::Result<bool> {
        let temporary = self.write_temporary(bytes)?;
        let linked = fs::hard_link(self.path.join(&temporary), self.path.join(name));
        self.discard(&temporary);
        match linked {
            Ok(()) => sync_folder(&self.path).map(|()| true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts new content in the place of `name`: a reader sees the old or the new, and so does whoever
    /// looks after a power cut.
    ///
    /// # Errors
    /// When the disk fails; then the old content is still there.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.write_temporary(bytes)?;
        fs::rename(self.path.join(&temporary), self.path.join(name))
            .inspect_err(|_| self.discard(&temporary))?;
        sync_folder(&self.path)
    }

    fn write_temporary(&self, bytes: &[u8]) -> io::Result<String> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = format!("{TEMPORARY}{}", HEXLOWER.encode(&random));
        let mut file = self.create_new(&name)?;
        fill(&mut file, bytes, None).inspect_err(|_| self.discard(&name))?;
        Ok(name)
    }

    /// Takes back a file that nobody was told of; if even that fails, a sweep finds it.
    fn discard(&self, name: &str) {
        let _ = fs::remove_file(self.path.join(name));
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
            Err(error) if is_absence(&error) => return self.confirm_absence(names),
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

    /// The folder itself is gone, which may not have reached the disk either.
    fn confirm_absence(&self, names: &[String]) -> Result<usize, NotRemoved> {
        match sync_folder(self.parent()) {
            Err(error) if !is_absence(&error) => Err(NotRemoved { names: names.to_vec(), source: error }),
            _ => Ok(0),
        }
    }

    fn parent(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        }
    }

    /// Removes the folder if it is empty; a file that appears at that moment keeps it.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove_if_empty(&self) -> io::Result<()> {
        match fs::remove_dir(&self.path) {
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

    /// Removes what a crash left behind: temporary files last written before `before`.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove_leftovers(&self, before: Timestamp) -> io::Result<()> {
        let Ok(entries) = fs::read_dir(&self.path) else { return Ok(()) };
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Ok(metadata) = entry.metadata() else { continue };
            if name.starts_with(TEMPORARY) && clock::at_second(metadata.mtime()) < before {
                self.discard(&name);
            }
        }
        Ok(())
    }

    /// Waits for the lock `name`, a file of its own that stays.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn lock(&self, name: &str, kind: LockKind) -> io::Result<Lock> {
        let file = self.open_or_make_folder(name, OFlags::CREATE | OFlags::RDWR)?;
        // By their full path: `File` has methods of the same names.
        match kind {
            LockKind::Shared => fs2::FileExt::lock_shared(&file)?,
            LockKind::Exclusive => fs2::FileExt::lock_exclusive(&file)?,
        }
        Ok(Lock { _file: file })
    }
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

fn fill(file: &mut File, bytes: &[u8], modified: Option<Timestamp>) -> io::Result<()> {
    file.write_all(bytes)?;
    if let Some(modified) = modified {
        file.set_modified(modified.into())?;
    }
    file.sync_all()
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Nothing of that name, or something that no file of ours is.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory)
}
