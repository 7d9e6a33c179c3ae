//! Sweeping session files: those that are over or damaged go, and so do folders without any. It never
//! touches what is not a plain file with a session's name, but says that it is there.

use std::io;

use super::file_store::decode;
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

/// What there is to sweep in `root`, unless somebody else is at it.
pub(super) fn begin(root: &Folder) -> io::Result<Option<Round>> {
    let Some(turn) = root.try_lock(SWEEPING)? else { return Ok(None) };
    let (mut accounts, mut skipped) = (Vec::new(), Skipped::default());
    for entry in root.entries()? {
        let (name, kind) = entry?;
        match AccountId::parse(&name).filter(|_| kind != Kind::File) {
            Some(account) => accounts.push(account),
            None => skipped.add(name),
        }
    }
    Ok(Some(Round { accounts, skipped, turn: Box::new(turn) }))
}

/// Sweeps an account's folder.
pub(super) fn sweep(folder: &Folder, account: AccountId, now: Timestamp) -> io::Result<Swept> {
    let mut swept = Swept::default();
    let mut is_empty = true;
    for entry in folder.entries()? {
        let (name, kind) = entry?;
        let Some(id) = SessionId::parse(&name).filter(|_| kind == Kind::File) else {
            swept.skipped.add(format!("{account}/{name}"));
            is_empty = false;
            continue;
        };
        match remove_if_over(folder, account, id, now) {
            Ok(found @ (Found::Over | Found::Damaged)) => {
                swept.removed += 1;
                swept.expired.extend((found == Found::Over).then_some(id));
                continue;
            }
            Ok(Found::Live) => swept.live += 1,
            Ok(Found::BeingWritten) => {}
            Err(error) => {
                tracing::error!(%error, session = %id, "a session's file cannot be read or removed");
                swept.failed += 1;
            }
        }
        is_empty = false;
    }
    if is_empty {
        // An empty folder that cannot be removed harms nobody.
        let _ = folder.remove_if_empty();
    }
    Ok(swept)
}

#[derive(PartialEq, Eq)]
enum Found {
    Live,
    /// Perhaps, or gone meanwhile.
    BeingWritten,
    Over,
    Damaged,
}

fn remove_if_over(folder: &Folder, account: AccountId, id: SessionId, now: Timestamp) -> io::Result<Found> {
    let name = id.to_string();
    let kept = folder.read(&name)?.and_then(|contents| decode(&contents, account, id));
    let found = if let Some(kept) = kept {
        if kept.live(now).is_some() {
            return Ok(Found::Live);
        }
        Found::Over
    } else {
        let modified = folder.modified(&name)?;
        if modified.is_none_or(|modified| now.duration_since(modified) < HALF_WRITTEN_FOR) {
            return Ok(Found::BeingWritten);
        }
        Found::Damaged
    };
    // Should a power cut bring it back, it is as over as it was: not worth an fsync.
    folder.remove_for_now(&name)?;
    Ok(found)
}
