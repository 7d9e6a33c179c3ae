//! What a sweep did, and what it left alone. It never does anything itself.

use super::session_id::SessionId;

/// Names that are remembered of all that was skipped: enough to see what it is.
const NAMED: usize = 10;

/// What a sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Live sessions left as they are.
    pub live: usize,
    /// Expired or damaged ones removed.
    pub removed: usize,
    /// Those of them that were whole and over by one of their clocks.
    pub expired: Vec<SessionId>,
    /// What could not be looked at or removed; the next sweep tries again.
    pub failed: usize,
    /// What is nobody's session and nothing of ours.
    pub skipped: Skipped,
}

impl Swept {
    /// Counts what was done elsewhere as well.
    pub fn add(&mut self, other: Self) {
        self.live += other.live;
        self.removed += other.removed;
        self.expired.extend(other.expired);
        self.failed += other.failed;
        self.skipped.count += other.skipped.count;
        self.skipped.names.extend(other.skipped.names);
        self.skipped.names.truncate(NAMED);
    }
}

/// What was found among the sessions and left as it is: links, pipes, folders, foreign names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// How many.
    pub count: usize,
    /// Some of them, the first ten that were found.
    pub names: Vec<String>,
}

impl Skipped {
    /// One more.
    pub fn add(&mut self, name: impl Into<String>) {
        self.count += 1;
        if self.names.len() < NAMED {
            self.names.push(name.into());
        }
    }
}
