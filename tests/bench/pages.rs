//! How much a page costs that only whoever is logged in may see, and an answer at the door, against a page from a
//! constant on a bare Poem route, which asks nobody: `just bench` prints the table. Each is served by a process of its own, whose CPU
//! time alone counts, with 64 connections at once.
//!
//! `EXEUNT_BENCH_REQUESTS` is how many pages each is asked for in a round, and `EXEUNT_BENCH_ROUNDS` how often.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has to stop")]
#![allow(dead_code, reason = "what the benchmarks share is more than each of them needs")]

mod measure;
mod populated;

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use exeunt::sessions::Token;
use exeunt::web::{Limits, Proxies, Setup, serve, site};
use measure::{Rounds, line, one_thread, setting};
use poem::http::header;
use poem::listener::TcpAcceptor;
use poem::{EndpointExt, IntoResponse, Response, Route, Server, get, handler};
use populated::Populated;
use tokio::net::TcpListener;

/// Sessions that take turns, as through a proxy. Browsers have a connection of their own each.
const SESSIONS: usize = 1_000;

/// Connections at once.
const AT_ONCE: usize = 64;

/// What a proxy asks there.
const DOOR: &str = "/auth-request";

/// An answer of nothing, as bare as can be.
const NOTHING: &str = "/nothing";

/// What a proxy adds to what a browser sent.
const OF_THE_PROXY: &str = "X-Original-URL: https://localhost:8000/reports\r\nX-Original-Method: GET\r\n\
                            X-Forwarded-For: 192.0.2.7\r\nSec-Fetch-Mode: navigate\r\n";

/// Which of the servers this process is, when it is one.
const ROLE: &str = "EXEUNT_BENCH_ROLE";

fn main() {
    let runtime = one_thread();
    match std::env::var(ROLE).as_deref() {
        Ok("bare") => runtime.block_on(serve_bare()),
        Ok("site") => runtime.block_on(serve_site()),
        _ => measure(),
    }
}

fn measure() {
    let requests = setting("EXEUNT_BENCH_REQUESTS", 50_000);
    let rounds = setting("EXEUNT_BENCH_ROUNDS", 11);
    let mut site = Serving::start("site", "");
    let tokens = site.reads_tokens();
    let page = site.page("/password", &tokens[0]);
    let bare = Serving::start("bare", &page);
    println!("\n{requests} pages of {} bytes, {AT_ONCE} connections, {rounds} rounds\n", page.len());

    let [mut alone, mut again, mut nothing] = <[Rounds; 3]>::default();
    // Each logged in to an account of its own.
    let browsers: Vec<_> = tokens.iter().step_by(populated::PER_ACCOUNT).take(AT_ONCE).cloned().collect();
    assert_eq!(browsers.len(), AT_ONCE);
    let pages = [
        ("/password", &browsers[..]),
        ("/password", &tokens),
        (DOOR, &tokens),
        ("/login", &[]),
        ("/", &tokens),
    ];
    let mut ours = vec![Rounds::default(); pages.len()];
    for _ in 0..rounds {
        alone.add(bare.cost("/bare", &tokens, requests));
        for (rounds, (path, tokens)) in ours.iter_mut().zip(pages) {
            rounds.add(site.cost(path, tokens, requests));
        }
        nothing.add(bare.cost(NOTHING, &tokens, requests));
        again.add(bare.cost("/bare", &tokens, requests));
    }
    line("a bare page against the same, CPU", again.over(&alone).shown(), "noise");
    line("bare against a page that needs a login, CPU", alone.over(&ours[0]).shown(), ">= 0.80");
    line(format!("the same, to {SESSIONS} sessions in turns, CPU"), alone.over(&ours[1]).shown(), "");
    line("bare against the door, CPU", alone.over(&ours[2]).shown(), "");
    line("an empty bare answer against the door, CPU", nothing.over(&ours[2]).shown(), "");
    line("bare against the login page, CPU", alone.over(&ours[3]).shown(), "");
    line("bare against the account page, which lists a folder, CPU", alone.over(&ours[4]).shown(), "");
}

