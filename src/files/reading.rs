//! Reading small files, whole or not at all. It never waits on a pipe, and never reads what is longer than
//! a record.

use std::io::{self, ErrorKind};

use rustix::io::Errno;

use super::disk::{How, Kind, Metadata, OpenFile};
use super::{Folder, blocking, is_absence};
use crate::clock::Timestamp;
use crate::record::LIMIT;

/// A file as it was read.
#[derive(Debug)]
pub struct Contents {
    /// At most [`LIMIT`] bytes.
    pub bytes: Vec<u8>,
    /// The file's mtime, in whole seconds.
    pub modified: Timestamp,
}

impl Folder {
    /// Reads a plain file of at most [`LIMIT`] bytes. `None` when there is none: nothing of that name, or
    /// a link, a folder, a pipe, or something longer.
    ///
    /// # Errors
    /// When the disk fails: then nobody knows whether there is one.
    pub fn read(&self, name: &str) -> io::Result<Option<Contents>> {
        self.read_in(name, How::Read)
    }

    /// The same for a thread that must not wait: from what the operating system holds in memory, or else
    /// on a thread that may.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn read_without_blocking(&self, name: &str) -> io::Result<Option<Contents>> {
        match self.read_in(name, How::ReadAtOnce) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let (folder, name) = (self.clone(), name.to_owned());
                blocking(move || folder.read(&name)).await
            }
            read => read,
        }
    }

    fn read_in(&self, name: &str, how: How) -> io::Result<Option<Contents>> {
        let Some((file, metadata)) = self.open_plain(name, how)? else { return Ok(None) };
        if metadata.length > LIMIT as u64 {
            return Ok(None);
        }
        let mut bytes = vec![0; metadata.length as usize];
        let mut read = 0;
        while read < bytes.len() {
            match file.read_at(read as u64, &mut bytes[read..]) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(read);
        Ok(Some(Contents { bytes, modified: metadata.modified }))
    }

    /// Whether there is a plain file of that name.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn has(&self, name: &str) -> io::Result<bool> {
        Ok(self.modified(name)?.is_some())
    }

    /// When the plain file of that name was last changed, if there is one.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn modified(&self, name: &str) -> io::Result<Option<Timestamp>> {
        match self.disk.metadata(&self.file(name)) {
            Ok(found) => Ok((found.kind == Kind::File).then_some(found.modified)),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn open_plain(
        &self,
        name: &str,
        how: How,
    ) -> io::Result<Option<(Box<dyn OpenFile>, Metadata)>> {
        match self.disk.open(&self.file(name), how) {
            Ok(file) => {
                let metadata = file.metadata()?;
                Ok((metadata.kind == Kind::File).then_some((file, metadata)))
            }
            Err(error) if is_absence(&error) || is_socket(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What opening a socket answers.
fn is_socket(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::NXIO)
}
