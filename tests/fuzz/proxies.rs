//! The lists that proxies write: whatever a visitor has put before what they wrote changes nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bolero::check;
use exeunt::web::Proxies;
use poem::http::{HeaderMap, HeaderValue};

use crate::corpus::Example;
use crate::effort;
use crate::material::Material;

pub const NAME: &str = "proxies";

/// The proxy that a request comes from.
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

const TRUSTED: [&str; 3] = ["127.0.0.0/8", "10.0.0.0/8", "2001:db8:1::/48"];

const PIECES: [&[u8]; 22] = [
    b"10.1.2.3",
    b"127.0.0.1",
    b"192.0.2.7",
    b"198.51.100.1",
    b"2001:db8:1::5",
    b"2001:db8:2::7",
    b"::ffff:10.1.2.3",
    b"::ffff:192.0.2.7",
    b":443",
    b"[",
    b"]",
    b",",
    b", ",
    b" ",
    b"\t",
    b"\n",
    b"unknown",
    b"%eth0",
    b"0x7f.1",
    b"010.1.2.3",
    b"\"",
    b"\xff",
];

#[test]
fn nobody_is_where_they_say_they_are() {
    let material = Material::of(&examples(), &PIECES);
    let proxies = Proxies::trusted(TRUSTED.iter().map(|network| network.parse().unwrap()).collect());
    check!(name = NAME).with_test_time(effort()).for_each(|input: &[u8]| {
        for text in material.readings(input) {
            is_read_rightly(&proxies, &text);
        }
    });
}

pub fn examples() -> Vec<Example> {
    [
        ("one", "192.0.2.7"),
        ("none", ""),
        ("forged", "127.0.0.1, 198.51.100.1, 192.0.2.7"),
        ("a-chain", "198.51.100.1, 192.0.2.7, 10.1.2.3"),
        ("in-two-headers", "198.51.100.1, 192.0.2.7\n10.1.2.3, 2001:db8:1::5"),
        ("all-trusted", "10.9.9.9, 10.1.2.3"),
        ("with-ports", "[2001:db8:2::7]:50000, 10.1.2.3:443"),
        ("mapped", "192.0.2.7, ::ffff:10.1.2.3"),
        ("unknown", "192.0.2.7, unknown, 10.1.2.3"),
    ]
    .map(|(name, text)| (name, text.as_bytes().to_vec()))
    .to_vec()
}

/// `text` has a line for each header.
fn is_read_rightly(proxies: &Proxies, text: &[u8]) {
    let lines = text.split(|&byte| byte == b'\n');
    let lines: Vec<_> = lines.filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let shown = text.escape_ascii();

    let client = proxies.client(PEER, &headers(&lines));

    assert_eq!(client, read_by_the_letter(&lines), "{shown}");
    assert_eq!(client, client.to_canonical(), "{shown}");
    let stranger = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
    assert_eq!(proxies.client(stranger, &headers(&lines)), stranger, "{shown}");
    if !is_trusted(client) {
        // What a visitor sends comes before what the first proxy adds.
        for forged in ["10.1.2.3", "203.0.113.9", "unknown", ""] {
            let mut lines = lines.clone();
            lines.insert(0, HeaderValue::from_static(forged));
            assert_eq!(proxies.client(PEER, &headers(&lines)), client, "{forged:?} before {shown}");
        }
    }
}

fn headers(lines: &[HeaderValue]) -> HeaderMap {
    lines.iter().map(|line| ("x-forwarded-for".parse().unwrap(), line.clone())).collect()
}

/// From the end of one long list, back to the first that is no proxy of ours, or is no address.
fn read_by_the_letter(lines: &[HeaderValue]) -> IpAddr {
    let lines: Vec<_> = lines.iter().map(|line| line.as_bytes().escape_ascii().to_string()).collect();
    let long = lines.join(",").replace("\\t", " ");
    let mut hops: Vec<_> =
        if lines.is_empty() { Vec::new() } else { long.split(',').map(str::trim).collect() };
    let mut client = PEER;
    while is_trusted(client) {
        let Some(address) = hops.pop().and_then(address) else { break };
        client = address.to_canonical();
    }
    client
}

fn address(text: &str) -> Option<IpAddr> {
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip()).ok();
    text.parse().ok().or_else(in_brackets).or_else(with_port)
}

fn is_trusted(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => [10, 127].contains(&address.octets()[0]),
        IpAddr::V6(address) => {
            address.segments()[..3] == Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0).segments()[..3]
        }
    }
}
