//! Who sent a request, and which one it is: said once, before anything is decided, for every line that tells of
//! it. It never looks at a cookie.

use std::sync::Arc;

use poem::http::{HeaderName, HeaderValue};
use poem::{Endpoint, Request, Response, Result};

use super::Site;
use crate::audit::{Asker, RequestId};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The middleware. The answer says the request's id too, so that whoever complains can be found in the log.
pub async fn note<E: Endpoint<Output = Response>>(
    endpoint: Arc<E>,
    mut request: Request,
) -> Result<Response> {
    let asker = asker(&Site::of(&request), &request);
    let id = asker.request.as_ref().and_then(|id| HeaderValue::from_str(id.as_str()).ok());
    request.set_data(asker);
    let mut answer = endpoint.call(request).await?;
    answer.headers_mut().extend(id.map(|id| (X_REQUEST_ID, id)));
    Ok(answer)
}

/// Whoever sent the request.
pub fn of(request: &Request) -> Asker {
    request.data::<Asker>().expect("BUG: whoever asks is noted").clone()
}

/// A proxy that is trusted may have given the request an id already.
fn asker(site: &Site, request: &Request) -> Asker {
    let peer = request.remote_addr().as_socket_addr().map(|peer| peer.ip());
    let given =
        request.headers().get(X_REQUEST_ID).filter(|_| peer.is_some_and(|peer| site.proxies.trusts(peer)));
    let id = given.and_then(|id| RequestId::parse(id.as_bytes())).unwrap_or_else(RequestId::generate);
    Asker { address: peer.map(|peer| site.proxies.client(peer, request.headers())), request: Some(id) }
}
