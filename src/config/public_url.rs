//! Where browsers find the site. It never has a path: the site is all that there is at its origin.

use url::{Host, Url};

/// An http or https URL without a path: an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(Url);

impl PublicUrl {
    /// Reads a setting.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text)
            .map_err(|error| format!("{error}; it is one such as https://login.example.org"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("it begins with http:// or https://".to_owned());
        }
        let has_more = url.path() != "/" || url.query().is_some() || url.fragment().is_some();
        if has_more || !url.username().is_empty() || url.password().is_some() {
            return Err("it is a scheme, a host and a port, and nothing more".to_owned());
        }
        Ok(Self(url))
    }

    /// `http://localhost` at a port.
    ///
    /// # Panics
    /// Never: such a URL is one.
    #[must_use]
    pub fn on_localhost(port: u16) -> Self {
        Self(Url::parse(&format!("http://localhost:{port}")).expect("BUG: this is a URL"))
    }

    /// As browsers write it in `Origin`.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether pages come over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether it is found on this machine alone, so that what browsers send to it goes over no network.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => {
                let name = name.strip_suffix('.').unwrap_or(name);
                name == "localhost" || name.ends_with(".localhost")
            }
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
            None => false,
        }
    }

    /// The host, without its port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The port, where it is not the scheme's own.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.0.port()
    }

    /// The address of `path` on this site, for links that are written down.
    #[must_use]
    pub fn to(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }
}
