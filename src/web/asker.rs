//! Who sent a request, and which one it is: said once, before anything is decided, for every line that tells of
//! it. It never looks at a cookie.

use std::net::{IpAddr, SocketAddr};

use poem::http::{HeaderName, HeaderValue};
use poem::{Request, Response};

use super::Site;
use crate::audit::{Asker, RequestId};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Whoever sent the request. A proxy that is trusted may have given it an id already.
pub fn of(site: &Site, request: &Request) -> Asker {
    let peer = peer(request);
    let given = if is_believed(site, request) { request.headers().get(X_REQUEST_ID) } else { None };
    let id = given.and_then(|id| RequestId::parse(id.as_bytes())).unwrap_or_else(RequestId::generate);
    Asker { address: peer.map(|peer| site.setup.proxies.client(peer, request.headers())), request: Some(id) }
}

/// Whether a proxy that is trusted has passed the request on.
pub fn is_believed(site: &Site, request: &Request) -> bool {
    peer(request).is_some_and(|peer| site.setup.proxies.trusts(peer))
}

/// The answer says the request's id too, so that whoever complains can be found in the log.
pub fn sign(asker: &Asker, answer: &mut Response) {
    let id = asker.request.as_ref().and_then(|id| HeaderValue::from_str(id.as_str()).ok());
    answer.headers_mut().extend(id.map(|id| (X_REQUEST_ID, id)));
}

fn peer(request: &Request) -> Option<IpAddr> {
    request.remote_addr().as_socket_addr().map(SocketAddr::ip)
}
