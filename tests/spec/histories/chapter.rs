//! One account's story: rounds in which several things are done to it at once, through several processes,
//! in an order that nobody decides. Everything is written down.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use exeunt::accounts::AccountName;
use exeunt::actions::{
    Added, FirstKey, add_account, disable_account, enable_account, end_session, end_sessions_of,
};
use exeunt::app::App;
use exeunt::sessions::Token;
use fastrand::Rng;
use futures_util::future::join_all;
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Response};
use url::form_urlencoded::Serializer;

use super::history::{Attempt, Ending, History, Look, Opening, PasswordNo, Reach, Span, TokenNo};
use super::sites::{self, Sites};

/// What is done is done with the newest of the sessions; others are looked at again at the end.
const OF_LATE: usize = 6;

/// One account, and everything that happened to it.
pub struct Chapter<'a> {
    sites: &'a Sites,
    operator: Arc<App>,
    client: Client,
    name: AccountName,
    story: Mutex<Story>,
}

struct Story {
    rng: Rng,
    history: History,
    tokens: Vec<Token>,
    /// Those that may be in force; several when a change had no answer.
    passwords: Vec<PasswordNo>,
    next_password: PasswordNo,
}

/// Something that can be done to an account.
#[derive(Clone, Copy, Debug)]
enum Act {
    LogIn { password: PasswordNo, with: Option<TokenNo> },
    Look(TokenNo),
    LogOut(TokenNo),
    LogOutOthers(TokenNo),
    LogOutEverywhere(TokenNo),
    LogOutOne { by: TokenNo, other: TokenNo },
    ChangePassword { by: TokenNo, old: PasswordNo, new: PasswordNo },
    DeleteByHand(TokenNo),
    EndByOperator(TokenNo),
    EndAllByOperator,
    DisableAndEnable,
    Kill(usize),
}

/// What a site said.
struct Said {
    status: u16,
    to: String,
    cookie: Option<Token>,
    body: String,
}

impl<'a> Chapter<'a> {
    pub async fn open(sites: &'a Sites, operator: &Arc<App>, name: &str, seed: u64) -> Self {
        let name = AccountName::parse(name).unwrap();
        let added = add_account(operator, name.clone(), FirstKey::Password(&password(0))).await;
        assert!(matches!(added, Ok(Added::Account(None))), "{added:?}");
        let story = Story {
            rng: Rng::with_seed(seed),
            history: History::default(),
            tokens: Vec::new(),
            passwords: vec![0],
            next_password: 1,
        };
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { sites, operator: Arc::clone(operator), client, name, story: Mutex::new(story) }
    }

    /// Several things at once, and then, when all are done, a look at who is in.
    pub async fn round(&self) {
        let acts = self.plan();
        join_all(acts.into_iter().map(|(act, pause)| async move {
            tokio::time::sleep(pause).await;
            self.play(act).await;
        }))
        .await;
        let looks: Vec<_> = {
            let story = self.story.lock().unwrap();
            let from = story.tokens.len().saturating_sub(OF_LATE);
            (from..story.tokens.len()).map(Act::Look).collect()
        };
        join_all(looks.into_iter().map(|look| self.play(look))).await;
    }

    /// A last look with every token there ever was, through every process; then all that happened.
    pub async fn close(self) -> History {
        let tokens = self.story.lock().unwrap().tokens.len();
        for token in 0..tokens {
            for site in 0..self.sites.number() {
                self.look(token, site).await;
            }
        }
        self.story.into_inner().unwrap().history
    }

    fn plan(&self) -> Vec<(Act, Duration)> {
        let story = &mut *self.story.lock().unwrap();
        let number = story.rng.usize(2..=5);
        let mut acts = Vec::new();
        while acts.len() < number {
            let pause = Duration::from_millis(story.rng.u64(0..4));
            let act = story.think_of_something(self.sites.number());
            // An operator who disables while another enables leaves nobody any the wiser.
            let is_again = matches!(act, Act::DisableAndEnable)
                && acts.iter().any(|(other, _)| matches!(other, Act::DisableAndEnable));
            if !is_again {
                acts.push((act, pause));
            }
        }
        acts
    }

