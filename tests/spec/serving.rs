//! Serving: what is under way is finished, and what is too much is refused.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use exeunt::actions::{list_sessions, log_out_others};
use exeunt::web::{Limits, Neighbours, Proxies};
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::program::Place;
use crate::support::{World, attempt};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

#[tokio::test]
async fn a_stop_lets_a_request_in_flight_finish_and_takes_no_new_one() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let mut late = world.visitor();
    let lock = world.lock(world.account("alice").await.id).await;
    let asked = tokio::spawn(async move { alice.logs_out_of("all").await });
    world.until(|| world.posts("/logout") == 1).await;

    let base = world.base().to_owned();
    let (data, mut server) = world.stop();
    refuses_connections(&base).await;
    assert!(!server.is_finished(), "it waits for the request in flight");

    drop(lock);
    asked.await.unwrap().leads_to("/login?logged_out");
    tokio::time::timeout(Duration::from_secs(30), &mut server).await.unwrap().unwrap().unwrap();
    assert!(has_no_session(data.path()));
    let lost = tokio::spawn(async move { late.opens("/login").await });
    assert!(lost.await.is_err(), "nobody serves any more");
}

#[tokio::test]
async fn connections_that_are_open_and_idle_do_not_hold_a_stop() {
    let world = World::open().await;
    // As browsers open them in advance.
    let _silent = connect(world.base()).await;
    let mut kept = connect(world.base()).await;
    kept.write_all(b"GET /login HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    kept.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let (_data, server) = world.stop();
    tokio::time::timeout(Duration::from_secs(30), server).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_post_without_its_browser_is_waited_for() {
    let world = World::open().await.with_account("alice").await;
    let alice = world.logged_in("alice").await;
    let lock = world.lock(world.account("alice").await.id).await;
    let mut stream = connect(world.base()).await;
    let post = format!(
        "POST /logout HTTP/1.1\r\nHost: x\r\nCookie: {}\r\nContent-Length: 9\r\n{FORM}\r\n\r\nwhich=all",
        alice.cookie()
    );
    stream.write_all(post.as_bytes()).await.unwrap();
    world.until(|| world.posts("/logout") == 1).await;
    drop(stream);
    world.until(|| world.abandoned() == 1).await;

    let base = world.base().to_owned();
    let (data, mut server) = world.stop();
    refuses_connections(&base).await;
    assert!(!server.is_finished(), "it waits for what the browser has begun");
    drop(lock);
    tokio::time::timeout(Duration::from_secs(30), &mut server).await.unwrap().unwrap().unwrap();
    assert!(has_no_session(data.path()), "the logout was carried through");
}

#[tokio::test]
async fn a_stop_by_signal_answers_what_is_in_flight_over_both_protocols() {
    let place = Place::new();
    let account = place.account("alice").await;
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = place.serves();
        let cookie = format!("exeunt={}", place.session(&account).await.0.reveal());
        let mut one = connect(&server.address).await;
        let head = format!(
            "POST /logout HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nContent-Length: 10\r\n{FORM}\r\n\
             Expect: 100-continue\r\n\r\n"
        );
        one.write_all(head.as_bytes()).await.unwrap();
        let mut go_on = [0; 25];
        one.read_exact(&mut go_on).await.unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n", "the form is being read");

        let (mut two, mut connection) = h2::client::handshake(connect(&server.address).await).await.unwrap();
        let mut pings = connection.ping_pong().unwrap();
        let connection = tokio::spawn(connection);
        let post = http::Request::post("http://localhost:8000/logout").header("cookie", &cookie);
        let post = post.header("content-type", FORM.split_once(": ").unwrap().1).body(()).unwrap();
        let (answer, mut body) = two.send_request(post, false).unwrap();
        pings.ping(h2::Ping::opaque()).await.unwrap();

        server.process().is_sent(signal);
        server.process().logs("stopping");
        refuses_connections(&server.address).await;
        one.write_all(b"which=this").await.unwrap();
        body.send_data("which=this".into(), true).unwrap();

        let mut last = String::new();
        one.read_to_string(&mut last).await.unwrap();
        assert!(last.starts_with("HTTP/1.1 303 ") && last.contains("location: /login?logged_out"), "{last}");
        assert_eq!(answer.await.unwrap().status(), 303);
        connection.await.unwrap().unwrap();
        let done = server.stops_by_itself();
        assert!(!done.err.contains("not answered"), "{done:?}");
        done.done();
        assert!(has_no_session(place.data()));
    }
}

#[tokio::test]
async fn a_stop_waits_ten_seconds_for_what_does_not_end() {
    let place = Place::new();
    let mut server = place.serves();
    let mut one = connect(&server.address).await;
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n{FORM}\r\nExpect: 100-continue\r\n\r\n"
    );
    one.write_all(head.as_bytes()).await.unwrap();
    one.read_exact(&mut [0; 25]).await.unwrap();
    server.process().is_sent(Signal::TERM);
    server.process().logs("stopping: ");
    let began = Instant::now();
    let done = server.stops_by_itself();
    done.logged("stopping although some requests are not answered");
    done.done();
    assert!((9.0..14.0).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn nobody_takes_all_connections_and_a_proxy_may() {
    let limits = Limits {
        from_one_network: 3,
        uncounted: Proxies::trusted(vec!["127.0.0.3/32".parse().unwrap()]),
        ..Limits::counting_all()
    };
    let world = World::limited_to(limits).await;
    let mut here = Vec::new();
    for _ in 0..3 {
        here.push(served(&world, "127.0.0.1").await.expect("there is room"));
    }
    assert!(served(&world, "127.0.0.1").await.is_none(), "one more is hung up on");
    let mut proxied = Vec::new();
    for _ in 0..10 {
        proxied.push(served(&world, "127.0.0.3").await.expect("a proxy is not counted"));
    }
    served(&world, "127.0.0.2").await.expect("others are served");

    here.pop();
    let again = async { while served(&world, "127.0.0.1").await.is_none() {} };
    tokio::time::timeout(Duration::from_secs(10), again).await.expect("whoever leaves makes room");
}

#[tokio::test]
async fn this_machine_is_not_counted_unless_it_is_asked_for() {
    let limits = Limits { from_one_network: 3, ..Limits::behind(&Proxies::default()) };
    let world = World::limited_to(limits).await;
    let mut here = Vec::new();
    for _ in 0..10 {
        here.push(served(&world, "127.0.0.1").await.expect("it is not counted"));
    }
}

#[test]
fn neighbours_are_those_of_one_address_or_one_ipv6_network() {
    let limits = Limits { from_one_network: 2, ..Limits::counting_all() };
    for (same, other) in [
        (["192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1"], "192.0.2.2"),
        (["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::"], "2001:db8:0:1::1"),
    ] {
        let all = Neighbours::new(&limits, 1000);
        let [one, two, three] = same.map(|address| all.admit(address.parse().unwrap()));
        assert!(one.is_some() && two.is_some() && three.is_none(), "{same:?}");
        assert!(all.admit(other.parse().unwrap()).is_some(), "{other}");
        drop(one);
        assert!(all.admit(same[2].parse().unwrap()).is_some());
    }
    let few = Neighbours::new(&limits, 4);
    let alone = few.admit([192, 0, 2, 1].into());
    assert!(alone.is_some() && few.admit([192, 0, 2, 1].into()).is_none(), "a quarter of what there is");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let world = World::open().await;
    let mut stream = connect(world.base()).await;
    let head = format!("GET / HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n", "x".repeat(64 * 1024));
    // The server may hang up before it has read all of it.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 431");
}

#[tokio::test]
async fn many_visitors_at_once_are_each_themselves() {
    let world = Arc::new(World::open().await.with_account("alice").await.with_account("bob").await);
    let mut visits = tokio::task::JoinSet::new();
    for number in 0..24 {
        let world = Arc::clone(&world);
        visits.spawn(async move {
            let (name, other) = if number % 2 == 0 { ("alice", "bob") } else { ("bob", "alice") };
            let mut visitor = world.logged_in(name).await;
            let page = visitor.opens("/").await;
            page.is(200).says(&format!("Logged in as <b>{name}</b>")).does_not_say(other);
            visitor.logs_out().await.leads_to("/login?logged_out");
            assert!(!visitor.is_logged_in().await);
        });
    }
    visits.join_all().await;
    assert!(world.session_files().is_empty());
}

#[tokio::test]
async fn any_number_of_logouts_at_once_leave_the_site_standing() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let account = world.account("alice").await.id;
    let this = list_sessions(world.app(), account).await.unwrap().sessions[0].session.clone();
    let lock = world.lock(account).await;
    // More than there are threads for the disk, all of them waiting for the one lock.
    let mut logouts = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let (app, this) = (world.shared_app(), this.clone());
        logouts.spawn(async move { log_out_others(&app, &this, &attempt("", "").visit).await });
    }

    // A page needs such a thread too, and a login needs several.
    let served = async {
        alice.opens("/").await.is(200);
        drop(lock);
        world.logged_in("alice").await;
        logouts.join_all().await;
        assert!(alice.is_logged_in().await);
    };
    tokio::time::timeout(Duration::from_secs(60), served).await.expect("the site stands");
}

