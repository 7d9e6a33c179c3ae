//! Errors become whole pages here, whoever raised them: a handler, poem itself, or a panic. It never makes
//! up what they say; that is in `failure.rs`.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;

use futures_util::FutureExt;
use poem::{PathPattern, Response, Result, handler};

use super::Site;
use super::failure::Failure;
use crate::audit::Asker;
use crate::sessions::Session;

/// Waits for an answer, which may be an error, or a panic. `viewer` is the session of whoever is logged in.
///
/// `answering` stays where it is: futures that move into one another double at each step.
pub async fn as_pages(
    answering: Pin<&mut impl Future<Output = Result<Response>>>,
    site: &Site,
    asker: &Asker,
    viewer: Option<&Session>,
) -> Response {
    let outcome = AssertUnwindSafe(answering).catch_unwind().await;
    match outcome.unwrap_or_else(|_| Err(Failure::internal(&"a handler panicked").into())) {
        Ok(answer) => answer,
        // A redirect, where a page needs a login.
        Err(error) if error.is_from_response() => error.into_response(),
        Err(error) => {
            // For the log.
            let route = error.data::<PathPattern>().cloned();
            let mut answer = failure(error).answer(site, asker, viewer);
            if let Some(route) = route {
                answer.set_data(route);
            }
            answer
        }
    }
}

/// What is at an address that is none.
#[handler]
pub fn nowhere() -> Result<Response> {
    Err(Failure::not_found().into())
}

fn failure(error: poem::Error) -> Failure {
    error.downcast::<Failure>().unwrap_or_else(|error| match error.status() {
        // poem's own: a path that no route has, or that does not decode.
        status if status.is_client_error() => Failure::not_found(),
        _ => Failure::internal(&error),
    })
}