    async fn play(&self, act: Act) {
        let site = self.story.lock().unwrap().rng.usize(0..self.sites.number());
        match act {
            Act::Look(token) => self.look(token, site).await,
            Act::LogIn { password, with } => self.log_in(password, with, site).await,
            Act::LogOut(token) => {
                let done = self.ends(site, token, &[("which", "this")], "/login?logged_out").await;
                self.note_ending(done, Reach::One(token));
            }
            Act::LogOutOthers(token) => {
                let done = self.ends(site, token, &[("which", "others")], "/").await;
                self.note_ending(done, Reach::Others(token));
            }
            Act::LogOutEverywhere(token) => {
                let done = self.ends(site, token, &[("which", "all")], "/login?logged_out").await;
                self.note_ending(done, Reach::All(token));
            }
            Act::LogOutOne { by, other } => {
                let id = self.token(other).session_id().to_string();
                let to = if by == other { "/login?logged_out" } else { "/" };
                let done = self.ends(site, by, &[("which", &id)], to).await;
                self.note_ending(done, Reach::One(other));
            }
            Act::ChangePassword { by, old, new } => self.change_password(by, old, new, site).await,
            Act::DeleteByHand(token) => self.delete_by_hand(token),
            Act::EndByOperator(token) => {
                let began = Instant::now();
                end_session(&self.operator, self.token(token).session_id()).await.unwrap();
                self.note_ending(Some((since(began), true)), Reach::One(token));
            }
            Act::EndAllByOperator => {
                let began = Instant::now();
                end_sessions_of(&self.operator, &self.name).await.unwrap();
                self.note_ending(Some((since(began), true)), Reach::ByOperator);
            }
            Act::DisableAndEnable => self.disable_and_enable().await,
            Act::Kill(site) => tokio::task::block_in_place(|| self.sites.kill(site)),
        }
    }

    async fn look(&self, token: TokenNo, site: usize) {
        let (said, span) = self.asks(site, "/", Some(token), None).await;
        let Some(said) = said else { return };
        let story = &mut *self.story.lock().unwrap();
        let let_in = match (said.status, &*said.to) {
            (200, _) => true,
            (303, "/login") => false,
            _ => {
                return story
                    .history
                    .wrongs
                    .push(format!("the account page answered {} {}", said.status, said.to));
            }
        };
        if let_in && !said.body.contains(&format!("<b>{}</b>", self.name)) {
            story.history.wrongs.push(format!("a page that does not show {}: {}", self.name, said.body));
        }
        if said.cookie.is_some() {
            story.history.wrongs.push("a page set the cookie".to_owned());
        }
        story.history.looks.push(Look { span, token, let_in });
    }

    async fn log_in(&self, number: PasswordNo, with: Option<TokenNo>, site: usize) {
        let fields = [("username", self.name.as_str()), ("password", &password(number))];
        let (said, span) = self.asks(site, "/login", with, Some(&fields)).await;
        let replaced = |answered| with.map(|with| Ending { span, reach: Reach::One(with), answered });
        let story = &mut *self.story.lock().unwrap();
        match said {
            None => story.history.endings.extend(replaced(false)),
            Some(Said { status: 303, cookie: Some(token), .. }) => {
                story.opened(token, span, number);
                story.history.attempts.push(Attempt { span, password: number, let_in: true });
                story.history.endings.extend(replaced(true));
                story.passwords.retain(|&known| known >= number);
            }
            Some(Said { status: 422, .. }) => {
                story.history.attempts.push(Attempt { span, password: number, let_in: false });
            }
            Some(said) if said.asks_to_wait() => {}
            Some(said) => story.history.wrongs.push(format!("a login answered {} {}", said.status, said.to)),
        }
    }

