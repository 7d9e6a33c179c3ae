//! A socket that has a name in a folder, for as long as somebody listens there. It never takes the name from
//! anything that is no socket, nor from one at which somebody still listens.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Everybody on the machine may connect, as to a port. Whoever wants fewer closes the folder that it is in.
const MODE: u32 = 0o666;

/// The name. It is given up when this is dropped, unless somebody else has it by then.
#[derive(Debug)]
pub struct SocketName {
    path: PathBuf,
    device: u64,
    inode: u64,
}

/// Listens at `path`. What a process has left there that was killed is taken away first.
///
/// # Errors
/// `AddrInUse` when somebody listens there, or it is something else; and when the disk fails.
pub fn listen_at(path: &Path) -> io::Result<(UnixListener, SocketName)> {
    let listener = match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse && is_left_over(path) => {
            fs::remove_file(path)?;
            UnixListener::bind(path)?
        }
        bound => bound?,
    };
    let made = fs::symlink_metadata(path)?;
    let name = SocketName { path: path.to_owned(), device: made.dev(), inode: made.ino() };
    fs::set_permissions(path, Permissions::from_mode(MODE))?;
    listener.set_nonblocking(true)?;
    Ok((listener, name))
}

fn is_left_over(path: &Path) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    let refused =
        || UnixStream::connect(path).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused);
    is_socket && refused()
}

impl Drop for SocketName {
    fn drop(&mut self) {
        let found = fs::symlink_metadata(&self.path);
        if found.is_ok_and(|found| (found.dev(), found.ino()) == (self.device, self.inode)) {
            // Where it cannot be removed, the next process finds nobody there.
            let _ = fs::remove_file(&self.path);
        }
    }
}
