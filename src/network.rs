//! The word for where somebody is: one party's share of the address space. It never says who that is.

use std::net::{IpAddr, Ipv6Addr};

/// The address itself, or the /64 that an IPv6 network gets.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}
