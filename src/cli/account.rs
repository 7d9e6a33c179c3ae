//! `exeunt account`: who may log in.

use std::io::{self, BufRead, IsTerminal, Read};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Failure, output};
use crate::accounts::{Account, AccountName, Password, PasswordRefusal};
use crate::actions::{Added, FirstKey, add_account, is_name_taken, list_accounts};
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
            println!("Added {}. This link is good for a day, and for once:\n", add.name);
            println!("    {}\n", app.url.to(&format!("/join/{}", code.reveal())));
        }
        Added::NameTaken => return Err(taken(&add.name)),
        Added::PasswordRefused(refusal) => return Err(refusal.into()),
        Added::Busy => return Err("too many passwords are being hashed at once".into()),
    }
    Ok(())
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
}

impl From<&Account> for Row {
    fn from(account: &Account) -> Self {
        Self {
            name: account.name.to_string(),
            id: account.id.to_string(),
            created: account.created().to_string(),
            state: match (account.disabled, &account.password) {
                (true, _) => "disabled",
                (false, None) => "invited",
                (false, Some(_)) => "open",
            },
        }
    }
}

async fn list(json: bool, app: &App) -> Result<(), Failure> {
    let rows: Vec<_> = list_accounts(app).await?.iter().map(Row::from).collect();
    if json {
        return output::json(&rows);
    }
    let rows: Vec<_> =
        rows.into_iter().map(|row| [row.name, row.state.to_owned(), row.created, row.id]).collect();
    output::table(["NAME", "STATE", "CREATED", "ID"], &rows)
}