#[tokio::test]
async fn whoever_is_silent_is_hung_up_on() {
    let world = World::open().await;
    let mut streams = Vec::new();
    for said in ["", "P", "PRI * HTTP/2.0\r\n\r\nSM\r", "GET / HTTP/1.1\r\nHost:"] {
        let mut stream = connect(world.base()).await;
        stream.write_all(said.as_bytes()).await.unwrap();
        streams.push((said, stream));
    }
    for (said, mut stream) in streams {
        let mut rest = Vec::new();
        let hung_up = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut rest));
        hung_up.await.unwrap_or_else(|_| panic!("{said:?} and then nothing is waited for")).unwrap();
    }
}

/// A connection from that address that has had its answer, if it got one.
async fn served(world: &World, from: &str) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
    let to = world.base().trim_start_matches("http://").parse().unwrap();
    let mut stream = socket.connect(to).await.unwrap();
    // The server may have hung up.
    let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.ok()?;
    assert_eq!(&answer, b"HTTP/1.1 200");
    Some(stream)
}

fn has_no_session(data: &Path) -> bool {
    let accounts = std::fs::read_dir(data.join("sessions")).unwrap().map(|account| account.unwrap().path());
    accounts
        .filter(|account| account.is_dir())
        .all(|account| std::fs::read_dir(account).unwrap().next().is_none())
}

async fn connect(base: &str) -> TcpStream {
    TcpStream::connect(base.trim_start_matches("http://")).await.expect("the server listens")
}

/// Waits until the listener is closed.
async fn refuses_connections(base: &str) {
    let closed = async {
        while TcpStream::connect(base.trim_start_matches("http://")).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), closed).await.expect("no new connection is taken");
}
