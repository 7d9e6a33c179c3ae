//! A house with people in it, all of it on the disk, and then watched: what is done in it is recorded, and
//! every power cut that there may be is tried. For one more act: furnish a [`House`], watch it, act on its
//! `app()`, say what the answer promises ([`Watched::answers`]), and see what it survives.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use exeunt::accounts::{Account as Kept, AccountName, Code, Cost, Link};
use exeunt::actions::{Added, FirstKey, add_account};
use exeunt::app::{App, Stores};
use exeunt::clock::{Clock, SignedDuration};
use exeunt::config::PublicUrl;
use exeunt::files::Folder;
use exeunt::sessions::{Browser, LastingFor, NewSession, Session, Token};
use fastrand::Rng;
use tempfile::TempDir;

use super::crash_states::Cut;
use super::ledger::{Account, Change, Ledger};
use super::recording_disk::{Fault, Point, RecordingDisk};
use crate::support::{PASSWORD, chance, noon};

/// Real scrypt, with little memory.
const CHEAP: u8 = 4;

/// States to try at each point, where nobody asks for more. No act so far has a point with as many.
const STATES: usize = 512;

/// A house before anything is watched.
pub struct House {
    data: TempDir,
    clock: Clock,
    app: App,
    ledger: Ledger,
}

impl House {
    /// Nobody lives here.
    pub fn empty() -> Self {
        Self::hashing(CHEAP)
    }

    /// The same, where hashes cost 2^`log_n`.
    pub fn hashing(log_n: u8) -> Self {
        let (data, clock) = (folder(), Clock::manual(noon()));
        let app = app(&Folder::at(data.path()), &clock, log_n).expect("the stores open");
        Self { data, clock, app, ledger: Ledger::default() }
    }

    /// Somebody with the password that everybody has, and a session that nothing to come is about.
    pub async fn with(self, name: &'static str) -> Self {
        let mut house = self.with_account(name).await;
        house.session(name).await;
        house
    }

    /// Somebody with that password, who has never logged in.
    pub async fn with_account(mut self, name: &'static str) -> Self {
        let added = add_account(&self.app, parse(name), FirstKey::Password(PASSWORD)).await;
        assert!(matches!(added, Ok(Added::Account(None))), "{name} was not added: {added:?}");
        self.knows(Change { account: Some((name, Account::with_password(PASSWORD))), ..Change::default() });
        self
    }

    /// Nobody of that name.
    pub fn without(mut self, name: &'static str) -> Self {
        self.knows(Change { account: Some((name, Account::missing())), ..Change::default() });
        self
    }

    /// Somebody with a link and no password.
    pub async fn invites(&mut self, name: &'static str) -> Code {
        let added = add_account(&self.app, parse(name), FirstKey::Link).await;
        let Ok(Added::Account(Some(code))) = added else { panic!("{name} was not invited: {added:?}") };
        let account = Account::without_password().and_link(&code);
        self.knows(Change { account: Some((name, account)), ..Change::default() });
        code
    }

    /// A link for somebody who has a password.
    pub async fn invites_again(&mut self, name: &'static str) -> Code {
        let code = Code::generate(Some(parse(name)));
        let mut kept = self.account(name).await;
        kept.link = Some(Link::new(&code, self.app.now()));
        assert!(self.app.accounts.update(&kept).await.expect("the store works"));
        let account = Account::with_password(PASSWORD).and_link(&code);
        self.knows(Change { account: Some((name, account)), ..Change::default() });
        code
    }

    /// One more session of theirs, for 30 days.
    pub async fn session(&mut self, name: &str) -> Token {
        self.session_for(name, LastingFor::Days30).await.0
    }

    /// One that lasts as long as this.
    pub async fn session_for(&mut self, name: &str, lasting: LastingFor) -> (Token, Session) {
        let new = NewSession {
            account: self.account(name).await.id,
            account_name: name.to_owned(),
            lasting,
            browser: Browser::from_user_agent(""),
            address: None,
        };
        let (token, session) = self.app.sessions.start(new, self.app.now()).await.expect("the store works");
        self.knows(Change { starts: vec![token.clone()], ..Change::default() });
        (token, session)
    }

    /// Something that is so already.
    pub fn knows(&mut self, change: Change) {
        self.ledger = self.ledger.after(change);
    }

