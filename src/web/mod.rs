//! The door for browsers: routes, and the middleware around them. It never decides anything that a door
//! for operators would have to decide again; that is in the actions.

mod access;
mod account;
mod answer;
mod asker;
mod assets;
mod carry_through;
mod cookies;
mod errors;
mod events;
mod failure;
mod figures;
mod form;
mod headers;
mod health;
mod htmx;
mod join;
mod login;
mod logout;
mod methods;
mod next;
pub mod pages;
mod password;
mod proxies;
mod query;
mod receipts;
mod return_to;
mod same_site;
mod serving;
mod visitor;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Request, Response, Route};

use crate::app::App;
use crate::sessions::Presence;
pub use assets::Assets;
pub use figures::{FiguresAt, figures};
pub use proxies::Proxies;
pub use serving::{Limits, Listener, Neighbours, serve};

use carry_through::CarryThrough;
use cookies::Cookies;
use health::Readiness;
use methods::Methods;
use receipts::Receipts;

/// What every handler can see.
pub(crate) struct Site {
    app: Arc<App>,
    assets: Assets,
    proxies: Proxies,
    cookies: Cookies,
    receipts: Receipts,
    readiness: Readiness,
    figures_at: FiguresAt,
}

impl Site {
    /// The site that a request came to.
    fn of(request: &Request) -> Arc<Self> {
        Arc::clone(request.data().expect("BUG: the site is in every request"))
    }
}

/// The whole site: the route table, and around it the middleware. A request goes through the list from
/// its end to its beginning, and its answer back from its beginning to its end.
pub fn site(
    app: Arc<App>,
    assets: Assets,
    proxies: Proxies,
    figures_at: FiguresAt,
) -> impl Endpoint<Output = Response> + 'static {
    let cookies = Cookies::of(&app.url);
    let headers = headers::Headers::of(&app.url);
    let (receipts, readiness) = Default::default();
    let site = Arc::new(Site { app, assets, proxies, cookies, receipts, readiness, figures_at });
    let pages = Route::new()
        .at("/", Methods::get(account::show))
        .at("/login", Methods::get(login::show).post(login::submit))
        .at("/logout", Methods::get(logout::show).post(logout::submit))
        .at("/password", Methods::get(password::show).post(password::submit))
        .at("/.well-known/change-password", Methods::get(password::well_known))
        .at("/join/:code", Methods::get(join::show).post(join::submit))
        .around(errors::as_pages)
        .around(|endpoint, request| visitor::recognise(endpoint, request, Presence::Active))
        .with(CarryThrough);
    let events = Methods::get(events::show)
        .around(errors::as_pages)
        .around(|endpoint, request| visitor::recognise(endpoint, request, Presence::Passive));
    Route::new()
        .at("/assets/:file", Methods::get(assets::show))
        .at("/events", events)
        .at("/healthz", Methods::get(health::healthz))
        .at("/readyz", Methods::get(health::readyz))
        .at("/metrics", Methods::get(figures::show))
        .nest_no_strip("/", pages)
        .around(errors::as_pages)
        .around(same_site::guard)
        .around(htmx::translate)
        .around(move |endpoint, request| headers.complete(endpoint, request))
        .around(access::note)
        .around(asker::note)
        .data(site)
        .map_to_response()
        // The types of all that are too deep for the compiler of whoever puts something around them.
        .boxed()
}
