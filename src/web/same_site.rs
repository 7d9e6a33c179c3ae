//! Posts from other sites are refused, before their body is read or anything is looked up. No token in
//! any form, so no page ever goes stale.

use std::sync::Arc;

use poem::http::{HeaderMap, header};
use poem::{Endpoint, Request, Response, Result};
use url::Url;

use super::failure::Failure;
use super::{Site, asker};
use crate::audit::{Event, What};

/// Bytes of an origin worth a line in the log: a scheme, a host name of 253 and a port.
const LONGEST_ORIGIN: usize = 270;

/// The middleware.
pub async fn guard<E: Endpoint<Output = Response>>(endpoint: Arc<E>, request: Request) -> Result<Response> {
    let site = Site::of(&request);
    if request.method().is_safe() || is_from_here(request.headers(), &site.app.url.origin()) {
        return endpoint.call(request).await;
    }
    let from = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let from = from.filter(|origin| is_origin(origin)).unwrap_or("unknown");
    let asker = asker::of(&request);
    let refused = What::CrossSiteRefused { origin: from, site: &site.app.url.origin() };
    site.app.audit.record(&Event::new(refused).by(&asker));
    Ok(Failure::cross_site().answer(&site, &asker, None))
}

/// Whether it is what browsers write, and nothing that somebody has put in its place.
fn is_origin(text: &str) -> bool {
    let is_url = || Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text);
    text == "null" || (text.len() <= LONGEST_ORIGIN && is_url())
}

/// What the browser says of where the request comes from; `none` is the person themself. Without either
/// header it is no browser, and nobody can make such a program do what its owner does not want.
fn is_from_here(headers: &HeaderMap, origin: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    headers.get(header::ORIGIN).is_none_or(|from| from == origin)
}
