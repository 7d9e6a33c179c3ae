//! One line in the log for each request, when its answer begins, and its place in the figures. It says which route
//! was taken, and never what stood in the address: that may hold a one-time link.

use std::sync::Arc;
use std::time::Instant;

use poem::http::Method;
use poem::{Endpoint, PathPattern, Request, Response, Result};

use super::{Site, asker};

/// What no route has.
const NO_ROUTE: &str = "none";

/// The middleware.
pub async fn note<E: Endpoint<Output = Response>>(endpoint: Arc<E>, request: Request) -> Result<Response> {
    let began = Instant::now();
    let (site, asker, method) = (Site::of(&request), asker::of(&request), name(request.method()));
    let answer = endpoint.call(request).await?;
    let took = began.elapsed();
    let route = answer.data::<PathPattern>().map_or("", |pattern| &pattern.0);
    let route = if route.is_empty() { NO_ROUTE } else { route };
    let status = answer.status();
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
    Ok(answer)
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
