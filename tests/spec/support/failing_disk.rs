//! A disk that fails where a test wants it to: it counts the calls that are made of it, and some call is
//! the first in trouble. It never really syncs, since nobody cuts the power here.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use exeunt::clock::Timestamp;
use exeunt::files::disk::{Disk, Entries, How, Metadata, OpenFile};
use exeunt::files::{LockKind, OsDisk};
use rustix::io::Errno;

/// The machine's disk, with trouble in front of it. Its copies are one disk.
#[derive(Clone, Debug, Default)]
pub struct FailingDisk {
    state: Arc<Mutex<State>>,
    /// Whether it passes for the machine's own, of which the kernel tells what changes.
    is_local: bool,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    trouble: Option<(usize, Trouble)>,
    has_failed: bool,
}

/// What was asked of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Open(How),
    MakeFolder,
    CloseToOthers,
    RemoveFile,
    RemoveFolder,
    Link,
    Rename,
    Metadata,
    Entries,
    NextEntry,
    Read,
    Write,
    SetModified,
    Sync,
    TryLock,
}

/// What is wrong with the disk, from some call on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// This call fails.
    Once(Errno),
    /// This call does its work and says that it did not, as a disk behind a network may.
    OnceThoughDone,
    /// This call fails, and so does the one that comes so many later.
    Twice(usize),
    /// It and every later call fail.
    FromNowOn(Errno),
    /// They do their work and say that they did not.
    FromNowOnThoughDone,
    /// Nothing can be changed any more.
    ReadOnly,
    /// Nothing can be added any more.
    Full,
    /// A write takes half of what it is given, and nothing can be added after it.
    FullHalfWay,
    /// Nothing can be opened any more.
    NoDescriptors,
    /// Reads and writes take one byte each.
    OneByteEach,
}

impl Trouble {
    /// Each, but for [`Trouble::Twice`].
    pub const ALL: [Self; 18] = [
        Self::Once(Errno::IO),
        Self::Once(Errno::NOSPC),
        Self::Once(Errno::ROFS),
        Self::Once(Errno::ACCESS),
        Self::Once(Errno::MFILE),
        Self::Once(Errno::INTR),
        Self::OnceThoughDone,
        Self::FromNowOn(Errno::IO),
        Self::FromNowOn(Errno::NOSPC),
        Self::FromNowOn(Errno::ROFS),
        Self::FromNowOn(Errno::ACCESS),
        Self::FromNowOn(Errno::MFILE),
        Self::FromNowOnThoughDone,
        Self::ReadOnly,
        Self::Full,
        Self::FullHalfWay,
        Self::NoDescriptors,
        Self::OneByteEach,
    ];

    /// Whether there may be nothing left that a logout can do for other processes to see.
    pub fn may_keep_everything_as_it_is(self) -> bool {
        matches!(self, Self::Twice(_) | Self::FromNowOn(_) | Self::ReadOnly)
    }

    /// What becomes of a call that comes `later` than the first in trouble.
    fn at(self, later: usize, call: Call) -> Fate {
        let hits = match self {
            Self::Once(_) | Self::OnceThoughDone => later == 0,
            Self::Twice(gap) => later == 0 || later == gap,
            Self::FromNowOn(_) | Self::FromNowOnThoughDone => true,
            Self::ReadOnly => call.changes_something(),
            Self::Full => call.adds_something(),
            Self::FullHalfWay if later == 0 => call == Call::Write,
            Self::FullHalfWay => call.adds_something(),
            Self::NoDescriptors => matches!(call, Call::Open(_) | Call::Entries),
            Self::OneByteEach => matches!(call, Call::Read | Call::Write),
        };
        match self {
            _ if !hits => Fate::Done,
            Self::Once(errno) | Self::FromNowOn(errno) => Fate::Fails(errno),
            Self::OnceThoughDone | Self::FromNowOnThoughDone => Fate::FailsThoughDone(Errno::IO),
            Self::Twice(_) => Fate::Fails(Errno::IO),
            Self::ReadOnly => Fate::Fails(Errno::ROFS),
            Self::FullHalfWay if later == 0 => Fate::Half,
            Self::Full | Self::FullHalfWay => Fate::Fails(Errno::NOSPC),
            Self::NoDescriptors => Fate::Fails(Errno::MFILE),
            Self::OneByteEach => Fate::OneByte,
        }
    }
}

impl Call {
    fn adds_something(self) -> bool {
        let adds = [Self::Open(How::WriteNew), Self::MakeFolder, Self::Link, Self::Rename, Self::Write];
        adds.contains(&self)
    }

