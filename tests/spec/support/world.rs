//! A site of its own for each test: a data folder, a clock that stands still, and a server on a socket.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use exeunt::account_id::AccountId;
use exeunt::accounts::{Account, AccountLock, AccountName, Code, Cost, LockKind, Logins, Place};
use exeunt::actions::{Added, Attempt, FirstKey, Visit, add_account, offer_first_account};
use exeunt::app::{App, Stores};
use exeunt::audit::{Asker, Trail};
use exeunt::clock::{Clock, SignedDuration, Timestamp};
use exeunt::config::{CookieDomain, Door, DoorHost, PublicUrl};
use exeunt::files::Folder;
use exeunt::files::disk::Disk;
use exeunt::sessions::{Browser, LastingFor, Token};
use exeunt::web::{Limits, Proxies, Setup, serve, site};
use poem::http::{Method, StatusCode};
use poem::{Endpoint, EndpointExt, IntoResponse, Response};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::audit_file::AuditFile;
use super::breakable::Breakable;
use super::https::Https;
use super::visitor::Visitor;

/// When every test begins.
pub const NOON: &str = "2026-11-23T12:00:00Z";

/// The same, as a time.
pub fn noon() -> Timestamp {
    NOON.parse().expect("a time")
}

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";

/// What somebody chooses in its place.
pub const NEW_PASSWORD: &str = "cedar violin thimble orchard";

/// Real scrypt, with little memory: a test is about who gets in, not about how long it takes.
const CHEAP: u8 = 4;

/// What a watcher at the door has seen.
#[derive(Default)]
struct Seen {
    /// Every request, as it came.
    requests: Vec<(Method, String)>,
    /// Paths whose answers are held back, and for how long.
    slow: Vec<(String, Duration)>,
    /// Paths to which htmx gets no answer of the site's.
    bad_for_htmx: Vec<String>,
    /// Requests whose browser left before they were answered.
    abandoned: usize,
}

/// A running site.
pub struct World {
    data: TempDir,
    audit: AuditFile,
    clock: Clock,
    app: Arc<App>,
    base: String,
    found_at: String,
    seen: Arc<Mutex<Seen>>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

/// What sites differ in.
struct Settings<'a> {
    url: &'a str,
    /// New hashes cost 2 to the power of this.
    log_n: u8,
    setup: Setup,
    limits: Limits,
    /// Where audit lines go, if not to a file of their own.
    trail: Option<Trail>,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self {
            url: "http://localhost:8000",
            log_n: CHEAP,
            setup: Setup::default(),
            limits: Limits::behind(&Proxies::default()),
            trail: None,
        }
    }
}

impl World {
    /// A site on plain http.
    pub async fn open() -> Self {
        Self::with(Settings::default()).await
    }

    /// A site that browsers find at `url`, as behind a proxy.
    pub async fn at(url: &str) -> Self {
        Self::with(Settings { url, ..Settings::default() }).await
    }

    /// A site on https.
    pub async fn on_https() -> Self {
        let front = Https::open().await;
        let mut world = Self::at(front.origin()).await;
        world.found_at = front.origin().to_owned();
        front.leads_to(&world.base);
        world
    }

    /// A site behind proxies in these networks.
    pub async fn behind(networks: &[&str]) -> Self {
        let networks = networks.iter().map(|network| network.parse().expect("a network")).collect();
        let setup = Setup { proxies: Proxies::trusted(networks), ..Setup::default() };
        Self::with(Settings { setup, ..Settings::default() }).await
    }

    /// The site at `https://login.example.org`, with these hosts below `example.org` behind its door, of which a
    /// proxy on this machine asks.
    pub async fn with_behind_its_door(hosts: &[&str]) -> Self {
        let url = "https://login.example.org";
        let hosts = hosts.iter().map(|host| DoorHost::parse(host).expect("a host")).collect();
        let domain = CookieDomain::parse("example.org").expect("a domain");
        let at = PublicUrl::parse(url).expect("a public URL");
        let door = Door::of(hosts, Some(domain), &at).expect("they go together");
        let proxies = Proxies::trusted(vec!["127.0.0.1/32".parse().expect("a network")]);
        let setup = Setup { proxies, door, ..Setup::default() };
        Self::with(Settings { url, setup, ..Settings::default() }).await
    }

    /// A site whose new hashes cost 2^`log_n`.
    pub async fn hashing(log_n: u8) -> Self {
        Self::with(Settings { log_n, ..Settings::default() }).await
    }

    /// A site that holds its visitors to these limits.
    pub async fn limited_to(limits: Limits) -> Self {
        Self::with(Settings { limits, ..Settings::default() }).await
    }

    /// A site whose audit lines go there.
    pub async fn writing_to(trail: Trail) -> Self {
        Self::with(Settings { trail: Some(trail), ..Settings::default() }).await
    }

