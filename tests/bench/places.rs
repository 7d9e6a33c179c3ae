//! Where session files may lie: in memory, where fsync costs nothing, on the disk of the build, and in an ext4 with a
//! journal, which not every machine's disk has.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Room for what a round needs, and as many inodes; both are taken only as they are used.
const IMAGE_BYTES: u64 = 2 << 30;
const INODES: &str = "400000";

/// A folder to measure in. What is in it goes when this is dropped.
pub struct Place {
    pub name: &'static str,
    folder: TempDir,
    /// Dropped after what is in it.
    _mounted: Option<Mounted>,
}

impl Place {
    /// All that this machine has, and a sentence for the one that may be missing.
    pub fn all() -> (Vec<Self>, Option<String>) {
        let mut places = Vec::new();
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            places.push(Self { name: "in memory", folder: folder_in(memory), _mounted: None });
        }
        places.push(Self { name: "on the build's disk", folder: folder_in(&target()), _mounted: None });
        match Mounted::new() {
            Ok(mounted) => {
                let folder = folder_in(&mounted.at());
                places.push(Self { name: "in a journaled ext4", folder, _mounted: Some(mounted) });
                (places, None)
            }
            Err(why) => (places, Some(format!("Not measured in an ext4 with a journal: {why}."))),
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until all that was written there is on the disk: it is no part of what comes next.
    pub fn settle(&self) {
        rustix::fs::syncfs(File::open(self.path()).unwrap()).unwrap();
    }
}

/// An ext4 in a file, which whoever is root may mount.
struct Mounted {
    home: TempDir,
}

impl Mounted {
    fn new() -> Result<Self, String> {
        let mounted = Self { home: folder_in(&target()) };
        let image = mounted.home.path().join("image");
        File::create_new(&image).and_then(|file| file.set_len(IMAGE_BYTES)).unwrap();
        fs::create_dir(mounted.at()).unwrap();
        // All of it made now, and not behind what is measured.
        let now = "lazy_itable_init=0,lazy_journal_init=0";
        run(Command::new("mkfs.ext4").args(["-q", "-N", INODES, "-E", now]).arg(&image))?;
        run(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(mounted.at()))?;
        Ok(mounted)
    }

    fn at(&self) -> PathBuf {
        self.home.path().join("mounted")
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Where mounting failed there is nothing to take away.
        let _ = run(Command::new("umount").arg(self.at()));
    }
}

/// The first line of what went wrong.
fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.stdin(Stdio::null()).output().map_err(|error| format!("{name}: {error}"))?;
    let said = String::from_utf8_lossy(&done.stderr);
    let why = said.lines().next().unwrap_or(&name).trim_end_matches('.');
    if done.status.success() { Ok(()) } else { Err(why.to_owned()) }
}

fn folder_in(folder: &Path) -> TempDir {
    tempfile::Builder::new().prefix("exeunt-bench-").tempdir_in(folder).unwrap()
}

fn target() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}
