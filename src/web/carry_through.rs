//! What was begun is carried through. A browser that goes away in the middle of a post must not leave a
//! logout half done, so posts run in tasks of their own; the answer may find nobody, the work is done.

use std::sync::Arc;

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

    async fn call(&self, mut request: Request) -> Result<Response> {
        if request.method().is_safe() {
            return self.0.call(request).await;
        }
        let endpoint = Arc::clone(&self.0);
        // It stays without its browser: a stop waits for it.
        let stay = request.extensions_mut().remove::<Stay>();
        let carried = async move {
            let answer = endpoint.call(request).await;
            drop(stay);
            answer
        };
        match tokio::spawn(carried).await {
            Ok(answer) => answer,
            Err(error) => Err(Failure::internal(&error).into()),
        }
    }
}
