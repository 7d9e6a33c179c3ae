//! What commands print: tables for people, JSON for programs, progress for a terminal.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use tracing_subscriber::EnvFilter;

use super::Failure;

/// Log lines go to standard error, which is not what a command answers. `RUST_LOG` changes what is told:
/// by default everything worth knowing of a server, and of other commands what went wrong. What a server
/// has to account for is told in any case.
pub fn start_logging(serving: bool) {
    let default = if serving { "info" } else { "error" };
    let mut filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    if serving {
        filter = filter.add_directive("audit=info".parse().expect("BUG: this is a directive"));
    }
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
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
