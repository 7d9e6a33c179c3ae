//! Serving: what is under way is finished, and what is too much is refused.

use std::sync::Arc;
use std::time::Duration;

use exeunt::actions::{list_sessions, log_out_others};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{World, attempt};

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
    assert!(
        std::fs::read_dir(data.path().join("sessions"))
            .unwrap()
            .all(|account| { std::fs::read_dir(account.unwrap().path()).unwrap().next().is_none() })
    );
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
    let this = list_sessions(world.app(), account).await.unwrap().remove(0).session.clone();
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
    for said in ["", "P", "GET / HTTP/1.1\r\nHost:"] {
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

#[tokio::test]
async fn a_form_that_never_arrives_is_not_waited_for() {
    let world = World::open().await;
    let mut stream = connect(world.base()).await;
    let head = "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n                Content-Type: application/x-www-form-urlencoded\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let answered = tokio::time::timeout(Duration::from_secs(60), stream.read_exact(&mut answer));
    answered.await.expect("it is answered").unwrap();
    assert_eq!(&answer, b"HTTP/1.1 400");
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
