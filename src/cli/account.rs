//! `exeunt account`: who may log in.

use std::io::{self, BufRead, IsTerminal, Read};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Failure, output};
use crate::accounts::{Account, AccountName, Code, Logins, Password, PasswordRefusal, Place};
use crate::actions::{
    AccountListing, Added, FirstKey, add_account, disable_account, enable_account, is_name_taken,
    list_accounts, remove_account, reset_account,
};
use crate::app::App;

#[derive(Subcommand)]
pub enum Command {
    /// Add an account; asks for its password, unless told otherwise
    Add(Add),
    /// List all accounts
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let nobody log in to an account, and end its sessions
    Disable(Named),
    /// Let an account log in again that is disabled, or closed after too many wrong passwords; none of its
    /// sessions comes back
    Enable(Named),
    /// End an account's sessions, take its password away, and print a one-time link for a new one
    Reset(Named),
    /// Remove an account for good, and end its sessions
    Remove(Named),
}

#[derive(Args)]
pub struct Named {
    /// The account
    #[arg(value_parser = AccountName::parse)]
    name: AccountName,
}

#[derive(Args)]
pub struct Add {
    /// 1 to 64 letters, digits and . _ - + @, beginning with a letter or digit
    #[arg(value_parser = AccountName::parse)]
    name: AccountName,
    /// Read the password from the first line of standard input
    #[arg(long, conflicts_with = "link")]
    password_stdin: bool,
    /// Print a one-time link, good for a day, at which its owner chooses a password
    #[arg(long)]
    link: bool,
}

impl Command {
    /// Whether the data folder may be a new one.
    pub fn makes_the_folder(&self) -> bool {
        matches!(self, Self::Add(_))
    }
}

pub async fn run(command: Command, app: &App) -> Result<(), Failure> {
    match command {
        Command::Add(add) => self::add(add, app).await,
        Command::List { json } => list(json, app).await,
        Command::Disable(Named { name }) => closed("Disabled", &name, disable_account(app, &name).await?),
        Command::Enable(Named { name }) => enable(&name, app).await,
        Command::Reset(Named { name }) => reset(&name, app).await,
        Command::Remove(Named { name }) => closed("Removed", &name, remove_account(app, &name).await?),
    }
}

async fn add(add: Add, app: &App) -> Result<(), Failure> {
    // Asking for a password that then has no account would be rude.
    if is_name_taken(app, &add.name).await? {
        return Err(taken(&add.name));
    }
    let password = match (add.link, add.password_stdin) {
        (true, _) => None,
        (false, true) => Some(read_password()?),
        (false, false) => Some(ask_password(&add.name)?),
    };
    let key = password.as_deref().map_or(FirstKey::Link, FirstKey::Password);
    match add_account(app, add.name.clone(), key).await? {
        Added::Account(None) => println!("Added {}.", add.name),
        Added::Account(Some(code)) => {
            println!("Added {}. {}", add.name, link(&code, app));
        }
        Added::NameTaken => return Err(taken(&add.name)),
        Added::PasswordRefused(refusal) => return Err(refusal.into()),
        Added::Busy => return Err("too many passwords are being hashed at once".into()),
    }
    Ok(())
}

async fn enable(name: &AccountName, app: &App) -> Result<(), Failure> {
    if !enable_account(app, name).await? {
        return Err(super::no_such_account(name));
    }
    println!("Enabled {name}.");
    Ok(())
}

async fn reset(name: &AccountName, app: &App) -> Result<(), Failure> {
    let reset = reset_account(app, name).await.map_err(|error| format!("{name} was not reset: {error}"))?;
    let Some(reset) = reset else { return Err(super::no_such_account(name)) };
    let ended = output::count(reset.ended, "session");
    println!("Reset {name}, and ended {ended}. {}", link(&reset.code, app));
    if reset.disabled {
        println!("{name} is disabled: the link opens nothing before `exeunt account enable {name}`.");
    }
    Ok(())
}

fn closed(what: &str, name: &AccountName, ended: Option<usize>) -> Result<(), Failure> {
    let ended = ended.ok_or_else(|| super::no_such_account(name))?;
    println!("{what} {name}, and ended {}.", output::count(ended, "session"));
    Ok(())
}

fn link(code: &Code, app: &App) -> String {
    let link = app.url.to(&format!("/join/{}", code.reveal()));
    format!("This link is good for a day, and for once:\n\n    {link}\n")
}

fn taken(name: &AccountName) -> Failure {
    format!("there is an account called {name} already").into()
}

fn read_password() -> Result<String, Failure> {
    // One byte more than a password may have and a line's end, so that one that is too long is seen to be.
    let limit = Password::MAX_BYTES as u64 + 3;
    let mut line = Vec::new();
    io::stdin().lock().take(limit).read_until(b'\n', &mut line)?;
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > Password::MAX_BYTES {
        return Err(PasswordRefusal::TooLong.into());
    }
    Ok(String::from_utf8(line.to_vec()).map_err(|_| "the password is not UTF-8")?)
}

fn ask_password(name: &AccountName) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return Err("there is no terminal to ask for a password: use --password-stdin or --link".into());
    }
    let password = rpassword::prompt_password(format!("Password for {name} (15 characters or more): "))?;
    if rpassword::prompt_password("The same again: ")? != password {
        return Err("the two passwords are different".into());
    }
    Ok(password)
}

#[derive(Serialize)]
struct Row {
    name: String,
    id: String,
    created: String,
    state: &'static str,
    last_login: Option<String>,
    /// Tries to log in that failed since.
    failed: u32,
}

impl From<&(Account, Logins)> for Row {
    fn from((account, logins): &(Account, Logins)) -> Self {
        let (last_login, failed) = logins.latest();
        Self {
            name: account.name.to_string(),
            id: account.id.to_string(),
            created: account.created().to_string(),
            state: state(account, logins),
            last_login: last_login.map(|login| login.at().to_string()),
            failed,
        }
    }
}

fn state(account: &Account, logins: &Logins) -> &'static str {
    match (account.disabled, &account.password) {
        (true, _) => "disabled",
        (false, None) => "invited",
        // After too many wrong passwords.
        (false, Some(_)) if !logins.admit(Place::Known) => "closed",
        (false, Some(_)) if !logins.admit(Place::Elsewhere) => "closed to new places",
        (false, Some(_)) => "open",
    }
}

async fn list(json: bool, app: &App) -> Result<(), Failure> {
    let AccountListing { accounts, unread } = list_accounts(app).await?;
    let rows: Vec<_> = accounts.iter().map(Row::from).collect();
    if json {
        output::json(&rows)?;
    } else {
        table(rows)?;
    }
    output::all_done([output::named("could not read", "account", &unread)])
}

fn table(rows: Vec<Row>) -> Result<(), Failure> {
    let cells = rows.into_iter().map(|row| {
        let last_login = row.last_login.unwrap_or_else(|| "never".to_owned());
        [row.name, row.state.to_owned(), row.created, last_login, row.failed.to_string(), row.id]
    });
    output::table(
        ["NAME", "STATE", "CREATED", "LAST LOGIN", "FAILED SINCE", "ID"],
        &cells.collect::<Vec<_>>(),
    )
}