/// A page from a constant, of nobody's.
async fn serve_bare() {
    #[derive(Clone)]
    struct Page(&'static str);

    #[handler]
    fn bare(poem::web::Data(page): poem::web::Data<&Page>) -> Response {
        page.0.with_header(header::CONTENT_TYPE, "text/html; charset=utf-8").into_response()
    }

    #[handler]
    fn nothing() -> Response {
        Response::default()
    }

    let page = std::io::read_to_string(std::io::stdin()).unwrap();
    let route = Route::new().at("/bare", get(bare)).at(NOTHING, get(nothing)).data(Page(page.leak()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    says_where(&listener);
    Server::new_with_acceptor(TcpAcceptor::from_tokio(listener).unwrap()).run(route).await.unwrap();
}

/// The site, whole, with sessions in files.
async fn serve_site() {
    let world = Populated::with(SESSIONS, populated::PER_ACCOUNT);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for token in &world.tokens {
        println!("{}", token.reveal());
    }
    println!("in {}", world.data.path().display());
    says_where(&listener);
    let proxies = Proxies::trusted(vec!["127.0.0.1/32".parse().unwrap()]);
    let limits = Limits::behind(&proxies);
    let endpoint = site(Arc::clone(&world.app), Setup { proxies, ..Setup::default() });
    serve(listener, endpoint, limits, std::future::pending()).await.unwrap();
}

fn says_where(listener: &TcpListener) {
    println!("at {}", listener.local_addr().unwrap());
    std::io::stdout().flush().unwrap();
}

/// A server in a process of its own; killed when this is dropped.
struct Serving {
    child: Child,
    address: String,
    tokens: Vec<String>,
    /// Where its sessions are: it is killed, and takes nothing away itself.
    folder: Option<PathBuf>,
}

impl Serving {
    fn start(role: &str, input: &str) -> Self {
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.env(ROLE, role).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = program.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let (mut tokens, mut address, mut folder) = (Vec::new(), None, None);
        for said in BufReader::new(child.stdout.take().unwrap()).lines() {
            let said = said.unwrap();
            match said.split_once(' ') {
                Some(("at", found)) => {
                    address = Some(found.to_owned());
                    break;
                }
                Some((_, found)) => folder = Some(PathBuf::from(found)),
                None => tokens.push(said),
            }
        }
        Self { child, address: address.expect("it says where it is"), tokens, folder }
    }

    fn reads_tokens(&mut self) -> Vec<Token> {
        self.tokens.iter().map(|token| Token::parse(token.as_bytes()).unwrap()).collect()
    }

    fn page(&self, path: &str, token: &Token) -> String {
        let mut asking = Asking::at(&self.address);
        asking.begins(path, Some(token));
        while !asking.is_answered() {}
        String::from_utf8(asking.answer[asking.head..].to_vec()).unwrap()
    }

    /// CPU seconds a page, of this process alone.
    fn cost(&self, path: &str, tokens: &[Token], requests: usize) -> f64 {
        let mut all: Vec<_> = (0..AT_ONCE).map(|_| Asking::at(&self.address)).collect();
        // As many sessions as connections, and each connection has its own; of more it takes the one after the other.
        let mut turns: Vec<_> =
            (0..AT_ONCE).map(|first| tokens.iter().cycle().skip(first).step_by(AT_ONCE)).collect();
        all.iter_mut().zip(&mut turns).for_each(|(asking, turns)| asking.begins(path, turns.next()));
        // Warm: connections are accepted, and the kernel holds the files.
        let mut left = requests + AT_ONCE;
        let mut before = 0.0;
        while left > 0 {
            for (asking, turns) in all.iter_mut().zip(&mut turns) {
                if asking.is_answered() {
                    asking.begins(path, turns.next());
                    left = left.saturating_sub(1);
                    if left == requests {
                        before = self.cpu();
                    }
                }
            }
        }
        (self.cpu() - before) / requests as f64
    }

    /// Seconds that all its threads have run, as the scheduler counts them.
    fn cpu(&self) -> f64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let nanoseconds = tasks.map(|task| {
            let stat = fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap();
            stat.split(' ').next().unwrap().parse::<u64>().unwrap()
        });
        nanoseconds.sum::<u64>() as f64 / 1e9
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(folder) = &self.folder {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// A connection on which one page after the other is asked for. It looks for the answer again and again and never
/// sleeps: a server that has to wake whoever waits for it pays for that, and the faster it is the less often.
struct Asking {
    wire: TcpStream,
    answer: Vec<u8>,
    /// Where the page begins, once the head is there.
    head: usize,
    /// Where it ends.
    end: usize,
}

impl Asking {
    fn at(address: &str) -> Self {
        let wire = TcpStream::connect(address).unwrap();
        wire.set_nonblocking(true).unwrap();
        wire.set_nodelay(true).unwrap();
        Self { wire, answer: Vec::new(), head: 0, end: usize::MAX }
    }

    fn begins(&mut self, path: &str, token: Option<&Token>) {
        let cookie = token.map(|token| format!("Cookie: exeunt={}\r\n", token.reveal())).unwrap_or_default();
        let agent = "User-Agent: (Windows) Firefox/146.0";
        let of_the_proxy = if [DOOR, NOTHING].contains(&path) { OF_THE_PROXY } else { "" };
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost:8000\r\n{agent}\r\n{of_the_proxy}{cookie}\r\n");
        self.wire.write_all(request.as_bytes()).unwrap();
        self.answer.clear();
        (self.head, self.end) = (0, usize::MAX);
    }

    fn is_answered(&mut self) -> bool {
        let mut more = [0; 8192];
        match self.wire.read(&mut more) {
            Ok(read) => {
                assert!(read > 0, "the server hung up");
                self.answer.extend_from_slice(&more[..read]);
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                return false;
            }
        }
        if self.head == 0
            && let Some(end) = self.answer.windows(4).position(|four| four == b"\r\n\r\n")
        {
            let head = std::str::from_utf8(&self.answer[..end]).unwrap();
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
            });
            self.head = end + 4;
            self.end = self.head + length.unwrap();
        }
        self.answer.len() >= self.end
    }
}
