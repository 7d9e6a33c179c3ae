//! Posts from other sites are refused, before their body is read or anything is looked up. No token in
//! any form, so no page ever goes stale.

use poem::http::{HeaderMap, header};
use poem::{Request, Response};
use url::Url;

use super::Site;
use super::failure::Failure;
use crate::audit::{Asker, Event, What};

/// Bytes of an origin worth a line in the log: a scheme, a host name of 253 and a port.
const LONGEST_ORIGIN: usize = 270;

/// Whether the request may go on.
pub fn allows(site: &Site, request: &Request) -> bool {
    request.method().is_safe() || is_from_here(request.headers(), &site.app.url.origin())
}

/// The answer to one that may not.
pub fn refuse(site: &Site, asker: &Asker, request: &Request) -> Response {
    let from = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let from = from.filter(|origin| is_origin(origin)).unwrap_or("unknown");
    let refused = What::CrossSiteRefused { origin: from, site: &site.app.url.origin() };
    site.app.audit.record(&Event::new(refused).by(asker));
    Failure::cross_site().answer(site, asker, None)
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
