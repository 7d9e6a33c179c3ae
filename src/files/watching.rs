//! Being told that something has changed in a folder, by whatever process. It never tells what: whoever is
//! told looks for themselves. It may tell for nothing, and it may miss something.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::{Event, EventKindMask};
use notify::{Config, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::runtime::Handle;

use super::{Folder, blocking};

/// A file was removed, renamed or emptied. That one was made or opened is nothing to look for.
const WORTH_A_LOOK: EventKindMask =
    EventKindMask::REMOVE.union(EventKindMask::MODIFY_NAME).union(EventKindMask::MODIFY_DATA);

/// Watches folders. Only with the first of them it takes a thread and a descriptor.
#[derive(Clone, Default)]
pub struct Watcher(Arc<Watched>);

#[derive(Default)]
struct Watched {
    /// Held while the operating system is asked; whoever is told something never takes it.
    system: Mutex<Option<RecommendedWatcher>>,
    listeners: Arc<Mutex<Listeners>>,
}

/// By folder; each folder has one.
type Listeners = HashMap<PathBuf, Listener>;
type Listener = Arc<dyn Fn() + Send + Sync>;

/// A folder that is watched, until this is dropped.
pub struct Watching {
    watched: Arc<Watched>,
    folder: PathBuf,
    listener: Listener,
}

impl Watcher {
    /// Calls `tell` when something in the folder may be gone, until what this answers is dropped. `tell` is
    /// called on a thread of its own and must not block. A second listener takes the first one's place.
    ///
    /// # Errors
    /// When the folder cannot be watched: there is none, or as many are watched as the system allows.
    pub async fn watch(
        &self,
        folder: &Folder,
        tell: impl Fn() + Send + Sync + 'static,
    ) -> io::Result<Watching> {
        let (watched, folder) = (Arc::clone(&self.0), folder.path().to_owned());
        let listener: Listener = Arc::new(tell);
        blocking(move || {
            watched.begin(&folder, &listener)?;
            Ok(Watching { watched, folder, listener })
        })
        .await
    }
}

impl Watched {
    fn begin(&self, folder: &Path, listener: &Listener) -> io::Result<()> {
        let mut system = lock(&self.system);
        let system = match &mut *system {
            Some(system) => system,
            none => none.insert(open(Arc::clone(&self.listeners)).map_err(to_io)?),
        };
        let before = lock(&self.listeners).insert(folder.to_owned(), Arc::clone(listener));
        if before.is_some() {
            // It may be of a folder that has been removed since, and made again.
            let _ = system.unwatch(folder);
        }
        system.watch(folder, RecursiveMode::NonRecursive).map_err(|error| {
            lock(&self.listeners).remove(folder);
            to_io(error)
        })
    }

    fn end(&self, folder: &Path, listener: &Listener) {
        let mut system = lock(&self.system);
        let mut listeners = lock(&self.listeners);
        if !listeners.get(folder).is_some_and(|latest| Arc::ptr_eq(latest, listener)) {
            return;
        }
        listeners.remove(folder);
        drop(listeners);
        if let Some(system) = &mut *system {
            // A folder that is gone is watched no more.
            let _ = system.unwatch(folder);
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let (watched, folder, listener) =
            (Arc::clone(&self.watched), std::mem::take(&mut self.folder), Arc::clone(&self.listener));
        let end = move || watched.end(&folder, &listener);
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(end)),
            Err(_) => end(),
        }
    }
}

fn open(listeners: Arc<Mutex<Listeners>>) -> notify::Result<RecommendedWatcher> {
    let config = Config::default().with_event_kinds(WORTH_A_LOOK);
    RecommendedWatcher::new(move |seen| tell(&lock(&listeners), seen), config)
}

fn tell(listeners: &Listeners, seen: notify::Result<Event>) {
    match seen {
        Ok(event) if !event.need_rescan() => {
            for path in &event.paths {
                // What is in a folder, or the folder itself.
                let folders = [path.parent(), Some(path.as_path())].into_iter().flatten();
                folders.filter_map(|folder| listeners.get(folder)).for_each(|listener| listener());
            }
        }
        // Nobody knows what was missed.
        _ => listeners.values().for_each(|listener| listener()),
    }
}

fn to_io(error: notify::Error) -> io::Error {
    match error.kind {
        notify::ErrorKind::Io(error) => error,
        _ => io::Error::other(error),
    }
}

/// What is inside is whole after every single call, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").finish_non_exhaustive()
    }
}
