//! What must be so, whatever a power cut has left: who is in, who is out, and how each account is found.
//! An act that has not answered may have happened or not, but nothing between.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use exeunt::account_id::AccountId;
use exeunt::accounts::{AccountName, Code};
use exeunt::actions::{
    AccountListing, Added, Choice, FirstKey, Joined, LoggedIn, Pace, Resumed, Started, add_account,
    invitation, is_name_taken, join, list_accounts, list_all_sessions, log_in, log_out_here, resume, sweep,
};
use exeunt::app::App;
use exeunt::clock::{Clock, SignedDuration, Timestamp};
use exeunt::sessions::{CAP, LastingFor, LiveSession, Presence, SessionId, Token};

use super::house::opened;
use crate::support::{attempt, visit_with};

/// Chosen at a link that a power cut has left open.
const CHOSEN_LATER: &str = "chosen after the lights went on";

/// Who is in and who is out.
#[derive(Clone, Default)]
pub struct Ledger {
    live: Vec<Token>,
    over: Vec<Token>,
    /// An act that is to start or to end them has not answered.
    perhaps: Vec<Token>,
    /// Sessions that there may be besides, since whoever started them was killed with their tokens.
    nobodys: usize,
    /// Each is one of these.
    accounts: BTreeMap<String, Vec<Account>>,
}

/// An account, as it may be found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    missing: bool,
    password: Option<&'static str>,
    link: Option<Code>,
    over: Vec<Token>,
}

/// What an act promises to have done once it has answered.
#[derive(Default)]
pub struct Change {
    pub starts: Vec<Token>,
    pub ends: Vec<Token>,
    /// What an account is from now on.
    pub account: Option<(&'static str, Account)>,
}

impl Account {
    /// None of that name.
    pub fn missing() -> Self {
        Self { missing: true, ..Self::default() }
    }

    /// One that this password opens.
    pub fn with_password(password: &'static str) -> Self {
        Self { password: Some(password), ..Self::default() }
    }

    /// One that nobody has a password to.
    pub fn without_password() -> Self {
        Self::default()
    }

    /// The same, and this link opens it.
    pub fn and_link(self, code: &Code) -> Self {
        Self { link: Some(code.clone()), ..self }
    }

    /// The same, and never beside these sessions.
    pub fn never_beside(self, over: &[Token]) -> Self {
        Self { over: over.to_vec(), ..self }
    }
}

impl Ledger {
    /// While the act is under way.
    #[must_use]
    pub fn during(&self, change: &Change) -> Self {
        let mut during = self.clone();
        during.live.retain(|token| !change.ends.contains(token));
        during.perhaps.extend(change.starts.iter().chain(&change.ends).cloned());
        if let Some((name, account)) = &change.account {
            during.accounts.entry((*name).to_owned()).or_default().push(account.clone());
        }
        during
    }

    /// Once the process that was at work was killed: it may have started a session.
    #[must_use]
    pub fn killed(&self) -> Self {
        Self { nobodys: self.nobodys + 1, ..self.clone() }
    }

    /// Once it has answered.
    #[must_use]
    pub fn after(&self, change: Change) -> Self {
        let mut after = self.clone();
        after.live.retain(|token| !change.ends.contains(token));
        after.live.extend(change.starts);
        after.over.extend(change.ends);
        after.accounts.extend(change.account.map(|(name, account)| (name.to_owned(), vec![account])));
        after
    }

    /// Whether it is so in this data folder. What is checked last changes the most.
    pub async fn check(&self, data: &Path, now: Timestamp) -> Result<(), String> {
        let clock = Clock::manual(now);
        let app = opened(data, &clock)?;
        let found = self.sessions(&app).await?;
        let mut accounts = Vec::new();
        for (name, possible) in &self.accounts {
            accounts.push((name, self.account(&app, name, possible).await?));
        }

        // At the cap, each of the logins just made has ended another session.
        let still = self.sessions_but_at_the_cap(&app, &found).await?;

        clock.advance(SignedDuration::from_hours(2));
        let app = opened(data, &clock)?;
        let swept = sweep(&app, Pace::AtOnce, |_, _| ()).await.map_err(|error| error.to_string())?;
        same("failures of the sweep", &swept.map(|swept| swept.failed), &Some(0))?;
        let lasting = still.iter().filter(|live| live.session.lasting == LastingFor::Days30);
        let lasting: BTreeSet<SessionId> = lasting.map(|live| live.session.id).collect();
        same("sessions two hours later", &ids(&self.accepted(&app).await?), &lasting)?;
        self.is_clean(data, &lasting)?;
        for (name, account) in accounts {
            can_begin_anew(&app, name, &account).await?;
        }
        Ok(())
    }

