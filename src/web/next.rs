//! Where `next` leads. What it may not ask for leads to the account page, and is noted: somebody may be handing
//! out links that look like ours. The line never holds what was asked for, only the host that it names.

use super::Site;
use super::return_to::ReturnTo;
use crate::audit::{Asker, Event, What};

/// Bytes in the name of a host (RFC 1035, section 2.3.4).
const LONGEST_HOST: usize = 253;

impl Site {
    /// The page that `next` asks for, here or behind the door.
    pub fn next(&self, next: Option<&str>, asker: &Asker) -> ReturnTo {
        let Some(next) = next.filter(|next| !next.is_empty()) else { return ReturnTo::home() };
        if ReturnTo::is_here(next) {
            return ReturnTo::parse(next).unwrap_or_else(ReturnTo::home);
        }
        ReturnTo::behind(&self.setup.door, next).unwrap_or_else(|| {
            self.refuse_to_lead(ReturnTo::host_in(next).as_deref(), asker);
            ReturnTo::home()
        })
    }

    /// Notes that nobody is led to a host.
    pub fn refuse_to_lead(&self, host: Option<&str>, asker: &Asker) {
        let refused = What::NextRefused { host: host.filter(|host| host.len() <= LONGEST_HOST) };
        self.app.audit.record(&Event::new(refused).by(asker));
    }
}
