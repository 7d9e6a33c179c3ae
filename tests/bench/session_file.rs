//! One session's file, made and removed so that no power cut undoes it: by the bare calls that this takes, and by ours.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::slice;

use exeunt::clock::Timestamp;
use exeunt::files::Folder;
use exeunt::record;
use exeunt::sessions::Session;

/// What it is made of.
pub struct SessionFile {
    path: PathBuf,
    folder: Folder,
    name: String,
    bytes: Vec<u8>,
    created: Timestamp,
}

impl SessionFile {
    /// In the folder of its account, below `sessions`.
    pub fn new(sessions: &Path, session: &Session) -> Self {
        let (account, name) = (session.account.to_string(), session.id.to_string());
        Self {
            path: sessions.join(&account).join(&name),
            folder: Folder::at(sessions.parent().unwrap()).folder("sessions").folder(&account),
            name,
            bytes: record::encode(session),
            created: session.created(),
        }
    }

    /// As a store does it.
    pub fn start(&self) {
        self.folder.create(&self.name, &self.bytes, self.created).unwrap();
    }

    /// As a store does it.
    pub fn end(&self) {
        assert_eq!(self.folder.remove_or_empty(slice::from_ref(&self.name)).unwrap(), 1);
    }

    /// With the account's folder, where that is new.
    pub fn start_bare(&self, is_new: bool) {
        let folder = self.path.parent().unwrap();
        if is_new {
            fs::create_dir(folder).unwrap();
        }
        let mut file = File::create_new(&self.path).unwrap();
        file.write_all(&self.bytes).unwrap();
        file.sync_all().unwrap();
        sync(folder);
        if is_new {
            sync(folder.parent().unwrap());
        }
    }

    pub fn end_bare(&self) {
        fs::remove_file(&self.path).unwrap();
        sync(self.path.parent().unwrap());
    }
}

fn sync(folder: &Path) {
    File::open(folder).unwrap().sync_all().unwrap();
}
