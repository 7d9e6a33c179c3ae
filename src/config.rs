//! Settings: a flag, else the environment, else the default. A wrong one is refused at the start, in one
//! line that names it; nothing reads a setting anywhere else.

use std::fmt::{self, Display};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use ipnet::IpNet;
use tracing_subscriber::filter::Targets;
use url::{Host, Url};

/// What nobody writes into a URL.
const HTTP: u16 = 80;

/// What can be set.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Folder that holds sessions/ and accounts/
    #[arg(long, env = "EXEUNT_DATA", value_name = "FOLDER", default_value = ".", global = true)]
    pub data: PathBuf,

    /// Where browsers find the site; its scheme decides the cookie's name and whether it is Secure
    /// [default: http://localhost and the port listened on]
    #[arg(long, env = "EXEUNT_URL", value_name = "URL", value_parser = PublicUrl::parse, global = true)]
    pub url: Option<PublicUrl>,

    /// Serve although the site is on plain http beyond this machine, where whoever is on the way reads passwords
    /// and cookies
    #[arg(long, env = "EXEUNT_INSECURE_HTTP", value_parser = parse_switch, global = true)]
    pub insecure_http: bool,

    /// Address and port to listen on, or unix: and the path of a socket
    #[arg(
        long,
        env = "EXEUNT_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8000",
        value_parser = Listen::parse,
        global = true
    )]
    pub listen: Listen,

    /// Proxies whose X-Forwarded-For is believed: addresses and networks, with commas between
    #[arg(
        long,
        env = "EXEUNT_TRUST_PROXY",
        value_name = "NETWORKS",
        value_delimiter = ',',
        value_parser = parse_network,
        global = true
    )]
    pub trust_proxy: Vec<IpNet>,

    /// Write a line of JSON for each login, logout and other event to this file, or with - to standard output
    /// [default: to the log]
    #[arg(long, env = "EXEUNT_AUDIT_LOG", value_name = "FILE", global = true)]
    pub audit_log: Option<PathBuf>,

    /// Where Prometheus finds the figures, at /metrics, and nothing else is served: as for --listen
    /// [default: on the site itself, for this machine alone]
    #[arg(
        long,
        env = "EXEUNT_METRICS_LISTEN",
        value_name = "ADDRESS",
        value_parser = Listen::parse,
        global = true
    )]
    pub metrics_listen: Option<Listen>,

    /// What is logged: error, warn, info, debug or trace, also for parts of the program, as in info,access=off
    /// [default: info when serving, else error]
    #[arg(long, env = "EXEUNT_LOG", value_name = "LEVELS", value_parser = parse_levels, global = true)]
    pub log: Option<Targets>,

    /// How the log is written to standard error: text, or json
    /// [default: text on a terminal, else json]
    #[arg(long, env = "EXEUNT_LOG_FORMAT", value_name = "FORMAT", value_parser = parse_format, global = true)]
    pub log_format: Option<LogFormat>,

    /// Serve style sheet and script from this folder as they are at each request, for working on them
    #[arg(long, env = "EXEUNT_ASSETS", value_name = "FOLDER", hide = true, global = true)]
    pub assets: Option<PathBuf>,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

impl Config {
    /// Where browsers find the site, when it listens on `port`.
    #[must_use]
    pub fn public_url(&self, port: u16) -> PublicUrl {
        self.url.clone().unwrap_or_else(|| PublicUrl::on_localhost(port))
    }
}

/// Where the proxy finds the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// At a port.
    At(SocketAddr),
    /// At a socket in a folder.
    In(PathBuf),
}

impl Listen {
    fn parse(text: &str) -> Result<Self, &'static str> {
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

fn parse_levels(text: &str) -> Result<Targets, &'static str> {
    let levels = Some(text).filter(|text| !text.is_empty()).and_then(|text| text.parse().ok());
    levels.ok_or("it is a level such as debug, or several such as info,access=off")
}

fn parse_format(text: &str) -> Result<LogFormat, &'static str> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("it is text or json"),
    }
}

/// What a flag without a value is in the environment.
fn parse_switch(text: &str) -> Result<bool, &'static str> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("it is true or false"),
    }
}

/// A network such as `10.0.0.0/8`, or an address, which is one of its own.
fn parse_network(text: &str) -> Result<IpNet, &'static str> {
    let text = text.trim();
    let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    address.or_else(|_| text.parse()).map_err(|_| "it is an address or a network, such as 10.0.0.0/8")
}

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

    /// The address of `path` on this site, for links that are written down.
    #[must_use]
    pub fn to(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }
}
