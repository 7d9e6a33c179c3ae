//! One connection: hyper reads its requests and writes their answers, one after the other, until an answer
//! has no end. It never says what is answered.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::http::Method;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Request, Response};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

use super::endless::{self, Endless};

/// How long a connection may be silent, and how long a request's head may take.
const HEAD_WITHIN: Duration = Duration::from_secs(15);

/// Bytes of a request's head.
const HEAD_BYTES: usize = 16 * 1024;

/// Knows when a stop was asked for. It is in every request, for answers that would never end by themselves.
#[derive(Clone, Debug)]
pub struct Stopping(pub watch::Receiver<()>);

impl Stopping {
    /// Completes when it was.
    pub async fn begun(&mut self) {
        // Nothing is ever sent: the sender is dropped.
        let _ = self.0.changed().await;
    }
}

/// What every request of a connection knows.
#[derive(Clone, Debug)]
pub struct Context {
    /// Where it came in.
    pub local: SocketAddr,
    /// Where it is from.
    pub remote: SocketAddr,
    /// When it has to end.
    pub stopping: Stopping,
}

/// Serves a connection until the browser has gone or is silent for too long, or until a stop was asked for and
/// its request in flight is answered.
///
/// # Errors
/// When the connection breaks, or what comes in is no HTTP.
pub async fn serve<E>(stream: TcpStream, endpoint: Arc<E>, context: Context) -> Result<(), Broken>
where
    E: Endpoint<Output = Response> + 'static,
{
    let mut stopping = context.stopping.clone();
    // In boxes: a channel keeps room for 32 of what it carries.
    let (found, mut endless) = mpsc::channel(1);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let answered = answer(Arc::clone(&endpoint), request, context.clone(), found.clone());
        async move { Ok::<hyper::Response<_>, Infallible>(answered.await.into()) }
    });
    // HTTP/1 alone, until HTTP/2 has limits too: telling the two apart reads the first bytes without any.
    let mut http1 = http1::Builder::new();
    http1.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_buf_size(HEAD_BYTES);
    let mut connection = http1.serve_connection(TokioIo::new(stream), service);
    let mut is_stopping = false;
    loop {
        tokio::select! {
            ended = &mut connection => return Ok(ended?),
            Some(answer) = endless.recv() => {
                // Nothing is left with hyper: it looks at no request before it has sent the answers to those before.
                let stream = connection.into_parts().io.into_inner();
                return Ok(endless::send(stream, *answer).await?);
            }
            () = stopping.begun(), if !is_stopping => {
                is_stopping = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
        }
    }
}

/// Why a connection broke.
pub type Broken = Box<dyn std::error::Error + Send + Sync>;

/// The answer to one request. One without an end goes to `endless`, and then hyper waits for it in vain.
async fn answer(
    endpoint: Arc<impl Endpoint<Output = Response>>,
    request: hyper::Request<Incoming>,
    context: Context,
    endless: mpsc::Sender<Box<Response>>,
) -> Response {
    let has_body = request.method() != Method::HEAD;
    let (local, remote) = (LocalAddr(context.local.into()), RemoteAddr(context.remote.into()));
    let mut request: Request = (request, local, remote, Scheme::HTTP).into();
    request.set_data(context.stopping);
    let answer = endpoint.get_response(request).await;
    if !has_body || answer.data::<Endless>().is_none() {
        return answer;
    }
    // Whoever takes it lets go of hyper at once, and of this with it.
    let _ = endless.send(Box::new(answer)).await;
    pending().await
}
