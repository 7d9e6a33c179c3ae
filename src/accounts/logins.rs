//! How logging in to an account went of late. It never says with what anybody tried.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::clock::{self, Timestamp};
use crate::record::Record;

/// What is known of an account's logins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logins {
    latest: Option<Login>,
    previous: Option<Login>,
    /// Failures between the two.
    failed_between: u32,
    /// Failures since the latest.
    failed_elsewhere: u32,
    failed_where_known: u32,
}

impl Record for Logins {
    const KIND: u8 = b'i';
    const VERSION: u8 = 1;
}

/// Somebody logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    at: i64,
    /// Where from.
    pub address: Option<IpAddr>,
}

/// Where somebody tries to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where the account's owner has logged in before, or is logged in.
    Known,
    /// Anywhere else.
    Elsewhere,
}

impl Place {
    /// Wrong passwords in a row after which the right one is refused as well. Together they are the hundred
    /// of NIST SP 800-63B-4, section 3.2.2; apart, strangers cannot use up what the owner needs, which is
    /// more than people mistype.
    #[must_use]
    pub fn most_failures(self) -> u32 {
        match self {
            Self::Known => 30,
            Self::Elsewhere => 70,
        }
    }
}

impl Login {
    /// When.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        clock::at_second(self.at)
    }
}

impl Logins {
    /// Whether a right password lets anybody in who tries from there.
    #[must_use]
    pub fn admit(&self, place: Place) -> bool {
        self.failed(place) < place.most_failures()
    }

    /// Counts a try as a failure before it is known to be one, so that no number of them at once is ever
    /// more than were counted; answers whether it is still one of those that are let in.
    pub fn count(&mut self, place: Place) -> bool {
        let is_admitted = self.admit(place);
        let failed = match place {
            Place::Known => &mut self.failed_where_known,
            Place::Elsewhere => &mut self.failed_elsewhere,
        };
        *failed = failed.saturating_add(1);
        is_admitted
    }

    /// Somebody is in. With a password, that was one of the tries that were counted.
    pub fn log_in(&mut self, now: Timestamp, address: Option<IpAddr>, was_counted: bool) {
        let failed = self.failed_since_latest().saturating_sub(u32::from(was_counted));
        let latest = Login { at: now.as_second(), address };
        *self =
            Self { latest: Some(latest), previous: self.latest, failed_between: failed, ..Self::default() };
    }

    /// Forgets the failures, for whoever runs the site.
    pub fn forgive(&mut self) {
        (self.failed_elsewhere, self.failed_where_known) = (0, 0);
    }

    /// The last login but the one at `this` moment, and how many tries failed since.
    #[must_use]
    pub fn before(&self, this: Timestamp) -> (Option<Login>, u32) {
        let failed = self.failed_since_latest();
        match self.latest {
            Some(latest) if latest.at() == this => {
                (self.previous, self.failed_between.saturating_add(failed))
            }
            latest => (latest, failed),
        }
    }

    /// The last login, and how many tries failed since.
    #[must_use]
    pub fn latest(&self) -> (Option<Login>, u32) {
        (self.latest, self.failed_since_latest())
    }

    fn failed(&self, place: Place) -> u32 {
        match place {
            Place::Known => self.failed_where_known,
            Place::Elsewhere => self.failed_elsewhere,
        }
    }

    fn failed_since_latest(&self) -> u32 {
        self.failed_elsewhere.saturating_add(self.failed_where_known)
    }
}
