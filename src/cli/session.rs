//! `exeunt session`: who is logged in, and ending that.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Failure, output};
use crate::accounts::AccountName;
use crate::actions::{
    self, EveryEnding, Everybody, Pace, end_every_session, end_session, end_sessions_of, list_all_sessions,
    list_sessions_of,
};
use crate::app::App;
use crate::sessions::{LastingFor, LiveSession, SessionId};

#[derive(Subcommand)]
pub enum Command {
    /// List live sessions
    List {
        /// Only this account's
        #[arg(value_parser = AccountName::parse)]
        name: Option<AccountName>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End sessions: whoever has them is logged out at once
    End(End),
    /// Remove expired sessions from the disk; they are refused either way
    Sweep,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct End {
    /// The ids that `session list` shows, which are also the files' names
    #[arg(value_parser = parse_id)]
    id: Vec<SessionId>,
    /// Every session of this account
    #[arg(long, value_name = "NAME", value_parser = AccountName::parse)]
    account: Option<AccountName>,
    /// Every session there is
    #[arg(long)]
    all: bool,
}

fn parse_id(text: &str) -> Result<SessionId, &'static str> {
    SessionId::parse(text).ok_or("a session id is 32 hex digits")
}

pub async fn run(command: Command, app: &App) -> Result<(), Failure> {
    match command {
        Command::List { name, json } => list(name, json, app).await,
        Command::End(end) => self::end(end, app).await,
        Command::Sweep => self::sweep(app).await,
    }
}

async fn sweep(app: &App) -> Result<(), Failure> {
    let progress = |done, of| output::progress("Accounts swept", done, of);
    let Some(swept) = actions::sweep(app, Pace::AtOnce, progress).await? else {
        println!("Somebody else is sweeping at this moment.");
        return Ok(());
    };
    println!("Removed {}, left {}.", output::count(swept.removed, "session"), swept.live);
    if swept.skipped.count > 0 {
        let more = if swept.skipped.count > swept.skipped.names.len() { ", …" } else { "" };
        eprintln!(
            "Skipped {} that no session is: {}{more}",
            swept.skipped.count,
            swept.skipped.names.join(", ")
        );
    }
    match swept.failed {
        0 => Ok(()),
        failed => Err(format!("could not sweep {}", output::count(failed, "thing")).into()),
    }
}

async fn end(end: End, app: &App) -> Result<(), Failure> {
    let (ended, failed) = match &end.account {
        Some(name) => (end_sessions_of(app, name).await?.ok_or_else(|| super::no_such_account(name))?, None),
        None if end.all => {
            let EveryEnding { ended, failed } = end_every_session(app).await?;
            (ended, output::named("could not end all sessions of", "account", &failed))
        }
        None => end_each(&end.id, app).await,
    };
    println!("Ended {}.", output::count(ended, "session"));
    output::all_done([failed])
}

/// How many were ended, and which could not be: one of those does not keep the others from it.
async fn end_each(ids: &[SessionId], app: &App) -> (usize, Option<String>) {
    let (mut ended, mut failed) = (0, Vec::new());
    for &id in ids {
        match end_session(app, id).await {
            Ok(true) => ended += 1,
            Ok(false) => eprintln!("There is no session {id} (any more)."),
            Err(error) => {
                tracing::error!(%error, session = %id, "a session was not ended");
                failed.push(id);
            }
        }
    }
    (ended, output::named("could not end", "session", &failed))
}

#[derive(Serialize)]
struct Row {
    id: String,
    account: String,
    created: String,
    last_seen: String,
    expires: String,
    remembered: bool,
    browser: String,
    address: Option<String>,
}

impl From<&LiveSession> for Row {
    fn from(live: &LiveSession) -> Self {
        let session = &live.session;
        Self {
            id: session.id.to_string(),
            account: session.account_name.clone(),
            created: session.created().to_string(),
            last_seen: live.last_seen.to_string(),
            expires: session.expires().to_string(),
            remembered: session.lasting == LastingFor::Days30,
            browser: session.browser.to_string(),
            address: session.address.map(|address| address.to_string()),
        }
    }
}

impl Row {
    fn into_cells(self) -> [String; 6] {
        let address = self.address.unwrap_or_else(|| "-".to_owned());
        [self.account, self.id, self.browser, address, self.created, self.last_seen]
    }
}

async fn list(name: Option<AccountName>, json: bool, app: &App) -> Result<(), Failure> {
    let (listing, unlisted) = match name {
        None => {
            let Everybody { listing, unlisted } = list_all_sessions(app).await?;
            (listing, unlisted)
        }
        Some(name) => match list_sessions_of(app, &name).await? {
            Some(listing) => (listing, Vec::new()),
            None => return Err(super::no_such_account(&name)),
        },
    };
    let rows: Vec<_> = listing.sessions.iter().map(Row::from).collect();
    if json {
        output::json(&rows)?;
    } else {
        let rows: Vec<_> = rows.into_iter().map(Row::into_cells).collect();
        output::table(["ACCOUNT", "ID", "BROWSER", "ADDRESS", "LOGGED IN", "LAST SEEN"], &rows)?;
    }
    let unread = output::named("could not read", "session", &listing.unread);
    let unlisted = output::named("could not list the sessions of", "account", &unlisted);
    output::all_done([unread, unlisted])
}
