//! A real proxy before the site, set up as the examples for operators say. It ends with the test.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// The site's, and that of one behind its door. Browsers look for all below `localhost` on this machine.
pub const LOGIN_HOST: &str = "login.exeunt.localhost";
pub const APPLICATION_HOST: &str = "app.exeunt.localhost";

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    Caddy,
}

/// A proxy at work.
pub struct Proxy {
    /// Where browsers find it.
    pub base: String,
    child: Child,
    _scratch: TempDir,
    /// It is given the port that we hold, at another loopback address: nobody else takes it meanwhile.
    _held: TcpListener,
}

impl Proxy {
    /// Before the site at `site`, as soon as it takes connections.
    pub async fn before(site: &str, kind: Kind) -> Self {
        Self::start(kind, |folder, address| match kind {
            Kind::Nginx => nginx_with(folder, &nginx_conf(address, site)),
            Kind::Caddy => caddy_with(&caddyfile(address, site)),
        })
        .await
    }

    /// The same, where the site at `application` is behind its door. Which is which, the host says that a browser
    /// asks for.
    pub async fn at_the_door(site: &str, application: &str, kind: Kind) -> Self {
        Self::start(kind, |folder, address| match kind {
            Kind::Nginx => {
                let login = nginx_conf(address, site).replace("login.example.org", LOGIN_HOST);
                nginx_with(folder, &format!("{login}{}", nginx_door_conf(address, site, application)))
            }
            Kind::Caddy => {
                let login = caddyfile(address, site).replace(&address.to_string(), &at(LOGIN_HOST, address));
                caddy_with(&format!("{login}{}", door_caddyfile(address, site, application)))
            }
        })
        .await
    }

    async fn start(kind: Kind, settings: impl FnOnce(&Path, SocketAddr) -> String) -> Self {
        let scratch = TempDir::new().expect("a folder for the proxy");
        let held = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = SocketAddr::from(([127, 0, 0, 2], held.local_addr().expect("a bound listener").port()));
        let mut child = kind.start(scratch.path(), &settings(scratch.path(), address));
        while TcpStream::connect(address).is_err() {
            let ended = child.try_wait().expect("the proxy can be watched");
            assert!(ended.is_none(), "{kind:?} ended at once: is it installed? {ended:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Self { base: format!("http://{address}"), child, _scratch: scratch, _held: held }
    }
}

impl Kind {
    fn start(self, folder: &Path, settings: &str) -> Child {
        let (program, arguments) = match self {
            Self::Nginx => ("nginx", &["-e", "stderr", "-c"][..]),
            Self::Caddy => ("caddy", &["run", "--adapter", "caddyfile", "--config"][..]),
        };
        let config = folder.join("config");
        fs::write(&config, settings).expect("a file for the proxy");
        let mut command = Command::new(program);
        command.args(arguments).arg(config).env("HOME", folder);
        let log = fs::File::create(folder.join("log")).expect("a file for the log");
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        started.unwrap_or_else(|error| panic!("{self:?} does not start: {error}"))
    }
}

/// The example for Caddy, at another address and without TLS.
fn caddyfile(address: SocketAddr, site: &str) -> String {
    let (ip, site) = (address.ip(), site.trim_start_matches("http://"));
    let begins = format!("http://{address} {{ bind {ip}\n");
    example("Caddyfile", &[("login.example.org {", &begins), ("127.0.0.1:8000", site)])
}

/// The example for a site behind the door, in the same way.
fn door_caddyfile(address: SocketAddr, site: &str, application: &str) -> String {
    let begins = format!("\nhttp://{} {{ bind {}\n", at(APPLICATION_HOST, address), address.ip());
    let [site, application] = [site, application].map(|url| url.trim_start_matches("http://"));
    let changes =
        [("\napp.example.org {", &*begins), ("127.0.0.1:8000", site), ("127.0.0.1:9000", application)];
    example("Caddyfile.door", &changes)
}

/// The example for nginx, at another address and without TLS.
fn nginx_conf(address: SocketAddr, site: &str) -> String {
    example(
        "nginx.conf",
        &[
            ("443 ssl", &address.to_string()),
            ("ssl_certificate /etc/ssl/login.example.org.pem;", ""),
            ("ssl_certificate_key /etc/ssl/login.example.org.key;", ""),
            ("http://127.0.0.1:8000", site),
        ],
    )
}

/// The example for a site behind the door, in the same way.
fn nginx_door_conf(address: SocketAddr, site: &str, application: &str) -> String {
    example(
        "nginx.door.conf",
        &[
            ("443 ssl", &address.to_string()),
            ("server_name app.example.org", &format!("server_name {APPLICATION_HOST}")),
            ("ssl_certificate /etc/ssl/app.example.org.pem;", ""),
            ("ssl_certificate_key /etc/ssl/app.example.org.key;", ""),
            ("http://127.0.0.1:8000", site),
            ("http://127.0.0.1:9000", application),
        ],
    )
}

fn at(host: &str, address: SocketAddr) -> String {
    format!("{host}:{}", address.port())
}

/// What stands around servers of Caddy.
fn caddy_with(servers: &str) -> String {
    format!("{{\n admin off\n auto_https off\n}}\n{servers}")
}

/// What stands around a server of nginx.
pub fn nginx_with(folder: &Path, server: &str) -> String {
    let folder = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("{what}_temp_path {folder}/{what};"))
        .concat();
    format!(
        "daemon off; master_process off; pid {folder}/pid; events {{}}
         http {{ access_log off; {temporary} {server} }}"
    )
}

/// What operators are given, with this for that.
pub fn example(name: &str, changes: &[(&str, &str)]) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/deploy").join(name);
    let mut text = fs::read_to_string(file).expect("the example is there");
    for (that, this) in changes {
        assert_eq!(text.matches(that).count(), 1, "{that} is in {name} once");
        text = text.replace(that, this);
    }
    text
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
