//! `GET /metrics`: what is counted and timed here, for Prometheus. On the site itself only programs of this machine
//! see it, and not through a proxy; what is counted tells strangers who is busy here, and when.

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderValue, header};
use poem::web::Data;
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Response, Result, Route, handler};

use super::failure::Failure;
use super::{Site, asker};
use crate::app::App;
use crate::metrics::CONTENT_TYPE;

/// What proxies add to a request. One that adds none of them and runs on this machine cannot be told from a
/// program here.
const ADDED_BY_PROXIES: [&str; 5] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/// Where they are to be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FiguresAt {
    /// On the site, for programs of this machine.
    #[default]
    Site,
    /// On a listener of their own, and nowhere else.
    Elsewhere,
}

/// On the site.
#[handler]
pub fn show(site: &Site, request: &Request) -> Result<Response> {
    if site.setup.figures_at == FiguresAt::Elsewhere || !is_local(site, request) {
        return Err(Failure::not_found().into());
    }
    Ok(answer(&site.app))
}

/// For a listener of its own, at which there is nothing else.
pub fn figures(app: Arc<App>) -> impl Endpoint<Output = Response> + 'static {
    #[handler]
    fn show(Data(app): Data<&Arc<App>>) -> Response {
        answer(app)
    }

    Route::new().at("/metrics", poem::get(show)).data(app).map_to_response().boxed()
}

fn answer(app: &App) -> Response {
    let mut answer = app.metrics.text().with_content_type(CONTENT_TYPE).into_response();
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn is_local(site: &Site, request: &Request) -> bool {
    let is_here = asker::peer(request).is_some_and(|peer| peer.to_canonical().is_loopback());
    is_here && asker::believed(site, request).is_none() && !is_forwarded(request.headers())
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    ADDED_BY_PROXIES.iter().any(|&name| headers.contains_key(name))
}
