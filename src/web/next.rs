//! Where `next` leads. What it may not ask for leads to the account page, and is noted: somebody may be handing
//! out links that look like ours. The line never holds what was asked for, only the host that it names.

use super::Site;
use super::return_to::ReturnTo;
use crate::audit::{Asker, Event, What};

/// Bytes in the name of a host (RFC 1035, section 2.3.4).
const LONGEST_HOST: usize = 253;

impl Site {
    /// The page that `next` asks for.
    pub fn next(&self, next: Option<&str>, asker: &Asker) -> ReturnTo {
        if let Some(next) = next.filter(|next| ReturnTo::is_elsewhere(next)) {
            let host = ReturnTo::host_in(next).filter(|host| host.len() <= LONGEST_HOST);
            let refused = What::NextRefused { host: host.as_deref() };
            self.app.audit.record(&Event::new(refused).by(asker));
        }
        ReturnTo::or_home(next)
    }
}
