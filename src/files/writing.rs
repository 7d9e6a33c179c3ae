//! Writing files, new or in the place of others, so that a reader and a power cut find the old or the new.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;

use data_encoding::HEXLOWER;
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::{Folder, open, sync_folder};
use crate::clock::{self, Timestamp};

/// How often a folder is made for a file before giving up. Only a sweep takes it away again at the same
/// moment; one without any pause was seen to do so a hundred times in a row.
const FOLDER_TRIES: usize = 1000;

/// How temporary files begin: with a dot, as no session id and no account name does.
const TEMPORARY: &str = ".tmp-";

impl Folder {
    /// Writes a new file whose mtime is `modified`, and makes the folder first where it is missing.
    ///
    /// # Errors
    /// `AlreadyExists` when the name is taken; otherwise what went wrong, and then nothing is left of it.
    pub fn create(&self, name: &str, bytes: &[u8], modified: Timestamp) -> io::Result<()> {
        let mut file = self.create_new(name)?;
        fill(&mut file, bytes, Some(modified))
            .and_then(|()| sync_folder(self.path()))
            // The folder may be new, made by whoever has not come to its fsync yet.
            .and_then(|()| sync_folder(self.parent()))
            .inspect_err(|_| self.discard(name))
    }

    /// Writes a file that is whole from the moment it has its name. `false` when the name is taken.
    ///
    /// # Errors
    /// When the disk fails; then the file is there whole or not at all.
    pub fn publish(&self, name: &str, bytes: &[u8]) -> io::Result<bool> {
        let temporary = self.write_temporary(bytes)?;
        let linked = fs::hard_link(self.path().join(&temporary), self.path().join(name));
        self.discard(&temporary);
        match linked {
            Ok(()) => sync_folder(self.path()).map(|()| true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts new content in the place of `name`: a reader sees the old or the new, and so does whoever
    /// looks after a power cut.
    ///
    /// # Errors
    /// When the disk fails; then the old content is there or the new.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.write_temporary(bytes)?;
        fs::rename(self.path().join(&temporary), self.path().join(name))
            .inspect_err(|_| self.discard(&temporary))?;
        sync_folder(self.path())
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
        let _ = fs::remove_file(self.path().join(name));
    }

    /// Removes what a crash left behind: temporary files last written before `before`.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove_leftovers(&self, before: Timestamp) -> io::Result<()> {
        let Ok(entries) = fs::read_dir(self.path()) else { return Ok(()) };
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

    fn create_new(&self, name: &str) -> io::Result<File> {
        self.open_or_make_folder(name, OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY)
    }

    /// Opens a file of the folder, which is made where it is missing, and again where a sweep removes it
    /// at this very moment: with a file in it, it stays.
    pub(super) fn open_or_make_folder(&self, name: &str, flags: OFlags) -> io::Result<File> {
        let path = self.path().join(name);
        for _ in 0..FOLDER_TRIES {
            match open(&path, flags) {
                Err(Errno::NOENT) => match self.make() {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                },
                opened => return Ok(opened?),
            }
        }
        Err(ErrorKind::NotFound.into())
    }
}

fn fill(file: &mut File, bytes: &[u8], modified: Option<Timestamp>) -> io::Result<()> {
    file.write_all(bytes)?;
    if let Some(modified) = modified {
        file.set_modified(modified.into())?;
    }
    file.sync_all()
}
