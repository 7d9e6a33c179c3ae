//! Who sent a request, and which one it is: said once, before anything is decided, for every line that tells of
//! it. It never looks at a cookie.

use std::net::{IpAddr, SocketAddr};

use poem::http::{HeaderMap, HeaderName, HeaderValue};
use poem::{Request, Response};

use super::Site;
use crate::audit::{Asker, RequestId};

/// What carries a request's id.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Whoever sent the request. A proxy that is trusted may have given it an id already.
pub fn of(site: &Site, request: &Request) -> Asker {
    let peer = peer(request);
    let given = believed(site, request).and_then(|proxy| proxy.get(X_REQUEST_ID));
    let id = given.and_then(|id| RequestId::parse(id.as_bytes())).unwrap_or_else(RequestId::generate);
    Asker { address: peer.map(|peer| site.setup.proxies.client(peer, request.headers())), request: Some(id) }
}

/// What a proxy says of the request, if one that is trusted has passed it on.
pub fn believed<'a>(site: &Site, request: &'a Request) -> Option<&'a HeaderMap> {
    site.setup.proxies.trusts(peer(request)?).then(|| request.headers())
}

/// The answer says the request's id too, so that whoever complains can be found in the log.
pub fn sign(asker: &Asker, answer: &mut Response) {
    let id = asker.request.as_ref().and_then(|id| HeaderValue::from_str(id.as_str()).ok());
    match id {
        Some(id) => answer.headers_mut().insert(X_REQUEST_ID, id),
        None => answer.headers_mut().remove(X_REQUEST_ID),
    };
}

/// Where it came from last.
pub fn peer(request: &Request) -> Option<IpAddr> {
    request.remote_addr().as_socket_addr().map(SocketAddr::ip)
}
