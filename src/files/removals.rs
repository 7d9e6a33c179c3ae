//! Removing files for good while many others do: what comes together from one folder shares an fsync, and whichever
//! thread is done takes what waits, so that few have to be woken. It never answers before the fsync of the folder that
//! held the names, and never has anybody wait for company.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::{Folder, NotRemoved};
use crate::mutex::lock;

/// Removals from the folders in a folder, by whoever asks. Clones are the same.
#[derive(Clone, Debug)]
pub struct Removals {
    above: Folder,
    waiting: Arc<Mutex<Waiting>>,
}

/// The names, and whom to tell what became of them.
type Removal = (Vec<String>, oneshot::Sender<Result<usize, NotRemoved>>);

#[derive(Debug, Default)]
struct Waiting {
    /// What waits, by the folder's name.
    removals: HashMap<String, Vec<Removal>>,
    /// Their folders, first come, first served.
    folders: VecDeque<String>,
    /// Whether a thread has been called that has not come yet. Where something waits, one has: those that came are
    /// held up for as long as their disk takes.
    is_called: bool,
}

/// A thread that has been called. Should it not come, whoever is next calls another.
struct Called(Removals);

impl Removals {
    /// Removals from the folders in this one.
    #[must_use]
    pub fn below(folder: &Folder) -> Self {
        Self { above: folder.clone(), waiting: Arc::default() }
    }

    /// Removes files from the folder `name`, or at least their content. Once it has been asked it is done, whether or
    /// not anybody waits for the answer.
    ///
    /// # Errors
    /// As those of [`Folder::remove_or_empty`].
    ///
    /// # Panics
    /// When the disk does.
    pub async fn remove_or_empty(&self, name: String, files: Vec<String>) -> Result<usize, NotRemoved> {
        let (answer, answered) = oneshot::channel();
        lock(&self.waiting).add(name, (files, answer));
        self.call();
        answered.await.expect("BUG: work on the disk does not panic")
    }

    /// Calls a thread, where something waits and none is on its way.
    fn call(&self) {
        let mut waiting = lock(&self.waiting);
        if waiting.is_called || waiting.folders.is_empty() {
            return;
        }
        waiting.is_called = true;
        drop(waiting);
        let called = Called(self.clone());
        spawn_blocking(move || called.comes());
    }
}

impl Called {
    /// Takes one folder after the other, until nothing waits.
    fn comes(self) {
        let removals = self.0.clone();
        drop(self);
        loop {
            let next = lock(&removals.waiting).take();
            let Some((name, together)) = next else { return };
            // Before this one's disk, which may hang.
            removals.call();
            let (files, answers): (Vec<_>, Vec<_>) = together.into_iter().unzip();
            let removed = removals.above.folder(&name).remove_together(&files);
            for (answer, removed) in answers.into_iter().zip(removed) {
                // Whoever asked may have gone away.
                let _ = answer.send(removed);
            }
        }
    }
}

impl Drop for Called {
    fn drop(&mut self) {
        lock(&self.0.waiting).is_called = false;
    }
}

impl Waiting {
    fn add(&mut self, name: String, removal: Removal) {
        let together = self.removals.entry(name).or_insert_with_key(|name| {
            self.folders.push_back(name.clone());
            Vec::new()
        });
        together.push(removal);
    }

    /// All that waits of the folder that has waited longest.
    fn take(&mut self) -> Option<(String, Vec<Removal>)> {
        self.removals.remove_entry(&self.folders.pop_front()?)
    }
}
