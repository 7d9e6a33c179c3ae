//! Serving connections: hyper around the site's endpoint, with limits on whoever is slow or many. It
//! never drops a request that has begun, short of the hard end of a stop.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Request, Response};
use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

/// Connections at once; others wait in the kernel's queue. Enough for 10,000 browsers that listen to their
/// event stream, and those that load pages meanwhile.
const CONNECTIONS: usize = 16_384;

/// Descriptors that are left to the disk and the locks.
const RESERVED: u64 = 1024;

/// How long a connection may be silent, and how long a request's head may take.
const HEAD_WITHIN: Duration = Duration::from_secs(15);

/// Bytes of a request's head.
const HEAD_BYTES: usize = 16 * 1024;

/// When accepting fails, descriptors have usually run out: trying again at once would only spin.
const PAUSE: Duration = Duration::from_millis(100);

/// How long requests in flight may take to finish once a stop was asked for.
const HARD_END: Duration = Duration::from_secs(10);

/// Knows when a stop was asked for. It is in every request, for answers that would never end by themselves.
#[derive(Clone, Debug)]
pub struct Stopping(watch::Receiver<()>);

impl Stopping {
    /// Completes when it was.
    pub async fn begun(&mut self) {
        // Nothing is ever sent: the sender is dropped.
        let _ = self.0.changed().await;
    }
}

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
    let connections = Arc::new(Semaphore::new(connections()));
    let graceful = GracefulShutdown::new();
    let (serving, stopping) = watch::channel(());
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        match accepted {
            Ok((stream, remote, permit)) => {
                let (endpoint, watcher) = (Arc::clone(&endpoint), graceful.watcher());
                let context = Context { local, remote, stopping: Stopping(stopping.clone()) };
                tokio::spawn(async move {
                    let connection = connection(stream, endpoint, context);
                    if let Err(error) = watcher.watch(connection).await {
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
    if timeout(HARD_END, graceful.shutdown()).await.is_err() {
        tracing::warn!("stopping although some requests are not answered");
    }
    Ok(())
}

/// As many as there may be, and as there are descriptors for: each is one.
fn connections() -> usize {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let ours = descriptors.saturating_sub(RESERVED).max(descriptors / 2);
    usize::try_from(ours).unwrap_or(CONNECTIONS).clamp(1, CONNECTIONS)
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

/// What every request of a connection knows.
#[derive(Clone)]
struct Context {
    local: SocketAddr,
    remote: SocketAddr,
    stopping: Stopping,
}

fn connection(
    stream: TcpStream,
    endpoint: Arc<impl Endpoint<Output = Response> + 'static>,
    context: Context,
) -> impl hyper_util::server::graceful::GracefulConnection<Error: std::fmt::Display + Send> + Send + 'static {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let endpoint = Arc::clone(&endpoint);
        let (local, remote) = (LocalAddr(context.local.into()), RemoteAddr(context.remote.into()));
        let stopping = context.stopping.clone();
        async move {
            let mut request: Request = (request, local, remote, Scheme::HTTP).into();
            request.set_data(stopping);
            Ok::<hyper::Response<_>, Infallible>(endpoint.get_response(request).await.into())
        }
    });
    // HTTP/1 alone, until HTTP/2 has limits too: telling the two apart reads the first bytes without any.
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_buf_size(HEAD_BYTES);
    builder.serve_connection(TokioIo::new(stream), service).into_owned()
}