    /// The sessions that are live, none of them anybody else's, and listed, and nothing else.
    async fn sessions(&self, app: &App) -> Result<Vec<LiveSession>, String> {
        let accepted = self.accepted(app).await?;
        let found = ids(&accepted);
        for token in &self.live {
            ensure(found.contains(&token.session_id()), || format!("{} is lost", token.session_id()))?;
        }
        let all = list_all_sessions(app).await.map_err(|error| error.to_string())?;
        ensure(all.listing.is_whole() && all.unlisted.is_empty(), || format!("not all are listed: {all:?}"))?;
        let (listed, at_most) = (ids(&all.listing.sessions), found.len() + self.nobodys);
        let is_right = listed.is_superset(&found) && listed.len() <= at_most;
        ensure(is_right, || format!("sessions listed: {listed:?}, not {found:?}"))?;
        Ok(accepted)
    }

    async fn sessions_but_at_the_cap(
        &self,
        app: &App,
        before: &[LiveSession],
    ) -> Result<Vec<LiveSession>, String> {
        if before.len() >= CAP {
            return self.accepted(app).await;
        }
        let still = self.sessions(app).await?;
        same("sessions after others came and went", &ids(&still), &ids(before))?;
        Ok(still)
    }

    /// Every session whose token lets somebody in. Those that are over do not.
    async fn accepted(&self, app: &App) -> Result<Vec<LiveSession>, String> {
        let mut accepted = Vec::new();
        for token in self.live.iter().chain(&self.perhaps).chain(&self.over) {
            let Some(live) = lets_in(app, token).await? else { continue };
            ensure(!self.over.contains(token), || format!("{} is back", token.session_id()))?;
            accepted.push(live);
        }
        Ok(accepted)
    }

    /// Which of those that it may be the account is.
    async fn account(&self, app: &App, name: &str, possible: &[Account]) -> Result<Account, String> {
        let AccountListing { accounts, unread } =
            list_accounts(app).await.map_err(|error| error.to_string())?;
        ensure(unread.is_empty(), || format!("accounts that cannot be read: {unread:?}"))?;
        let names = app.accounts.names().await.map_err(|error| error.to_string())?;
        let stranger = names.iter().find(|name| !self.accounts.contains_key(name.as_str()));
        ensure(stranger.is_none(), || format!("an account of nobody's: {stranger:?}"))?;

        let is_named = names.iter().any(|found| found.as_str() == name);
        let is_whole = accounts.iter().any(|(found, _)| found.name.as_str() == name);
        ensure(is_named == is_whole, || format!("{name} is damaged"))?;

        let mut found = Account { missing: !is_named, ..Account::default() };
        let passwords: BTreeSet<_> = possible.iter().filter_map(|one| one.password).collect();
        for password in passwords {
            if comes_and_goes(app, name, password).await? {
                ensure(found.password.is_none(), || format!("two passwords open {name}"))?;
                found.password = Some(password);
            }
        }
        for code in possible.iter().filter_map(|one| one.link.as_ref()) {
            if invitation(app, code).await.map_err(|error| error.to_string())?.is_some() {
                found.link = Some(code.clone());
            }
        }
        let like = possible.iter().find(|one| Account { over: Vec::new(), ..(*one).clone() } == found);
        let like = like.ok_or_else(|| format!("{name} is {found:?}, which is none of {possible:?}"))?;
        for token in &like.over {
            let beside = lets_in(app, token).await?;
            ensure(beside.is_none(), || format!("{} lives beside {like:?}", token.session_id()))?;
        }
        Ok(like.clone())
    }

