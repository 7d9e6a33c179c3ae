//! The door for browsers and proxies: the way of every request and of its answer, and the routes. It never decides
//! anything that a door for operators would have to decide again; that is in the actions.

mod access;
mod account;
mod answer;
mod asker;
mod assets;
mod carry_through;
mod cookies;
mod door;
mod entered;
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
mod page;
pub mod pages;
mod password;
mod proxies;
mod query;
mod receipts;
mod return_to;
mod same_site;
mod serving;
mod visitor;
mod which;

use std::pin::pin;
use std::sync::Arc;

use poem::{Endpoint, Request, Response, Result, Route};

use crate::app::App;
use crate::config::Door;
pub use assets::Assets;
pub use figures::{FiguresAt, figures};
pub use proxies::Proxies;
pub use serving::{Limits, Listener, Neighbours, serve};

use access::Access;
use cookies::Cookies;
use entered::Entered;
use headers::Headers;
use health::Readiness;
use methods::Methods;
use page::{page, quiet_page};
use receipts::Receipts;

/// The whole site.
pub fn site(app: Arc<App>, setup: Setup) -> impl Endpoint<Output = Response> + 'static {
    let cookies = Cookies::of(&app.url, &setup.door);
    let headers = Headers::of(&app.url, &setup.door);
    let (receipts, readiness) = Default::default();
    Entrance { site: Arc::new(Site { app, setup, cookies, headers, receipts, readiness }), routes: routes() }
}

/// What is around the site.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Where style sheet and script come from.
    pub assets: Assets,
    /// The proxies that are believed.
    pub proxies: Proxies,
    /// What is behind the door.
    pub door: Door,
    /// Where the figures are to be had.
    pub figures_at: FiguresAt,
}

/// What every handler can see.
pub(crate) struct Site {
    app: Arc<App>,
    setup: Setup,
    cookies: Cookies,
    headers: Headers,
    receipts: Receipts,
    readiness: Readiness,
}

/// Where every request comes in, and its answer goes out.
struct Entrance {
    site: Arc<Site>,
    routes: Route,
}

impl Endpoint for Entrance {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let site = &*self.site;
        let access = Access::begins(&request);
        let asker = asker::of(site, &request);

        let mut answer = if same_site::allows(site, &request) {
            Entered::at(&self.site, &asker, &mut request);
            errors::as_pages(pin!(self.routes.call(request)), site, &asker, None).await
        } else {
            same_site::refuse(site, &asker, &request)
        };

        site.headers.complete(&mut answer);
        asker::sign(&asker, &mut answer);
        access.ends(site, &asker, &answer);
        Ok(answer)
    }
}

/// What none of the other routes is. (A `*` for the rest would take `/` as well.)
const NOWHERE: &str = "/<.+>";

fn routes() -> Route {
    Route::new()
        .at("/", page(Methods::get(account::show)))
        .at("/login", page(Methods::get(login::show).post(login::submit)))
        .at("/logout", page(Methods::get(logout::show).post(logout::submit)))
        .at("/password", page(Methods::get(password::show).post(password::submit)))
        .at("/.well-known/change-password", page(Methods::get(password::well_known)))
        .at("/join/:code", page(Methods::get(join::show).post(join::submit)))
        .at("/events", quiet_page(Methods::get(events::show)))
        .at("/forward-auth", Methods::get(door::forward_auth))
        .at("/auth-request", Methods::get(door::auth_request))
        .at("/assets/:file", Methods::get(assets::show))
        .at("/healthz", Methods::get(health::healthz))
        .at("/readyz", Methods::get(health::readyz))
        .at("/metrics", Methods::get(figures::show))
        .at(NOWHERE, page(errors::nowhere))
}
