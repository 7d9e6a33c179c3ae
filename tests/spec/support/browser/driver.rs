//! The driver process behind a [`Browser`](super::Browser), and the commands
//! fantoccini has no method for. It never outlives the test.

use std::{
    io::{BufRead, BufReader, Read},
    net::{SocketAddr, TcpListener},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
};

use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::Value;
use tempfile::TempDir;
use url::{ParseError, Url};

use super::{Engine, POLL};

/// One driver and every browser it starts, in a process group of their own. The
/// shell holds that group's dead man's switch: when its stdin closes, because the
/// `Driver` was dropped or the test process died in whatever way, it kills the
/// group. (Killing the driver alone would orphan its browser.)
pub struct Driver {
    pub url: String,
    /// For the profile, and everything else they would leave in `/tmp` or at home.
    pub scratch: TempDir,
    shell: Child,
    /// A driver that cannot say which port it got is given the one that we hold,
    /// at another loopback address: who keeps to this never takes another's.
    _held: TcpListener,
}

impl Driver {
    pub fn start(engine: Engine) -> Self {
        loop {
            match Self::try_start(engine) {
                Ok(driver) => return driver,
                // Chromium's takes a port that is free for IPv6, and then wants the same one for IPv4.
                Err(said) if said.contains("Address already in use") => {}
                Err(said) => panic!("no driver for {engine:?}:\n{said}"),
            }
        }
    }

    /// What the driver said, when it ends at once.
    fn try_start(engine: Engine) -> Result<Self, String> {
        let scratch = tempfile::tempdir().expect("a scratch directory should be created");
        let held = TcpListener::bind("127.0.0.1:0").expect("a port should be free");
        let port = held.local_addr().expect("a bound listener").port();
        let told = SocketAddr::from(([127, 0, 0, 2], port));
        let driver = engine.driver();
        let mut shell = Command::new("sh")
            .args(["-c", &format!("exec 2>&1; trap 'kill -KILL 0' EXIT; {driver} & exec >&- 2>&-; read _")])
            .env("TMPDIR", scratch.path())
            .env("HOME", scratch.path())
            .env("HOST", told.ip().to_string())
            .env("PORT", told.port().to_string())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh should start");
        let lines = lines_of(shell.stdout.take().expect("stdout is piped"));
        let mut driver = Self { url: String::new(), scratch, shell, _held: held };
        let mut said = String::new();
        loop {
            if let Some(address) = engine.address(&said, told) {
                driver.url = format!("http://{address}");
                return Ok(driver);
            }
            match lines.recv_timeout(POLL) {
                Ok(line) => said.extend([&line, "\n"]),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(said),
            }
        }
    }
}

/// What it says until it ends. It is read on and on, listened to or not: nobody
/// can be made to wait by a pipe that is full, or be stopped by one that is closed.
fn lines_of(output: impl Read + Send + 'static) -> Receiver<String> {
    let (line_of, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let _ = line_of.send(String::from_utf8_lossy(&line).into_owned());
        }
    });
    lines
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// A driver's command that fantoccini has no method for.
#[derive(Debug)]
pub struct Endpoint {
    /// Within the session.
    pub path: String,
    /// Sent by POST; without one it is a GET.
    pub body: Option<Value>,
}

impl WebDriverCompatibleCommand for Endpoint {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.expect("the session should be open");
        base.join(&format!("session/{session}/{}", self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        match &self.body {
            Some(body) => (Method::POST, Some(body.to_string())),
            None => (Method::GET, None),
        }
    }
}
