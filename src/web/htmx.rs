//! The one place that knows how htmx asks and is led. Pages are made as if JavaScript did not exist; this translates
//! where they lead, and never what is on them. (Only the door has an answer of its own to htmx.)

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
        if !asks(request.headers()) {
            return None;
        }
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
        let Some(location) = answer.headers().get(header::LOCATION) else { return };
        let leads_back = self.shown.is_some_and(|page| location == page.as_str());
        if answer.status().is_redirection() && !leads_back {
            lead(answer);
            answer.set_status(StatusCode::NO_CONTENT);
        }
    }
}

/// Whether it is htmx that asks.
pub fn asks(headers: &HeaderMap) -> bool {
    headers.get(HX_REQUEST).is_some_and(|value| value == "true")
}

/// Has htmx load whole what an answer leads to, whatever its status.
pub fn lead(answer: &mut Response) {
    if let Some(location) = answer.headers_mut().remove(header::LOCATION) {
        answer.headers_mut().insert(HX_REDIRECT, location);
    }
}

/// Path and query of the page that the person sees.
fn address_bar(headers: &HeaderMap) -> Option<PathAndQuery> {
    let url: Uri = headers.get(HX_CURRENT_URL)?.to_str().ok()?.parse().ok()?;
    url.path_and_query().cloned()
}
