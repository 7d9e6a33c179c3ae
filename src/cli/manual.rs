//! `exeunt man` and `exeunt completions`: what clap knows of the command line, for `man` and for shells. It never
//! says anything that `--help` does not.

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use super::{Cli, Failure, WrongSetting};

/// What makes a shell complete.
pub fn completions(shell: Shell) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    clap_complete::generate(shell, &mut command, "exeunt", &mut io::stdout());
    Ok(())
}

/// The page of a command, or, without any, of all.
pub fn page(path: &[String]) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    for name in path {
        let found = command.find_subcommand(name).cloned();
        command = found.ok_or_else(|| WrongSetting(format!("there is no command {}", path.join(" "))))?;
    }
    Ok(Man::new(command).render(&mut io::stdout().lock())?)
}
