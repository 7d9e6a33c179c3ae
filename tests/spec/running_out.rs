//! What the machine has too little of: descriptors. Nobody is served for a while then, but nothing is burnt, and
//! afterwards it goes on.

use std::collections::HashSet;
use std::fs;
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::support::program::{Place, Server};

#[tokio::test]
async fn a_server_without_descriptors_waits_for_some_and_burns_nothing() {
    let place = Place::new();
    let mut server = Server::start(place.program(&["serve", "--listen", "127.0.0.1:0"]));
    // By then it knows for how many connections it has room.
    server.visitor().opens("/healthz").await.is(200);
    leave_descriptors(server.process().id(), 10);
    let connections: Vec<_> = (0..30).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    server.process().logs("cannot accept connections for now");

    let (began, before) = (Instant::now(), cpu_seconds(server.process().id()));
    tokio::time::sleep(Duration::from_secs(3)).await;
    let burnt = cpu_seconds(server.process().id()) - before;
    let share = burnt / began.elapsed().as_secs_f64();
    println!("it took {share:.3} of a core");
    assert!(share < 0.1, "it takes {share:.2} of a core to wait");

    drop(connections);
    server.visitor().opens("/login").await.is(200);
    let done = server.stops();
    done.logged("accepting connections again");
    // Once for each time that it comes to this, and not ten times a second.
    assert!(done.err.matches("cannot accept").count() < 10, "{}", done.err);
    done.done();
}

#[tokio::test]
async fn an_error_of_the_machine_makes_a_pause_and_one_of_a_connection_does_not() {
    for (error, pauses) in [("EMFILE", true), ("ENFILE", true), ("ENOBUFS", true), ("ECONNABORTED", false)] {
        let place = Place::new();
        let server = Server::start(failing(&place, &format!("accept4:error={error}:when=1..10")));
        let began = Instant::now();
        server.visitor().opens("/healthz").await.is(200);
        let took = began.elapsed();
        println!("after ten times {error}: {took:?}");
        // Ten pauses of a tenth of a second.
        assert_eq!(took >= Duration::from_secs(1), pauses, "{error}: {took:?}");
        let done = server.stops();
        assert_eq!(done.err.matches("cannot accept").count(), usize::from(pauses), "{}", done.err);
    }
}

/// A server some of whose calls fail, as strace writes it.
fn failing(place: &Place, which: &str) -> Command {
    // With -D strace is nobody's parent: the signal to stop is for the server.
    let inject =
        format!("exec strace -D -f -qq -o /dev/null -e trace=accept4 -e inject={which} \"$0\" \"$@\"");
    place.program_after(&inject, &["serve", "--listen", "127.0.0.1:0"])
}

/// Lets a process open some more descriptors and no others. How many it has is not only its own doing: whoever
/// started the tests may have left it some.
fn leave_descriptors(process: u32, more: usize) {
    let open = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let open: HashSet<u64> =
        open.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect();
    // The limit is on their numbers, of which the lowest that is free is the next to be had.
    let limit = (0..).filter(|number| !open.contains(number)).nth(more);
    let process = Pid::from_raw(process.try_into().unwrap());
    prlimit(process, Resource::Nofile, Rlimit { current: limit, maximum: limit }).unwrap();
}

/// The time that a process has taken so far.
fn cpu_seconds(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // After the name, which may have spaces; in hundredths of a second.
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}
