//! A file that only ever grows, by one line at a time. Several processes may add to it at once: their lines
//! come one after the other, never inside each other. It is never fsynced; a power cut may take the last lines.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Mutex;

use super::Folder;
use super::disk::{How, Kind, OpenFile};
use crate::mutex::lock;

/// A file for lines.
pub struct Lines {
    folder: Folder,
    name: String,
    open: Mutex<Open>,
}

struct Open {
    file: Box<dyn OpenFile>,
    /// Whether the last line was cut short.
    is_torn: bool,
}

impl Lines {
    /// Those in the file at `path`, which is made where it is missing. A link is not followed, and what is no
    /// plain file is left alone.
    ///
    /// # Errors
    /// When it cannot be opened to be written to.
    pub fn at(path: &Path) -> io::Result<Self> {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "it has no file's name"))?;
        let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        Self::in_folder(Folder::at(folder), name)
    }

    /// Those in a file of the folder.
    ///
    /// # Errors
    /// As those of [`Lines::at`].
    pub fn in_folder(folder: Folder, name: &str) -> io::Result<Self> {
        let open = Mutex::new(Open { file: open(&folder, name)?, is_torn: false });
        Ok(Self { folder, name: name.to_owned(), open })
    }

    /// Adds a line, in one write: whoever writes at the same moment comes before it or after it.
    ///
    /// # Errors
    /// When the disk fails. What is there of the line by then stands alone; the next one begins anew.
    pub fn add(&self, line: &str) -> io::Result<()> {
        let mut open = lock(&self.open);
        let before = if open.is_torn { "\n" } else { "" };
        let bytes = format!("{before}{line}\n").into_bytes();
        let mut written = 0;
        while written < bytes.len() {
            match open.file.write(&bytes[written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(more) => written += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            open.is_torn = written < bytes.len();
        }
        Ok(())
    }

    /// Goes on in whatever has the name now, for when somebody has given the file another name.
    ///
    /// # Errors
    /// When that cannot be opened; then it goes on where it was.
    pub fn reopen(&self) -> io::Result<()> {
        let file = open(&self.folder, &self.name)?;
        *lock(&self.open) = Open { file, is_torn: false };
        Ok(())
    }
}

fn open(folder: &Folder, name: &str) -> io::Result<Box<dyn OpenFile>> {
    let file = folder.disk.open(&folder.file(name), How::Append)?;
    match file.metadata()?.kind {
        Kind::File => Ok(file),
        _ => Err(io::Error::new(ErrorKind::InvalidInput, "it is no plain file")),
    }
}
