//! What was asked for: the command line, read. A setting that cannot be meant is answered in one line, wherever
//! it came from; it never guesses what was meant.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use super::{ASKED_WRONGLY, Cli, settings};

/// This process's command line, also as clap has it, which knows where each value is from. Does not return where
/// there is something wrong with it, or help was asked for.
pub fn parse() -> (Cli, ArgMatches) {
    let read = Cli::command().try_get_matches().and_then(|matches| {
        let cli = Cli::from_arg_matches(&matches)?;
        Ok((cli, matches))
    });
    read.unwrap_or_else(|error| match wrong_setting(&error) {
        Some(line) => {
            eprintln!("exeunt: {line}");
            std::process::exit(ASKED_WRONGLY.into())
        }
        None => error.exit(),
    })
}

/// Names the setting, by flag and environment since clap does not say which it was, and what would do.
fn wrong_setting(error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::ValueValidation && error.kind() != ErrorKind::InvalidValue {
        return None;
    }
    let (ContextValue::String(argument), ContextValue::String(value)) =
        (error.get(ContextKind::InvalidArg)?, error.get(ContextKind::InvalidValue)?)
    else {
        return None;
    };
    let setting = settings::all().find(|setting| setting.to_string() == *argument)?;
    let (flag, environment) = settings::names(&setting)?;
    let what = error.source().map_or_else(|| "it is not empty".to_owned(), ToString::to_string);
    Some(format!("{flag} ({environment}) cannot be {value:?}: {what}"))
}
