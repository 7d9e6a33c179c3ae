//! Behind a proxy: whose word counts for where a visitor is, and whose does not.

use std::net::IpAddr;

use exeunt::actions::{Everybody, list_all_sessions};

use crate::support::program::Place;
use crate::support::{Visitor, World};

/// This machine, from which the tests come.
const HERE: &str = "127.0.0.0/8";

#[tokio::test]
async fn without_a_trusted_proxy_forwarded_addresses_change_nothing() {
    assert_eq!(seen(&[], &["192.0.2.7"]).await, "127.0.0.1");
    assert_eq!(seen(&["10.0.0.0/8"], &["192.0.2.7"]).await, "127.0.0.1");
}

#[tokio::test]
async fn a_trusted_proxy_says_where_a_visitor_is() {
    for (forwarded, client) in [
        ("192.0.2.7", "192.0.2.7"),
        (" 192.0.2.7\t", "192.0.2.7"),
        ("192.0.2.7:50000", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:50000", "2001:db8::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
    ] {
        assert_eq!(seen(&[HERE], &[forwarded]).await, client, "{forwarded:?}");
    }
}

#[tokio::test]
async fn what_stands_before_the_last_address_nobody_has_to_believe() {
    assert_eq!(seen(&[HERE], &["198.51.100.1, 192.0.2.7"]).await, "192.0.2.7");
    assert_eq!(seen(&[HERE], &["198.51.100.1", "192.0.2.7"]).await, "192.0.2.7", "in two headers");
    assert_eq!(seen(&[HERE], &["127.0.0.1, 192.0.2.7"]).await, "192.0.2.7", "though it names a proxy");
}

#[tokio::test]
async fn a_chain_of_proxies_is_followed_as_far_as_each_is_trusted() {
    let proxies = [HERE, "10.0.0.0/8", "2001:db8:1::/48"];
    assert_eq!(seen(&proxies, &["198.51.100.1, 192.0.2.7, 10.1.2.3"]).await, "192.0.2.7");
    assert_eq!(seen(&proxies, &["192.0.2.7, 2001:db8:1::5", "10.1.2.3"]).await, "192.0.2.7");
    assert_eq!(seen(&proxies, &["10.9.9.9, 10.1.2.3"]).await, "10.9.9.9", "a visitor may be among them");
    assert_eq!(seen(&proxies, &[]).await, "127.0.0.1", "and so may the proxy itself");
}

#[tokio::test]
async fn a_proxy_that_writes_no_address_is_as_far_as_anybody_can_see() {
    for forwarded in ["unknown", "", "192.0.2.7 192.0.2.8", "192.0.2.300", "192.0.2.7,", "a, b", "\u{ff}"] {
        assert_eq!(seen(&[HERE], &[forwarded]).await, "127.0.0.1", "{forwarded:?}");
    }
}

#[tokio::test]
async fn whoever_tries_too_often_waits_and_others_behind_the_same_proxy_do_not() {
    let world = World::behind(&[HERE]).await.with_account("alice").await;
    let mut stranger = forwarded(world.visitor(), &["192.0.2.7"]);
    for number in 0..21 {
        stranger.tries(&format!("somebody-{number}"), "wrong horse battery staple").await;
    }

    stranger.tries("alice", crate::support::PASSWORD).await.is(429);
    let moved = ["203.0.113.9, 192.0.2.7", "127.0.0.1, 192.0.2.7"];
    for list in moved {
        let mut stranger = forwarded(world.visitor(), &[list]);
        stranger.tries("alice", crate::support::PASSWORD).await.is(429);
    }
    forwarded(world.visitor(), &["192.0.2.8"]).logs_in("alice").await;
}

/// The public URL is a setting: nothing that a request says changes where the site is or how its cookie is kept.
#[tokio::test]
async fn what_a_proxy_says_of_protocol_and_host_changes_nothing() {
    for proxies in [&[][..], &[HERE]] {
        let world = World::behind(proxies).await.with_account("alice").await;
        let mut alice = world.visitor().with("x-forwarded-proto", "https");
        alice = alice.and_with("x-forwarded-host", "evil.example").and_with("x-forwarded-port", "443");
        alice = alice.and_with("forwarded", "proto=https;host=evil.example");

        let login = alice.opens("/").await;
        let answer = alice.logs_in("alice").await;
        let page = alice.opens("/").await;

        login.leads_to("/login");
        answer.leads_to("/");
        assert!(
            answer.cookies_set()[0].starts_with("exeunt=") && !answer.cookies_set()[0].contains("Secure")
        );
        assert_eq!(answer.header("strict-transport-security"), "");
        page.is(200).does_not_say("evil.example");
    }
}

#[tokio::test]
async fn the_proxies_are_a_setting() {
    let place = Place::new();
    let alice = place.account("alice").await;
    let (token, _) = place.session(&alice).await;
    for wrong in ["localhost", "10.0.0.0/33", "127.0.0.1,"] {
        place.runs(&["--trust-proxy", wrong]).was_asked_wrongly("--trust-proxy");
    }
    let server = place.serves_with(&["--trust-proxy", "10.0.0.0/8, 127.0.0.1"]);
    // Nothing but the audit line of a refused login tells where a stranger is.
    let mut visitor = forwarded(server.visitor_with(&token), &["192.0.2.7, 10.1.2.3"]);
    visitor.tries("alice", "wrong horse battery staple").await.is(422);
    server
        .stops()
        .logged(r#""event":"login_failed","why":"closed","account":""#)
        .logged(r#","address":"192.0.2.7","#);
}

/// Where the site says that somebody is whose proxy sends these lists.
async fn seen(proxies: &[&str], lists: &[&str]) -> String {
    let world = World::behind(proxies).await.with_account("alice").await;
    let mut alice = forwarded(world.visitor(), lists);
    alice.logs_in("alice").await;
    let Everybody { listing, .. } = list_all_sessions(world.app()).await.unwrap();
    let [live] = &listing.sessions[..] else { panic!("one session") };
    let address: IpAddr = live.session.address.expect("it came from somewhere");
    alice.opens("/").await.says(&address.to_string());
    address.to_string()
}

fn forwarded(visitor: Visitor, lists: &[&str]) -> Visitor {
    lists.iter().fold(visitor, |visitor, list| visitor.and_with("x-forwarded-for", list))
}
