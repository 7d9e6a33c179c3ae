//! `exeunt serve`: the site, and the work that goes on behind it. The one place that opens the other door.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use super::service_manager::{self, Given};
use super::{Failure, WrongSetting};
use crate::actions::{Pace, finish_endings, offer_first_account, sweep};
use crate::app::App;
use crate::config::{Config, Listen};
use crate::files::{SocketName, blocking, listen_at};
use crate::mutex;
use crate::sessions::Skipped;
use crate::web::{self, Assets, FiguresAt, Limits, Listener, Proxies, Setup};

/// How often what could not be deleted is tried again.
const FINISH_ENDINGS_EVERY: Duration = Duration::from_secs(2);

/// How often expired sessions are removed from the disk; they are refused either way.
const SWEEP_EVERY: Duration = Duration::from_secs(5 * 60);

pub async fn run(config: Config, given: Given) -> Result<(), Failure> {
    refuse_plain_http(&config)?;
    let door = config.door(&config.public_url(config.listen.port())).map_err(WrongSetting)?;
    let stop = stop_signal()?;
    take_descriptors();
    let (listener, address, _name) = match given.listener()? {
        Some((listener, address)) => (listener, address, None),
        None => listen(&config.listen).await?,
    };
    let app = Arc::new(super::rooms(&config, address.port())?);
    let (figures_at, figures) = match &config.metrics_listen {
        None => (FiguresAt::Site, None),
        Some(to) => (FiguresAt::Elsewhere, Some(tokio::spawn(figures(to, Arc::clone(&app)).await?))),
    };

    let reopening = app.audit.has_file().then(|| hangups(Arc::clone(&app))).transpose()?.map(tokio::spawn);
    greet(&app, &address).await?;
    service_manager::tell_ready();
    let endings = tokio::spawn(every(FINISH_ENDINGS_EVERY, Arc::clone(&app), finish));
    let told = Arc::default();
    let sweeps =
        tokio::spawn(every(SWEEP_EVERY, Arc::clone(&app), move |app| sweep_and_tell(app, Arc::clone(&told))));
    let assets = config.assets.map_or_else(Assets::embedded, Assets::in_folder);
    if !door.hosts().is_empty() && config.trust_proxy.is_empty() {
        tracing::warn!("there are --door-hosts, but nobody is believed who asks for them: set --trust-proxy");
    }
    let proxies = Proxies::trusted(config.trust_proxy);
    let limits = Limits::behind(&proxies);
    let site = web::site(Arc::clone(&app), Setup { assets, proxies, door, figures_at });
    let served = web::serve(listener, site, limits, stop).await;
    figures.inspect(tokio::task::JoinHandle::abort);
    endings.abort();
    sweeps.abort();
    reopening.inspect(tokio::task::JoinHandle::abort);
    let left = finish_endings(&app).await;
    if left > 0 {
        tracing::error!(left, "stopping although sessions that should have ended are still on disk");
    }
    Ok(served?)
}

/// On plain http the cookie is not `Secure`. On this machine nobody is on the way who could read it.
fn refuse_plain_http(config: &Config) -> Result<(), WrongSetting> {
    match &config.url {
        Some(url) if !(url.is_https() || url.is_loopback() || config.insecure_http) => {
            Err(WrongSetting(format!(
                "--url (EXEUNT_URL) cannot be {:?}: whoever is on the way could read passwords and cookies; put a \
                 proxy with TLS in front and say https, or use --insecure-http on a network you trust",
                url.origin()
            )))
        }
        _ => Ok(()),
    }
}

/// As many descriptors as the process may have. Shells and service managers give 1,024 to begin with, for the
/// sake of programs that use `select`; here each connection is one.
fn take_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    // Where that is not allowed there are fewer connections.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// Serves the figures at an address of their own.
async fn figures(to: &Listen, app: Arc<App>) -> Result<impl Future<Output = ()> + use<>, Failure> {
    let (listener, address, name) = listen(to).await?;
    let limits = Limits::behind(&Proxies::default());
    tracing::info!(%address, "figures are at /metrics");
    Ok(async move {
        let _name = name;
        if let Err(error) = web::serve(listener, web::figures(app), limits, std::future::pending()).await {
            tracing::error!(%error, "the figures are not served any more");
        }
    })
}

