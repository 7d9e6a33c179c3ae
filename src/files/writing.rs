//! Writing files, new or in the place of others, so that a reader and a power cut find the old or the new.

use std::io::{self, ErrorKind};

use data_encoding::HEXLOWER;

use super::Folder;
use super::disk::{How, OpenFile};
use crate::clock::Timestamp;

/// How often a folder is made for a file before giving up. Only a sweep takes it away again at the same
/// moment; one without any pause was seen to do so a hundred times in a row.
const FOLDER_TRIES: usize = 1000;

/// How temporary files begin: with a dot, as no session id and no account name does.
pub(super) const TEMPORARY: &str = ".tmp-";

impl Folder {
    /// Writes a new file whose mtime is `modified`, and makes the folder first where it is missing.
    ///
    /// # Errors
    /// `AlreadyExists` when the name is taken; otherwise what went wrong, and then nothing is left of it,
    /// unless the disk does not let go of that either.
    pub fn create(&self, name: &str, bytes: &[u8], modified: Timestamp) -> io::Result<()> {
        let mut file = self.open_or_make_folder(name, How::WriteNew)?;
        fill(&mut *file, bytes, Some(modified))
            .and_then(|()| self.sync())
            // The folder may be new, made by whoever has not come to its fsync yet.
            .and_then(|()| self.sync_above())
            .inspect_err(|_| self.discard(name))
    }

    /// Writes a file that is whole from the moment it has its name. `false` when the name is taken.
    ///
    /// # Errors
    /// When the disk fails; then the file is there whole or not at all.
    pub fn publish(&self, name: &str, bytes: &[u8]) -> io::Result<bool> {
        let temporary = self.write_temporary(bytes)?;
        let linked = self.disk.link(&self.file(&temporary), &self.file(name));
        self.discard(&temporary);
        match linked {
            Ok(()) => self.sync().map(|()| true),
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
        self.disk
            .rename(&self.file(&temporary), &self.file(name))
            .inspect_err(|_| self.discard(&temporary))?;
        self.sync()
    }

    /// Sets a file's mtime through its open descriptor: where the file is unlinked meanwhile, that
    /// changes a file that nobody can find. A missing file is no error.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn touch(&self, name: &str, modified: Timestamp) -> io::Result<()> {
        match self.open_plain(name, How::Read)? {
            Some((file, _)) => file.set_modified(modified),
            None => Ok(()),
        }
    }

    fn write_temporary(&self, bytes: &[u8]) -> io::Result<String> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = format!("{TEMPORARY}{}", HEXLOWER.encode(&random));
        let mut file = self.open_or_make_folder(&name, How::WriteNew)?;
        fill(&mut *file, bytes, None).inspect_err(|_| self.discard(&name))?;
        Ok(name)
    }

    /// Opens a file of the folder, which is made where it is missing, and again where a sweep removes it
    /// at this very moment: with a file in it, it stays.
    pub(super) fn open_or_make_folder(&self, name: &str, how: How) -> io::Result<Box<dyn OpenFile>> {
        for _ in 0..FOLDER_TRIES {
            match self.disk.open(&self.file(name), how) {
                Err(error) if error.kind() == ErrorKind::NotFound => match self.make() {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                },
                opened => return opened,
            }
        }
        Err(ErrorKind::NotFound.into())
    }
}

fn fill(file: &mut dyn OpenFile, bytes: &[u8], modified: Option<Timestamp>) -> io::Result<()> {
    let mut left = bytes;
    while !left.is_empty() {
        match file.write(left) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => left = &left[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if let Some(modified) = modified {
        file.set_modified(modified)?;
    }
    file.sync()
}