    /// A site whose sessions cannot be read while the flag is up.
    pub async fn breakable() -> (Self, Arc<AtomicBool>) {
        let (data, clock) = beginning();
        let mut stores = Stores::files(&Folder::at(data.path())).expect("the stores open");
        let broken = Arc::new(AtomicBool::new(false));
        stores.sessions = Arc::new(Breakable::new(stores.sessions, Arc::clone(&broken)));
        (Self::start(data, clock, stores, Settings::default()).await, broken)
    }

    /// A site whose files are on this disk.
    pub async fn on(disk: impl Disk) -> Self {
        let (data, clock) = beginning();
        let folder = Folder::on(Arc::new(disk), data.path());
        let stores = Stores::files(&folder).expect("the stores open");
        Self::start(data, clock, stores, Settings::default()).await
    }

    async fn with(settings: Settings<'_>) -> Self {
        let (data, clock) = beginning();
        let stores = Stores::files(&Folder::at(data.path())).expect("the stores open");
        Self::start(data, clock, stores, settings).await
    }

    async fn start(data: TempDir, clock: Clock, stores: Stores, settings: Settings<'_>) -> Self {
        let url = PublicUrl::parse(settings.url).expect("a public URL");
        let audit = AuditFile::new();
        let trail = settings.trail.unwrap_or_else(|| audit.trail());
        let app = App::new(stores, url, Cost::of(settings.log_n), clock.clone());
        let app = Arc::new(app.writing_to(trail));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("a bound listener"));
        let (stop, stopped) = oneshot::channel::<()>();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let site = site(Arc::clone(&app), settings.setup);
        let asked_to_stop = async move { drop(stopped.await) };
        let watched = watched(site, Arc::clone(&seen));
        let server = tokio::spawn(serve(listener, watched, settings.limits, asked_to_stop));
        Self { data, audit, clock, app, found_at: base.clone(), base, seen, stop, server }
    }

    /// The same folder under a new process, as far as anybody can tell: nothing in memory is left.
    pub async fn restart(self) -> Self {
        let Self { data, clock, app, .. } = self;
        let stores = Stores::files(&Folder::at(data.path())).expect("the stores open");
        let url = &*app.url.origin();
        Self::start(data, clock, stores, Settings { url, ..Settings::default() }).await
    }

    /// Asks the server to stop, and answers what completes when it has.
    pub fn stop(self) -> (TempDir, JoinHandle<std::io::Result<()>>) {
        drop(self.stop);
        (self.data, self.server)
    }

    /// The same folder under a second process beside this one, with hashes that cost 2^`log_n`.
    pub async fn beside(&self, log_n: u8) -> Arc<App> {
        let stores = Stores::files(&Folder::at(self.data.path())).expect("the stores open");
        Arc::new(App::new(stores, self.app.url.clone(), Cost::of(log_n), self.clock.clone()))
    }

    /// Adds an account whose password is [`PASSWORD`].
    pub async fn with_account(self, name: &str) -> Self {
        let added = add_account(&self.app, self.name(name), FirstKey::Password(PASSWORD)).await;
        assert!(matches!(added, Ok(Added::Account(None))), "{name} was not added: {added:?}");
        self
    }

    /// Adds an account that has a one-time link and no password, and answers the link's path.
    pub async fn invite(&self, name: &str) -> String {
        let added = add_account(&self.app, self.name(name), FirstKey::Link).await;
        let Ok(Added::Account(Some(code))) = added else { panic!("{name} was not invited: {added:?}") };
        link(&code)
    }

    /// The path of a link for the first account.
    pub async fn first_link(&self) -> String {
        link(&offer_first_account(&self.app).await.expect("the store works").expect("no account yet"))
    }

    /// The account, as the store has it.
    pub async fn account(&self, name: &str) -> Account {
        self.app.accounts.read(&self.name(name)).await.expect("the store works").expect("the account")
    }

    /// Changes an account behind the program's back.
    pub async fn change_account(&self, name: &str, change: impl FnOnce(&mut Account)) {
        let mut account = self.account(name).await;
        change(&mut account);
        assert!(self.app.accounts.update(&account).await.expect("the store works"));
    }

    /// So many wrong passwords at the account, without the time that each takes.
    pub async fn failed(&self, name: &str, times: usize) {
        let id = self.account(name).await.id;
        for _ in 0..times {
            let count = Box::new(|logins: &mut Logins| logins.count(Place::Elsewhere));
            self.app.accounts.change_logins(id, count).await.expect("the store works");
        }
    }

    /// The account's exclusive lock.
    pub async fn lock(&self, account: AccountId) -> AccountLock {
        self.app.accounts.lock(account, LockKind::Exclusive).await.expect("the lock")
    }

    /// Waits until it is so: for what happens without an answer to wait for.
    pub async fn until(&self, so: impl Fn() -> bool) {
        let all = async {
            while !so() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), all).await.expect("it comes to be so");
    }

    fn name(&self, name: &str) -> AccountName {
        AccountName::parse(name).expect("a name")
    }

    /// Somebody new, who has no cookie.
    pub fn visitor(&self) -> Visitor {
        Visitor::at(&self.base, &self.app.url.origin())
    }

    /// Somebody who has just logged in.
    pub async fn logged_in(&self, name: &str) -> Visitor {
        let mut visitor = self.visitor();
        visitor.logs_in(name).await;
        visitor
    }

    /// Somebody who has just chosen [`PASSWORD`] at a one-time link.
    pub async fn logged_in_at(&self, link: &str) -> Visitor {
        let mut visitor = self.visitor();
        visitor.posts(link, &[("new_password", PASSWORD)]).await.leads_to("/");
        visitor
    }

    /// Where a browser finds a page.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.found_at)
    }

    /// How many posts came to `path`.
    pub fn posts(&self, path: &str) -> usize {
        self.requests(&Method::POST, path)
    }

    /// How many times somebody looked at `path`.
    pub fn looks(&self, path: &str) -> usize {
        self.requests(&Method::GET, path)
    }

    fn requests(&self, method: &Method, path: &str) -> usize {
        let seen = lock(&self.seen);
        seen.requests.iter().filter(|(with, to)| with == method && to == path).count()
    }

    /// Lets htmx have no answer of `path`, but an error of a proxy's.
    pub fn fails_htmx_at(&self, path: &str) {
        lock(&self.seen).bad_for_htmx.push(path.to_owned());
    }

    /// Holds all answers of `path` back, which is with its query, as a slow network would.
    pub fn answers_late(&self, path: &str, by: Duration) {
        lock(&self.seen).slow.push((path.to_owned(), by));
    }

    /// How many requests were given up by their browser before they were answered.
    pub fn abandoned(&self) -> usize {
        lock(&self.seen).abandoned
    }

    /// Where the server is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The rooms, for what no visitor can do.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The same, for tasks.
    pub fn shared_app(&self) -> Arc<App> {
        Arc::clone(&self.app)
    }

    /// The audit lines that were written since this was last asked.
    pub fn audited(&self) -> Vec<String> {
        self.audit.new_lines()
    }

    /// Lets time pass.
    pub fn passes(&self, time: SignedDuration) {
        self.clock.advance(time);
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Every session file of every account, in order.
    pub fn session_files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for account in read_dir(&self.data().join("sessions")) {
            // Beside the accounts' folders there is the file that sweepers lock.
            if account.is_dir() {
                files.extend(read_dir(&account));
            }
        }
        files
    }

    /// The folder of the one account that has sessions.
    pub fn only_account_folder(&self) -> PathBuf {
        let files = self.session_files();
        let folder = files[0].parent().expect("a folder");
        assert!(files.iter().all(|file| file.starts_with(folder)), "one account: {files:?}");
        folder.to_owned()
    }

    /// Where the session is kept that the visitor's cookie opens.
    pub fn session_of(&self, visitor: &Visitor) -> PathBuf {
        let token = visitor.token();
        let account = self.data().join("sessions").join(token.account().to_string());
        account.join(token.session_id().to_string())
    }

    /// The one session file that there is.
    pub fn only_session_file(&self) -> PathBuf {
        let files = self.session_files();
        assert_eq!(files.len(), 1, "one session: {files:?}");
        files[0].clone()
    }
}

