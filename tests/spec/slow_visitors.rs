//! Visitors who are slow, by nature or on purpose: each is waited for as long as a person needs, and nobody else
//! notices them.

use std::io::ErrorKind;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use exeunt::web::{Limits, Proxies};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::program::Place;
use crate::support::{Visitor, World};

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

#[tokio::test]
async fn five_thousand_who_say_nothing_keep_nobody_waiting() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    // Nobody is hung up on before the last has come, however busy the machine is.
    let world = World::limited_to(limits(|limits| limits.head = Duration::from_secs(600))).await;
    let mut idle = Vec::new();
    for number in 0..5_000 {
        let mut stream = connect(&world).await;
        let said = ["", "GET / HTTP/1.1\r\nHost: x\r\n", "PRI * HTTP/2.0\r\n"][number % 3];
        stream.write_all(said.as_bytes()).await.unwrap();
        idle.push(stream);
    }
    // Whoever comes now is let in after all of them.
    timeout(PATIENCE, answered(&mut world.visitor())).await.expect("all are let in");

    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        slowest = slowest.max(answered(&mut world.visitor()).await);
    }

    println!("beside 5,000 idle connections the slowest of 20 pages took {slowest:?}");
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    for stream in &idle {
        let hung_up = stream.try_read(&mut [0]);
        assert!(hung_up.is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "they are still there");
    }
}

/// slowhttptest is what people try servers with: slow heads, slow forms, and slow reading, all at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn slowhttptest_keeps_nobody_waiting() {
    let place = Place::new();
    let server = place.serves();
    let page = format!("http://{}/login", server.address);
    let script = format!("http://{}{}", server.address, script_of(&mut server.visitor()).await);
    let all = ["-c", "500", "-r", "250", "-l", "15", "-p", "3", "-i", "5", "-u"];
    let attacks = [
        (&["-H", "-x", "24"][..], &page),
        (&["-B", "-s", "8192", "-x", "10"][..], &page),
        (&["-X", "-w", "1", "-y", "256", "-n", "5", "-z", "5", "-k", "3"][..], &script),
    ];
    let attacks = attacks.map(|(attack, url)| {
        let mut command = Command::new("slowhttptest");
        command.args(attack).args(all).arg(url).stdin(Stdio::null());
        tokio::task::spawn_blocking(move || command.output().expect("slowhttptest is installed"))
    });
    let (mut pages, mut slowest) = (0, Duration::ZERO);
    while !attacks.iter().all(tokio::task::JoinHandle::is_finished) {
        slowest = slowest.max(answered(&mut server.visitor()).await);
        pages += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for attack in attacks {
        let report = attack.await.unwrap();
        let report = String::from_utf8_lossy(&report.stdout).into_owned();
        // Its last word; before, it tells how things are every five seconds.
        assert!(report.contains("service available"), "{report}");
        let available = report.lines().filter(|line| line.contains("service available"));
        assert!(available.clone().all(|line| line.contains("YES")), "{report}");
    }
    println!("beside slowhttptest the slowest of {pages} pages took {slowest:?}");
    assert!(pages > 20 && slowest < Duration::from_secs(2), "{pages} pages, {slowest:?}");
    server.stops().done();
}

/// How long a page takes.
async fn answered(visitor: &mut Visitor) -> Duration {
    let began = Instant::now();
    visitor.opens("/login").await.is(200);
    began.elapsed()
}

/// The path of the largest answer there is.
async fn script_of(visitor: &mut Visitor) -> String {
    let page = visitor.opens("/login").await.body;
    page.split_once("src=\"").unwrap().1.split_once('"').unwrap().0.to_owned()
}

/// A tenth of a second later.
async fn slowly<T>(done: impl Future<Output = T>) -> T {
    tokio::time::sleep(Duration::from_millis(100)).await;
    done.await
}

/// A browser with little room for answers, and a request for the largest there is.
async fn asks_for_much(world: &World) -> (TcpStream, String) {
    let script = script_of(&mut world.visitor()).await;
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
