//! Power cuts: a disk that records what it is asked for, every state in which a cut may leave it, and a
//! house whose promises are checked in each of them. Beside them, the order in which the real program asks
//! the real disk.

mod crash_states;
mod house;
mod ledger;
mod platter;
mod recording_disk;
mod trace;

pub use house::{House, Watched};
pub use ledger::{Account, Change};
pub use recording_disk::Fault;
pub use trace::{Trace, traced};
