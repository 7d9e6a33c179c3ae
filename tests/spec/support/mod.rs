//! What tests stand on: a world with folders and a clock, visitors with verbs, and the answers they get.

mod answer;
mod breakable;
pub mod browser;
mod crowd;
mod disk;
mod failing_disk;
mod failing_site;
mod log;
mod panics;
pub mod power;
pub mod program;
mod promises;
pub mod terminal;
mod undeletable;
mod visitor;
mod world;

pub use answer::Answer;
pub use breakable::PANICS;
pub use crowd::crowd;
pub use disk::{Pipe, mode, names_in};
pub use failing_disk::Trouble;
pub use failing_site::FailingSite;
pub use log::Log;
pub(crate) use promises::promises;
pub use undeletable::Undeletable;
pub use visitor::Visitor;
pub use world::{NEW_PASSWORD, NOON, PASSWORD, World, attempt, noon};
