//! The one place that knows of htmx. Handlers answer as if JavaScript did not exist; this translates
//! their redirects, and never their pages.

use poem::http::uri::PathAndQuery;
use poem::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use poem::{Request, Response};

use super::return_to::ShownPage;

const HX_REQUEST: HeaderName = HeaderName::from_static("hx-request");
const HX_CURRENT_URL: HeaderName = HeaderName::from_static("hx-current-url");
const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// Htmx, asking for a piece of a page.
pub struct Htmx {
    /// What the address bar shows meanwhile.
    shown: Option<PathAndQuery>,
}

impl Htmx {
    /// Whether it is htmx that asks, from a page that is noted in the request.
    pub fn asks(request: &mut Request) -> Option<Self> {
        request.headers().get(HX_REQUEST).filter(|value| *value == "true")?;
        let shown = address_bar(request.headers());
        if let Some(page) = &shown {
            request.set_data(ShownPage(page.to_string()));
        }
        Some(Self { shown })
    }

    /// A redirect that leads to another page becomes `HX-Redirect`, on which htmx loads that page whole: fetch
    /// would follow a 303 by itself and put the page into a piece of this one. A redirect back to the page in the
    /// address bar stays as it is, and htmx takes its piece from there.
    pub fn translate(self, answer: &mut Response) {
        if answer.status().is_redirection()
            && let Some(location) = answer.headers_mut().remove(header::LOCATION)
        {
            let leads_back = self.shown.is_some_and(|page| location == page.as_str());
            if leads_back {
                answer.headers_mut().insert(header::LOCATION, location);
            } else {
                answer.headers_mut().insert(HX_REDIRECT, location);
                answer.set_status(StatusCode::NO_CONTENT);
            }
        }
    }
}

/// Path and query of the page that the person sees.
fn address_bar(headers: &HeaderMap) -> Option<PathAndQuery> {
    let url: Uri = headers.get(HX_CURRENT_URL)?.to_str().ok()?.parse().ok()?;
    url.path_and_query().cloned()
}
