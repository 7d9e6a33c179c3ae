//! Every state in which a power cut may leave a disk. What was not synced may be lost, kept, torn or out of
//! order, each piece for itself.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use fastrand::Rng;

use super::platter::{Ino, Inode, Platter, ROOT, Version};

/// States that are listed to the last one before they are chosen by chance.
const LISTED: usize = 8192;

/// A disk as it is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tree {
    File(Version),
    Folder(BTreeMap<OsString, Tree>),
}

/// A power cut: what it decides, and between how many outcomes each time. The first is the worst loss, the
/// last is as if nothing had happened.
pub struct Cut<'a> {
    platter: &'a Platter,
    decided: Vec<(Decision, usize)>,
    /// What may be found of the files that were not synced.
    versions: BTreeMap<Ino, Vec<Version>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Decision {
    /// How much of a folder's change of names has reached the disk: the folder, and which change.
    Name(Ino, usize),
    /// Which version of a file.
    Content(Ino),
}

impl<'a> Cut<'a> {
    /// The same seed gives the same garbage.
    pub fn of(platter: &'a Platter, seed: u64) -> Self {
        let (mut decided, mut versions) = (Vec::new(), BTreeMap::new());
        for ino in platter.reachable() {
            match platter.inode(ino) {
                Inode::Folder { since, .. } => {
                    let names = since.iter().enumerate();
                    decided.extend(
                        names.map(|(at, change)| (Decision::Name(ino, at), change.may_reach().len())),
                    );
                }
                Inode::File { since, .. } if since.is_empty() => {}
                Inode::File { synced, since } => {
                    let found = may_be_found(synced.as_ref(), since, &mut Rng::with_seed(seed ^ ino as u64));
                    decided.push((Decision::Content(ino), found.len()));
                    versions.insert(ino, found);
                }
            }
        }
        Self { platter, decided, versions }
    }

    /// All states when there are at most `at_most`, and `true`; else that many of them, with all lost and
    /// all kept.
    pub fn states(&self, at_most: usize, chance: &mut Rng) -> (Vec<Tree>, bool) {
        let count = self.decided.iter().try_fold(1_usize, |all, (_, outcomes)| all.checked_mul(*outcomes));
        let listed = count.filter(|count| *count <= LISTED);
        let mut states = vec![self.state(|_| 0), self.state(|outcomes| outcomes - 1)];
        match listed {
            Some(count) => states.extend((0..count).map(|which| self.nth(which))),
            None => states.extend((0..at_most).map(|_| self.state(|outcomes| chance.usize(..outcomes)))),
        }
        let mut seen = HashSet::new();
        states.retain(|state| seen.insert(state.clone()));
        let is_all = listed.is_some() && states.len() <= at_most;
        while states.len() > at_most.max(2) {
            // The first two stay.
            states.swap_remove(2 + chance.usize(..states.len() - 2));
        }
        (states, is_all)
    }

    fn nth(&self, mut which: usize) -> Tree {
        self.state(|outcomes| {
            let outcome = which % outcomes;
            which /= outcomes;
            outcome
        })
    }

    fn state(&self, mut decide: impl FnMut(usize) -> usize) -> Tree {
        let outcomes = self.decided.iter().map(|&(decision, outcomes)| (decision, decide(outcomes)));
        self.tree(ROOT, &outcomes.collect())
    }

    fn tree(&self, ino: Ino, outcomes: &BTreeMap<Decision, usize>) -> Tree {
        match self.platter.inode(ino) {
            Inode::File { synced, .. } => Tree::File(match self.versions.get(&ino) {
                Some(versions) => versions[outcomes[&Decision::Content(ino)]].clone(),
                None => synced.clone().expect("a file that was not synced may be found in some version"),
            }),
            Inode::Folder { synced, since } => {
                let mut names = synced.clone();
                for (at, change) in since.iter().enumerate() {
                    change.apply(&mut names, change.may_reach()[outcomes[&Decision::Name(ino, at)]]);
                }
                let found = names.into_iter().map(|(name, ino)| (name, self.tree(ino, outcomes)));
                Tree::Folder(found.collect())
            }
        }
    }
}

/// Content and mtime each for itself. What was written and not synced may be there, or some of it, or room
/// for it that is empty or has in it what lay there before.
fn may_be_found(synced: Option<&Version>, since: &[Version], chance: &mut Rng) -> Vec<Version> {
    let last = since.last().expect("something has happened");
    if synced.is_none() && last.bytes.is_empty() {
        // Made, and nothing more: there is nothing to be lost but its name.
        return vec![last.clone()];
    }
    let mut contents: Vec<Vec<u8>> = vec![synced.map_or(Vec::new(), |synced| synced.bytes.clone())];
    let length = last.bytes.len();
    if length > 0 && synced.is_none_or(|synced| synced.bytes != last.bytes) {
        contents.push(last.bytes[..chance.usize(..length)].to_vec());
        contents.push(vec![0; length]);
        contents.push((0..length).map(|_| chance.u8(..)).collect());
    }
    contents.extend(since.iter().map(|version| version.bytes.clone()));
    // An inode that never reached the disk is as old as time.
    let mut times: Vec<i64> = vec![synced.map_or(0, |synced| synced.modified)];
    times.extend(since.iter().map(|version| version.modified));
    distinct(&mut contents);
    distinct(&mut times);
    let versions = contents
        .iter()
        .flat_map(|bytes| times.iter().map(|&modified| Version { bytes: bytes.clone(), modified }));
    versions.collect()
}

/// Each once, at the last of its places: what is there for a program that runs stays last.
fn distinct<T: PartialEq + Clone>(list: &mut Vec<T>) {
    let all = list.clone();
    let mut at = 0;
    list.retain(|item| {
        at += 1;
        !all[at..].contains(item)
    });
}

impl Tree {
    /// Puts it on the real disk, in a folder that is there.
    pub fn put(&self, path: &Path) {
        match self {
            Self::File(version) => {
                fs::write(path, &version.bytes).unwrap();
                let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(version.modified as u64);
                File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
            }
            Self::Folder(names) => {
                for (name, tree) in names {
                    let path = path.join(name);
                    if matches!(tree, Self::Folder(_)) {
                        fs::create_dir(&path).unwrap();
                    }
                    tree.put(&path);
                }
            }
        }
    }

    /// One line for each file and folder.
    pub fn lines(&self, path: &Path) -> String {
        match self {
            Self::File(Version { bytes, modified }) => {
                format!("{}: {} bytes of {modified}: {}\n", path.display(), bytes.len(), bytes.escape_ascii())
            }
            Self::Folder(names) => {
                let inside = names.iter().map(|(name, tree)| tree.lines(&path.join(name)));
                format!("{}/\n{}", path.display(), inside.collect::<String>())
            }
        }
    }
}
