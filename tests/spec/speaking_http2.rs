//! HTTP/2, as proxies speak it without TLS: all that the site does, and no more than HTTP/1 lets anybody do.

use std::time::Duration;

use exeunt::web::{Limits, Proxies};
use h2::client::SendRequest;
use hyper::body::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::frames::{
    self, DATA, END_HEADERS, END_STREAM, Frames, GOAWAY, HEADERS, PREFACE, RESET, SETTINGS,
};
use crate::support::{NEW_PASSWORD, PASSWORD, Visitor, World};

/// What a settings frame calls them.
const MAX_CONCURRENT_STREAMS: u16 = 3;
const INITIAL_WINDOW_SIZE: u16 = 4;
const MAX_HEADER_LIST_SIZE: u16 = 6;

/// An error code: for peers that do too much.
const ENHANCE_YOUR_CALM: u32 = 11;

#[tokio::test]
async fn all_that_one_can_do_one_can_do_over_http2() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.visitor().over_http2();
    alice.opens("/").await.leads_to("/login");
    alice.tries("alice", "another battery staple").await.is(422).says("is wrong");
    alice.logs_in("alice").await;
    alice.opens("/").await.is(200).says("Logged in as <b>alice</b>");
    alice.changes_password(PASSWORD, NEW_PASSWORD).await.leads_to("/?password_changed");
    alice.logs_out().await.leads_to("/login?logged_out");
    assert!(world.session_files().is_empty());
    assert!(!alice.is_logged_in().await);
}

#[tokio::test]
async fn its_answers_are_those_of_http1() {
    let world = World::open().await;
    for path in ["/", "/login", "/nothing", "/healthz", "/events"] {
        let mut one = world.visitor().opens(path).await;
        let mut two = world.visitor().over_http2().opens(path).await;
        for answer in [&mut one, &mut two] {
            if answer.body.is_empty() {
                // HTTP/2 says it by ending the stream.
                answer.headers.remove("content-length");
            }
            assert!(
                answer.headers.remove("date").is_some() && answer.headers.remove("x-request-id").is_some()
            );
        }
        assert_eq!((one.status, one.headers, one.body), (two.status, two.headers, two.body), "{path}");
    }
}

#[tokio::test]
async fn many_listen_on_one_connection_while_pages_are_served_on_it() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.visitor().over_http2();
    alice.logs_in("alice").await;
    let mut listening = Vec::new();
    for _ in 0..20 {
        listening.push(alice.listens().await);
    }
    alice.opens("/").await.is(200);
    alice.logs_out().await;
    for (mut heard, session) in listening {
        assert_eq!(heard.hears_to_the_end().await, [format!("logout {session}")]);
    }
}

#[tokio::test]
async fn what_is_spoken_is_understood_however_it_comes_in() {
    let world = World::open().await;
    for request in ["GET /login HTTP/1.1\r\nHost: x\r\n\r\n", "POST /login HTTP/1.1\r\nHost: x\r\n\r\n"] {
        let mut stream = byte_by_byte(&world, request.as_bytes()).await;
        let mut answer = [0; 9];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 ");
    }
    let mut stream = byte_by_byte(&world, PREFACE).await;
    let mut settings = [0; 4];
    stream.read_exact(&mut settings).await.unwrap();
    assert_eq!(settings[3], SETTINGS);
}

