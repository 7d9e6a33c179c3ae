//! Around every page: whoever asks is recognised before it is made, and after it the cookie is written, and the answer
//! translated for htmx. It never decides what the page says, unless that is an error.

use std::pin::pin;
use std::sync::Arc;

use poem::{Endpoint, Request, Response, Result};

use super::carry_through::CarriedThrough;
use super::entered::Entered;
use super::errors;
use super::htmx::Htmx;
use super::visitor::Visitor;
use crate::sessions::Presence;

/// A page that somebody opens, or posts to.
pub fn page(endpoint: impl Endpoint<Output = Response> + 'static) -> impl Endpoint<Output = Response> {
    CarriedThrough::new(Page { endpoint, presence: Presence::Active })
}

/// What a page asks for on its own: nobody was seen for that.
pub fn quiet_page(endpoint: impl Endpoint<Output = Response> + 'static) -> impl Endpoint<Output = Response> {
    Page { endpoint, presence: Presence::Passive }
}

struct Page<E> {
    endpoint: E,
    presence: Presence,
}

impl<E: Endpoint<Output = Response>> Endpoint for Page<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let site = Arc::clone(&Entered::of(&request).site);
        let htmx = Htmx::asks(&mut request);
        let visitor = Arc::new(Visitor::recognise(&site, &request, self.presence).await);
        Entered::as_visitor(&visitor, &mut request);
        let answering = pin!(self.endpoint.call(request));
        let mut answer = errors::as_pages(answering, &site, visitor.asker(), visitor.viewer()).await;
        visitor.write_cookies(&site, &mut answer);
        if let Some(htmx) = htmx {
            htmx.translate(&mut answer);
        }
        Ok(answer)
    }
}
