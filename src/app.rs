//! The rooms, opened. Actions are given this; it does nothing itself.

use std::sync::Arc;

use crate::accounts::{AccountStore, Cost, FileAccountStore, Hasher, PasswordRules, TimedAccountStore};
use crate::audit::{Audit, Trail};
use crate::clock::{Clock, Timestamp};
use crate::config::PublicUrl;
use crate::files::Folder;
use crate::metrics::Metrics;
use crate::sessions::{FileSessionStore, SessionStore, Sessions};
use crate::store_error::StoreError;
use crate::throttle::{FileThrottleStore, Throttle, ThrottleStore};

/// Everything that an action may need.
pub struct App {
    /// Who may log in.
    pub accounts: Arc<dyn AccountStore>,
    /// Who is logged in.
    pub sessions: Sessions,
    /// Where passwords are hashed.
    pub hasher: Hasher,
    /// Which passwords may be chosen.
    pub password_rules: PasswordRules,
    /// How often somebody may try.
    pub throttle: Throttle,
    /// Where what happens is written down.
    pub audit: Audit,
    /// What is counted and timed.
    pub metrics: Arc<Metrics>,
    /// What time it is.
    pub clock: Clock,
    /// Where browsers find the site.
    pub url: PublicUrl,
}

/// Where things are kept.
pub struct Stores {
    /// Accounts.
    pub accounts: Arc<dyn AccountStore>,
    /// Sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// How often somebody has tried.
    pub throttle: Arc<dyn ThrottleStore>,
}

impl Stores {
    /// `accounts/` and `sessions/` in a folder, made where they are missing.
    ///
    /// # Errors
    /// When they cannot be.
    pub fn files(data: &Folder) -> Result<Self, StoreError> {
        let [accounts, sessions] = Self::folders(data);
        // In a name that no account can have.
        let throttle = FileThrottleStore::in_folder(accounts.folder(".throttle"));
        Ok(Self {
            accounts: Arc::new(FileAccountStore::open(accounts)?),
            sessions: Arc::new(FileSessionStore::open(sessions)?),
            throttle: Arc::new(throttle),
        })
    }

    /// `accounts/` and `sessions/` in that folder.
    #[must_use]
    pub fn folders(data: &Folder) -> [Folder; 2] {
        ["accounts", "sessions"].map(|name| data.folder(name))
    }
}

impl App {
    /// The site at `url`, with hashes of `cost`.
    #[must_use]
    pub fn new(stores: Stores, url: PublicUrl, cost: Cost, clock: Clock) -> Self {
        let metrics = Arc::<Metrics>::default();
        Self {
            accounts: Arc::new(TimedAccountStore::new(stores.accounts, &metrics)),
            sessions: Sessions::timed(stores.sessions, &metrics),
            hasher: Hasher::counted(cost, Arc::clone(&metrics)),
            password_rules: PasswordRules::new(url.host()),
            throttle: Throttle::new(stores.throttle),
            audit: Audit::new(Trail::Log, clock.clone(), Arc::clone(&metrics)),
            metrics,
            clock,
            url,
        }
    }

    /// The same, writing down what happens in `trail` and not in the log.
    #[must_use]
    pub fn writing_to(self, trail: Trail) -> Self {
        let audit = Audit::new(trail, self.clock.clone(), Arc::clone(&self.metrics));
        Self { audit, ..self }
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
