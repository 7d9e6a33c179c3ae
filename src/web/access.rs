//! One line in the log for each request, when its answer begins, and its place in the figures. It says which route
//! was taken, and never what stood in the address: that may hold a one-time link.

use std::time::Instant;

use poem::http::Method;
use poem::{PathPattern, Request, Response};

use super::{NOWHERE, Site};
use crate::audit::Asker;

/// What stands for no route.
const NO_ROUTE: &str = "none";

/// A request under way.
pub struct Access {
    began: Instant,
    method: &'static str,
}

impl Access {
    /// A request has come.
    pub fn begins(request: &Request) -> Self {
        Self { began: Instant::now(), method: name(request.method()) }
    }

    /// Its answer is there.
    pub fn ends(self, site: &Site, asker: &Asker, answer: &Response) {
        let Self { began, method } = self;
        let (took, status) = (began.elapsed(), answer.status());
        let route = answer.data::<PathPattern>().map_or(NOWHERE, |pattern| &*pattern.0);
        let route = if route == NOWHERE { NO_ROUTE } else { route };
        site.app.metrics.answered(route, method, status.as_str(), took);
        tracing::info!(
            target: "access",
            method,
            route,
            status = status.as_u16(),
            ms = took.as_micros() as f64 / 1e3,
            address = asker.address.map(tracing::field::display),
            request = asker.request.as_ref().map(|id| id.as_str()),
        );
    }
}

/// One of few: whoever asks may have made one up.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}