    async fn change_password(&self, by: TokenNo, old: PasswordNo, new: PasswordNo, site: usize) {
        let fields = [("current_password", &*password(old)), ("new_password", &password(new))];
        let (said, span) = self.asks(site, "/password", Some(by), Some(&fields)).await;
        let story = &mut *self.story.lock().unwrap();
        let attempt = |let_in| Attempt { span, password: old, let_in };
        let (answered, opened) = match said {
            Some(Said { status: 303, cookie: Some(token), .. }) => {
                story.history.attempts.push(attempt(true));
                (true, Some(story.opened(token, span, new)))
            }
            Some(Said { status: 422, .. }) => return story.history.attempts.push(attempt(false)),
            Some(said) if said.asks_to_wait() => return,
            // Changed, but no session could begin.
            Some(Said { status: 303, to, .. }) if to == "/?password_changed" => (true, None),
            // Too late: nothing was changed.
            Some(Said { status: 303, to, .. }) if to.starts_with("/login") => return,
            None => (false, None),
            Some(said) => {
                let wrong = format!("a change of password answered {} {}", said.status, said.to);
                return story.history.wrongs.push(wrong);
            }
        };
        if answered {
            story.passwords.retain(|&known| known > old);
        }
        story.passwords.push(new);
        let reach = Reach::PasswordChange { old, new, opened };
        story.history.endings.push(Ending { span, reach, answered });
    }

    fn delete_by_hand(&self, token: TokenNo) {
        let began = Instant::now();
        let of = self.token(token);
        let file = self.sites.data().join(format!("sessions/{}/{}", of.account(), of.session_id()));
        // It may be gone.
        let _ = std::fs::remove_file(file);
        self.note_ending(Some((since(began), true)), Reach::One(token));
    }

    async fn disable_and_enable(&self) {
        let began = Instant::now();
        disable_account(&self.operator, &self.name).await.unwrap();
        let disabling = since(began);
        // Long enough for a login that began before to end in between.
        let pause = Duration::from_millis(self.story.lock().unwrap().rng.u64(0..20));
        tokio::time::sleep(pause).await;
        let began = Instant::now();
        enable_account(&self.operator, &self.name).await.unwrap();
        self.note_ending(Some((disabling, true)), Reach::Disabling { enabling: since(began) });
    }

    /// Posts a logout. `None` when it was refused because the session was over.
    async fn ends(
        &self,
        site: usize,
        by: TokenNo,
        fields: &[(&str, &str)],
        to: &str,
    ) -> Option<(Span, bool)> {
        let (said, span) = self.asks(site, "/logout", Some(by), Some(fields)).await;
        let Some(said) = said else { return Some((span, false)) };
        let history = &mut self.story.lock().unwrap().history;
        if said.cookie.is_some() {
            history.wrongs.push(format!("logging out ({fields:?}) set the cookie"));
        }
        match (said.status, &*said.to) {
            (303, there) if there == to => {
                // Only whoever is in is led back to the account page.
                if to == "/" {
                    history.looks.push(Look { span, token: by, let_in: true });
                }
                Some((span, true))
            }
            (303, "/login") => {
                history.looks.push(Look { span, token: by, let_in: false });
                None
            }
            (status, there) => {
                history.wrongs.push(format!("logging out ({fields:?}) answered {status} {there}"));
                None
            }
        }
    }

    fn note_ending(&self, done: Option<(Span, bool)>, reach: Reach) {
        if let Some((span, answered)) = done {
            self.story.lock().unwrap().history.endings.push(Ending { span, reach, answered });
        }
    }

    fn token(&self, token: TokenNo) -> Token {
        self.story.lock().unwrap().tokens[token].clone()
    }