    fn changes_something(self) -> bool {
        let changes = [
            Self::Open(How::Lock),
            Self::Open(How::Empty),
            Self::CloseToOthers,
            Self::RemoveFile,
            Self::RemoveFolder,
            Self::SetModified,
        ];
        self.adds_something() || changes.contains(&self)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Done,
    Half,
    OneByte,
    Fails(Errno),
    FailsThoughDone(Errno),
}

impl FailingDisk {
    /// One that only counts what reaches the machine's own disk.
    pub fn local() -> Self {
        Self { is_local: true, ..Self::default() }
    }

    /// Is well, and counts from here.
    pub fn counts(&self) {
        *self.state() = State::default();
    }

    /// Counts from here, and is in trouble from call `first` on, the first of all being 0.
    pub fn gets(&self, trouble: Trouble, first: usize) {
        *self.state() = State { trouble: Some((first, trouble)), ..State::default() };
    }

    /// Is well again, and goes on counting.
    pub fn mends(&self) {
        self.state().trouble = None;
    }

    /// The calls that were counted.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Whether a call has failed in a way that somebody has to bear.
    pub fn has_failed(&self) -> bool {
        self.state().has_failed
    }

    /// What it is in.
    pub fn trouble(&self) -> Option<Trouble> {
        self.state().trouble.map(|(_, trouble)| trouble)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it counts")
    }

    fn fate(&self, call: Call) -> Fate {
        let mut state = self.state();
        let later = state.trouble.and_then(|(first, _)| state.calls.len().checked_sub(first));
        let fate = match (state.trouble, later) {
            (Some((_, trouble)), Some(later)) => trouble.at(later, call),
            _ => Fate::Done,
        };
        state.calls.push(call);
        // Whoever reads or writes tries again by himself.
        let is_nothing = fate == Fate::Fails(Errno::INTR) && matches!(call, Call::Read | Call::Write);
        state.has_failed |= matches!(fate, Fate::Fails(_) | Fate::FailsThoughDone(_)) && !is_nothing;
        fate
    }

    fn call<T>(&self, call: Call, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.sized(call, 0, |_| work())
    }

    /// A call for `length` bytes, of which the work is told how many it may take.
    fn sized<T>(
        &self,
        call: Call,
        length: usize,
        work: impl FnOnce(usize) -> io::Result<T>,
    ) -> io::Result<T> {
        match self.fate(call) {
            Fate::Done => work(length),
            Fate::Half => work(length / 2),
            Fate::OneByte => work(length.min(1)),
            Fate::Fails(errno) => Err(errno.into()),
            Fate::FailsThoughDone(errno) => work(length).and_then(|_| Err(errno.into())),
        }
    }
}

impl Disk for FailingDisk {
    fn open(&self, path: &Path, how: How) -> io::Result<Box<dyn OpenFile>> {
        let file = self.call(Call::Open(how), || OsDisk.open(path, how))?;
        Ok(Box::new(FailingFile { disk: self.clone(), file }))
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.call(Call::MakeFolder, || OsDisk.make_folder(path))
    }

    fn close_to_others(&self, path: &Path) -> io::Result<()> {
        self.call(Call::CloseToOthers, || OsDisk.close_to_others(path))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.call(Call::RemoveFile, || OsDisk.remove_file(path))
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.call(Call::RemoveFolder, || OsDisk.remove_folder(path))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(Call::Link, || OsDisk.link(from, to))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(Call::Rename, || OsDisk.rename(from, to))
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.call(Call::Metadata, || OsDisk.metadata(path))
    }

    fn is_local(&self, path: &Path) -> bool {
        self.is_local && OsDisk.is_local(path)
    }

    fn entries(&self, path: &Path) -> io::Result<Entries> {
        let mut entries = self.call(Call::Entries, || OsDisk.entries(path))?;
        let (disk, mut is_over) = (self.clone(), false);
        Ok(Box::new(std::iter::from_fn(move || {
            if is_over {
                return None;
            }
            let next = disk.call(Call::NextEntry, || entries.next().transpose());
            // As the operating system's, it is over after an error.
            is_over = next.is_err();
            next.transpose()
        })))
    }
}

struct FailingFile {
    disk: FailingDisk,
    file: Box<dyn OpenFile>,
}

impl OpenFile for FailingFile {
    fn metadata(&self) -> io::Result<Metadata> {
        self.disk.call(Call::Metadata, || self.file.metadata())
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
        self.disk.sized(Call::Read, bytes.len(), |length| self.file.read_at(offset, &mut bytes[..length]))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.sized(Call::Write, bytes.len(), |length| self.file.write(&bytes[..length]))
    }

    fn set_modified(&self, modified: Timestamp) -> io::Result<()> {
        self.disk.call(Call::SetModified, || self.file.set_modified(modified))
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.call(Call::Sync, || Ok(()))
    }

    fn try_lock(&self, kind: LockKind) -> io::Result<bool> {
        self.disk.call(Call::TryLock, || self.file.try_lock(kind))
    }
}
