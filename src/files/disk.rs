//! What is asked of a disk: one method for each call of the operating system that files of ours need. It
//! never does two things in one, so that whoever stands in for a disk can fail each, or cut the power
//! between any two.

use std::ffi::OsString;
use std::fmt::Debug;
use std::io;
use std::path::Path;

use super::lock::LockKind;
use crate::clock::Timestamp;

/// A disk. Its methods block. Errors are those of the operating system, as they are.
#[expect(clippy::missing_errors_doc, reason = "said once for all")]
pub trait Disk: Debug + Send + Sync + 'static {
    /// Opens a file or a folder. A link in a file's place is never followed: that is an error.
    fn open(&self, path: &Path, how: How) -> io::Result<Box<dyn OpenFile>>;

    /// Makes a folder that only the program's own account may look into, but for what the umask takes away.
    fn make_folder(&self, path: &Path) -> io::Result<()>;

    /// Opens a folder to the program's own account, and closes it to every other.
    fn close_to_others(&self, path: &Path) -> io::Result<()>;

    /// Removes a file, a link or a pipe, but no folder.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty folder.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;

    /// Gives a file a second name, which must be free.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file another name; whatever had it is gone.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// What is there; of a link, the link itself.
    fn metadata(&self, path: &Path) -> io::Result<Metadata>;

    /// Whether this machine alone decides what is there, and its kernel tells of every change. A file server knows
    /// more, and says so only to who opens a file; so does whoever stands in for a disk.
    fn is_local(&self, _: &Path) -> bool {
        false
    }

    /// What is in a folder, read as it is asked for.
    fn entries(&self, path: &Path) -> io::Result<Entries>;
}

/// A file or a folder that is open, until it is dropped.
#[expect(clippy::missing_errors_doc, reason = "said once for all")]
pub trait OpenFile: Send + Sync {
    /// What it is.
    fn metadata(&self) -> io::Result<Metadata>;

    /// Reads from `offset` on, and answers how many bytes; fewer than there is room for are no sign of
    /// its end.
    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<usize>;

    /// Writes on, and answers how many of the bytes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Sets when it was last changed.
    fn set_modified(&self, modified: Timestamp) -> io::Result<()>;

    /// Returns once it is on the disk, content and all: of a folder, which names are in it.
    fn sync(&self) -> io::Result<()>;

    /// Locks it against every other opening of it; `false` when somebody else has it.
    fn try_lock(&self, kind: LockKind) -> io::Result<bool>;
}

/// What a file is opened for. What is made is the program's own alone, under any umask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// To be read. Opening a pipe does not wait for somebody at its other end.
    Read,
    /// The same, but never waiting for the disk: where the operating system would have to, opening or
    /// reading answers `WouldBlock`.
    ReadAtOnce,
    /// To be written, and there must be none of that name.
    WriteNew,
    /// To be locked, and made where there is none.
    Lock,
    /// To be written over: it is empty from now on.
    Empty,
    /// To be written on at its end, wherever that is by then, and made where there is none. What is no plain
    /// file keeps its mode.
    Append,
    /// A folder, to be synced.
    Folder,
}

/// What something on a disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// A file or something else.
    pub kind: Kind,
    /// Who may do what with it, in octal.
    pub mode: u32,
    /// The number of the account that it belongs to.
    pub owner: u32,
    /// In bytes.
    pub length: u64,
    /// When it was last changed, in whole seconds.
    pub modified: Timestamp,
}

/// Whether something is a file of ours, a folder of ours, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A plain file.
    File,
    /// A folder.
    Folder,
    /// A link, a pipe, a socket, a device.
    Other,
}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: OsString,
    /// What it is.
    pub kind: Kind,
}

/// What is in a folder, in no order.
pub type Entries = Box<dyn Iterator<Item = io::Result<Entry>> + Send>;
