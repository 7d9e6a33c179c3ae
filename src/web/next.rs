//! Where `next` leads. What it may not ask for leads to the account page, and is noted: somebody may be handing
//! out links that look like ours. The line never holds what was asked for, only the host that it names.

use url::{Position, Url};

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
        let url = Url::parse(next).ok().filter(|_| !next.contains(char::is_control));
        let behind = url.filter(|url| self.setup.door.leads_to(url));
        behind.and_then(|url| self.page_at(&url)).unwrap_or_else(|| {
            self.refuse_to_lead(ReturnTo::host_in(next).as_deref(), asker);
            ReturnTo::home()
        })
    }

    /// The page at an address, if it is one of this site, or behind the door.
    pub fn page_at(&self, url: &Url) -> Option<ReturnTo> {
        let (here, door) = (&self.app.url, &self.setup.door);
        let is_here = url.host_str() == Some(here.host()) && url.port() == here.port();
        // On plain http this host may be behind the door as well, on https.
        if is_here && (here.is_https() || !door.leads_to(url)) {
            return ReturnTo::parse(&url[Position::BeforePath..Position::AfterQuery]);
        }
        ReturnTo::behind(door, url.clone())
    }

    /// Notes that nobody is led to a host.
    pub fn refuse_to_lead(&self, host: Option<&str>, asker: &Asker) {
        let refused = What::NextRefused { host: host.filter(|host| host.len() <= LONGEST_HOST) };
        self.app.audit.record(&Event::new(refused).by(asker));
    }
}
