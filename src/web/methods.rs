//! The methods of one path. Those that it does not have get a 405 that names the ones it has, and HEAD is
//! answered wherever GET is. It never looks at anything but the method.

use std::future::ready;

use futures_util::FutureExt;
use poem::endpoint::{BoxEndpoint, DynEndpoint, EndpointExt};
use poem::http::Method;
use poem::{Endpoint, Request, Response, Result};

use super::failure::Failure;

/// What a path answers to.
pub struct Methods {
    get: BoxEndpoint<'static>,
    post: Option<BoxEndpoint<'static>>,
}

impl Methods {
    /// A path that can be looked at.
    pub fn get(endpoint: impl Endpoint<Output = Response> + 'static) -> Self {
        Self { get: endpoint.boxed(), post: None }
    }

    /// A path at which something can be done, too.
    pub fn post(self, endpoint: impl Endpoint<Output = Response> + 'static) -> Self {
        Self { post: Some(endpoint.boxed()), ..self }
    }
}

impl Endpoint for Methods {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        match (request.method(), &self.post) {
            // The server sends the head of what GET would answer, with its length, and no body.
            (&Method::GET | &Method::HEAD, _) => DynEndpoint::call(&*self.get, request),
            (&Method::POST, Some(post)) => DynEndpoint::call(&**post, request),
            (_, Some(_)) => ready(Err(Failure::method_not_allowed("GET, HEAD, POST").into())).boxed(),
            (_, None) => ready(Err(Failure::method_not_allowed("GET, HEAD").into())).boxed(),
        }
    }
}
