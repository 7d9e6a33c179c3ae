//! `exeunt config`: what every setting is, and where that comes from. It never opens anything that a setting
//! names.

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command};
use serde::Serialize;

use super::{Failure, output};
use crate::config::Config;

/// What settings are called in the environment begins with it.
const PREFIX: &str = "EXEUNT_";

/// In how many letters after that there may be one wrong, and the name still be taken for another.
const LETTERS_A_MISTAKE: usize = 4;

/// Every setting that is a flag, in the order of the help.
pub fn all() -> impl Iterator<Item = Arg> {
    let mut command = Config::augment_args(Command::new("").disable_help_flag(true));
    command.build();
    command.get_arguments().cloned().collect::<Vec<_>>().into_iter()
}

/// What a setting is called on the command line and in the environment.
pub fn names(setting: &Arg) -> Option<(String, String)> {
    Some((format!("--{}", setting.get_long()?), setting.get_env()?.to_str()?.to_owned()))
}

/// What is in the environment under names such as those of settings, and is none: each with the setting that may have
/// been meant.
pub fn unknown() -> Vec<String> {
    let settings: Vec<_> = all().filter_map(|setting| names(&setting)).map(|(_, name)| name).collect();
    let given = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut unknown: Vec<_> =
        given.filter(|name| name.starts_with(PREFIX) && !settings.contains(name)).collect();
    unknown.sort_unstable();
    unknown.into_iter().map(|name| format!("{name}{}", meant(&name, &settings))).collect()
}

fn meant(name: &str, settings: &[String]) -> String {
    let near = settings.iter().map(|setting| (strsim::damerau_levenshtein(name, setting), setting)).min();
    let may_be = (name.len() - PREFIX.len()) / LETTERS_A_MISTAKE;
    match near {
        Some((mistakes, setting)) if mistakes <= may_be => format!(" (is it {setting}?)"),
        _ => String::new(),
    }
}

#[derive(Serialize)]
struct Row {
    flag: String,
    environment: String,
    value: Option<String>,
    from: &'static str,
}

pub fn run(config: &Config, matches: &ArgMatches, json: bool) -> Result<(), Failure> {
    let rows: Vec<_> = all().filter_map(|setting| row(&setting, config, matches)).collect();
    if json {
        return output::json(&rows);
    }
    let rows: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let value = row.value.unwrap_or_else(|| "none".to_owned());
            [row.flag, row.environment, value, row.from.to_owned()]
        })
        .collect();
    output::table(["FLAG", "ENVIRONMENT", "VALUE", "FROM"], &rows)
}

fn row(setting: &Arg, config: &Config, matches: &ArgMatches) -> Option<Row> {
    let (flag, environment) = names(setting)?;
    let id = setting.get_id().as_str();
    let values = matches.get_raw(id).map(|values| {
        let values: Vec<_> = values.map(|value| value.to_string_lossy()).collect();
        values.join(",")
    });
    let (value, from) = match (values, matches.value_source(id)) {
        // A flag that is there has no value of its own.
        (value, Some(ValueSource::CommandLine)) => (value.or_else(|| Some("true".to_owned())), "flag"),
        (value, Some(ValueSource::EnvVariable)) => (value, "environment"),
        (value, Some(_)) => (value, "default"),
        // What has no default for clap: another setting says it, or which command it is for.
        (_, None) if id == "url" => (Some(config.public_url(config.listen.port()).origin()), "default"),
        (_, None) if id == "log" => (Some(output::SERVING.to_string()), "default"),
        (_, None) => (None, "none"),
    };
    Some(Row { flag, environment, value, from })
}
