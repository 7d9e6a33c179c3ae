//! The methods of one path. Those that it does not have get a 405 that names the ones it has, and HEAD is
//! answered wherever GET is.

use poem::endpoint::{BoxEndpoint, EndpointExt};
use poem::http::Method;
use poem::{Endpoint, IntoEndpoint, Request, Response, Result};

use super::failure::Failure;

/// What a path answers to.
pub struct Methods {
    get: BoxEndpoint<'static>,
    post: Option<BoxEndpoint<'static>>,
}

impl Methods {
    /// A path that can be looked at.
    pub fn get(endpoint: impl IntoEndpoint<Endpoint: 'static>) -> Self {
        Self { get: boxed(endpoint), post: None }
    }

    /// A path at which something can be done, too.
    pub fn post(self, endpoint: impl IntoEndpoint<Endpoint: 'static>) -> Self {
        Self { post: Some(boxed(endpoint)), ..self }
    }
}

fn boxed(endpoint: impl IntoEndpoint<Endpoint: 'static>) -> BoxEndpoint<'static> {
    endpoint.into_endpoint().map_to_response().boxed()
}

impl Endpoint for Methods {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        match (request.method(), &self.post) {
            // The server sends the head of what GET would answer, with its length, and no body.
            (&Method::GET | &Method::HEAD, _) => self.get.call(request).await,
            (&Method::POST, Some(post)) => post.call(request).await,
            (_, Some(_)) => Err(Failure::method_not_allowed("GET, HEAD, POST").into()),
            (_, None) => Err(Failure::method_not_allowed("GET, HEAD").into()),
        }
    }
}
