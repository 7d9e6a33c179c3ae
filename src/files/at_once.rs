//! Opening and reading with what the operating system holds in memory, or `WouldBlock`: it never waits for
//! the disk. Linux can say so; elsewhere it is always `WouldBlock`.

pub(super) use system::{open, read};

#[cfg(target_os = "linux")]
mod system {
    use std::fs::File;
    use std::io::{self, IoSliceMut};
    use std::path::Path;

    use rustix::fd::OwnedFd;
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
    use rustix::io::{Errno, ReadWriteFlags};

    /// With what the kernel holds of folders and names already. When it was read is noted nowhere: that would cost more
    /// than the reading.
    pub fn open(path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let open = |flags| rustix::fs::openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED);
        let opened = match open(flags | OFlags::NOATIME) {
            // Somebody else's file.
            Err(Errno::PERM) => open(flags),
            opened => opened,
        };
        Ok(opened.map_err(cannot)?)
    }

    /// What the kernel holds of the file already.
    pub fn read(file: &File, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
        let read = rustix::io::preadv2(file, &mut [IoSliceMut::new(bytes)], offset, ReadWriteFlags::NOWAIT);
        Ok(read.map_err(cannot)?)
    }

    /// A kernel too old for the call, a container that forbids it, or a file system that cannot tell what
    /// it would have to wait for.
    fn cannot(errno: Errno) -> Errno {
        let refusals = [Errno::NOSYS, Errno::INVAL, Errno::PERM, Errno::OPNOTSUPP];
        if refusals.contains(&errno) { Errno::AGAIN } else { errno }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::fs::File;
    use std::io::{self, ErrorKind};
    use std::path::Path;

    use rustix::fd::OwnedFd;
    use rustix::fs::OFlags;

    pub fn open(_: &Path, _: OFlags) -> io::Result<OwnedFd> {
        Err(ErrorKind::WouldBlock.into())
    }

    pub fn read(_: &File, _: u64, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::WouldBlock.into())
    }
}
