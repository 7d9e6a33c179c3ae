//! Where the server listens. It never opens anything.

use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::path::PathBuf;

/// What nobody writes into a URL.
const HTTP: u16 = 80;

/// Where the proxy finds the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// At a port.
    At(SocketAddr),
    /// At a socket in a folder.
    In(PathBuf),
}

impl Listen {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let what = "it is an address and a port, such as 127.0.0.1:8000, or unix:/run/exeunt/socket";
        match text.strip_prefix("unix:") {
            Some("") => Err(what),
            Some(path) => Ok(Self::In(path.into())),
            None => text.parse().map(Self::At).map_err(|_| what),
        }
    }

    /// The port; that of http where there is none.
    #[must_use]
    pub fn port(&self) -> u16 {
        match self {
            Self::At(address) => address.port(),
            Self::In(_) => HTTP,
        }
    }
}

impl Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(address) => address.fmt(f),
            Self::In(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