    /// Whether there is nothing but what there should be, an hour after a power cut and a sweep.
    fn is_clean(&self, data: &Path, live: &BTreeSet<SessionId>) -> Result<(), String> {
        let mut files = BTreeSet::new();
        // Beside the accounts' folders there is the file that sweepers lock.
        for account in names_in(&data.join("sessions")).into_iter().filter(|name| name != ".sweeping") {
            let sessions = names_in(&data.join("sessions").join(&account));
            ensure(!sessions.is_empty(), || format!("sessions/{account} is left, and empty"))?;
            files.extend(sessions);
        }
        same("session files", &files, &live.iter().map(SessionId::to_string).collect())?;
        for name in names_in(&data.join("accounts")) {
            let ours = [".first", ".locks", ".logins", ".throttle"];
            let is_ours = ours.contains(&&*name) || self.accounts.contains_key(&name);
            ensure(is_ours, || format!("accounts/{name} is left"))?;
        }
        for folder in [".logins", ".throttle"].map(|name| data.join("accounts").join(name)) {
            let names = if folder.exists() { names_in(&folder) } else { BTreeSet::new() };
            let left = names.iter().find(|name| name.starts_with('.'));
            ensure(left.is_none(), || format!("{} has {left:?} left", folder.display()))?;
        }
        Ok(())
    }
}

/// Whether somebody with the token is in. Then it is as whoever it was made for.
async fn lets_in(app: &App, token: &Token) -> Result<Option<LiveSession>, String> {
    match resume(app, std::slice::from_ref(token), Presence::Passive).await {
        Resumed::LoggedIn(live) => {
            let whose: (AccountId, SessionId) = (live.session.account, live.session.id);
            same("whose session it is", &whose, &(token.account(), token.session_id()))?;
            Ok(Some(live))
        }
        Resumed::Stranger => Ok(None),
        Resumed::Unknown(error) => Err(error.to_string()),
    }
}

/// Whether the password lets somebody in, who then logs out again.
async fn comes_and_goes(app: &App, name: &str, password: &str) -> Result<bool, String> {
    match log_in(app, attempt(name, password)).await {
        Ok(LoggedIn::Started(started)) => leaves(app, name, &started).await.map(|()| true),
        Ok(LoggedIn::Refused) => Ok(false),
        other => Err(format!("{name} cannot log in: {other:?}")),
    }
}

async fn leaves(app: &App, name: &str, started: &Started) -> Result<(), String> {
    let live = lets_in(app, &started.token).await?;
    let is_in = live.is_some_and(|live| live.session.account_name == name);
    ensure(is_in, || format!("{name} has logged in and is not"))?;
    let out = log_out_here(app, &visit_with(&started.token)).await;
    out.map_err(|error| format!("{name} cannot log out: {error}"))?;
    let live = lets_in(app, &started.token).await?;
    ensure(live.is_none(), || format!("{name} has logged out and is not"))
}

/// A link that is open works, and a name that is free can be taken.
async fn can_begin_anew(app: &App, name: &str, account: &Account) -> Result<(), String> {
    let parsed = AccountName::parse(name).expect("a name");
    if let Some(code) = &account.link {
        let visit = attempt("", "").visit;
        let choice = Choice { username: name, new_password: CHOSEN_LATER, visit };
        let joined = join(app, code, choice).await;
        let Ok(Joined::Started(started)) = joined else {
            return Err(format!("{name} cannot join: {joined:?}"));
        };
        leaves(app, name, &started).await?;
    } else if account.missing {
        let added = add_account(app, parsed.clone(), FirstKey::Password(CHOSEN_LATER)).await;
        ensure(matches!(added, Ok(Added::Account(None))), || format!("{name} cannot be added: {added:?}"))?;
    } else {
        return Ok(());
    }
    same("the name is taken", &is_name_taken(app, &parsed).await.map_err(|error| error.to_string())?, &true)?;
    same("the new password opens it", &comes_and_goes(app, name, CHOSEN_LATER).await?, &true)
}

fn ids(sessions: &[LiveSession]) -> BTreeSet<SessionId> {
    sessions.iter().map(|live| live.session.id).collect()
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn ensure(so: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if so { Ok(()) } else { Err(otherwise()) }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    ensure(found == expected, || format!("{what}: {found:?}, not {expected:?}"))
}
