//! The built program as a child process, stopped with whoever started it. Every wait is for something
//! that it says, or for its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use exeunt::accounts::{Account, AccountName, AccountStore, FileAccountStore};
use exeunt::clock::{Clock, Timestamp};
use exeunt::files::Folder;
use exeunt::sessions::{Browser, FileSessionStore, LastingFor, NewSession, Session, Sessions, Token};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::Visitor;

/// Far longer than anything takes here, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// A data folder, and the program at work on it.
pub struct Place {
    data: TempDir,
}

impl Place {
    /// An empty one.
    pub fn new() -> Self {
        Self { data: TempDir::new().unwrap() }
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// The program with these arguments, not started yet.
    pub fn program(&self, arguments: &[&str]) -> Command {
        self.command(env!("CARGO_BIN_EXE_exeunt"), arguments)
    }

    /// The same, run by a shell that begins with `first`.
    pub fn program_after(&self, first: &str, arguments: &[&str]) -> Command {
        let script = format!("{first}; exec \"$0\" \"$@\"");
        let all = [&["-c", &script, env!("CARGO_BIN_EXE_exeunt")], arguments].concat();
        self.command("sh", &all)
    }

    /// The same, with calls of the operating system answered by strace.
    pub fn program_told(&self, inject: &[&str], arguments: &[&str]) -> Command {
        let injected: Vec<_> = inject.iter().flat_map(|inject| ["-e", inject]).collect();
        self.traced(&injected, arguments)
    }

    /// The same, where this file cannot be read.
    pub fn program_that_cannot_read(&self, file: &Path, arguments: &[&str]) -> Command {
        self.traced(&["-P", file.to_str().unwrap(), "-e", "inject=pread64:error=EIO"], arguments)
    }

    /// The same, where nobody can say what is in this folder.
    pub fn program_that_cannot_list(&self, folder: &Path, arguments: &[&str]) -> Command {
        self.traced(&["-P", folder.to_str().unwrap(), "-e", "inject=getdents64:error=EIO"], arguments)
    }

    fn traced(&self, options: &[&str], arguments: &[&str]) -> Command {
        let strace = [&["-f", "-o", "/dev/null"], options, &[env!("CARGO_BIN_EXE_exeunt")], arguments];
        self.command("strace", &strace.concat())
    }

    /// In an environment that says nothing but to log as people read it, in a terminal of 100 columns.
    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"EXEUNT_") {
                command.env_remove(name);
            }
        }
        command.env("EXEUNT_LOG_FORMAT", "text");
        command.env("COLUMNS", "100").args(arguments).arg("--data").arg(self.data());
        command
    }

    /// Runs the program to its end, with nothing to read.
    pub fn runs(&self, arguments: &[&str]) -> Done {
        Running::start(self.program(arguments)).ends()
    }

    /// Runs the program to its end, with this to read.
    pub fn runs_with(&self, input: &str, arguments: &[&str]) -> Done {
        let mut running = Running::start(self.program(arguments));
        running.types(input);
        running.ends()
    }

    /// Starts a server on a free port.
    pub fn serves(&self) -> Server {
        Server::start(self.program(&["serve", "--listen", "127.0.0.1:0"]))
    }

    /// The same, with these settings.
    pub fn serves_with(&self, settings: &[&str]) -> Server {
        Server::start(self.program(&[&["serve", "--listen", "127.0.0.1:0"], settings].concat()))
    }

    /// Adds an account to which nobody has a password.
    pub async fn account(&self, name: &str) -> Account {
        let now = Clock::system().now();
        let store = FileAccountStore::open(Folder::at(self.data().join("accounts"))).unwrap();
        let account = Account::new(AccountName::parse(name).unwrap(), now);
        assert!(store.create(&account).await.unwrap());
        account
    }

    /// The sessions, as another process has them.
    pub fn sessions(&self) -> Sessions {
        let store = FileSessionStore::open(Folder::at(self.data().join("sessions"))).unwrap();
        Sessions::new(Arc::new(store))
    }

    /// Starts a session of the account, without the time that a password takes.
    pub async fn session(&self, account: &Account) -> (Token, Session) {
        self.session_begun(account, Clock::system().now()).await
    }

    /// A session that began at that time.
    pub async fn session_begun(&self, account: &Account, when: Timestamp) -> (Token, Session) {
        let new = NewSession {
            account: account.id,
            account_name: account.name.to_string(),
            lasting: LastingFor::ThisVisit,
            browser: Browser::from_user_agent("(Windows) Firefox/146.0"),
            address: Some("192.0.2.7".parse().unwrap()),
        };
        self.sessions().start(new, when).await.unwrap()
    }
}

/// How a program ended.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Done {
    /// It did what it was asked for, and answers what it said.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    /// It wrote this to its log.
    #[track_caller]
    pub fn logged(&self, text: &str) -> &Self {
        assert!(self.err.contains(text), "no {text:?} in {self:?}");
        self
    }

    /// It could not, and said why in one line.
    #[track_caller]
    pub fn failed(self, why: &str) {
        assert_eq!((self.code, &*self.out), (Some(1), ""), "{self:?}");
        assert!(self.err.starts_with("exeunt: ") && self.err.lines().count() == 1, "{self:?}");
        assert!(self.err.contains(why), "no {why:?} in {self:?}");
    }

    /// A setting cannot be meant, and it said in one line which, and what would do.
    #[track_caller]
    pub fn was_set_wrongly(self, setting: &str, what_would_do: &str) {
        assert!(self.err.starts_with("exeunt: ") && self.err.lines().count() == 1, "{self:?}");
        assert!(self.err.contains(setting), "no {setting:?} in {self:?}");
        self.was_asked_wrongly(what_would_do);
    }

    /// It was asked wrongly, and said in what way.
    #[track_caller]
    pub fn was_asked_wrongly(self, how: &str) {
        assert_eq!((self.code, &*self.out), (Some(2), ""), "{self:?}");
        assert!(self.err.contains(how), "no {how:?} in {self:?}");
    }
}

