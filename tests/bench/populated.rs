//! A data folder that is full of live sessions.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use exeunt::account_id::AccountId;
use exeunt::accounts::Cost;
use exeunt::app::{App, Stores};
use exeunt::clock::{Clock, Timestamp};
use exeunt::config::PublicUrl;
use exeunt::files::Folder;
use exeunt::record;
use exeunt::sessions::{Browser, LastingFor, NewSession, Session, Token};
use tempfile::TempDir;

/// Sessions of each account: people have a few.
pub const PER_ACCOUNT: usize = 10;

/// A data folder with live sessions, written without waiting for the disk.
pub struct Populated {
    pub data: TempDir,
    pub app: Arc<App>,
    pub tokens: Vec<Token>,
    per_account: usize,
}

impl Populated {
    pub fn with(size: usize, per_account: usize) -> Self {
        let data = tempfile::Builder::new().prefix("exeunt-bench-").tempdir_in(target()).unwrap();
        let stores = Stores::files(&Folder::at(data.path())).unwrap();
        let url = PublicUrl::parse("http://localhost:8000").unwrap();
        let app = Arc::new(App::new(stores, url, Cost::of(4), Clock::system()));
        let mut tokens = Vec::with_capacity(size);
        while tokens.len() < size {
            let account = AccountId::generate();
            let folder = data.path().join(format!("sessions/{account}"));
            fs::create_dir(&folder).unwrap();
            for _ in 0..per_account.min(size - tokens.len()) {
                let token = Token::generate(account);
                let session = session(&token, app.now());
                fs::write(folder.join(session.id.to_string()), record::encode(&session)).unwrap();
                tokens.push(token);
            }
        }
        Self { data, app, tokens, per_account }
    }

    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// `number` of them, all those of accounts that are spread evenly from the `offset`th on, in an order
    /// that has nothing to do with the disk's.
    pub fn spread(&self, number: usize, offset: usize) -> Vec<Token> {
        let accounts: Vec<_> = self.tokens.chunks(self.per_account).collect();
        let (wanted, step) = (number / self.per_account, (self.len() / number).max(1));
        let picked = (0..wanted).flat_map(|index| accounts[(index * step + offset) % accounts.len()]);
        let mut picked: Vec<_> = picked.cloned().collect();
        picked.sort_by_cached_key(Token::session_id);
        picked
    }

    pub fn path_of(&self, token: &Token) -> PathBuf {
        self.data.path().join(format!("sessions/{}/{}", token.account(), token.session_id()))
    }
}

pub fn session(token: &Token, now: Timestamp) -> Session {
    Session::start(new_session(token.account()), token.session_id(), now)
}

pub fn new_session(account: AccountId) -> NewSession {
    NewSession {
        account,
        account_name: "somebody@example.org".to_owned(),
        lasting: LastingFor::ThisVisit,
        browser: Browser::from_user_agent("(Windows) Firefox/146.0"),
        address: Some("192.0.2.7".parse().unwrap()),
    }
}

/// Where the build puts things: on a real disk, where a folder in memory would flatter.
fn target() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}
