//! Errors become whole pages here, whoever raised them: a handler, poem itself, or a panic. It never makes
//! up what they say; that is in `failure.rs`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use poem::{Endpoint, PathPattern, Request, Response, Result};

use super::failure::Failure;
use super::visitor::Visitor;
use super::{Site, asker};

/// The middleware.
pub async fn as_pages<E: Endpoint<Output = Response>>(
    endpoint: Arc<E>,
    request: Request,
) -> Result<Response> {
    let site = Site::of(&request);
    let asker = asker::of(&request);
    let visitor = request.data::<Arc<Visitor>>().cloned();
    let outcome = AssertUnwindSafe(endpoint.call(request)).catch_unwind().await;
    match outcome.unwrap_or_else(|_| Err(Failure::internal(&"a handler panicked").into())) {
        Ok(answer) => Ok(answer),
        // A redirect, where a page needs a login.
        Err(error) if error.is_from_response() => Ok(error.into_response()),
        Err(error) => {
            let viewer = visitor.as_ref().and_then(|visitor| visitor.viewer());
            let route = error.data::<PathPattern>().cloned();
            let mut answer = failure(error).answer(&site, &asker, viewer);
            // For the log, which would otherwise have that of the routes around.
            if let Some(route) = route {
                answer.set_data(route);
            }
            Ok(answer)
        }
    }
}

fn failure(error: poem::Error) -> Failure {
    error.downcast::<Failure>().unwrap_or_else(|error| match error.status() {
        // poem's own: a path that no route has, or that does not decode.
        status if status.is_client_error() => Failure::not_found(),
        _ => Failure::internal(&error),
    })
}