    /// The account, as the store has it.
    pub async fn account(&self, name: &str) -> Kept {
        self.app.accounts.read(&parse(name)).await.expect("the store works").expect("the account")
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Lets time pass.
    pub fn passes(&self, time: SignedDuration) {
        self.clock.advance(time);
    }

    /// Takes the stores away as well: a data folder in which there is nothing yet.
    pub fn before_the_first_moment() -> Self {
        let house = Self::empty();
        for name in ["accounts", "sessions"] {
            fs::remove_dir_all(house.data().join(name)).expect("a folder of ours");
        }
        house
    }

    /// From here on everything is recorded, beginning with the opening of the house.
    pub fn watched(self) -> Watched {
        let mut watched = self.recorded();
        assert!(watched.opens(), "the stores open");
        watched.answers(Change::default());
        watched
    }

    /// The same, but nobody has opened it.
    pub fn recorded(self) -> Watched {
        let Self { data, clock, app, ledger } = self;
        let disk = RecordingDisk::over(data.path(), clock.clone());
        Watched { data, clock, app, ledger, disk, acts: Vec::new() }
    }
}

/// A house whose disk is recorded.
pub struct Watched {
    data: TempDir,
    clock: Clock,
    disk: RecordingDisk,
    app: App,
    ledger: Ledger,
    /// What had to be so, and at which points.
    acts: Vec<(Ledger, Vec<Point>)>,
}

impl Watched {
    pub fn app(&self) -> &App {
        &self.app
    }

    /// A process begins to work here, with nothing in its memory; `false` when it cannot.
    pub fn opens(&mut self) -> bool {
        let opened = app(&Folder::on(Arc::new(self.disk.clone()), self.data.path()), &self.clock, CHEAP);
        opened.map(|app| self.app = app).is_ok()
    }

    /// What the disk does not do from now on.
    pub fn fails(&self, fault: impl Into<Option<Fault>>) {
        self.disk.fails(fault.into());
    }

    /// The process is killed once it has made so many changes more. The power stays.
    pub fn is_killed_after(&self, changes: usize) {
        self.disk.kills_after(Some(changes));
    }

    /// Another process begins where the first was killed, if it was: otherwise `false`.
    pub fn begins_again(&mut self) -> bool {
        let was_killed = self.disk.was_killed();
        if was_killed {
            self.ledger = self.ledger.killed();
        }
        self.disk.kills_after(None);
        assert!(self.opens(), "the stores open");
        was_killed
    }

    /// An act is under way that would promise this, and will never answer.
    pub fn is_left_with(&mut self, change: &Change) {
        self.ledger = self.ledger.during(change);
    }

    /// An act has answered that promises this. Until now it was under way.
    pub fn answers(&mut self, change: Change) {
        self.has_answered(self.ledger.during(&change), change);
    }

    /// The same, but on its way there the account may be found like this too.
    pub fn answers_by_way_of(&mut self, on_the_way: (&'static str, Account), change: Change) {
        let way = self.ledger.during(&Change { account: Some(on_the_way), ..Change::default() });
        self.has_answered(way.during(&change), change);
    }

    fn has_answered(&mut self, during: Ledger, change: Change) {
        self.acts.push((during, self.disk.take_points()));
        self.ledger = self.ledger.after(change);
        self.acts.push((self.ledger.clone(), vec![self.disk.now("the answer")]));
    }

    /// Cuts the power at every point, in every way, and looks whether what must be so is.
    pub async fn survives(self, what: &str) {
        let (seed, states) =
            (chance::seed(), chance::number("EXEUNT_STATES").map_or(STATES, |states| states as usize));
        let mut rng = Rng::with_seed(seed);
        let (mut points, mut checked, mut chosen) = (0, 0, 0);
        for (act, (ledger, cuts)) in self.acts.iter().enumerate() {
            // Two points of one act may leave the same.
            let mut seen = HashSet::new();
            for point in cuts {
                points += 1;
                let (possible, all) = Cut::of(&point.platter, seed).states(states, &mut rng);
                chosen += usize::from(!all);
                for state in possible {
                    if seen.contains(&state) {
                        continue;
                    }
                    let data = folder();
                    state.put(data.path());
                    checked += 1;
                    if let Err(broken) = ledger.check(data.path(), self.clock.now()).await {
                        let (after, left) = (&point.after, state.lines(Path::new("")));
                        panic!("{what}, part {act}, after {after}: {broken}\nEXEUNT_SEED={seed}\n{left}");
                    }
                    seen.insert(state);
                }
            }
        }
        let chance = match chosen {
            0 => "all that there are".to_owned(),
            chosen => format!("at {chosen} points by chance, EXEUNT_SEED={seed}"),
        };
        println!("{what}: {points} points, {checked} states, {chance}");
    }
}

/// The house in this folder, under a process of its own.
pub fn opened(data: &Path, clock: &Clock) -> Result<App, String> {
    app(&Folder::at(data), clock, CHEAP)
}

fn app(data: &Folder, clock: &Clock, log_n: u8) -> Result<App, String> {
    let stores = Stores::files(data).map_err(|error| error.to_string())?;
    let url = PublicUrl::parse("http://localhost:8000").expect("a public URL");
    Ok(App::new(stores, url, Cost::of(log_n), clock.clone()))
}

/// In memory where the machine has such a place: what a cut leaves is written there, and never cut again.
fn folder() -> TempDir {
    let in_memory = Path::new("/dev/shm");
    let made = if in_memory.is_dir() { TempDir::new_in(in_memory) } else { TempDir::new() };
    made.expect("a folder for the test")
}

fn parse(name: &str) -> AccountName {
    AccountName::parse(name).expect("a name")
}
