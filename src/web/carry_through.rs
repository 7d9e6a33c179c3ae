//! What was begun is carried through. A browser that goes away in the middle of a post must not leave a
//! logout half done, so posts run in tasks of their own; the answer may find nobody, the work is done.

use std::sync::Arc;

use futures_util::FutureExt;
use poem::{Endpoint, Request, Response, Result};

use super::failure::Failure;
use super::serving::Stay;

/// An endpoint whose posts go on without their browser.
pub struct CarriedThrough<E>(Arc<E>);

impl<E> CarriedThrough<E> {
    /// Around an endpoint.
    pub fn new(endpoint: E) -> Self {
        Self(Arc::new(endpoint))
    }
}

impl<E: Endpoint<Output = Response> + 'static> Endpoint for CarriedThrough<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        if request.method().is_safe() {
            E::call(&self.0, request).left_future()
        } else {
            carry_through(Arc::clone(&self.0), request).right_future()
        }
    }
}

async fn carry_through<E>(endpoint: Arc<E>, mut request: Request) -> Result<Response>
where
    E: Endpoint<Output = Response> + 'static,
{
    // It stays without its browser: a stop waits for it.
    let stay = request.extensions_mut().remove::<Stay>();
    let carried = async move {
        let answer = E::call(&endpoint, request).await;
        drop(stay);
        answer
    };
    match tokio::spawn(carried).await {
        Ok(answer) => answer,
        Err(error) => Err(Failure::internal(&error).into()),
    }
}
