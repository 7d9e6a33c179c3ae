//! How much of the server one visitor may take, and for how long. It never limits what somebody may do there.

use std::net::IpAddr;
use std::time::Duration;

use super::super::Proxies;

/// Numbers of one server. The defaults are what the README says.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long a connection may be silent, and how long the head of a request may take to arrive.
    pub head: Duration,
    /// How long nobody may take anything of an answer that is there.
    pub answer: Duration,
    /// How long an HTTP/2 connection may be open without a request. Proxies keep theirs at hand, so it is longer
    /// than for a browser.
    pub idle: Duration,
    /// Connections from one network at once. An office behind one address has this many tabs that listen; and it
    /// takes sixteen networks to take all there are.
    pub from_one_network: u32,
    /// Where many come from who are not one another's neighbours.
    pub uncounted: Proxies,
}

impl Limits {
    /// Of a server behind these proxies, or none. The proxies' connections are not counted, nor are those of this
    /// machine, from which a proxy comes as well: it holds its visitors to limits of its own.
    #[must_use]
    pub fn behind(proxies: &Proxies) -> Self {
        let here = ["127.0.0.0/8", "::1/128"].map(|network| network.parse().expect("BUG: a network"));
        Self { uncounted: proxies.and(here), ..Self::counting_all() }
    }

    /// The same, where everybody is a neighbour of those who come from the same network.
    #[must_use]
    pub fn counting_all() -> Self {
        Self {
            head: Duration::from_secs(15),
            answer: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            from_one_network: 1024,
            uncounted: Proxies::default(),
        }
    }

    /// Whether connections from there are counted.
    pub(super) fn counts(&self, address: IpAddr) -> bool {
        !self.uncounted.trusts(address)
    }
}
