//! Whether other accounts of the machine could get at what is in a folder. It changes nothing: closing a folder is
//! for `folder.rs`.

use std::io::ErrorKind;
use std::path::PathBuf;

use rustix::process::geteuid;

use super::disk::Kind;
use super::folder::Folder;

/// Others may not look in, nor change anything.
const OTHERS: u32 = 0o077;

/// Everybody may write, and so put a folder of theirs in the place of another.
const EVERYBODY_WRITES: u32 = 0o002;

/// Nobody may rename or remove what is somebody else's.
const STICKY: u32 = 0o1000;

/// Why a folder is no place for what lets people in, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Exposed {
    /// Something else has its name.
    #[error("{} is no folder: move it away", _0.display())]
    NotAFolder(PathBuf),
    /// What is in a folder of ours may be anywhere.
    #[error("{} is a link or no folder: put the folder itself there, or name another data folder", _0.display())]
    Elsewhere(PathBuf),
    /// Whoever owns a folder can open it to others again, and what is written there may not be theirs to read.
    #[error("{} belongs to account {owner} of this machine: run this as that account, or give it to {us} with chown -R", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Its owner's number.
        owner: u32,
        /// That of this process.
        us: u32,
    },
    /// It was to be closed, and is not.
    #[error("{} stays open to others (mode {mode:o}), and on this disk cannot be closed: name another data folder", path.display())]
    Open {
        /// The folder.
        path: PathBuf,
        /// Who may do what with it.
        mode: u32,
    },
    /// Everybody can put something else in the place of what is in it.
    #[error("everybody may rename what is in {path}: chmod o-w {path}, or name a folder in it", path = _0.display())]
    Renamed(PathBuf),
}

impl Folder {
    /// Refuses a folder, or a link to one, in which everybody can put something else in the place of another's
    /// folder. Members of its group may be able to, since that is their own in many a place.
    ///
    /// # Errors
    /// Why it is no place for folders of ours.
    pub fn keeps_folders(&self) -> Result<(), Exposed> {
        match self.disk.metadata(&self.path().join(".")) {
            Ok(found) if found.mode & EVERYBODY_WRITES != 0 && found.mode & STICKY == 0 => {
                Err(Exposed::Renamed(self.path().to_owned()))
            }
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                Err(Exposed::NotAFolder(self.path().to_owned()))
            }
            // Whoever opens it will be told about every other failure.
            _ => Ok(()),
        }
    }

    /// Refuses a folder that is not the program's own. One that is not there will be.
    ///
    /// # Errors
    /// Whose it is, or what it is.
    pub fn is_our_own(&self) -> Result<(), Exposed> {
        let Ok(found) = self.disk.metadata(self.path()) else { return Ok(()) };
        let us = geteuid().as_raw();
        if found.kind != Kind::Folder {
            return Err(Exposed::Elsewhere(self.path().to_owned()));
        }
        if found.owner != us {
            return Err(Exposed::Foreign { path: self.path().to_owned(), owner: found.owner, us });
        }
        Ok(())
    }

    /// Refuses a folder that others may look into, once it was to be closed to them.
    ///
    /// # Errors
    /// To whom it is open.
    pub fn is_closed(&self) -> Result<(), Exposed> {
        match self.disk.metadata(self.path()) {
            Ok(found) if found.mode & OTHERS != 0 => {
                Err(Exposed::Open { path: self.path().to_owned(), mode: found.mode })
            }
            _ => Ok(()),
        }
    }
}
