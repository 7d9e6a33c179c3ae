//! Where audit lines go: to the log among its other lines, to standard output, or to a file of their own. Nothing
//! that somebody wants to do ever fails because a line cannot be written.

use std::io::{self, Write};
use std::path::Path;

use tracing::Level;

use crate::files::Lines;

/// Where audit lines go.
pub enum Trail {
    /// To the log.
    Log,
    /// To standard output.
    Output,
    /// To a file.
    File(Lines),
}

impl Trail {
    /// What the setting asks for: the log where there is none, standard output for `-`, or a file.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn to(setting: Option<&Path>) -> io::Result<Self> {
        match setting {
            None => Ok(Self::Log),
            Some(output) if output == Path::new("-") => Ok(Self::Output),
            Some(file) => Lines::at(file).map(Self::File),
        }
    }

    pub(super) fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// Writes a line. One that cannot be written goes to the log instead.
    pub(super) fn write(&self, level: Level, line: &str) {
        let written = match self {
            Self::Log => return log(level, line),
            Self::Output => output(line),
            Self::File(lines) => lines.add(line),
        };
        if let Err(error) = written {
            // At a level that every log shows.
            tracing::error!(target: "audit", %error, "this line could not be written: {line}");
        }
    }

    pub(super) fn reopen(&self) -> io::Result<()> {
        match self {
            Self::Log | Self::Output => Ok(()),
            Self::File(lines) => lines.reopen(),
        }
    }
}

fn log(level: Level, line: &str) {
    match level {
        Level::ERROR => tracing::error!(target: "audit", "{line}"),
        Level::WARN => tracing::warn!(target: "audit", "{line}"),
        _ => tracing::info!(target: "audit", "{line}"),
    }
}

fn output(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes())?;
    out.flush()
}