/// Where to listen, and, as long as that goes on, the name that it has in a folder.
async fn listen(to: &Listen) -> Result<(Listener, Listen, Option<SocketName>), Failure> {
    let listens = match to {
        Listen::At(address) => at_port(*address).await,
        Listen::In(path) => in_folder(path).map(|(listener, name)| (listener, to.clone(), Some(name))),
    };
    listens.map_err(|error| format!("cannot listen on {to}: {error}").into())
}

async fn at_port(address: SocketAddr) -> io::Result<(Listener, Listen, Option<SocketName>)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener.into(), Listen::At(address), None))
}

fn in_folder(path: &Path) -> io::Result<(Listener, SocketName)> {
    let (listener, name) = listen_at(path)?;
    Ok((UnixListener::from_std(listener)?.into(), name))
}

/// Tells where the site is, and how to make its first account.
async fn greet(app: &App, address: &Listen) -> Result<(), Failure> {
    let first = offer_first_account(app).await?;
    let mut out = io::stdout().lock();
    writeln!(out, "Exeunt is at {} (listening on {address}).", app.url.origin())?;
    if let Some(code) = first {
        writeln!(out, "\nThere is no account yet. Open this link within a day to make the first one:\n")?;
        writeln!(out, "    {}\n", app.url.to(&format!("/join/{}", code.reveal())))?;
    }
    Ok(out.flush()?)
}

/// Completes at the first SIGTERM or SIGINT; both ask for the same.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        service_manager::tell_stopping();
        tracing::info!("stopping: no new connections, requests in flight finish");
    })
}

/// Goes on in a new audit file at each SIGHUP: whoever rotates logs has given the old one another name. Without
/// such a file a SIGHUP does what it always does: the terminal has gone, and so does the program.
fn hangups(app: Arc<App>) -> io::Result<impl Future<Output = ()>> {
    let mut hangups = signal(SignalKind::hangup())?;
    Ok(async move {
        while hangups.recv().await.is_some() {
            let app = Arc::clone(&app);
            match blocking(move || app.audit.reopen()).await {
                Ok(()) => tracing::info!("the audit log is opened anew"),
                Err(error) => tracing::error!(%error, "the audit log stays the old one"),
            }
        }
    })
}

/// Does `work` again and again until it is aborted. A panic in it costs one round, and a long sweep does
/// not keep anything else waiting.
async fn every<W, F>(period: Duration, app: Arc<App>, work: W)
where
    W: Fn(Arc<App>) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = tokio::spawn(work(Arc::clone(&app))).await {
            tracing::error!(%error, "work behind the site failed, and goes on at its next turn");
        }
    }
}

async fn finish(app: Arc<App>) {
    finish_endings(&app).await;
}

/// What was skipped is told once, not at every turn.
async fn sweep_and_tell(app: Arc<App>, told: Arc<Mutex<Skipped>>) {
    let swept = match sweep(&app, Pace::Beside, |_, _| {}).await {
        Ok(Some(swept)) => swept,
        Ok(None) => return,
        Err(error) => {
            tracing::error!(%error, "sessions were not swept");
            return;
        }
    };
    if swept.removed > 0 || swept.failed > 0 {
        tracing::info!(removed = swept.removed, failed = swept.failed, "swept");
    }
    let mut told = mutex::lock(&told);
    if swept.skipped != *told && swept.skipped.count > 0 {
        let Skipped { count, names } = &swept.skipped;
        tracing::warn!(count, ?names, "found among the sessions, but no session of ours; left as it is");
    }
    *told = swept.skipped;
}
