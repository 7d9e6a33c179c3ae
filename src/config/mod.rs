//! Settings: a flag, else the environment, else the default. A wrong one is refused at the start, in one
//! line that names it; nothing reads a setting anywhere else.

mod door;
mod listen;
mod public_url;

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use ipnet::IpNet;
use tracing_subscriber::filter::Targets;

pub use door::{CookieDomain, Door, DoorHost};
pub use listen::Listen;
pub use public_url::PublicUrl;

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

    /// Proxies whose X-Forwarded-For is believed, and what they ask at the door: addresses and networks, with commas
    /// between
    #[arg(
        long,
        env = "EXEUNT_TRUST_PROXY",
        value_name = "NETWORKS",
        value_delimiter = ',',
        value_parser = parse_network,
        global = true
    )]
    pub trust_proxy: Vec<IpNet>,

    /// Hosts behind the door, to which logging in may lead: names, with commas between; *. before one is all below it
    #[arg(
        long,
        env = "EXEUNT_DOOR_HOSTS",
        value_name = "HOSTS",
        value_delimiter = ',',
        value_parser = DoorHost::parse,
        global = true
    )]
    pub door_hosts: Vec<DoorHost>,

    /// Domain whose hosts get the cookie, those behind the door among them; not one such as co.uk, below which others
    /// have theirs: browsers take no cookie for it
    /// [default: the host of the site alone]
    #[arg(
        long,
        env = "EXEUNT_COOKIE_DOMAIN",
        value_name = "DOMAIN",
        value_parser = CookieDomain::parse,
        global = true
    )]
    pub cookie_domain: Option<CookieDomain>,

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

    /// The door of the site at `url`.
    ///
    /// # Errors
    /// Which setting cannot be, beside the others, and what would do.
    pub fn door(&self, url: &PublicUrl) -> Result<Door, String> {
        Door::of(self.door_hosts.clone(), self.cookie_domain.clone(), url)
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
