//! What may lie in the place of a file of ours: after a crash, a broken disk, a slip of the hand, or by
//! somebody's intent.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use exeunt::clock::Timestamp;
use exeunt::record::LIMIT;
use fastrand::Rng;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::chance::seed;
use super::disk::Pipe;

/// Magic, kind and version; then the record, and a checksum.
const HEAD: usize = 9;
const CHECKSUM: usize = 8;

/// Something that is no file of ours.
#[derive(Debug)]
pub enum Hostile {
    Bytes(Vec<u8>),
    Gigabyte,
    LinkTo(PathBuf),
    LinkToItself,
    Folder,
    FullFolder,
    Pipe,
    Socket,
}

impl Hostile {
    /// Puts it there, in the place of whatever is, with bytes as if written `now`: else nobody could tell
    /// damage from a session that was not seen for long. Whoever waits for a pipe is let go with the answer.
    pub fn put(&self, at: &Path, now: Timestamp) -> Option<Pipe> {
        clear(at);
        match self {
            Self::Bytes(bytes) => {
                let mut file = File::create(at).unwrap();
                file.write_all(bytes).unwrap();
                file.set_modified(now.into()).unwrap();
            }
            Self::Gigabyte => File::create(at).unwrap().set_len(1 << 30).unwrap(),
            Self::LinkTo(target) => symlink(target, at).unwrap(),
            Self::LinkToItself => symlink(at, at).unwrap(),
            Self::Folder => fs::create_dir(at).unwrap(),
            Self::FullFolder => {
                fs::create_dir(at).unwrap();
                fs::write(at.join("file"), "").unwrap();
            }
            Self::Pipe => return Some(Pipe::at(at.to_owned())),
            Self::Socket => {
                // A socket's path may not be long: it is moved to where it shall lie.
                let short = TempDir::new().unwrap();
                drop(UnixListener::bind(short.path().join("socket")).unwrap());
                fs::rename(short.path().join("socket"), at).unwrap();
            }
        }
        None
    }

    /// Everything but bytes. `good` is a file of ours that lies elsewhere.
    pub fn things(good: &Path) -> Vec<Self> {
        vec![
            Self::Gigabyte,
            Self::LinkTo(good.to_owned()),
            Self::LinkTo("/dev/zero".into()),
            Self::LinkTo("nowhere".into()),
            Self::LinkToItself,
            Self::Folder,
            Self::FullFolder,
            Self::Pipe,
            Self::Socket,
        ]
    }
}

/// Removes whatever is there.
pub fn clear(at: &Path) {
    if fs::remove_file(at).is_err() {
        let _ = fs::remove_dir_all(at);
    }
}

/// Each way of damaging these bytes: cut, one bit wrong, not ours at all, or forged with a right checksum.
pub fn damaged(good: &[u8]) -> Vec<Vec<u8>> {
    let mut all: Vec<_> = (0..good.len()).map(|length| good[..length].to_vec()).collect();
    all.extend((0..good.len() * 8).map(|bit| {
        let mut bytes = good.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    }));
    all.extend([[good, b"\0"].concat(), [good, good].concat()]);
    let seed = seed();
    println!("EXEUNT_SEED={seed}");
    let mut chance = Rng::with_seed(seed);
    for length in [1, good.len(), LIMIT, LIMIT + 1, 1 << 20] {
        let noises = [noise(length, &mut chance), noise(length, &mut chance)];
        all.extend([vec![0; length], [&good[..HEAD], &noises[1]].concat()]);
        all.extend(noises);
    }
    let body = &good[HEAD..good.len() - CHECKSUM];
    let head = |kind: u8, version: u8| [b"exeunt:", &[kind, version][..]].concat();
    all.extend((0..=u8::MAX).filter(|&kind| kind != good[7]).map(|kind| forged(&head(kind, good[8]), body)));
    all.extend((0..=u8::MAX).filter(|&new| new != good[8]).map(|new| forged(&head(good[7], new), body)));
    // A length that no file has, wherever a length may be.
    all.extend((0..=body.len()).map(|at| {
        let claims = [&body[..at], &[253, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], &body[at..]];
        forged(&good[..HEAD], &claims.concat())
    }));
    all
}

/// The same record with other times, such as no clock shows, wherever a time may be. It may be read all the
/// same.
pub fn with_impossible_times(good: &[u8]) -> Vec<Vec<u8>> {
    let body = &good[HEAD..good.len() - CHECKSUM];
    // How bincode writes a number of 32 bits, and then the largest and the smallest of 64.
    let times = (0..body.len().saturating_sub(4)).filter(|&at| body[at] == 252);
    times
        .flat_map(|at| {
            [0xff, 0xfe].map(|last| {
                let time = [253, last, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
                forged(&good[..HEAD], &[&body[..at], &time, &body[at + 5..]].concat())
            })
        })
        .collect()
}

fn forged(head: &[u8], body: &[u8]) -> Vec<u8> {
    let content = [head, body].concat();
    let checksum = Sha256::digest(&content);
    [&content, &checksum[..CHECKSUM]].concat()
}

/// Bytes without any order.
fn noise(length: usize, chance: &mut Rng) -> Vec<u8> {
    (0..length).map(|_| chance.u8(..)).collect()
}
