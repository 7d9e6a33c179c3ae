//! One connection: which protocol is spoken on it, and what its requests know of it. It never says what is answered.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::body::Incoming;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Request, Response};
use tokio::time::timeout;

use super::limits::Limits;
use super::listener::Stream;
use super::stay::Stay;
use super::wire::Wire;
use super::{http1, http2};

/// Bytes of a request's head.
pub const HEAD_BYTES: u16 = 16 * 1024;

/// What whoever speaks HTTP/2 says first. Proxies know from their settings that they may: there is no TLS here in
/// which to agree on it.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Why a connection broke.
pub type Broken = Box<dyn std::error::Error + Send + Sync>;

/// What every request of a connection knows.
pub struct Context {
    /// Where it came in.
    pub local: SocketAddr,
    /// Where it is from.
    pub remote: SocketAddr,
    /// That it is here, and when it has to end.
    pub stay: Stay,
    /// What it may take.
    pub limits: Arc<Limits>,
}

impl Context {
    /// A request of this connection.
    pub fn request(&self, request: hyper::Request<Incoming>) -> Request {
        let (local, remote) = (LocalAddr(self.local.into()), RemoteAddr(self.remote.into()));
        let mut request: Request = (request, local, remote, Scheme::HTTP).into();
        request.set_data(self.stay.clone());
        request
    }
}

/// Serves a connection until the browser has gone or is silent for too long, or until a stop was asked for and
/// its requests in flight are answered.
///
/// # Errors
/// When the connection breaks, or what comes in is no HTTP.
pub async fn serve<E>(stream: Stream, endpoint: Arc<E>, context: Context) -> Result<(), Broken>
where
    E: Endpoint<Output = Response> + 'static,
{
    let mut wire = Wire::new(stream, context.limits.answer);
    let is_http2 = tokio::select! {
        told = timeout(context.limits.head, wire.begins_with(PREFACE)) => told??,
        () = context.stay.has_to_end() => return Ok(()),
    };
    if is_http2 {
        // In a box: it needs much more than HTTP/1, which would otherwise take as much.
        return Box::pin(http2::serve(wire, endpoint, context)).await;
    }
    http1::serve(wire, endpoint, context).await
}
