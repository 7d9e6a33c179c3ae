//! HTTP/1: hyper reads a connection's requests and writes their answers, one after the other, until an answer has no
//! end. It never serves anything beside that one.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::http::Method;
use poem::{Endpoint, Request, Response};
use tokio::sync::mpsc;

use super::connection::{Broken, Context, HEAD_BYTES};
use super::endless::{self, Endless};
use super::wire::Wire;

/// Serves a connection to its end.
///
/// # Errors
/// When it breaks, or what comes in is no HTTP.
pub async fn serve<E>(wire: Wire, endpoint: Arc<E>, context: Context) -> Result<(), Broken>
where
    E: Endpoint<Output = Response> + 'static,
{
    let mut http1 = http1::Builder::new();
    http1
        .timer(TokioTimer::new())
        .header_read_timeout(context.limits.head)
        .max_buf_size(HEAD_BYTES.into())
        // A page is copied behind its head: the kernel takes one piece with less ado than two.
        .writev(false);
    let (mut stay, patience) = (context.stay.clone(), context.limits.answer);
    // In boxes: a channel keeps room for 32 of what it carries.
    let (found, mut endless) = mpsc::channel(1);
    let (endpoint, context, found) = (&*endpoint, &context, &found);
    let service = service_fn(move |request: hyper::Request<Incoming>| async move {
        let answer = answer(endpoint, context.request(request), found).await;
        Ok::<hyper::Response<_>, Infallible>(answer.into())
    });
    let mut connection = http1.serve_connection(TokioIo::new(wire), service);
    let mut is_stopping = false;
    loop {
        tokio::select! {
            ended = &mut connection => return Ok(ended?),
            Some(answer) = endless.recv() => {
                // Nothing is left with hyper: it looks at no request before it has sent the answers to those before.
                let stream = connection.into_parts().io.into_inner().into_stream();
                // In a task of its own: this one's memory is that of hyper's connection.
                tokio::spawn(async move {
                    endless::send(stream, *answer, patience).await;
                    drop(stay);
                });
                return Ok(());
            }
            () = stay.has_to_end(), if !is_stopping => {
                is_stopping = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
        }
    }
}

/// The answer to one request. One without an end goes to `endless`, and then hyper waits for it in vain.
async fn answer(
    endpoint: &impl Endpoint<Output = Response>,
    request: Request,
    endless: &mpsc::Sender<Box<Response>>,
) -> Response {
    let has_body = request.method() != Method::HEAD;
    let answer = endpoint.get_response(request).await;
    if !has_body || answer.data::<Endless>().is_none() {
        return answer;
    }
    // Whoever takes it lets go of hyper at once, and of this with it.
    let _ = endless.send(Box::new(answer)).await;
    pending().await
}