#[tokio::test]
async fn a_body_of_any_length_that_is_no_form_is_refused() {
    let world = World::open().await;
    let mut client = client(&world).await;
    for (kind, status) in [("text/plain", 400), ("application/x-www-form-urlencoded", 422)] {
        let request = post("/login").header("content-type", kind).body(()).unwrap();
        let (answer, mut body) = client.send_request(request, false).unwrap();
        // It has no Content-Length.
        body.send_data("username=a&password=b".into(), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), status, "{kind}");
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_over_http2_as_well() {
    let world = World::open().await;
    let answer = world.visitor().over_http2().with("x-large", "x".repeat(17 * 1024)).opens("/login").await;
    assert_eq!(answer.status, 431);
}

#[tokio::test]
async fn it_says_what_it_takes_at_once() {
    let world = World::open().await;
    let mut peer = Frames::open(world.base(), &[]).await;
    let settings = peer.hears_a(SETTINGS).await.payload;
    let said = |number: u16| {
        let setting = settings.chunks(6).find(|setting| setting[..2] == number.to_be_bytes());
        u32::from_be_bytes(setting.expect("it says so")[2..].try_into().unwrap())
    };
    assert_eq!(said(MAX_CONCURRENT_STREAMS), 100);
    assert_eq!(said(MAX_HEADER_LIST_SIZE), 16 * 1024);
    assert_eq!(said(INITIAL_WINDOW_SIZE), 32 * 1024);
}

#[tokio::test]
async fn whoever_asks_and_takes_back_without_end_is_hung_up_on() {
    let world = World::open().await;
    let mut peer = Frames::open(world.base(), &[]).await;
    let head = frames::head("GET", "/login", &[]);
    let mut said = Vec::new();
    for stream in (1..20_000).step_by(2) {
        said.extend(frames::frame(HEADERS, END_HEADERS | END_STREAM, stream, &head));
        said.extend(frames::frame(RESET, 0, stream, &8u32.to_be_bytes()));
    }
    peer.says(&said).await;

    let last = peer.hears_a(GOAWAY).await;
    assert_eq!(last.reason(), ENHANCE_YOUR_CALM);
    peer.hears_to_the_end().await;
    assert!(world.looks("/login") < 1_000, "{} were looked at", world.looks("/login"));
    world.visitor().over_http2().opens("/login").await.is(200);
}

#[tokio::test]
async fn posts_that_are_taken_back_count_until_they_are_done() {
    let world = World::open().await.with_account("alice").await;
    let alice = world.logged_in("alice").await;
    let lock = world.lock(world.account("alice").await.id).await;
    let mut peer = Frames::open(world.base(), &[]).await;
    let (mut stream, mut begun) = (1, 0);
    while begun < 1_000 {
        peer.says(&logs_out_others(&alice, stream)).await;
        while world.posts("/logout") == begun && !peer.resets.contains(&stream) {
            peer.is_heard().await;
        }
        if peer.resets.contains(&stream) {
            break;
        }
        begun += 1;
        peer.is_heard().await;
        // By now most of them wait for the lock; the others have lost their form.
        peer.says(&frames::frame(RESET, 0, stream, &8u32.to_be_bytes())).await;
        stream += 2;
    }
    assert!((100..400).contains(&begun), "{begun} were begun");

    drop(lock);
    let served = async {
        while world.posts("/logout") == begun {
            stream += 2;
            peer.says(&logs_out_others(&alice, stream)).await;
            peer.is_heard().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), served).await.expect("what is done makes room");
}

#[tokio::test]
async fn a_connection_without_requests_ends_and_one_on_which_somebody_listens_does_not() {
    let limits = Limits { idle: Duration::from_millis(200), ..Limits::behind(&Proxies::default()) };
    let world = World::limited_to(limits).await.with_account("alice").await;
    let mut alice = world.visitor().over_http2();
    alice.logs_in("alice").await;
    let (mut heard, session) = alice.listens().await;

    // One that answers every ping, one that never takes its answer, and one that never ends its head.
    let mut polite = Frames::open(world.base(), &[]).await;
    let mut greedy = Frames::open(world.base(), &[(INITIAL_WINDOW_SIZE, 0)]).await;
    let page = frames::head("GET", "/login", &[]);
    greedy.says(&frames::frame(HEADERS, END_HEADERS | END_STREAM, 1, &page)).await;
    let mut slow = Frames::open(world.base(), &[]).await;
    slow.says(&frames::frame(HEADERS, END_STREAM, 1, &page)).await;
    for peer in [&mut polite, &mut greedy, &mut slow] {
        assert!(peer.hears_to_the_end().await.contains(&GOAWAY));
    }

    alice.logs_out().await;
    assert_eq!(heard.hears_to_the_end().await, [format!("logout {session}")]);
}

#[tokio::test]
async fn whoever_answers_no_ping_is_gone() {
    let limits = Limits { head: Duration::from_millis(200), ..Limits::behind(&Proxies::default()) };
    let world = World::limited_to(limits).await.with_account("alice").await;
    let alice = world.logged_in("alice").await;
    let mut gone = Frames::open(world.base(), &[]).await;
    gone.answers_pings = false;
    let listen = frames::head("GET", "/events", &[("cookie", alice.cookie())]);
    gone.says(&frames::frame(HEADERS, END_HEADERS | END_STREAM, 1, &listen)).await;
    let hung_up = tokio::time::timeout(Duration::from_secs(30), gone.hears_to_the_end());
    hung_up.await.expect("it is hung up on");
}

/// What somebody sends who stays, and logs out everywhere else.
fn logs_out_others(visitor: &Visitor, stream: u32) -> Vec<u8> {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let head = frames::head("POST", "/logout", &[kind, ("cookie", visitor.cookie())]);
    let head = frames::frame(HEADERS, END_HEADERS, stream, &head);
    [head, frames::frame(DATA, END_STREAM, stream, b"which=others")].concat()
}

/// Says this in as many packets as there are bytes.
async fn byte_by_byte(world: &World, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(world.base().trim_start_matches("http://")).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in bytes {
        stream.write_all(&[*byte]).await.unwrap();
        // The server is on this thread: it reads each by itself.
        tokio::task::yield_now().await;
    }
    stream
}

/// A client that says no more than it is told to.
async fn client(world: &World) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(world.base().trim_start_matches("http://")).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    client.ready().await.unwrap()
}

fn post(path: &str) -> http::request::Builder {
    http::Request::post(format!("http://localhost:8000{path}"))
}
