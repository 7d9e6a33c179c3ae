//! HTTP/2, as proxies speak it without TLS: many requests at once on one connection, and answers without an end among
//! them. It never ends a connection on which somebody waits for an answer or listens, unless nobody is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use poem::{Endpoint, Response};
use tokio::time::{Instant, interval_at};

use super::connection::{Broken, Context, HEAD_BYTES};
use super::wire::Wire;

/// Requests at once on one connection. RFC 9113 asks for no fewer.
const REQUESTS: u32 = 100;

/// What was begun on one connection and is not done. A request that is taken back has left, but a post is carried
/// through: without this, taking back would be a way around the number above.
const BEGUN: usize = 2 * REQUESTS as usize;

/// Bytes that are taken of a request's body before anybody reads it: a form has at most half as many.
const BODY_BYTES: u32 = 32 * 1024;

/// The same of all requests of a connection: several forms at once.
const BODIES_BYTES: u32 = 8 * BODY_BYTES;

/// Requests that may be taken back before they were looked at, and those that may be wrong, until a connection is
/// ended. h2 thinks 20 enough for the first; hyper would let 1,024 of the second pass.
const TAKEN_BACK: usize = 20;

/// Serves a connection to its end.
///
/// # Errors
/// When it breaks, or what comes in is no HTTP/2.
pub async fn serve<E>(wire: Wire, endpoint: Arc<E>, context: Context) -> Result<(), Broken>
where
    E: Endpoint<Output = Response> + 'static,
{
    let mut http2 = http2::Builder::new(TokioExecutor::new());
    http2
        .timer(TokioTimer::new())
        .max_concurrent_streams(REQUESTS)
        .max_header_list_size(HEAD_BYTES.into())
        .initial_stream_window_size(BODY_BYTES)
        .initial_connection_window_size(BODIES_BYTES)
        .max_pending_accept_reset_streams(TAKEN_BACK)
        .max_local_error_reset_streams(TAKEN_BACK)
        .keep_alive_interval(context.limits.head)
        .keep_alive_timeout(context.limits.head);

    let (stay, idle) = (context.stay.clone(), context.limits.idle);
    let here = stay.staying();
    // This function's copy, and the one that requests get theirs from.
    let nobody = here.count();
    let asked = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&asked);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        counted.fetch_add(1, Ordering::Relaxed);
        let has_room = context.stay.staying().count() < nobody + BEGUN;
        let (endpoint, request) = (Arc::clone(&endpoint), has_room.then(|| context.request(request)));
        // Without an answer hyper resets the stream.
        async move {
            let answer = endpoint.get_response(request.ok_or(TooMuchBegun)?).await;
            Ok::<hyper::Response<_>, TooMuchBegun>(answer.into())
        }
    });
    let mut connection = http2.serve_connection(TokioIo::new(wire), service);

    let mut looks = interval_at(Instant::now() + idle, idle);
    let (mut asked_before, mut is_ending, mut is_stopping) = (0, false, false);
    loop {
        tokio::select! {
            ended = &mut connection => return Ok(ended?),
            () = stay.has_to_end(), if !is_stopping => {
                is_stopping = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
            _ = looks.tick() => {
                let asked = asked.load(Ordering::Relaxed);
                let is_idle = asked == asked_before && here.count() == nobody;
                asked_before = asked;
                if is_idle && is_ending {
                    // It was told so a turn ago. What is left are answers that nobody takes.
                    return Ok(());
                }
                if is_idle {
                    is_ending = true;
                    std::pin::Pin::new(&mut connection).graceful_shutdown();
                }
            }
        }
    }
}

/// Somebody asks for more and more, and takes it back.
#[derive(Debug, thiserror::Error)]
#[error("too much begun on one connection")]
struct TooMuchBegun;
