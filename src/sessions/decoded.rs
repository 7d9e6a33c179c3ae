//! Sessions as they were read, for as long as nothing has changed where their files are. A session never changes, so
//! what could be out of date is whether it is still there, and when it was seen: the operating system is asked about
//! that each time. It never keeps what is seldom asked for.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use foldhash::HashMap;

use super::session::KeptSession;
use super::session_id::SessionId;
use crate::account_id::AccountId;
use crate::files::{Changes, Folder, Moment};
use crate::mutex::lock;

/// Sessions at most: some 400 bytes each. Whoever has more at work reads some of them again.
const MOST: usize = 16_384;

/// Lists at most, which are looked at by people who look at where they are logged in.
const MOST_LISTS: usize = 1_024;

/// Sessions in one of them, of which people have a few.
const LONGEST_LIST: usize = 16;

/// How often a session has to be asked for: to have its folder watched costs far more than to read it once.
const OFTEN: u8 = 4;

/// All that was read of late, and often.
#[derive(Clone, Debug)]
pub(super) struct Decoded {
    changes: Changes<AccountId>,
    sessions: Arc<Mutex<HashMap<SessionId, Read>>>,
    lists: Arc<Mutex<HashMap<AccountId, List>>>,
    asked: Asked,
}

/// What was read, and when.
#[derive(Clone, Debug)]
struct Read {
    moment: Moment,
    kept: KeptSession,
}

/// All sessions of an account, and when they were listed.
type List = (Moment, Vec<KeptSession>);

impl Decoded {
    /// Of sessions whose accounts' folders are in this one.
    pub fn below(folder: &Folder) -> Self {
        let (sessions, lists, asked) = Default::default();
        Self { changes: Changes::below(folder, AccountId::parse), sessions, lists, asked }
    }

    /// A session that was kept, if nothing has changed since it was read.
    pub fn still(&self, account: AccountId, id: SessionId) -> Option<KeptSession> {
        let read = lock(&self.sessions).get(&id).cloned()?;
        (self.moment(account) == Some(read.moment)).then_some(read.kept)
    }

    /// Notes that a session is about to be read, and answers whether it makes sense to keep it.
    pub fn expects_more_of(&self, id: SessionId) -> bool {
        lock(&self.sessions).contains_key(&id) || self.asked.times(id) >= OFTEN
    }

    /// Keeps what was read in `moment`, or lets go of what is no session any more.
    pub fn keep(
        &self,
        account: AccountId,
        id: SessionId,
        moment: Option<Moment>,
        kept: Option<&KeptSession>,
    ) {
        let mut sessions = lock(&self.sessions);
        match (kept, moment) {
            (None, _) => drop(sessions.remove(&id)),
            (Some(_), None) => self.changes.begin(account),
            (Some(kept), Some(moment)) => {
                if sessions.len() >= MOST {
                    // Rarely, and cheaper than to know which is needed least.
                    let all = std::mem::take(&mut *sessions);
                    tokio::task::spawn_blocking(move || drop(all));
                }
                sessions.insert(id, Read { moment, kept: kept.clone() });
            }
        }
    }

    /// Which moment it is for an account's sessions, where that can be told. It is of one account's folder and of no
    /// other.
    pub fn moment(&self, account: AccountId) -> Option<Moment> {
        self.changes.moment(account)
    }

    /// All sessions of an account, as they were listed in this moment.
    pub fn list(&self, account: AccountId, now: Moment) -> Option<Vec<KeptSession>> {
        let lists = lock(&self.lists);
        lists.get(&account).filter(|(moment, _)| *moment == now).map(|(_, list)| list.clone())
    }

    /// Keeps what was listed in `moment`.
    pub fn keep_list(&self, account: AccountId, moment: Moment, list: &[KeptSession]) {
        if list.len() > LONGEST_LIST {
            return;
        }
        let mut lists = lock(&self.lists);
        if lists.len() >= MOST_LISTS {
            lists.clear();
        }
        lists.insert(account, (moment, list.to_vec()));
    }
}

/// Which sessions were asked for of late, and how often: two bytes of an id say where another three of it are, beside the
/// number. Ids are hashes already.
#[derive(Clone, Debug)]
struct Asked(Arc<[AtomicU32]>);

impl Default for Asked {
    fn default() -> Self {
        Self((0..=u16::MAX).map(|_| AtomicU32::new(0)).collect())
    }
}

impl Asked {
    /// How often, this time included, since another had its place.
    fn times(&self, id: SessionId) -> u8 {
        let [a, b, c, d, e, ..] = *id.as_bytes();
        let place = &self.0[usize::from(u16::from_le_bytes([a, b]))];
        let [times, known @ ..] = place.load(Ordering::Relaxed).to_le_bytes();
        let times = if known == [c, d, e] { times.saturating_add(1) } else { 1 };
        // Two at once count as one, which is no matter.
        place.store(u32::from_le_bytes([times, c, d, e]), Ordering::Relaxed);
        times
    }
}
