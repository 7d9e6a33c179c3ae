//! Somebody's stay: the place that a connection takes, and with it whatever was begun there, until all of that is
//! done. It never ends a stay by itself.

use std::sync::{Arc, Weak};

use tokio::sync::{OwnedSemaphorePermit, watch};

use super::neighbours::Neighbour;

/// In every request. Whoever keeps a copy keeps the place, and a stop waits for it: a post goes on without its
/// browser, and its connection counts for as long.
#[derive(Clone)]
pub struct Stay(Arc<Place>);

/// Given back when the last copy is dropped.
struct Place {
    stopping: watch::Receiver<()>,
    _permit: OwnedSemaphorePermit,
    _neighbour: Option<Neighbour>,
}

/// Who stays, for somebody who does not.
pub struct Staying(Weak<Place>);

impl Stay {
    /// With this place, until a stop is asked for by dropping the sender.
    pub fn new(
        permit: OwnedSemaphorePermit,
        neighbour: Option<Neighbour>,
        stopping: watch::Receiver<()>,
    ) -> Self {
        Self(Arc::new(Place { stopping, _permit: permit, _neighbour: neighbour }))
    }

    /// Completes when a stop was asked for: what would never end by itself has to.
    pub async fn has_to_end(&self) {
        // Nothing is ever sent.
        let _ = self.0.stopping.clone().changed().await;
    }

    /// Counts the copies without being one.
    pub fn staying(&self) -> Staying {
        Staying(Arc::downgrade(&self.0))
    }
}

impl Staying {
    /// How many copies there are.
    pub fn count(&self) -> usize {
        self.0.strong_count()
    }
}
