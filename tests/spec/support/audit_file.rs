//! A file for audit lines, read as somebody who watches it would.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use exeunt::audit::Trail;
use tempfile::TempDir;

/// A file in a folder of its own, gone when this is dropped.
pub struct AuditFile {
    folder: TempDir,
    /// How many lines have been read.
    read: Mutex<usize>,
}

impl AuditFile {
    pub fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder for the file"), read: Mutex::new(0) }
    }

    /// The folder that it is in, which has nothing else at first.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.folder().join("audit.jsonl")
    }

    /// What writes to it.
    pub fn trail(&self) -> Trail {
        Trail::to(Some(&self.path())).expect("a file can be made there")
    }

    /// Every line.
    pub fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path()).expect("the file is there");
        assert!(text.is_empty() || text.ends_with('\n'), "whole lines: {text:?}");
        text.lines().map(str::to_owned).collect()
    }

    /// Those that were written since this was last asked.
    pub fn new_lines(&self) -> Vec<String> {
        let mut read = self.read.lock().expect("nothing panics while it reads");
        let new = self.lines().split_off(*read);
        *read += new.len();
        new
    }
}
