//! Running it for real: the files in `assets/deploy`, what systemd and the program say to each other, and the
//! manual.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use crate::support::program::{Place, Running, Server};
use crate::support::proxy::{Kind, Proxy, example, nginx_with};
use crate::support::{PASSWORD, Visitor, mode, names_in};

// What systemd is told, and tells.

#[test]
fn a_service_manager_is_told_when_visitors_may_come_and_when_no_more() {
    let place = Place::new();
    let (manager, path) = manager(&place);
    let mut command = place.program(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", path);
    let mut server = Server::start(command);

    assert_eq!(told(&manager), "READY=1\n");
    TcpStream::connect(&server.address).unwrap();

    server.process().is_sent(rustix::process::Signal::TERM);
    assert_eq!(told(&manager), "STOPPING=1\n");
    server.stops_by_itself().done();
    manager.set_nonblocking(true).unwrap();
    assert!(manager.recv(&mut [0; 64]).is_err(), "and nothing else");
}

#[test]
fn a_service_manager_that_does_not_listen_keeps_nobody_out() {
    let place = Place::new();
    let mut command = place.program(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", place.data().join("nobody"));
    let server = Server::start(command);
    TcpStream::connect(&server.address).unwrap();
    server.stops().logged("the service manager could not be told");
}

#[tokio::test]
async fn a_socket_that_systemd_has_opened_is_the_one_that_is_served() {
    let place = Place::new();
    place.account("alice").await;
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    // Before there is anybody to take it.
    let mut early = TcpStream::connect(address).unwrap();
    early.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();

    // The address that is set is taken: it would fail there.
    let set = elsewhere.local_addr().unwrap().to_string();
    let command = place.program_after(GIVEN, &["serve", "--listen", &set]);
    let server = Server::running(Running::start_reading(OwnedFd::from(socket), command));

    assert_eq!(server.address, address.to_string());
    assert_eq!(server.origin, format!("http://localhost:{}", address.port()));
    let mut first = String::new();
    BufReader::new(early).read_line(&mut first).unwrap();
    assert_eq!(first, "HTTP/1.1 200 OK\r\n");
    server.visitor().opens("/login").await.is(200);
}

#[test]
fn sockets_that_cannot_be_served_are_refused() {
    let given_two = GIVEN.replace("LISTEN_FDS=1", "LISTEN_FDS=2").replace("3<&0", "3<&0 4<&0");
    let udp = OwnedFd::from(std::net::UdpSocket::bind("127.0.0.1:0").unwrap());
    let tcp = OwnedFd::from(TcpListener::bind("127.0.0.1:0").unwrap());
    for (first, given, why) in
        [(given_two.as_str(), tcp, "there are 2 sockets"), (GIVEN, udp, "one listening socket")]
    {
        let place = Place::new();
        let command = place.program_after(first, &["serve"]);
        Running::start_reading(given, command).ends().was_set_wrongly("LISTEN_FDS", why);
        assert_eq!(names_in(place.data()), [""; 0], "and nothing was made");
    }
}

#[tokio::test]
async fn the_unit_forbids_nothing_that_the_program_does() {
    let place = Place::new();
    place.runs_with(PASSWORD, &["account", "add", "alice", "--password-stdin"]).done();
    let trace = place.data().join("trace");
    let (_manager, path) = manager(&place);
    // The program is its parent and goes on as this process.
    let traced = format!("{GIVEN}; exec strace -D -f -qq -o '{}' \"$0\" \"$@\"", trace.display());
    let mut command = place.program_after(&traced, &["serve"]);
    command.env("NOTIFY_SOCKET", path);
    let socket = OwnedFd::from(TcpListener::bind("127.0.0.1:0").unwrap());
    let server = Server::running(Running::start_reading(socket, command));
    let mut alice = server.visitor();
    alice.logs_in("alice").await;
    let (_heard, _) = alice.listens().await;
    alice.logs_out().await.leads_to("/login?logged_out");
    server.stops().done();

    let made = calls_in(&fs::read_to_string(&trace).unwrap());
    assert!(made.len() > 40, "{made:?}");
    for call in ["accept4", "fsync", "inotify_add_watch", "setpriority", "sendto"] {
        assert!(made.contains(call), "{call} is among {made:?}");
    }
    let allowed = allowed_by(&example("exeunt.service", &[]));
    let denied: Vec<_> = made.difference(&allowed).collect();
    assert!(denied.is_empty(), "{denied:?}");
}

#[test]
fn systemd_reads_the_units_and_calls_the_service_safe() {
    let scratch = TempDir::new().unwrap();
    let program = [("/usr/local/bin/exeunt", env!("CARGO_BIN_EXE_exeunt"))];
    for (name, changes) in [("exeunt.service", &program[..]), ("exeunt.socket", &[])] {
        fs::write(scratch.path().join(name), example(name, changes)).unwrap();
    }
    let analyze = |arguments: &[&str]| {
        let mut command = Command::new("systemd-analyze");
        command.current_dir(scratch.path()).env("SYSTEMD_PAGER", "").args(arguments);
        Running::start(command).ends()
    };
    let read = analyze(&["verify", "./exeunt.service", "./exeunt.socket"]);
    assert!(!read.err.contains("exeunt."), "{read:?}");
    // In tenths, 0 to 100. Four more of its wishes would take a root of its own and no socket of systemd's.
    analyze(&["security", "--offline=true", "--threshold=10", "exeunt.service"]).done();
}

// A socket in a folder.

#[tokio::test]
async fn a_socket_in_a_folder_is_served_and_gone_with_the_server() {
    let place = Place::new();
    let alice = place.account("alice").await;
    let (token, _) = place.session(&alice).await;
    let path = place.data().join("socket");
    let listen = format!("unix:{}", path.display());
    let arguments = ["serve", "--listen", &listen, "--trust-proxy", "127.0.0.1"];
    let server = Server::start(place.program_after("umask 0777", &arguments));
    assert_eq!((&*server.address, &*server.origin), (&*listen, "http://localhost"));
    assert_eq!(mode(&path), 0o666, "a proxy of another account may connect, as to a port");

    let head = "POST /logout HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\n\
                X-Forwarded-For: 192.0.2.7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    assert!(said_at(&path, head).starts_with("HTTP/1.1 403 "));

    let proxy = Proxy::before(&format!("http://{listen}:"), Kind::Nginx).await;
    let mut visitor = Visitor::at(&proxy.base, &server.origin);
    visitor = visitor.with_cookie(&format!("exeunt={}", token.reveal()));
    assert!(visitor.is_logged_in().await);
    let (_heard, _) = visitor.listens().await;
    visitor.logs_out().await.leads_to("/login?logged_out");
    assert!(!visitor.is_logged_in().await);

    server.stops().logged(r#""event":"cross_site_refused""#).logged(r#""address":"192.0.2.7""#);
    assert!(fs::symlink_metadata(&path).is_err(), "nobody finds a name at which nobody listens");
}

#[test]
fn the_name_of_a_socket_is_taken_only_from_who_has_gone() {
    let place = Place::new();
    let path = place.data().join("socket");
    let listen = format!("unix:{}", path.display());
    let arguments = ["serve", "--listen", &listen];
    let head = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let in_use = format!("cannot listen on {listen}: Address already in use");

    Server::start(place.program(&arguments)).dies();
    assert!(fs::symlink_metadata(&path).is_ok(), "what was killed leaves it");
    let first = Server::start(place.program(&arguments));
    place.runs(&arguments).failed(&in_use);
    assert!(said_at(&path, head).starts_with("HTTP/1.1 200 "), "the first goes on");

    // Somebody else has the name by the time the first stops.
    fs::remove_file(&path).unwrap();
    let second = Server::start(place.program(&arguments));
    first.stops().done();
    assert!(said_at(&path, head).starts_with("HTTP/1.1 200 "), "the second goes on");
    second.stops().done();

    fs::write(&path, "precious").unwrap();
    place.runs(&arguments).failed(&in_use);
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn a_socket_in_a_folder_that_systemd_has_opened_is_served_and_left_to_it() {
    let place = Place::new();
    let path = place.data().join("socket");
    let socket = OwnedFd::from(UnixListener::bind(&path).unwrap());
    let command = place.program_after(GIVEN, &["serve"]);
    let server = Server::running(Running::start_reading(socket, command));
    assert_eq!(server.address, format!("unix:{}", path.display()));
    let head = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert!(said_at(&path, head).starts_with("HTTP/1.1 200 "));
    server.stops().done();
    assert!(fs::symlink_metadata(&path).is_ok(), "it is systemd's to remove");
}

// In front.

#[tokio::test]
async fn behind_the_proxies_of_the_examples_a_visitor_is_where_he_is() {
    for kind in [Kind::Nginx, Kind::Caddy] {
        let place = Place::new();
        place.account("alice").await;
        let server = place.serves_with(&["--trust-proxy", "127.0.0.1"]);
        let proxy = Proxy::before(&format!("http://{}", server.address), kind).await;
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.3:0".parse().unwrap()).unwrap();
        let at = proxy.base.trim_start_matches("http://").parse().unwrap();
        let mut stream = socket.connect(at).await.unwrap();
        let head = format!(
            "POST /logout HTTP/1.1\r\nHost: {at}\r\nOrigin: https://evil.example\r\n\
             X-Forwarded-For: 192.0.2.7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );

        stream.write_all(head.as_bytes()).await.unwrap();

        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 403 "), "{kind:?} {answer}");
        // Not where he says, nor where the proxy is.
        server.stops().logged(r#""event":"cross_site_refused""#).logged(r#""address":"127.0.0.3""#);
    }
}

#[test]
fn the_proxies_take_the_examples_as_they_are() {
    let scratch = TempDir::new().unwrap();
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["login.example.org".to_owned(), "app.example.org".to_owned()]).unwrap();
    let (pem, key) = (scratch.path().join("pem"), scratch.path().join("key"));
    fs::write(&pem, in_pem("CERTIFICATE", cert.der())).unwrap();
    fs::write(&key, in_pem("PRIVATE KEY", &signing_key.serialize_der())).unwrap();
    let server = |name: &str, host: &str| {
        let [its_pem, its_key] = ["pem", "key"].map(|kind| format!("/etc/ssl/{host}.{kind}"));
        example(name, &[(&its_pem, pem.to_str().unwrap()), (&its_key, key.to_str().unwrap())])
    };
    let servers = server("nginx.conf", "login.example.org") + &server("nginx.door.conf", "app.example.org");
    fs::write(scratch.path().join("nginx.conf"), nginx_with(scratch.path(), &servers)).unwrap();
    let caddyfile = scratch.path().join("Caddyfile");
    fs::write(&caddyfile, example("Caddyfile", &[]) + &example("Caddyfile.door", &[])).unwrap();
    let runs = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.current_dir(scratch.path()).env("HOME", scratch.path()).args(arguments);
        Running::start(command).ends().done();
    };
    let nginx = scratch.path().join("nginx.conf");
    runs("nginx", &["-t", "-e", "stderr", "-c", nginx.to_str().unwrap()]);
    runs("caddy", &["validate", "--adapter", "caddyfile", "--config", caddyfile.to_str().unwrap()]);
}

// When it is needed.

#[tokio::test]
async fn a_copy_that_is_restored_revives_sessions_until_all_are_ended() {
    let place = Place::new();
    let alice = place.account("alice").await;
    let (token, _) = place.session(&alice).await;
    let copies = |from: &str, to: &str| {
        let mut cp = Command::new("cp");
        cp.current_dir(place.data()).args(["-a", from, to]);
        Running::start(cp).ends().done();
    };
    let server = place.serves();
    let copy = TempDir::new().unwrap();
    copies("sessions", copy.path().to_str().unwrap());
    let mut visitor = server.visitor_with(&token);
    visitor.logs_out().await.leads_to("/login?logged_out");
    server.stops().done();

    fs::remove_dir_all(place.data().join("sessions")).unwrap();
    copies(copy.path().join("sessions").to_str().unwrap(), ".");

    assert!(place.serves().visitor_with(&token).is_logged_in().await, "as the README warns");
    assert_eq!(place.runs(&["session", "end", "--all"]).done(), "Ended 1 session.\n");
    assert!(!place.serves().visitor_with(&token).is_logged_in().await);
}

// The manual.

#[test]
fn the_manual_and_completions_know_every_command_and_setting() {
    let place = Place::new();
    let whole = place.runs(&["man"]).done().replace('\\', "");
    let add = place.runs(&["man", "account", "add"]).done().replace('\\', "");
    assert!(whole.contains(".TH exeunt 1") && add.contains(".TH exeunt-account-add 1"), "{whole} {add}");
    for word in ["exeunt-account(1)", "exeunt-session(1)", "exeunt-serve(1)", "EXEUNT_DATA", "EXEUNT_URL"] {
        assert!(whole.contains(word), "{word} is in {whole}");
    }
    assert!(add.contains("--password-stdin"), "{add}");
    place.runs(&["man", "nonsense"]).was_asked_wrongly("there is no command nonsense");

    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let completions = place.runs(&["completions", shell]).done();
        for word in ["account", "session", "config", "trust-proxy", "password-stdin"] {
            assert!(completions.contains(word), "{word} for {shell}");
        }
    }
    place.runs(&["completions", "nonsense"]).was_asked_wrongly("bash");
    assert_eq!(names_in(place.data()), [""; 0], "and nothing was made");
}

#[test]
fn bash_completes_what_is_typed() {
    let place = Place::new();
    let completions = place.data().join("completions");
    fs::write(&completions, place.runs(&["completions", "bash"]).done()).unwrap();
    let script = format!(
        "source '{}'; COMP_WORDS=(exeunt account dis) COMP_CWORD=2; _exeunt exeunt dis account; echo \"${{COMPREPLY[*]}}\"",
        completions.display()
    );
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", &script]);
    assert_eq!(Running::start(bash).ends().done(), "disable\n");
}

/// How systemd hands over a socket: as descriptor 3, to this very process.
const GIVEN: &str = "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$";

/// As nginx reads keys and certificates.
fn in_pem(what: &str, bytes: &[u8]) -> String {
    let text = data_encoding::BASE64.encode(bytes);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", lines.join("\n"))
}

/// Where a service manager listens.
fn manager(place: &Place) -> (UnixDatagram, String) {
    let path = place.data().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    (manager, path.to_str().unwrap().to_owned())
}

/// What is answered to this at a socket.
fn said_at(path: &Path, head: &str) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn told(manager: &UnixDatagram) -> String {
    let mut told = [0; 256];
    let length = manager.recv(&mut told).expect("something is told");
    String::from_utf8(told[..length].to_vec()).unwrap()
}

/// The calls that strace has seen, by their names.
fn calls_in(trace: &str) -> BTreeSet<String> {
    let calls = trace.lines().filter_map(|line| {
        let (_, call) = line.split_once(' ')?;
        let (name, _) = call.trim_start().split_once('(')?;
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then(|| name.to_owned())
    });
    calls.collect()
}

/// The calls that a unit's filter lets through, as systemd reads it: line by line, what is there or, after ~, what
/// is not.
fn allowed_by(unit: &str) -> BTreeSet<String> {
    let listed = Command::new("systemd-analyze").args(["--no-pager", "syscall-filter"]).output().unwrap();
    let mut sets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut set = String::new();
    for line in String::from_utf8(listed.stdout).unwrap().lines() {
        let word = line.trim();
        if line.starts_with('@') {
            word.clone_into(&mut set);
        } else if !word.is_empty() && !word.starts_with('#') {
            sets.entry(set.clone()).or_default().push(word.to_owned());
        }
    }
    let mut allowed = BTreeSet::new();
    for filter in unit.lines().filter_map(|line| line.strip_prefix("SystemCallFilter=")) {
        let (takes, names) = filter.strip_prefix('~').map_or((false, filter), |names| (true, names));
        let mut names: Vec<_> = names.split_whitespace().map(str::to_owned).collect();
        while let Some(name) = names.pop() {
            match sets.get(&name) {
                Some(members) => names.extend(members.iter().cloned()),
                None if takes => drop(allowed.remove(&name)),
                None => drop(allowed.insert(name)),
            }
        }
    }
    assert!(allowed.len() > 100, "systemd's own sets are read");
    allowed
}
