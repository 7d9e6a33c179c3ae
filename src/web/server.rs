//! Serving: one task for each connection, as many as there is room for. It never drops a request that has begun,
//! short of the hard end of a stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use poem::{Endpoint, Response};
use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use super::connection::{self, Context, Stopping};

/// Connections at once; others wait in the kernel's queue. Enough for 10,000 browsers that listen to their
/// event stream, and those that load pages meanwhile.
const CONNECTIONS: u32 = 16_384;

/// Descriptors that are left to the disk and the locks.
const RESERVED: u64 = 1024;

/// When accepting fails, descriptors have usually run out: trying again at once would only spin.
const PAUSE: Duration = Duration::from_millis(100);

/// How long requests in flight may take to finish once a stop was asked for.
const HARD_END: Duration = Duration::from_secs(10);

/// Serves until `stop` completes, and then until every request in flight is answered, or ten seconds.
///
/// # Errors
/// When the listener has no address any more.
pub async fn serve(
    listener: TcpListener,
    endpoint: impl Endpoint<Output = Response> + 'static,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let local = listener.local_addr()?;
    let endpoint = Arc::new(endpoint);
    let room = room();
    let connections = Arc::new(Semaphore::new(room as usize));
    let (serving, stopping) = watch::channel(());
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        match accepted {
            Ok((stream, remote, permit)) => {
                let context = Context { local, remote, stopping: Stopping(stopping.clone()) };
                let served = connection::serve(stream, Arc::clone(&endpoint), context);
                tokio::spawn(async move {
                    if let Err(error) = served.await {
                        tracing::debug!(%error, %remote, "connection ended");
                    }
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections, pausing");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    drop(serving);
    // Each connection gives its permit back at its end.
    if timeout(HARD_END, connections.acquire_many(room)).await.is_err() {
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
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, remote) = listener.accept().await?;
    // A socket that cannot is one whose other end has gone; reading it will tell.
    let _ = stream.set_nodelay(true);
    Ok((stream, remote, permit))
}
