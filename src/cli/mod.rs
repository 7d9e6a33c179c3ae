//! The door for operators: the command line. It never does anything that an action does not.

mod account;
mod asked;
mod manual;
mod output;
mod serve;
mod service_manager;
mod session;
mod settings;
mod status;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::service_manager::Given;
use crate::accounts::{AccountName, Cost};
use crate::app::{App, Stores};
use crate::audit::Trail;
use crate::clock::Clock;
use crate::config::Config;
use crate::files::{Exposed, Folder};

/// What a command answers with when it could not do its work.
const FAILED: u8 = 1;

/// What it answers with when it was asked wrongly; so does clap.
const ASKED_WRONGLY: u8 = 2;

/// The front door of a server-rendered site: people log in, see where they are logged in, and log out.
///
/// Without a command it serves. Accounts and sessions are files in the data folder: every command works
/// on them directly, whether a server is running or not, and deleting a session's file is a logout.
#[derive(Parser)]
#[command(name = "exeunt", version)]
struct Cli {
    #[command(flatten)]
    config: Config,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the site (what `exeunt` alone does)
    Serve,
    /// Who may log in
    #[command(subcommand)]
    Account(account::Command),
    /// Who is logged in
    #[command(subcommand)]
    Session(session::Command),
    /// How a running server does: ask it for what it has counted and timed
    Status(status::Status),
    /// Say what every setting is, and where that comes from
    Config {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print what makes a shell complete commands and flags
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or that of a command, as `man` reads it
    Man {
        /// The command, such as `account add`
        command: Vec<String>,
    },
}

/// A sentence for whoever ran the command.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn no_such_account(name: &AccountName) -> Failure {
    format!("there is no account called {name}").into()
}

/// A setting that cannot be meant. It names the setting.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct WrongSetting(String);

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let (cli, matches) = asked::parse();
    // While there is one thread: it takes them out of the environment.
    let given = Given::by_the_service_manager();
    let serves = matches!(cli.command, None | Some(Command::Serve));
    output::start_logging(&cli.config, serves);
    output::warn_of(&settings::unknown(), serves);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let done = runtime.block_on(async {
        match cli.command {
            None | Some(Command::Serve) => serve::run(cli.config, given).await,
            Some(Command::Account(command)) => {
                let app = open(&cli.config, command.makes_the_folder())?;
                account::run(command, &app).await
            }
            Some(Command::Status(status)) => status::run(status, &cli.config).await,
            Some(Command::Session(command)) => session::run(command, &open(&cli.config, false)?).await,
            Some(Command::Completions { shell }) => manual::completions(shell),
            Some(Command::Man { command }) => manual::page(&command),
            Some(Command::Config { json }) => settings::run(&cli.config, &matches, json),
        }
    });
    // Not waiting for a prompt that was interrupted, or a lock that somebody else holds.
    runtime.shutdown_background();
    done.map_or_else(|failure| failed(&failure), |()| ExitCode::SUCCESS)
}

fn failed(failure: &Failure) -> ExitCode {
    eprintln!("exeunt: {failure}");
    ExitCode::from(if failure.is::<WrongSetting>() { ASKED_WRONGLY } else { FAILED })
}

/// The rooms, for a command that works on the data folder. Only a command that adds something makes the
/// folder: whoever looks into the wrong place, or ends all sessions there, has to hear of it.
fn open(config: &Config, may_make: bool) -> Result<App, Failure> {
    if !may_make && !Folder::at(&config.data).exists() {
        let wrong = format!("there is no data folder at {} (--data)", config.data.display());
        return Err(WrongSetting(wrong).into());
    }
    rooms(config, config.listen.port())
}

/// The rooms, of a site that listens on `port`.
fn rooms(config: &Config, port: u16) -> Result<App, Failure> {
    let stores = stores(&Folder::at(&config.data))?;
    let app = App::new(stores, config.public_url(port), Cost::STANDARD, Clock::system());
    Ok(app.writing_to(trail(config.audit_log.as_deref())?))
}

/// The stores in a folder, unless others of the machine could reach what lets people in.
fn stores(data: &Folder) -> Result<Stores, Failure> {
    let unfit = |exposed: Exposed| WrongSetting(format!("{exposed} (--data)"));
    data.keeps_folders().map_err(unfit)?;
    for folder in Stores::folders(data) {
        folder.is_our_own().map_err(unfit)?;
    }
    // What could not be closed may be why they could not be opened, and is the better thing to say.
    let stores = Stores::files(data);
    for folder in Stores::folders(data) {
        folder.is_closed().map_err(unfit)?;
    }
    Ok(stores?)
}

/// Where audit lines go.
fn trail(setting: Option<&Path>) -> Result<Trail, WrongSetting> {
    Trail::to(setting).map_err(|error| {
        let file = setting.unwrap_or(Path::new("-")).display();
        WrongSetting(format!("cannot write the audit log to {file} (--audit-log): {error}"))
    })
}
