//! HTTP/1: hyper reads a connection's requests and writes their answers, one after the other, until an answer has no
//! end. It never serves anything beside that one.

use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::http::Method;
use poem::{Endpoint, Request, Response};

use super::connection::{Broken, Context, HEAD_BYTES};
use super::endless::{self, Endless};
use super::wire::Wire;
use crate::mutex::lock;

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
    let (stay, patience) = (context.stay.clone(), context.limits.answer);
    let endless = Found::default();
    let (endpoint, context, found) = (&*endpoint, &context, &endless);
    let service = service_fn(move |request: hyper::Request<Incoming>| async move {
        let answer = answer(endpoint, context.request(request), found).await;
        Ok::<hyper::Response<_>, Infallible>(answer.into())
    });
    let mut connection = http1.serve_connection(TokioIo::new(wire), service);
    let mut is_stopping = false;
    loop {
        tokio::select! {
            // An answer without an end is found while the connection is polled, and looked for after that.
            biased;
            ended = &mut connection => return Ok(ended?),
            answer = poll_fn(|_| endless.take()) => {
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

/// Where an answer without an end is put for whoever serves the connection, in the same task: nobody is woken.
#[derive(Default)]
struct Found(Mutex<Option<Box<Response>>>);

impl Found {
    fn put(&self, answer: Response) {
        *lock(&self.0) = Some(Box::new(answer));
    }

    fn take(&self) -> Poll<Box<Response>> {
        lock(&self.0).take().map_or(Poll::Pending, Poll::Ready)
    }
}

/// The answer to one request. One without an end is put where it is found, and then hyper waits for it in vain.
async fn answer(endpoint: &impl Endpoint<Output = Response>, request: Request, found: &Found) -> Response {
    let has_body = request.method() != Method::HEAD;
    let answer = endpoint.get_response(request).await;
    if !has_body || answer.data::<Endless>().is_none() {
        return answer;
    }
    // Whoever takes it lets go of hyper at once, and of this with it.
    found.put(answer);
    pending().await
}
