//! Sweeping session files: those that are over or damaged go, and so do folders without any. It never
//! touches what is not a plain file with a session's name, but says that it is there.

use std::io;

use super::file_store::{decode, skipped};
use super::session_id::SessionId;
use super::store::Round;
use super::swept::{Skipped, Swept};
use crate::account_id::AccountId;
use crate::clock::{SignedDuration, Timestamp};
use crate::files::Folder;
use crate::files::disk::Kind;

/// Locked by whoever sweeps.
const SWEEPING: &str = ".sweeping";

/// A file that does not decode may be one that is being written. After this long it is not.
const HALF_WRITTEN_FOR: SignedDuration = SignedDuration::from_hours(1);

/// Files that are removed before their folder is fsynced: enough to share that, and little to keep.
const REMOVED_AT_ONCE: usize = 256;

/// What there is to sweep in `root`, unless somebody else is at it.
pub(super) fn begin(root: &Folder) -> io::Result<Option<Round>> {
    let Some(turn) = root.try_lock(SWEEPING)? else { return Ok(None) };
    let (mut accounts, mut skipped) = (Vec::new(), Skipped::default());
    for entry in root.entries()? {
        let (name, kind) = entry?;
        match AccountId::parse(&name).filter(|_| kind == Kind::Folder) {
            Some(account) => accounts.push(account),
            None => skipped.add(name),
        }
    }
    Ok(Some(Round { accounts, skipped, turn: Box::new(turn) }))
}

/// Sweeps an account's folder.
pub(super) fn sweep(folder: &Folder, account: AccountId, now: Timestamp) -> io::Result<Swept> {
    let mut swept = Swept::default();
    let mut over = Vec::new();
    for entry in folder.entries()? {
        let (name, kind) = entry?;
        let Some(id) = SessionId::parse(&name).filter(|_| kind == Kind::File) else {
            swept.skipped.add(format!("{account}/{name}"));
            continue;
        };
        match look_at(folder, account, id, now) {
            Ok(Found::Live) => swept.live += 1,
            Ok(Found::BeingWritten) => {}
            Ok(Found::Over) => over.push(name),
            Err(error) => {
                skipped(id, &error);
                swept.failed += 1;
            }
        }
        if over.len() == REMOVED_AT_ONCE {
            remove(folder, &mut over, &mut swept);
        }
    }
    remove(folder, &mut over, &mut swept);
    if swept.live == 0 && swept.failed == 0 {
        // An empty folder that cannot be removed harms nobody.
        let _ = folder.remove_if_empty();
    }
    Ok(swept)
}

enum Found {
    Live,
    /// Perhaps, or gone meanwhile.
    BeingWritten,
    Over,
}

fn look_at(folder: &Folder, account: AccountId, id: SessionId, now: Timestamp) -> io::Result<Found> {
    let name = id.to_string();
    let kept = folder.read(&name)?.and_then(|contents| decode(&contents, account, id));
    if let Some(kept) = kept {
        return Ok(if kept.live(now).is_some() { Found::Live } else { Found::Over });
    }
    let modified = folder.modified(&name)?;
    let written = modified.is_some_and(|modified| now.duration_since(modified) >= HALF_WRITTEN_FOR);
    Ok(if written { Found::Over } else { Found::BeingWritten })
}

fn remove(folder: &Folder, over: &mut Vec<String>, swept: &mut Swept) {
    if !over.is_empty() {
        let kept = folder.remove(over).map_or_else(|kept| kept.names.len(), |_| 0);
        swept.failed += kept;
        swept.removed += over.len() - kept;
        over.clear();
    }
}
