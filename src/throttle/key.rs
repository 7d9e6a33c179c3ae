//! What tries are counted by, as hashes: a stranger may have typed anything. It never says what it was.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::network::network;

/// A name, a network, or a name and a network together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Of what kind.
    pub(super) kind: Kind,
    hash: [u8; Key::HASH],
}

/// What kind of thing a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Whatever was tried as one.
    Name,
    /// One person's share of the address space.
    Network,
    /// A name, tried from a network.
    Place,
}

impl Key {
    /// Bytes of the hash: two of a hundred thousand names are alike once in four billion times.
    const HASH: usize = 8;

    /// Whatever was tried as a name.
    #[must_use]
    pub fn name(name: &str) -> Self {
        Self::new(Kind::Name, &[name.as_bytes()])
    }

    /// Where somebody is; none for this machine's own addresses: there, everybody who comes through a proxy
    /// would be one.
    #[must_use]
    pub fn network(address: IpAddr) -> Option<Self> {
        let network = network_of(address);
        (!network.is_loopback()).then(|| Self::new(Kind::Network, &[network.to_string().as_bytes()]))
    }

    /// A name, tried from where somebody is.
    #[must_use]
    pub fn place(name: &str, address: IpAddr) -> Self {
        Self::new(Kind::Place, &[network_of(address).to_string().as_bytes(), b" ", name.as_bytes()])
    }

    fn new(kind: Kind, parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        parts.iter().for_each(|part| digest.update(part));
        let mut hash = [0; Self::HASH];
        hash.copy_from_slice(&digest.finalize()[..Self::HASH]);
        Self { kind, hash }
    }

    /// Reads what `Display` wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (kind, hash) = text.split_once('-')?;
        let kind = [Kind::Name, Kind::Network, Kind::Place].into_iter().find(|one| one.word() == kind)?;
        let hash = HEXLOWER.decode(hash.as_bytes()).ok()?;
        Some(Self { kind, hash: hash.try_into().ok()? })
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Network => "network",
            Self::Place => "place",
        }
    }
}

/// As a file's name: `name-ff00ff00ff00ff00`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.kind.word(), HEXLOWER.encode(&self.hash))
    }
}

/// This machine's own addresses are one network.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        address if address.is_loopback() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        address => network(address),
    }
}
