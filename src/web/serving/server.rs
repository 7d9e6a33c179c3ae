//! Serving: one task for each connection, as many as there is room for. It never drops a request that has begun,
//! short of the hard end of a stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use poem::{Endpoint, Response};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use super::connection::{self, Context};
use super::limits::Limits;
use super::listener::{Listener, Stream};
use super::neighbours::Neighbours;
use super::stay::Stay;

/// Connections at once; others wait in the kernel's queue. Enough for 10,000 browsers that listen to their
/// event stream, and those that load pages meanwhile.
const CONNECTIONS: u32 = 16_384;

/// Descriptors that are left to the disk and the locks.
const RESERVED: u64 = 1024;

/// When accepting fails, descriptors have usually run out: trying again at once would only spin.
const PAUSE: Duration = Duration::from_millis(100);

/// How long requests in flight may take to finish once a stop was asked for.
const HARD_END: Duration = Duration::from_secs(10);

/// Serves until `stop` completes, and then until all that has begun is done, or ten seconds.
///
/// # Errors
/// When the listener has no address any more.
pub async fn serve(
    listener: impl Into<Listener>,
    endpoint: impl Endpoint<Output = Response> + 'static,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let listener = listener.into();
    let local = listener.local_addr()?;
    let (endpoint, limits) = (Arc::new(endpoint), Arc::new(limits));
    let room = room();
    let places = Arc::new(Semaphore::new(room as usize));
    let neighbours = Neighbours::new(&limits, room);
    let (serving, stopping) = watch::channel(());
    let mut stop = std::pin::pin!(stop);
    let mut is_short = false;
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let (stream, remote, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_theirs(&error) => continue,
            Err(error) => {
                if !std::mem::replace(&mut is_short, true) {
                    tracing::warn!(%error, "cannot accept connections for now; trying again");
                }
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        if std::mem::replace(&mut is_short, false) {
            tracing::info!("accepting connections again");
        }
        let neighbour = match limits.counts(remote.ip()).then(|| neighbours.admit(remote.ip())) {
            // Hung up on without a word: what is scarce is the connection.
            Some(None) => continue,
            counted => counted.flatten(),
        };
        let stay = Stay::new(permit, neighbour, stopping.clone());
        let context = Context { local, remote, stay, limits: Arc::clone(&limits) };
        let served = connection::serve(stream, Arc::clone(&endpoint), context);
        tokio::spawn(async move {
            if let Err(error) = served.await {
                tracing::debug!(%error, %remote, "connection ended");
            }
        });
    }
    drop(listener);
    drop(serving);
    // Each stay gives its permit back at its end.
    if timeout(HARD_END, places.acquire_many(room)).await.is_err() {
        tracing::warn!("stopping although some requests are not answered");
    }
    Ok(())
}

/// How many connections there may be: each needs a descriptor.
fn room() -> u32 {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let ours = descriptors.saturating_sub(RESERVED).max(descriptors / 2);
    u32::try_from(ours).unwrap_or(CONNECTIONS).clamp(1, CONNECTIONS)
}

async fn accept(
    listener: &Listener,
    places: &Arc<Semaphore>,
) -> io::Result<(Stream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, remote) = listener.accept().await?;
    Ok((stream, remote, permit))
}

/// Whether it is one connection that failed, before it was accepted, and not we: accept(2) lists these.
fn is_theirs(error: &io::Error) -> bool {
    let theirs = [
        Errno::CONNABORTED,
        Errno::INTR,
        Errno::PROTO,
        Errno::PERM,
        Errno::NETDOWN,
        Errno::NETUNREACH,
        Errno::HOSTDOWN,
        Errno::HOSTUNREACH,
        Errno::NOPROTOOPT,
        Errno::OPNOTSUPP,
        #[cfg(target_os = "linux")]
        Errno::NONET,
    ];
    Errno::from_io_error(error).is_some_and(|error| theirs.contains(&error))
}
