//! `exeunt serve`: the site, and the work that goes on behind it. The one place that opens the other door.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use super::Failure;
use crate::accounts::Cost;
use crate::actions::{finish_endings, offer_first_account, sweep};
use crate::app::{App, Stores};
use crate::clock::Clock;
use crate::config::Config;
use crate::web::{self, Assets};

/// How often what could not be deleted is tried again.
const FINISH_ENDINGS_EVERY: Duration = Duration::from_secs(2);

/// How often expired sessions are removed from the disk; they are refused either way.
const SWEEP_EVERY: Duration = Duration::from_secs(5 * 60);

pub async fn run(config: Config) -> Result<(), Failure> {
    let stop = stop_signal()?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", config.listen))?;
    let address = listener.local_addr()?;
    let clock = Clock::system();
    let stores = Stores::files(&config.data, clock.now())?;
    let url = config.public_url(address.port());
    let app = Arc::new(App::new(stores, url, Cost::STANDARD, clock));

    greet(&app, address).await?;
    let housekeeping = tokio::spawn(keep_house(Arc::clone(&app)));
    let assets = config.assets.map_or_else(Assets::embedded, Assets::in_folder);
    let served = web::serve(listener, web::site(app, assets), stop).await;
    housekeeping.abort();
    Ok(served?)
}

/// Tells where the site is, and how to make its first account.
async fn greet(app: &App, address: std::net::SocketAddr) -> Result<(), Failure> {
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
        tracing::info!("stopping: no new connections, requests in flight finish");
    })
}

/// What goes on without any request, until it is aborted.
async fn keep_house(app: Arc<App>) {
    let mut endings = interval(FINISH_ENDINGS_EVERY);
    let mut sweeps = interval(SWEEP_EVERY);
    endings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = endings.tick() => finish_endings(&app).await,
            _ = sweeps.tick() => match sweep(&app, |_, _| {}).await {
                Ok(swept) if swept.removed > 0 => tracing::info!(removed = swept.removed, "swept"),
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "sessions were not swept"),
            },
        }
    }
}