/// The site, with a watcher at its door.
fn watched(
    site: impl Endpoint<Output = Response> + 'static,
    seen: Arc<Mutex<Seen>>,
) -> impl Endpoint<Output = Response> + 'static {
    site.around(move |site, request| {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let whole = request.uri().path_and_query().map_or("", |whole| whole.as_str());
        let slow = lock(&seen).slow.iter().find(|(late, _)| late == whole).cloned();
        let is_bad = request.header("hx-request").is_some() && lock(&seen).bad_for_htmx.contains(&path);
        lock(&seen).requests.push((method, path));
        let under_way = UnderWay { seen: Arc::clone(&seen), answered: false };
        async move {
            if is_bad {
                under_way.answered();
                return Ok(StatusCode::BAD_GATEWAY.with_body("bad gateway").into_response());
            }
            let answer = site.call(request).await;
            if let Some((_, by)) = slow {
                tokio::time::sleep(by).await;
            }
            under_way.answered();
            answer
        }
    })
}

/// A request on its way through the site.
struct UnderWay {
    seen: Arc<Mutex<Seen>>,
    answered: bool,
}

impl UnderWay {
    fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.answered {
            lock(&self.seen).abandoned += 1;
        }
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().expect("nothing panics while it notes what it saw")
}

fn beginning() -> (TempDir, Clock) {
    let data = TempDir::new().expect("a folder for the test");
    (data, Clock::manual(noon()))
}

/// Somebody wants in, by no browser.
pub fn attempt<'a>(username: &'a str, password: &'a str) -> Attempt<'a> {
    let visit = Visit { browser: Browser::from_user_agent(""), asker: Asker::LOCAL, tokens: Vec::new() };
    Attempt { username, password, lasting: LastingFor::ThisVisit, visit }
}

/// The same, in a browser that holds a token.
pub fn visit_with(token: &Token) -> Visit {
    Visit { tokens: vec![token.clone()], ..attempt("", "").visit }
}

fn link(code: &Code) -> String {
    format!("/join/{}", code.reveal())
}

fn read_dir(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}