    /// Asks one of the processes; no answer when it is killed meanwhile, and then the time ends when it was
    /// dead: until then it may have done something.
    async fn asks(
        &self,
        site: usize,
        path: &str,
        with: Option<TokenNo>,
        form: Option<&[(&str, &str)]>,
    ) -> (Option<Said>, Span) {
        let asked = Instant::now();
        let url = format!("{}{path}", self.sites.base(site));
        let mut request = match form {
            None => self.client.get(url),
            Some(fields) => self
                .client
                .post(url)
                .header(ORIGIN, sites::ORIGIN)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(Serializer::new(String::new()).extend_pairs(fields).finish()),
        };
        if let Some(with) = with {
            request = request.header(COOKIE, format!("exeunt={}", self.token(with).reveal()));
        }
        let began = Instant::now();
        let said = match request.send().await {
            Ok(answer) => Said::read(answer).await,
            Err(_) => None,
        };
        if said.is_none() && !self.sites.was_killed(site, asked) {
            let wrong = format!("{path} was not answered, and nobody killed the process");
            self.story.lock().unwrap().history.wrongs.push(wrong);
        }
        (said, since(began))
    }
}

impl Story {
    fn opened(&mut self, token: Token, span: Span, password: PasswordNo) -> TokenNo {
        self.tokens.push(token);
        self.history.openings.push(Opening { span, password });
        self.tokens.len() - 1
    }

    /// One of the sessions of late, live or not.
    fn some_token(&mut self) -> Option<TokenNo> {
        let from = self.tokens.len().saturating_sub(OF_LATE);
        (from < self.tokens.len()).then(|| self.rng.usize(from..self.tokens.len()))
    }

    /// One that may be in force, mostly the newest.
    fn some_password(&mut self) -> PasswordNo {
        let older = if self.rng.u8(0..4) == 0 { self.rng.usize(0..self.passwords.len()) } else { 0 };
        self.passwords[self.passwords.len() - 1 - older]
    }

    fn think_of_something(&mut self, sites: usize) -> Act {
        let with = self.some_token().filter(|_| self.rng.u8(0..4) == 0);
        let log_in = Act::LogIn { password: self.some_password(), with };
        let (Some(by), Some(other)) = (self.some_token(), self.some_token()) else { return log_in };
        match self.rng.u16(0..1000) {
            0..100 => Act::Look(by),
            100..170 => Act::LogOut(by),
            170..220 => Act::LogOutOthers(by),
            220..260 => Act::LogOutEverywhere(by),
            260..320 => Act::LogOutOne { by, other },
            320..380 => {
                let (old, new) = (self.some_password(), self.next_password);
                self.next_password += 1;
                Act::ChangePassword { by, old, new }
            }
            380..410 => Act::DeleteByHand(by),
            410..430 => Act::EndByOperator(by),
            430..445 => Act::EndAllByOperator,
            445..465 => Act::DisableAndEnable,
            465..470 => Act::Kill(self.rng.usize(0..sites)),
            _ => log_in,
        }
    }
}

impl Said {
    /// Too many tries, or too many at once; but not that the machine failed.
    fn asks_to_wait(&self) -> bool {
        self.status == 429 || (self.status == 503 && self.body.contains("The server has too much to do."))
    }

    async fn read(answer: Response) -> Option<Self> {
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let to = header(LOCATION).unwrap_or_default().to_owned();
        let cookies = answer.headers().get_all(SET_COOKIE).iter();
        let cookie = cookies
            .filter_map(|set| set.to_str().ok()?.strip_prefix("exeunt=")?.split(';').next())
            .find_map(|value| Token::parse(value.as_bytes()));
        let status = answer.status().as_u16();
        let body = answer.text().await.ok()?;
        Some(Self { status, to, cookie, body })
    }
}

fn since(began: Instant) -> Span {
    Span { began, ended: Instant::now() }
}

fn password(number: PasswordNo) -> String {
    format!("the password that has the number {number}")
}
