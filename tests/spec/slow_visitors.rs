//! Visitors who are slow, by nature or on purpose: each is waited for as long as a person needs, and nobody else
//! notices them.

use std::time::{Duration, Instant};

use exeunt::web::{Limits, Proxies};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::World;

/// Far longer than anything may take here.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_head_that_goes_on_for_ever_is_not_waited_for() {
    let world = World::limited_to(limits(|limits| limits.head = Duration::from_millis(500))).await;
    let mut stream = connect(&world).await;
    let began = Instant::now();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    // Each line in time, and never the last.
    let goes_on = async {
        while stream.write_all(b"X: x\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, goes_on).await.expect("it is hung up on");
    assert!(began.elapsed() >= Duration::from_millis(500));
}

#[tokio::test]
async fn a_form_that_comes_byte_by_byte_is_not_waited_for_over_both_protocols() {
    let world = World::open().await;
    let one = async {
        let mut stream = connect(&world).await;
        let head = "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 16384\r\n\
                    Content-Type: application/x-www-form-urlencoded\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut answers, mut bytes) = stream.into_split();
        let goes_on = async move { while slowly(bytes.write_all(b"x")).await.is_ok() {} };
        let goes_on = tokio::spawn(goes_on);
        let mut answer = Vec::new();
        // The server has hung up, and not read what came last.
        let _ = answers.read_to_end(&mut answer).await;
        goes_on.abort();
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("Too slow"), "{answer}");
        assert!(answer.contains("connection: close") && answer.contains("x-frame-options: DENY"), "{answer}");
    };
    let two = async {
        let (mut client, connection) = h2::client::handshake(connect(&world).await).await.unwrap();
        tokio::spawn(connection);
        let post = http::Request::post("http://localhost:8000/login");
        let post = post.header("content-type", "application/x-www-form-urlencoded").body(()).unwrap();
        let (mut answer, mut body) = client.send_request(post, false).unwrap();
        let answer = loop {
            tokio::select! {
                answer = &mut answer => break answer.unwrap(),
                () = tokio::time::sleep(Duration::from_millis(100)) => body.send_data("x".into(), false).unwrap(),
            }
        };
        assert_eq!(answer.status(), 408);
    };
    timeout(PATIENCE, async { tokio::join!(one, two) }).await.expect("they are answered");
    world.visitor().opens("/login").await.is(200);
}

#[tokio::test]
async fn whoever_reads_nothing_of_the_answers_is_hung_up_on() {
    let world = World::limited_to(limits(|limits| limits.answer = Duration::from_millis(500))).await;
    let (mut stream, request) = asks_for_much(&world).await;
    let asks = async { while stream.write_all(request.as_bytes()).await.is_ok() {} };
    timeout(PATIENCE, asks).await.expect("it is hung up on");
}

#[tokio::test]
async fn whoever_reads_slowly_gets_everything() {
    let world = World::limited_to(limits(|limits| limits.answer = Duration::from_secs(2))).await;
    let (_, request) = asks_for_much(&world).await;
    let stream = connect(&world).await;
    let (mut answers, mut requests) = stream.into_split();
    let asked = 400;
    let asks = tokio::spawn(async move {
        for number in 1..=asked {
            let last = if number == asked {
                request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
            } else {
                request.clone()
            };
            requests.write_all(last.as_bytes()).await.unwrap();
        }
        requests
    });
    let (mut said, mut some) = (Vec::new(), vec![0; 256 * 1024]);
    let began = Instant::now();
    loop {
        let read = slowly(answers.read(&mut some)).await.unwrap();
        said.extend_from_slice(&some[..read]);
        if read == 0 {
            break;
        }
    }
    asks.await.unwrap();
    let answers = said.windows(15).filter(|bytes| bytes == b"HTTP/1.1 200 OK").count();
    assert_eq!(answers, asked);
    assert!(began.elapsed() > Duration::from_secs(4), "it took {:?}: that is not slow", began.elapsed());
}

/// A tenth of a second later.
async fn slowly<T>(done: impl Future<Output = T>) -> T {
    tokio::time::sleep(Duration::from_millis(100)).await;
    done.await
}

/// A browser with little room for answers, and a request for the largest there is.
async fn asks_for_much(world: &World) -> (TcpStream, String) {
    let page = world.visitor().opens("/login").await.body;
    let script = page.split_once("src=\"").unwrap().1.split_once('"').unwrap().0;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let stream = socket.connect(world.base().trim_start_matches("http://").parse().unwrap()).await.unwrap();
    (stream, format!("GET {script} HTTP/1.1\r\nHost: x\r\n\r\n"))
}

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::behind(&Proxies::default());
    change(&mut limits);
    limits
}

async fn connect(world: &World) -> TcpStream {
    TcpStream::connect(world.base().trim_start_matches("http://")).await.expect("the server listens")
}
