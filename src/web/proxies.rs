//! Who is at the far end of the proxies. What a proxy says counts only as far as each of those that passed it
//! on is trusted; it never changes anything but the address that a visitor is known by.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use poem::http::{HeaderMap, HeaderName};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies that are believed.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Those in these networks.
    #[must_use]
    pub fn trusted(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// These, and more.
    #[must_use]
    pub fn and(&self, more: impl IntoIterator<Item = IpNet>) -> Self {
        Self(self.0.iter().copied().chain(more).collect())
    }

    /// Where a request comes from that came from `peer`. Each proxy adds to the end of the list where it had
    /// the request from, so the list is read from there, for as long as whoever added to it is trusted; what
    /// stands before that, anybody may have written.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lists = headers.get_all(FORWARDED_FOR).into_iter().rev();
        let mut hops = lists.flat_map(|list| list.as_bytes().rsplit(|&byte| byte == b','));
        let mut client = peer.to_canonical();
        while self.trusts(client) {
            // What is no address was not written by a proxy that knows its work: nobody beyond it is known.
            let Some(hop) = hops.next().and_then(address) else { break };
            client = hop;
        }
        client
    }

    /// Whether what comes from there is believed.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address.to_canonical()))
    }
}

/// An address, alone or with a port, in brackets or not.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim_matches([' ', '\t']);
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}
