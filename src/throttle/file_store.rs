//! Tries as files, one for each name, network and place. It never keeps anything in memory.

use std::io;

use async_trait::async_trait;

use super::key::Key;
use super::pace::Pace;
use super::store::ThrottleStore;
use super::tried::Tried;
use crate::clock::Timestamp;
use crate::files::Folder;
use crate::record;
use crate::store_error::{StoreError, While};

/// Files that a sweep leaves. What costs a wait goes by itself within the hour, and each took a run of
/// scrypt; but somebody with an account may log in from one place after the other.
const KEPT: usize = 100_000;

/// Tries in a folder, which is made with the first of them.
#[derive(Debug)]
pub struct FileThrottleStore {
    folder: Folder,
    most: usize,
}

impl FileThrottleStore {
    /// Tries in `folder`.
    #[must_use]
    pub fn in_folder(folder: Folder) -> Self {
        Self::keeping(KEPT, folder)
    }

    /// The same, of which a sweep leaves no more than `most`.
    #[must_use]
    pub fn keeping(most: usize, folder: Folder) -> Self {
        Self { folder, most }
    }
}

#[async_trait]
impl ThrottleStore for FileThrottleStore {
    async fn read(&self, key: Key) -> Result<Option<Tried>, StoreError> {
        let contents = self.folder.read_without_blocking(&key.to_string()).await;
        // What is damaged is forgotten: it could only make somebody wait.
        Ok(contents.doing("reading how often somebody tried")?.and_then(|read| record::decode(&read.bytes)))
    }

    async fn write(&self, key: Key, tried: &Tried) -> Result<(), StoreError> {
        let (name, bytes) = (key.to_string(), record::encode(tried));
        self.folder
            .blocking(move |folder| folder.replace(&name, &bytes))
            .await
            .doing("writing how often somebody tried")
    }

    async fn remove(&self, key: Key) -> Result<(), StoreError> {
        let removed = self.folder.blocking(move |folder| folder.remove_for_now(&key.to_string())).await;
        removed.doing("forgetting how often somebody tried")
    }

    async fn sweep(&self, now: Timestamp) -> Result<usize, StoreError> {
        let most = self.most;
        self.folder.blocking(move |folder| sweep(&folder, most, now)).await.doing("sweeping what was tried")
    }
}

fn sweep(folder: &Folder, most: usize, now: Timestamp) -> io::Result<usize> {
    if !folder.exists() {
        return Ok(0);
    }
    folder.remove_leftovers(now)?;
    let (mut kept, mut over) = (Vec::new(), Vec::new());
    for name in folder.files()? {
        let Some(key) = Key::parse(&name) else { continue };
        let tried = folder.read(&name)?.and_then(|read| record::decode::<Tried>(&read.bytes));
        match tried.filter(|tried| tried.matters(Pace::of(key.kind), now)) {
            Some(tried) => kept.push((tried.last_change(), name)),
            None => over.push(name),
        }
    }
    kept.sort_unstable();
    over.extend(kept.drain(..kept.len().saturating_sub(most)).map(|(_, name)| name));
    over.iter().try_for_each(|name| folder.remove_for_now(name))?;
    Ok(over.len())
}
