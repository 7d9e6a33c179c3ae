//! Several processes that serve one data folder, each the whole site on a socket, and each killed and
//! started again now and then.

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use exeunt::accounts::Cost;
use exeunt::actions::{Pace, sweep};
use exeunt::app::{App, Stores};
use exeunt::clock::Clock;
use exeunt::config::PublicUrl;
use exeunt::files::Folder;
use exeunt::web::{Limits, Proxies, Setup, serve, site};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// Where browsers find the site.
pub const ORIGIN: &str = "http://localhost:8000";

/// Tells this very program to be one of the processes.
const DATA: &str = "EXEUNT_HISTORIES_DATA";

const LISTENING: &str = "listening on ";

/// The site on `data`, with cheap hashes: what is asked here is who gets in, not how dear a guess is.
pub fn app_on(data: &Path) -> Arc<App> {
    let stores = Stores::files(&Folder::at(data)).unwrap();
    Arc::new(App::new(stores, PublicUrl::parse(ORIGIN).unwrap(), Cost::of(1), Clock::system()))
}

/// Some processes on one folder.
pub struct Sites {
    data: TempDir,
    processes: Vec<Mutex<Process>>,
}

impl Sites {
    pub fn start(number: usize) -> Self {
        // In memory where there is such a folder: nothing here cuts the power.
        let data = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap();
        let processes = (0..number).map(|_| Mutex::new(Process::start(data.path()))).collect();
        Self { data, processes }
    }

    pub fn data(&self) -> &Path {
        self.data.path()
    }

    pub fn number(&self) -> usize {
        self.processes.len()
    }

    /// Where one of them is.
    pub fn base(&self, number: usize) -> String {
        self.processes[number].lock().unwrap().base.clone()
    }

    /// Ends one as in a power cut, whatever it is doing, and starts it again.
    pub fn kill(&self, number: usize) {
        let mut process = self.processes[number].lock().unwrap();
        process.die();
        *process = Process::start(self.data.path());
        process.last_killed = Some(Instant::now());
    }

    /// Whether it was killed after `then`. Where that is under way, this returns when it is dead.
    pub fn was_killed(&self, number: usize, then: Instant) -> bool {
        self.processes[number].lock().unwrap().last_killed.is_some_and(|killed| killed > then)
    }
}

struct Process {
    child: Child,
    base: String,
    last_killed: Option<Instant>,
}

impl Process {
    fn start(data: &Path) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "histories::one_of_the_processes", "--ignored", "--nocapture"]);
        command.env(DATA, data).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains(LISTENING) {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "a process says where it listens");
        }
        let address = line.split(LISTENING).nth(1).unwrap().trim();
        Self { child, base: format!("http://{address}"), last_killed: None }
    }

    fn die(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.die();
    }
}

/// What one of the processes does until it is killed, or whoever started it has gone.
pub async fn be_one_of_the_processes() {
    let Some(data) = env::var_os(DATA) else { return };
    let app = app_on(Path::new(&data));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{LISTENING}{}", listener.local_addr().unwrap());
    let sweeper = Arc::clone(&app);
    tokio::spawn(async move {
        loop {
            // Another process may be at it, but none fails.
            if sweep(&sweeper, Pace::Beside, |_, _| {}).await.is_err() {
                std::process::exit(1);
            }
            tokio::task::yield_now().await;
        }
    });
    let gone = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    let stop = async move {
        let _ = gone.await;
    };
    let limits = Limits::behind(&Proxies::default());
    let site = site(app, Setup::default());
    serve(listener, site, limits, stop).await.unwrap();
}
