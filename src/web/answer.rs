//! The two kinds of answer: a whole page, or a 303. It never asks whether htmx wanted it.

use maud::Markup;
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

use super::Site;
use super::pages::Layout;
use super::return_to::ReturnTo;
use crate::sessions::Session;

impl Site {
    /// A whole page. `viewer` is the session of whoever is logged in.
    pub fn page(
        &self,
        status: StatusCode,
        title: &'static str,
        viewer: Option<&Session>,
        main: Markup,
    ) -> Response {
        let assets = self.setup.assets.links();
        let page = Layout { title, viewer, assets: &assets }.around(main);
        let mut answer = Response::default();
        answer.set_status(status);
        answer.set_body(page.into_string());
        *answer.headers_mut() = self.headers.of_a_page();
        answer
    }
}

/// Leads to a page of this site.
pub fn see_other(page: &ReturnTo) -> Response {
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, location(page)).finish()
}

/// The same answer, with the seconds after which it makes sense to try again.
pub fn retry_after(mut answer: Response, seconds: Option<HeaderValue>) -> Response {
    answer.headers_mut().extend(seconds.map(|seconds| (header::RETRY_AFTER, seconds)));
    answer
}

fn location(page: &ReturnTo) -> HeaderValue {
    HeaderValue::from_str(page.as_str()).expect("BUG: a page's path is ASCII without control characters")
}
