//! What commands print: tables for people, JSON for programs, progress for a terminal.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::Failure;
use crate::config::{Config, LogFormat};

/// What a server logs, unless told otherwise.
pub const SERVING: LevelFilter = LevelFilter::INFO;

/// Log lines go to standard error, which is not what a command answers: everything worth knowing of a server, and
/// of other commands what went wrong, unless a setting says otherwise. What a server has to account for is told in
/// any case.
pub fn start_logging(config: &Config, serving: bool) {
    let default = if serving { SERVING } else { LevelFilter::ERROR };
    let mut levels = config.log.clone().unwrap_or_else(|| Targets::new().with_default(default));
    if serving && !levels.would_enable("audit", &Level::INFO) {
        levels = levels.with_target("audit", Level::INFO);
    }
    let terminal = io::stderr().is_terminal();
    let format = config.log_format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json });
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(terminal).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(levels)).init();
}

/// Says which variables are taken for nothing, to whoever may have meant a setting.
pub fn warn_of(unknown: &[String], serves: bool) {
    if unknown.is_empty() {
        return;
    }
    let names = unknown.join(", ");
    if serves {
        tracing::warn!("in the environment, but no setting: {names}");
    } else {
        eprintln!("exeunt: in the environment, but no setting: {names}");
    }
}

/// Prints one JSON document.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    Ok(writeln!(out)?)
}

/// Prints rows below a head, each column as wide as its widest cell; nothing at all without rows.
pub fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut widths = head.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = io::stdout().lock();
    line(&mut out, &head, &widths)?;
    for row in rows {
        line(&mut out, row, &widths)?;
    }
    Ok(())
}

fn line(out: &mut impl Write, cells: &[impl Display], widths: &[usize]) -> io::Result<()> {
    let padded: Vec<_> =
        cells.iter().zip(widths).map(|(cell, width)| format!("{:width$}", cell.to_string())).collect();
    writeln!(out, "{}", padded.join("  ").trim_end())
}

/// Shows how far long work is, where a person watches.
pub fn progress(what: &str, done: usize, of: usize) {
    let mut out = io::stderr().lock();
    if out.is_terminal() {
        let end = if done == of { "\n" } else { "" };
        let _ = write!(out, "\r{what}: {done} of {of}{end}");
        let _ = out.flush();
    }
}

/// `1 session`, `2 sessions`.
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Fails by what could not be done, if anything could not.
pub fn all_done<const N: usize>(failed: [Option<String>; N]) -> Result<(), Failure> {
    match failed.into_iter().flatten().collect::<Vec<_>>().join("; ") {
        nothing if nothing.is_empty() => Ok(()),
        failed => Err(failed.into()),
    }
}

/// How many there are of which this is so, and which; `None` where there are none.
pub fn named(so: &str, what: &str, ids: &[impl ToString]) -> Option<String> {
    let names: Vec<_> = ids.iter().map(ToString::to_string).collect();
    (!ids.is_empty()).then(|| format!("{so} {}: {}", count(ids.len(), what), names.join(", ")))
}