/// A program at work. It is killed when this is dropped.
pub struct Running {
    child: Child,
    input: Option<ChildStdin>,
    out: Said,
    err: Said,
}

impl Running {
    pub fn start(command: Command) -> Self {
        Self::start_reading(Stdio::piped(), command)
    }

    /// The same, with this as its standard input.
    pub fn start_reading(input: impl Into<Stdio>, mut command: Command) -> Self {
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (input, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        Self { child, input, out: Said::by(out.unwrap()), err: Said::by(err.unwrap()) }
    }

    /// Types something.
    pub fn types(&mut self, text: &str) {
        let input = self.input.as_mut().expect("the program is listening");
        // It may have stopped listening, having read enough.
        let _ = input.write_all(text.as_bytes()).and_then(|()| input.flush());
    }

    /// Waits until standard output has `text`, and answers all that is there then.
    pub fn says(&mut self, text: &str) -> &str {
        if !self.out.until(|said| said.contains(text)) {
            panic!("it never said {text:?}, but {:?} and {:?}", self.out.text, self.err.whole());
        }
        &self.out.text
    }

    /// Waits until standard error has `text`, and answers all that is there then.
    pub fn logs(&mut self, text: &str) -> &str {
        assert!(self.err.until(|said| said.contains(text)), "never {text:?}, but {:?}", self.err.text);
        &self.err.text
    }

    /// Its process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn is_sent(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end.
    pub fn ends(mut self) -> Done {
        self.input = None;
        let (out, err) = (self.out.whole().to_owned(), self.err.whole().to_owned());
        Done { code: self.child.wait().unwrap().code(), out, err }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program has said so far on one of its outputs.
struct Said {
    text: String,
    more: Receiver<Vec<u8>>,
}

impl Said {
    fn by(output: impl Read + Send + 'static) -> Self {
        let (sender, more) = channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            loop {
                let bytes = output.fill_buf().unwrap_or_default().to_vec();
                output.consume(bytes.len());
                if bytes.is_empty() || sender.send(bytes).is_err() {
                    return;
                }
            }
        });
        Self { text: String::new(), more }
    }

    /// Reads on until it is so; `false` when the program says nothing more.
    fn until(&mut self, so: impl Fn(&str) -> bool) -> bool {
        while !so(&self.text) {
            match self.more.recv_timeout(PATIENCE) {
                Ok(bytes) => self.text.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => panic!("it says nothing more after {:?}", self.text),
            }
        }
        true
    }

    fn whole(&mut self) -> &str {
        self.until(|_| false);
        &self.text
    }
}

/// A server at work. It is killed when this is dropped.
pub struct Server {
    running: Running,
    /// Where browsers find it.
    pub origin: String,
    /// Where it is.
    pub address: String,
}

impl Server {
    /// Waits until it says where it is.
    pub fn start(command: Command) -> Self {
        Self::running(Running::start(command))
    }

    /// The same, of a program that was started.
    pub fn running(mut running: Running) -> Self {
        let said = running.says(").\n");
        // Where audit lines go there too, there is one before.
        let first = said.lines().find(|line| line.starts_with("Exeunt is at ")).unwrap();
        let words = first.strip_prefix("Exeunt is at ").and_then(|rest| rest.strip_suffix(")."));
        let (origin, address) = words.unwrap().split_once(" (listening on ").expect(first);
        let (origin, address) = (origin.to_owned(), address.to_owned());
        Self { running, origin, address }
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Somebody new.
    pub fn visitor(&self) -> Visitor {
        Visitor::at(&format!("http://{}", self.address), &self.origin)
    }

    /// Somebody who has the token.
    pub fn visitor_with(&self, token: &Token) -> Visitor {
        self.visitor().with_cookie(&format!("exeunt={}", token.reveal()))
    }

    /// The path of the link that it prints when there is no account.
    pub fn first_link(&mut self) -> String {
        let said = self.running.says("/join/");
        let link = said.lines().find_map(|line| line.split_once("/join/")).unwrap();
        assert_eq!(link.0, format!("    {}", self.origin));
        assert_eq!(said.matches("/join/").count(), 1, "one link: {said}");
        format!("/join/{}", link.1)
    }

    /// The process.
    pub fn process(&mut self) -> &mut Running {
        &mut self.running
    }

    /// Waits until it has stopped.
    pub fn stops_by_itself(self) -> Done {
        self.running.ends()
    }

    /// Asks it to stop, and waits until it has.
    pub fn stops(self) -> Done {
        self.running.is_sent(Signal::TERM);
        self.running.ends()
    }

    /// Ends as in a power cut.
    pub fn dies(self) {
        self.running.is_sent(Signal::KILL);
        assert_eq!(self.running.ends().code, None);
    }
}
