//! What a record is on disk: bytes that say themselves whether they are whole. This file alone knows
//! bincode, and it never trusts a byte it reads.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | magic: `exeunt:` and the kind of record |
//! | 1 | version of that kind's layout |
//! | n | the record, in bincode's standard configuration |
//! | 8 | checksum: the first bytes of SHA-256 over all before |

use std::io::{self, Write};

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
    bincode::serde::encode_into_std_write(record, &mut bytes, configuration())
        .expect("BUG: a record of bounded fields encodes");
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
    let mut same = Same(body);
    let written = bincode::serde::encode_into_std_write(&record, &mut same, configuration());
    (written.is_ok() && same.0.is_empty()).then_some(record)
}

/// Takes exactly these bytes, and keeps none.
struct Same<'a>(&'a [u8]);

impl Write for Same<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.strip_prefix(bytes).ok_or(io::ErrorKind::InvalidData)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
