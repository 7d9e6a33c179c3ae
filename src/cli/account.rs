//! `exeunt account`: who may log in.

use std::io::{self, BufRead, IsTerminal};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Failure, output};
use crate::accounts::{Account, AccountName, Password};
use crate::actions::{Added, FirstKey, add_account, list_accounts};
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

pub async fn run(command: Command, app: &App) -> Result<(), Failure> {
    match command {
        Command::Add(add) => self::add(add, app).await,
        Command::List { json } => list(json, app).await,
    }
}

async fn add(add: Add, app: &App) -> Result<(), Failure> {
    // Asking for a password that then has no account would be rude.
    if app.accounts.read(&add.name).await?.is_some() {
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
    let mut line = String::new();
    // One byte more than a password may have, and a line's end.
    let limit = Password::MAX_BYTES as u64 + 3;
    io::Read::take(io::stdin().lock(), limit).read_line(&mut line)?;
    Ok(line.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).unwrap_or(&line).into())
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
