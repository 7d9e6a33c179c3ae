//! The one place that knows of htmx. Handlers answer as if JavaScript did not exist; this translates
//! their redirects, and never their pages.

use std::sync::Arc;

use poem::http::uri::PathAndQuery;
use poem::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use poem::{Endpoint, Request, Response, Result};

use super::return_to::ShownPage;

const HX_REQUEST: HeaderName = HeaderName::from_static("hx-request");
const HX_CURRENT_URL: HeaderName = HeaderName::from_static("hx-current-url");
const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// The middleware. A redirect that leads to another page becomes `HX-Redirect`, on which htmx loads that
/// page whole: fetch would follow a 303 by itself and put the page into a piece of this one. A redirect
/// back to the page in the address bar stays as it is, and htmx takes its piece from there.
pub async fn translate<E: Endpoint<Output = Response>>(
    endpoint: Arc<E>,
    mut request: Request,
) -> Result<Response> {
    if request.headers().get(HX_REQUEST).is_none_or(|value| value != "true") {
        return endpoint.call(request).await;
    }
    let shown = address_bar(request.headers());
    if let Some(page) = &shown {
        request.set_data(ShownPage(page.to_string()));
    }
    let mut answer = endpoint.call(request).await?;
    if answer.status().is_redirection()
        && let Some(location) = answer.headers_mut().remove(header::LOCATION)
    {
        let leads_back = shown.is_some_and(|page| location == page.as_str());
        if leads_back {
            answer.headers_mut().insert(header::LOCATION, location);
        } else {
            answer.headers_mut().insert(HX_REDIRECT, location);
            answer.set_status(StatusCode::NO_CONTENT);
        }
    }
    Ok(answer)
}

/// Path and query of the page that the person sees.
fn address_bar(headers: &HeaderMap) -> Option<PathAndQuery> {
    let url: Uri = headers.get(HX_CURRENT_URL)?.to_str().ok()?.parse().ok()?;
    url.path_and_query().cloned()
}
