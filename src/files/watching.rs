//! Being told that something has changed in a folder, by whatever process. It never tells what: whoever is
//! told looks for themselves. It may tell for nothing, and it may miss something.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use tokio::runtime::Handle;

use super::{Folder, blocking};
use crate::mutex::lock;
use system::{Mark, System};

/// Watches folders. Only for the first of them it asks the operating system for anything.
#[derive(Clone, Default)]
pub struct Watcher(Arc<Mutex<Option<System>>>);

/// What is called.
type Listener = Arc<dyn Fn() + Send + Sync>;

/// A folder that is watched, until this is dropped.
pub struct Watching {
    watcher: Watcher,
    mark: Mark,
    listener: Listener,
}

impl Watcher {
    /// Calls `tell` when something in the folder may be gone, until what this answers is dropped. `tell` must
    /// not block.
    ///
    /// # Errors
    /// When the folder cannot be watched: there is none, as many are watched as the system allows, or it is a
    /// system on which none is.
    pub async fn watch(
        &self,
        folder: &Folder,
        tell: impl Fn() + Send + Sync + 'static,
    ) -> io::Result<Watching> {
        let (watcher, folder, runtime) = (self.clone(), folder.path().to_owned(), Handle::current());
        let listener: Listener = Arc::new(tell);
        // Made in there, so that whoever does not wait for it leaves nothing behind.
        blocking(move || {
            let mark = match &mut *lock(&watcher.0) {
                Some(system) => system,
                none => none.insert(System::start(&runtime)?),
            }
            .begin(&folder, &listener)?;
            Ok(Watching { watcher, mark, listener })
        })
        .await
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let (watcher, mark, listener) = (self.watcher.clone(), self.mark.clone(), Arc::clone(&self.listener));
        let end = move || {
            if let Some(system) = &mut *lock(&watcher.0) {
                system.end(mark, &listener);
            }
        };
        // Whoever begins at this moment may be waiting for the disk.
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(end)),
            Err(_) => end(),
        }
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").finish_non_exhaustive()
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::collections::HashMap;
    use std::io;
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    use futures_util::StreamExt;
    use inotify::{EventMask, EventStream, Inotify, WatchDescriptor, WatchMask, Watches};
    use tokio::runtime::Handle;
    use tokio::task::AbortHandle;

    use super::Listener;
    use crate::mutex::lock;

    /// A folder, as the system knows it.
    pub type Mark = WatchDescriptor;

    /// A file was removed, renamed, replaced or emptied, or the folder was. That one was opened is nothing to
    /// look for.
    const WORTH_A_LOOK: WatchMask = WatchMask::DELETE
        .union(WatchMask::MOVE)
        .union(WatchMask::MODIFY)
        .union(WatchMask::DELETE_SELF)
        .union(WatchMask::MOVE_SELF)
        .union(WatchMask::ONLYDIR);

    /// Bytes of news that are read at once; each is 16 and a file's name.
    const AT_ONCE: usize = 4096;

    pub struct System {
        watches: Watches,
        listeners: Arc<Mutex<Listeners>>,
        telling: AbortHandle,
    }

    /// Each folder may have several, for a moment: somebody new comes while somebody else is leaving.
    type Listeners = HashMap<Mark, Vec<Listener>>;

    impl System {
        pub fn start(runtime: &Handle) -> io::Result<Self> {
            let _runtime = runtime.enter();
            let inotify = Inotify::init()?;
            let (watches, listeners) = (inotify.watches(), Arc::default());
            let news = inotify.into_event_stream([0; AT_ONCE])?;
            let telling = runtime.spawn(tell(news, Arc::clone(&listeners))).abort_handle();
            Ok(Self { watches, listeners, telling })
        }

        pub fn begin(&mut self, folder: &Path, listener: &Listener) -> io::Result<Mark> {
            let mark = self.watches.add(folder, WORTH_A_LOOK)?;
            lock(&self.listeners).entry(mark.clone()).or_default().push(Arc::clone(listener));
            Ok(mark)
        }

        pub fn end(&mut self, mark: Mark, listener: &Listener) {
            let mut listeners = lock(&self.listeners);
            let Some(here) = listeners.get_mut(&mark) else { return };
            here.retain(|other| !Arc::ptr_eq(other, listener));
            if here.is_empty() {
                listeners.remove(&mark);
                drop(listeners);
                // A folder that is gone is watched no more.
                let _ = self.watches.remove(mark);
            }
        }
    }

    impl Drop for System {
        fn drop(&mut self) {
            self.telling.abort();
        }
    }

    async fn tell(mut news: EventStream<[u8; AT_ONCE]>, listeners: Arc<Mutex<Listeners>>) {
        while let Some(event) = news.next().await {
            let listeners = lock(&listeners);
            match event {
                Ok(event) if !event.mask.contains(EventMask::Q_OVERFLOW) => {
                    listeners.get(&event.wd).into_iter().flatten().for_each(|listener| listener());
                }
                // Nobody knows what was missed.
                Ok(_) => listeners.values().flatten().for_each(|listener| listener()),
                Err(error) => {
                    tracing::error!(%error, "folders are watched no more");
                    return;
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::io::{self, ErrorKind};
    use std::path::Path;

    use tokio::runtime::Handle;

    use super::Listener;

    #[derive(Clone)]
    pub enum Mark {}

    pub enum System {}

    impl System {
        pub fn start(_: &Handle) -> io::Result<Self> {
            Err(io::Error::new(ErrorKind::Unsupported, "folders are watched on Linux alone"))
        }

        pub fn begin(&mut self, _: &Path, _: &Listener) -> io::Result<Mark> {
            match *self {}
        }

        pub fn end(&mut self, _: Mark, _: &Listener) {
            match *self {}
        }
    }
}
