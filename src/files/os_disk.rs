//! The disk of this machine, through its operating system. It never decides anything.

use std::fs::{self, DirBuilder, File, FileType, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::at_once;
use super::disk::{Disk, Entries, Entry, How, Kind, Metadata, OpenFile};
use super::lock::LockKind;
use crate::clock::{self, Timestamp};

/// Only the program's own account may look inside.
pub(super) const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: Mode = Mode::from_raw_mode(0o600);

/// File systems of one machine, by the numbers that statfs(2) lists: ext, XFS, Btrfs, tmpfs, F2FS, ZFS, and overlays,
/// which containers have.
const LOCAL: [u32; 7] =
    [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0xf2f5_2010, 0x2fc1_2fc1, 0x794c_7630];

/// The disk of this machine.
#[derive(Clone, Copy, Debug)]
pub struct OsDisk;

impl Disk for OsDisk {
    fn open(&self, path: &Path, how: How) -> io::Result<Box<dyn OpenFile>> {
        // NONBLOCK: opening a pipe must not wait for somebody at its other end.
        let reading = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let flags = OFlags::CLOEXEC
            | match how {
                How::Read | How::ReadAtOnce => reading,
                How::WriteNew => OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL,
                How::Lock => OFlags::RDWR | OFlags::CREATE,
                How::Empty => OFlags::WRONLY | OFlags::TRUNC | OFlags::NONBLOCK,
                How::Append => {
                    OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NONBLOCK | OFlags::NOCTTY
                }
                // An operator may keep a folder elsewhere, and lead there by a link.
                How::Folder => OFlags::RDONLY | OFlags::DIRECTORY,
            }
            | if how == How::Folder { OFlags::empty() } else { OFlags::NOFOLLOW };
        let file: File = match how {
            How::ReadAtOnce => at_once::open(path, flags)?.into(),
            _ => rustix::fs::open(path, flags, FILE_MODE)?.into(),
        };
        // Whoever may choose the name may choose a device, and that is everybody's.
        if flags.contains(OFlags::CREATE) && (how != How::Append || file.metadata()?.is_file()) {
            rustix::fs::fchmod(&file, FILE_MODE)?;
        }
        Ok(Box::new(OsFile { file, at_once: how == How::ReadAtOnce }))
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().mode(FOLDER_MODE).create(path)
    }

    fn close_to_others(&self, path: &Path) -> io::Result<()> {
        fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        Ok(metadata(&fs::symlink_metadata(path)?))
    }

    fn is_local(&self, path: &Path) -> bool {
        rustix::fs::statfs(path).is_ok_and(|found| LOCAL.contains(&(found.f_type as u32)))
    }

    fn entries(&self, path: &Path) -> io::Result<Entries> {
        Ok(Box::new(fs::read_dir(path)?.map(|entry| {
            let entry = entry?;
            Ok(Entry { name: entry.file_name(), kind: kind(entry.file_type()?) })
        })))
    }
}

struct OsFile {
    file: File,
    at_once: bool,
}

impl OpenFile for OsFile {
    fn metadata(&self) -> io::Result<Metadata> {
        Ok(metadata(&self.file.metadata()?))
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
        if self.at_once { at_once::read(&self.file, offset, bytes) } else { self.file.read_at(bytes, offset) }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn set_modified(&self, modified: Timestamp) -> io::Result<()> {
        self.file.set_modified(modified.into())
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn try_lock(&self, kind: LockKind) -> io::Result<bool> {
        // By their full path: `File` has methods of the same names.
        let locked = match kind {
            LockKind::Shared => fs2::FileExt::try_lock_shared(&self.file),
            LockKind::Exclusive => fs2::FileExt::try_lock_exclusive(&self.file),
        };
        match locked {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn metadata(metadata: &fs::Metadata) -> Metadata {
    Metadata {
        kind: kind(metadata.file_type()),
        mode: metadata.mode() & 0o7777,
        owner: metadata.uid(),
        length: metadata.len(),
        modified: clock::at_second(metadata.mtime()),
    }
}

fn kind(kind: FileType) -> Kind {
    match kind {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_dir() => Kind::Folder,
        _ => Kind::Other,
    }
}
