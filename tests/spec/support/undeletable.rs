//! A folder whose files cannot be deleted, for as long as this lives; as a disk does that was remounted
//! read-only.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Undone when dropped.
pub struct Undeletable {
    folder: PathBuf,
}

impl Undeletable {
    /// The folder of this file. The administrator may delete without permission, but not what is
    /// immutable.
    pub fn folder_of(file: &Path) -> Self {
        let folder = file.parent().expect("a folder").to_owned();
        set_permissions(&folder, Permissions::from_mode(0o500)).expect("our own folder");
        if rustix::process::geteuid().is_root() {
            chattr("+i", &folder);
        }
        let moved = std::fs::rename(file, file.with_extension("moved"));
        assert!(moved.is_err(), "this file system lets nothing be held: the test would prove nothing");
        Self { folder }
    }
}

impl Drop for Undeletable {
    fn drop(&mut self) {
        if rustix::process::geteuid().is_root() {
            chattr("-i", &self.folder);
        }
        set_permissions(&self.folder, Permissions::from_mode(0o700)).expect("our own folder");
    }
}

fn chattr(flag: &str, folder: &Path) {
    let done = Command::new("chattr").arg(flag).arg(folder).status().expect("chattr runs");
    assert!(done.success(), "chattr {flag} {}", folder.display());
}
