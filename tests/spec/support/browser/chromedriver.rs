//! The chromedriver process behind a [`Browser`](super::Browser), and
//! the commands fantoccini has no method for. It never outlives the test.

use std::{
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    process::{Child, ChildStdout, Command, Stdio},
};

use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::Value;
use tempfile::TempDir;
use url::{ParseError, Url};

/// One chromedriver and every browser it starts, in a process group of their
/// own. The shell holds that group's dead man's switch: when its stdin closes,
/// because the `Driver` was dropped or the test process died in whatever way,
/// it kills the group. (Killing chromedriver alone would orphan its Chromium.)
pub struct Driver {
    pub url: String,
    /// For the profile, and everything else they would leave in `/tmp`.
    pub scratch: TempDir,
    shell: Child,
    /// Kept open, so that chromedriver never writes into a closed pipe.
    _stdout: BufReader<ChildStdout>,
}

impl Driver {
    pub fn start() -> Self {
        let scratch = tempfile::tempdir().expect("a scratch directory should be created");
        let mut shell = Command::new("sh")
            .args(["-c", "chromedriver --port=0 & exec >&-; read _; kill -KILL 0"])
            .env("TMPDIR", scratch.path())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh should start");
        let mut stdout = BufReader::new(shell.stdout.take().expect("stdout is piped"));
        let port = stdout
            .by_ref()
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, port) = line.split_once("started successfully on port ")?;
                port.trim_end_matches('.').parse::<u16>().ok()
            })
            .expect("chromedriver should be installed and name its port");
        let url = format!("http://127.0.0.1:{port}");
        Self { url, scratch, shell, _stdout: stdout }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// A chromedriver command that fantoccini has no method for.
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
