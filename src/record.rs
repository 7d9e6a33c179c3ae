//! What a record is on disk: bytes that say themselves whether they are whole. This file alone knows
//! bincode, and it never trusts a byte it reads.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | magic: `exeunt:` and the kind of record |
//! | 1 | version of that kind's layout |
//! | n | the record, in bincode's standard configuration |
//! | 8 | checksum: the first bytes of SHA-256 over all before |

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// A record's largest size in bytes, well above what any of ours can reach with its bounded fields;
/// nothing longer is read, whatever length a damaged file claims.
pub const LIMIT: usize = 4096;

const MAGIC: &[u8; 7] = b"exeunt:";
const HEAD: usize = MAGIC.len() + 2;
const CHECKSUM: usize = 8;

/// Something that is kept on disk.
pub trait Record: Serialize + DeserializeOwned {
    /// The letter that tells this kind of record from the others.
    const KIND: u8;
    /// Which layout these fields are; another one's bytes are not read.
    const VERSION: u8;
}

/// The bytes to keep.
///
/// # Panics
/// When the record is larger than [`LIMIT`]: its fields were not bounded before.
#[must_use]
pub fn encode<R: Record>(record: &R) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[R::KIND, R::VERSION]);
    bytes.extend_from_slice(&body_of(record));
    bytes.extend_from_slice(&checksum(&bytes));
    assert!(bytes.len() <= LIMIT, "BUG: a record of bounded fields is short");
    bytes
}

/// Reads a record back: `None` unless every byte is what [`encode`] wrote for this kind and version.
#[must_use]
pub fn decode<R: Record>(bytes: &[u8]) -> Option<R> {
    if bytes.len() > LIMIT || bytes.len() < HEAD + CHECKSUM {
        return None;
    }
    let (content, sum) = bytes.split_at(bytes.len() - CHECKSUM);
    if sum != checksum(content) {
        return None;
    }
    let (head, body) = content.split_at(HEAD);
    if head[..MAGIC.len()] != *MAGIC || head[MAGIC.len()..] != [R::KIND, R::VERSION] {
        return None;
    }
    let (record, _) = bincode::serde::decode_from_slice(body, configuration()).ok()?;
    // bincode leaves what follows unread and takes numbers in more bytes than they need, and a name is
    // normalised as it is read.
    (body_of(&record) == body).then_some(record)
}

fn body_of<R: Record>(record: &R) -> Vec<u8> {
    bincode::serde::encode_to_vec(record, configuration()).expect("BUG: a record of bounded fields encodes")
}

fn configuration() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<LIMIT>()
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let digest = Sha256::digest(bytes);
    let mut sum = [0; CHECKSUM];
    sum.copy_from_slice(&digest[..CHECKSUM]);
    sum
}
