//! The whole site on a folder of its own, with one host behind its door. Alice is logged in, always with the same
//! token, and bob is not.

use exeunt::account_id::AccountId;
use exeunt::accounts::{Account, AccountName, Cost, Hasher, Password};
use exeunt::app::{App, Stores};
use exeunt::clock::{Clock, Timestamp};
use exeunt::config::{Door, DoorHost, PublicUrl};
use exeunt::files::Folder;
use exeunt::sessions::{Browser, LastingFor, NewSession, Session, Token};
use exeunt::web::{Setup, site};
use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderValue, Method, Uri, header};
use poem::{Endpoint, EndpointExt, Request, Response};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Where browsers find it.
pub const ORIGIN: &str = "http://localhost:8000";

/// What alice's browser holds.
pub const TOKEN: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery staple";

/// Real scrypt, with little memory.
const CHEAP: u8 = 4;

pub struct Site {
    runtime: Runtime,
    endpoint: BoxEndpoint<'static, Response>,
    _data: TempDir,
}

impl Site {
    pub fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let data = TempDir::new().unwrap();
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let stores = Stores::files(&Folder::at(data.path())).unwrap();
        runtime.block_on(settle(&stores, now));
        let url = PublicUrl::parse(ORIGIN).unwrap();
        let door = Door::of(vec![DoorHost::parse("localhost:8443").unwrap()], None, &url).unwrap();
        let app = App::new(stores, url, Cost::of(CHEAP), Clock::manual(now));
        Self { runtime, endpoint: site(app.into(), Setup { door, ..Setup::default() }).boxed(), _data: data }
    }

    /// What `GET` answers to whoever sends these `Cookie` headers.
    pub fn get(&self, page: Uri, cookies: Vec<HeaderValue>) -> Response {
        let mut request = Request::builder().uri(page).finish();
        for cookie in cookies {
            request.headers_mut().append(header::COOKIE, cookie);
        }
        self.answer(request)
    }

    /// What `POST` answers to a stranger.
    pub fn post(&self, page: &'static str, form: String) -> Response {
        let request = Request::builder().method(Method::POST).uri(Uri::from_static(page));
        self.answer(request.content_type("application/x-www-form-urlencoded").body(form))
    }

    /// The text of an answer.
    pub fn text(&self, answer: Response) -> String {
        self.runtime.block_on(answer.into_body().into_string()).unwrap()
    }

    fn answer(&self, request: Request) -> Response {
        let asked = format!("{request:?}");
        let answer = self.runtime.block_on(self.endpoint.get_response(request));
        assert!(!answer.status().is_server_error(), "{} to {asked}", answer.status());
        answer
    }
}

async fn settle(stores: &Stores, now: Timestamp) {
    let token = Token::parse(TOKEN.as_bytes()).unwrap();
    let password = Password::new(PASSWORD).unwrap();
    let hash = Hasher::start(Cost::of(CHEAP)).hash(password).await.unwrap();
    for (name, id) in [("alice", token.account()), ("bob", AccountId::generate())] {
        let mut account = Account::new(AccountName::parse(name).unwrap(), now);
        (account.id, account.password) = (id, Some(hash.clone()));
        assert!(stores.accounts.create(&account).await.unwrap());
    }
    let new = NewSession {
        account: token.account(),
        account_name: "alice".to_owned(),
        lasting: LastingFor::ThisVisit,
        browser: Browser::from_user_agent(""),
        address: None,
    };
    stores.sessions.create(&Session::start(new, token.session_id(), now)).await.unwrap();
}
