//! What a disk holds, as far as it is known to hold it: of each file and folder what its last fsync made
//! durable, and what has happened to it since, which a power cut may undo or not. No more is promised
//! than by POSIX: a file's fsync is not its name's, and a folder's is not that of what it names.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path};

/// A file or a folder, whatever it is called.
pub type Ino = usize;

/// What a folder calls them.
pub type Names = BTreeMap<OsString, Ino>;

/// The data folder.
pub const ROOT: Ino = 0;

#[derive(Clone, Debug)]
pub struct Platter {
    inodes: Vec<Inode>,
}

#[derive(Clone, Debug)]
pub enum Inode {
    File { synced: Option<Version>, since: Vec<Version> },
    Folder { synced: Names, since: Vec<Renaming> },
}

/// A file at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    pub bytes: Vec<u8>,
    /// In seconds since 1970.
    pub modified: i64,
}

/// What happened to names of a folder.
#[derive(Clone, Debug)]
pub enum Renaming {
    Added(OsString, Ino),
    Removed(OsString),
    Moved { from: OsString, to: OsString, ino: Ino },
}

/// How much of it has reached the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    Nothing,
    /// Of a move: the new name is there, and the old one still.
    Half,
    All,
}

impl Renaming {
    /// What a power cut may leave of it, nothing first and all last.
    pub fn may_reach(&self) -> &'static [Reached] {
        match self {
            Self::Moved { .. } => &[Reached::Nothing, Reached::Half, Reached::All],
            _ => &[Reached::Nothing, Reached::All],
        }
    }

    pub fn apply(&self, names: &mut Names, reached: Reached) {
        if reached == Reached::Nothing {
            return;
        }
        match self {
            Self::Added(name, ino) => _ = names.insert(name.clone(), *ino),
            Self::Removed(name) => _ = names.remove(name),
            Self::Moved { from, to, ino } => {
                names.insert(to.clone(), *ino);
                match reached {
                    Reached::Half => _ = names.insert(from.clone(), *ino),
                    _ => _ = names.remove(from),
                }
            }
        }
    }
}

impl Platter {
    /// What is at `path`, all of it durable.
    pub fn of(path: &Path) -> Self {
        let mut platter = Self { inodes: Vec::new() };
        platter.read(path);
        platter
    }

    fn read(&mut self, path: &Path) -> Ino {
        let ino = self.add(Inode::Folder { synced: Names::new(), since: Vec::new() });
        let mut names = Names::new();
        let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap()).collect();
        // So that a seed has the same numbers before it each time, whatever the disk gives first.
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let child = if entry.file_type().unwrap().is_dir() {
                self.read(&entry.path())
            } else {
                let bytes = fs::read(entry.path()).unwrap();
                let modified = entry.metadata().unwrap().mtime();
                self.add(Inode::File { synced: Some(Version { bytes, modified }), since: Vec::new() })
            };
            names.insert(entry.file_name(), child);
        }
        self.inodes[ino] = Inode::Folder { synced: names, since: Vec::new() };
        ino
    }

    pub fn inode(&self, ino: Ino) -> &Inode {
        &self.inodes[ino]
    }

    /// Everything that some state may show, in no order.
    pub fn reachable(&self) -> BTreeSet<Ino> {
        let mut found = BTreeSet::new();
        let mut next = vec![ROOT];
        while let Some(ino) = next.pop() {
            if let (true, Inode::Folder { synced, since }) = (found.insert(ino), self.inode(ino)) {
                next.extend(synced.values());
                next.extend(since.iter().filter_map(|change| match change {
                    Renaming::Added(_, ino) | Renaming::Moved { ino, .. } => Some(*ino),
                    Renaming::Removed(_) => None,
                }));
            }
        }
        found
    }

    /// What is at this path below the data folder, for a program that runs.
    pub fn find(&self, path: &Path) -> Option<Ino> {
        path.components().try_fold(ROOT, |folder, component| match component {
            Component::Normal(name) => self.names(folder).get(name).copied(),
            _ => Some(folder),
        })
    }

    fn names(&self, folder: Ino) -> Names {
        let Inode::Folder { synced, since } = self.inode(folder) else { return Names::new() };
        let mut names = synced.clone();
        since.iter().for_each(|change| change.apply(&mut names, Reached::All));
        names
    }

    /// The file as a program sees it that runs.
    pub fn version(&self, file: Ino) -> Version {
        let Inode::File { synced, since } = self.inode(file) else { panic!("BUG: no file") };
        since.last().or(synced.as_ref()).expect("a file begins with a version").clone()
    }

    pub fn add_file(&mut self, modified: i64) -> Ino {
        self.add(Inode::File { synced: None, since: vec![Version { bytes: Vec::new(), modified }] })
    }

    pub fn add_folder(&mut self) -> Ino {
        self.add(Inode::Folder { synced: Names::new(), since: Vec::new() })
    }

    fn add(&mut self, inode: Inode) -> Ino {
        self.inodes.push(inode);
        self.inodes.len() - 1
    }

    pub fn change(&mut self, file: Ino, version: Version) {
        let Inode::File { since, .. } = &mut self.inodes[file] else { panic!("BUG: no file") };
        since.push(version);
    }

    pub fn rename(&mut self, folder: Ino, renaming: Renaming) {
        let Inode::Folder { since, .. } = &mut self.inodes[folder] else { panic!("BUG: no folder") };
        since.push(renaming);
    }

    pub fn sync(&mut self, ino: Ino) {
        let names = self.names(ino);
        match &mut self.inodes[ino] {
            Inode::File { synced, since } => *synced = since.drain(..).next_back().or(synced.take()),
            Inode::Folder { synced, since } => {
                since.clear();
                *synced = names;
            }
        }
    }
}
