//! What is behind the door: other hosts, whose proxies ask here who comes, and the domain that they share a cookie
//! with. It never takes hosts at which nobody could ever be logged in: they would send their visitors back here, and
//! here they would be sent back there, for ever.

use std::fmt::{self, Display};

use url::{Host, Url};

use super::PublicUrl;

/// Hosts behind the door, and how far the cookie goes.
#[derive(Clone, Debug, Default)]
pub struct Door {
    hosts: Vec<DoorHost>,
    cookie_domain: Option<CookieDomain>,
}

impl Door {
    /// The door of the site at `url`.
    ///
    /// # Errors
    /// When the cookie would not reach a host, or not come back here: which setting cannot be, and what would do.
    pub fn of(
        hosts: Vec<DoorHost>,
        cookie_domain: Option<CookieDomain>,
        url: &PublicUrl,
    ) -> Result<Self, String> {
        if let Some(domain) = &cookie_domain {
            let misfit =
                |why| Err(format!("--cookie-domain (EXEUNT_COOKIE_DOMAIN) cannot be \"{domain}\": {why}"));
            if !url.is_https() {
                return misfit("such a cookie takes https; say with --url where the site is".to_owned());
            }
            if !domain.covers(url.host()) {
                return misfit(format!("the site is at {}, which is not in it", url.host()));
            }
        }
        let is_reached = |host: &&DoorHost| {
            let is_covered = cookie_domain.as_ref().is_some_and(|domain| domain.covers(&host.name));
            is_covered || (host.name == url.host() && !host.is_all_below)
        };
        if let Some(host) = hosts.iter().find(|host| !is_reached(host)) {
            return Err(format!(
                "--door-hosts (EXEUNT_DOOR_HOSTS) cannot be \"{host}\": nobody could be logged in there, as the \
                 cookie goes no farther than the site without a --cookie-domain that covers both"
            ));
        }
        Ok(Self { hosts, cookie_domain })
    }

    /// Whether that is behind the door.
    #[must_use]
    pub fn leads_to(&self, url: &Url) -> bool {
        let is_plain = url.username().is_empty() && url.password().is_none();
        url.scheme() == "https" && is_plain && self.hosts.iter().any(|host| host.is_of(url))
    }

    /// What is behind it.
    #[must_use]
    pub fn hosts(&self) -> &[DoorHost] {
        &self.hosts
    }

    /// How far the cookie goes, where that is farther than the site.
    #[must_use]
    pub fn cookie_domain(&self) -> Option<&CookieDomain> {
        self.cookie_domain.as_ref()
    }
}

/// A host behind the door, or all that are below one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorHost {
    name: String,
    /// Where it is not that of https.
    port: Option<u16>,
    is_all_below: bool,
}

impl DoorHost {
    /// Reads one of the setting's: `app.example.org`, `app.example.org:8443`, `*.example.org`.
    ///
    /// # Errors
    /// What it has to be, in words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let what = "it is a host such as app.example.org, or *.example.org for all below it, on https";
        let text = text.trim();
        let (is_all_below, host) = text.strip_prefix("*.").map_or((false, text), |host| (true, host));
        let url = alone(host).ok_or(what)?;
        let Some(Host::Domain(name)) = url.host() else { return Err(what) };
        Ok(Self { name: name.to_owned(), port: url.port(), is_all_below })
    }

    /// Of what is on https.
    fn is_of(&self, url: &Url) -> bool {
        let is_called_so = |host: &str| {
            if self.is_all_below { is_below(host, &self.name) } else { host == self.name }
        };
        url.port() == self.port && url.host_str().is_some_and(is_called_so)
    }
}

/// As `Content-Security-Policy` has it, without the scheme.
impl Display for DoorHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_all_below { "*." } else { "" })?;
        f.write_str(&self.name)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// A domain, all of whose hosts get the cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieDomain(String);

impl CookieDomain {
    /// Reads the setting.
    ///
    /// # Errors
    /// What it has to be, in words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let what = "it is a domain such as example.org, with a dot in it";
        let url = alone(text).filter(|_| !text.contains(':')).ok_or(what)?;
        match url.host() {
            // Browsers take no cookie for all of `org`. Of `co.uk` only they know that.
            Some(Host::Domain(name)) if name.contains('.') => Ok(Self(name.to_owned())),
            _ => Err(what),
        }
    }

    fn covers(&self, host: &str) -> bool {
        host == self.0 || is_below(host, &self.0)
    }
}

impl Display for CookieDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A host and perhaps its port, as browsers would write them, if there is nothing else.
fn alone(text: &str) -> Option<Url> {
    let odd = |c: char| c.is_control() || "/\\?#@*%".contains(c);
    if text.contains(odd) || text.split(['.', ':']).any(str::is_empty) {
        return None;
    }
    // What else may be in a host would mean something in `Content-Security-Policy` or in a cookie's attributes.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    Url::parse(&format!("https://{text}"))
        .ok()
        .filter(|url| url.host_str().unwrap_or_default().chars().all(is_plain))
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.') && rest.len() > 1)
}
