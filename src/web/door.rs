//! `GET /forward-auth` and `GET /auth-request`: what a proxy asks before it lets a request through to a site behind
//! the door. Whoever is logged in may pass, and the answer says who that is. Others are led to the login page where
//! their browser opens a page, and refused where it fetches anything else. It never answers anybody else with a 2xx,
//! which is what opens, and never writes a cookie.

use std::borrow::Cow;

use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Request, Response, handler};
use url::Url;

use super::failure::Failure;
use super::headers::ForAnotherHost;
use super::return_to::ReturnTo;
use super::visitor::Visitor;
use super::{Site, asker, htmx};
use crate::sessions::{Presence, Session};

const X_FORWARDED_METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
const X_ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");
const X_ORIGINAL_URL: HeaderName = HeaderName::from_static("x-original-url");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");

/// Who passes: the account's name, in UTF-8 (the name of CGI's variable, RFC 3875, section 4.1.11).
const REMOTE_USER: HeaderName = HeaderName::from_static("remote-user");

/// The account's id, which no other account ever gets.
const REMOTE_ACCOUNT: HeaderName = HeaderName::from_static("remote-account");

/// The session's id.
const REMOTE_SESSION: HeaderName = HeaderName::from_static("remote-session");

/// Every 401 says how one gets in (RFC 9110, section 11.6.1). Browsers know no such scheme, and ask nobody for a
/// password.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Cookie realm=\"Exeunt\"");

/// For Caddy and Traefik, which pass on to the browser whatever does not open.
#[handler]
pub async fn forward_auth(site: &Site, request: &Request) -> Response {
    let proxy = asker::believed(site, request);
    let address = said(proxy, X_FORWARDED_HOST).zip(said(proxy, X_FORWARDED_URI));
    let address = address.map(|(host, path)| format!("https://{host}{path}").into());
    let mut answer = Wish::of(request, said(proxy, X_FORWARDED_METHOD), address).answer(site).await;
    if answer.headers().contains_key(header::LOCATION) {
        answer.set_status(StatusCode::SEE_OTHER);
    }
    answer
}

/// For nginx, which knows yes and no, and keeps what else the answer says for its own settings.
#[handler]
pub async fn auth_request(site: &Site, request: &Request) -> Response {
    let proxy = asker::believed(site, request);
    let address = said(proxy, X_ORIGINAL_URL).map(Cow::Borrowed);
    Wish::of(request, said(proxy, X_ORIGINAL_METHOD), address).answer(site).await
}

/// What somebody wants of a site behind the door, as the proxy says it and their browser.
struct Wish<'a> {
    request: &'a Request,
    /// Of what is wanted.
    address: Option<Cow<'a, str>>,
    by: By,
    /// Whether it may change something.
    is_change: bool,
}

/// What waits for the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// A browser, to show a page.
    Browser,
    /// Htmx, to show a piece of one.
    Htmx,
    /// Anything else: a script, a picture, a program.
    Other,
}

impl<'a> Wish<'a> {
    fn of(request: &'a Request, method: Option<&str>, address: Option<Cow<'a, str>>) -> Self {
        let method = method.and_then(|method| Method::from_bytes(method.as_bytes()).ok());
        let is_change = method.is_some_and(|method| !method.is_safe());
        Self { request, address, by: By::of(request.headers()), is_change }
    }

    async fn answer(&self, site: &Site) -> Response {
        let visitor = Visitor::recognise(site, self.request, self.presence()).await;
        let mut answer = match visitor.require_known() {
            Err(error) => Failure::from(error).in_words(site, visitor.asker()),
            Ok(()) => visitor.viewer().map_or_else(|| self.login_first(site, &visitor), pass),
        };
        answer.set_data(ForAnotherHost);
        answer
    }

    /// What a page fetches on its own shows that it is open, not that anybody is there; nor does what a browser
    /// fetches lest somebody should open it.
    fn presence(&self) -> Presence {
        let is_opened = self.by == By::Browser && !self.request.headers().contains_key(SEC_PURPOSE);
        if is_opened || self.is_change { Presence::Active } else { Presence::Passive }
    }

    fn login_first(&self, site: &Site, visitor: &Visitor) -> Response {
        let words = "Log in first.\n";
        let refusal = Response::builder().status(StatusCode::UNAUTHORIZED).content_type("text/plain");
        let mut answer = refusal.header(header::WWW_AUTHENTICATE, CHALLENGE).body(words);
        if self.by != By::Other {
            let login = site.app.url.to(self.page_afterwards(site, visitor).login_first().as_str());
            let login = HeaderValue::from_str(&login).expect("BUG: a page's address is ASCII");
            answer.headers_mut().insert(header::LOCATION, login);
        }
        // Never as elsewhere, where it becomes a 204: that would open.
        if self.by == By::Htmx {
            htmx::lead(&mut answer);
        }
        answer
    }

    /// Where logging in leads: to what somebody wanted to see, or to where they wanted something done.
    fn page_afterwards(&self, site: &Site, visitor: &Visitor) -> ReturnTo {
        let Some(wanted) = self.wanted() else { return ReturnTo::home() };
        let is_shown = self.by == By::Browser && !self.is_change;
        let shown = if is_shown { Some(wanted.clone()) } else { self.sent_from() };
        let front = wanted.join("/").ok();
        let page = shown.iter().chain(&front).find_map(|page| site.page_at(page));
        page.unwrap_or_else(|| {
            site.refuse_to_lead(wanted.host_str(), visitor.asker());
            ReturnTo::home()
        })
    }

    /// What is wanted, on https though it may have come by plain http, where the cookie does not go.
    fn wanted(&self) -> Option<Url> {
        // Without a host, browsers would take one from the path.
        let address = self.address.as_deref().filter(|address| !address.contains(":///"))?;
        let mut url = Url::parse(address).ok().filter(Url::has_host)?;
        url.set_scheme("https").ok().map(|()| url)
    }

    /// The page that it was sent from, if the browser says so.
    fn sent_from(&self) -> Option<Url> {
        Url::parse(self.request.header(header::REFERER)?).ok()
    }
}

impl By {
    fn of(headers: &HeaderMap) -> Self {
        let accept = || headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        match headers.get(SEC_FETCH_MODE) {
            _ if htmx::asks(headers) => Self::Htmx,
            Some(mode) if mode == "navigate" => Self::Browser,
            None if accept().is_some_and(|accept| accept.contains("text/html")) => Self::Browser,
            _ => Self::Other,
        }
    }
}

fn said(proxy: Option<&HeaderMap>, name: HeaderName) -> Option<&str> {
    proxy?.get(name)?.to_str().ok()
}

fn pass(session: &Session) -> Response {
    let text =
        |text: String| HeaderValue::from_maybe_shared(text).expect("BUG: no name has control characters");
    Response::builder()
        .header(REMOTE_USER, text(session.account_name.clone()))
        .header(REMOTE_ACCOUNT, text(session.account.to_string()))
        .header(REMOTE_SESSION, text(session.id.to_string()))
        .finish()
}
