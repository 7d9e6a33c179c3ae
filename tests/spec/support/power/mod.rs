//! Power cuts: a disk that records what it is asked for, every state in which a cut may leave it, and a
//! house whose promises are checked in each of them.

mod crash_states;
mod dice;
mod house;
mod ledger;
mod platter;
mod recording_disk;

pub use house::{House, Watched};
pub use ledger::{Account, Change};
pub use recording_disk::Fault;
