//! What tests stand on: a world with folders and a clock, visitors with verbs, and the answers they get.

mod answer;
mod breakable;
pub mod browser;
pub mod chance;
mod crowd;
mod disk;
mod failing_disk;
mod failing_site;
mod hostile;
mod https;
mod listening;
mod log;
mod panics;
pub mod power;
pub mod program;
mod promises;
pub mod proxy;
mod scenarios;
pub mod terminal;
mod undeletable;
mod visitor;
mod world;

pub use answer::Answer;
pub use breakable::{Breakable, PANICS};
pub use crowd::crowd;
pub use disk::{Pipe, mode, names_in};
pub use failing_disk::{Call, Trouble};
pub use failing_site::FailingSite;
pub use hostile::{Hostile, clear, damaged, with_impossible_times};
pub use listening::Listening;
pub use log::Log;
pub(crate) use promises::promises;
pub(crate) use scenarios::with_and_without_javascript;
pub use undeletable::Undeletable;
pub use visitor::Visitor;
pub use world::{NEW_PASSWORD, NOON, PASSWORD, World, attempt, noon};
