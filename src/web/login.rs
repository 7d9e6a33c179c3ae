//! `GET /login` and `POST /login`.

use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use poem::{Request, Response, Result, handler};
use serde::Deserialize;

use super::Site;
use super::answer::{retry_after, see_other};
use super::cookies::CookieChange;
use super::failure::{Failure, RETRY_AFTER};
use super::form::Form;
use super::pages::{LoginPage, LoginWord};
use super::query::field;
use super::visitor::Visitor;
use crate::actions::{Attempt, LoggedIn, log_in};
use crate::sessions::LastingFor;

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// What an application behind this door may have kept in the browser. Not `"cache"`, which freezes Chrome for
/// seconds, nor `"cookies"`, which reaches beyond our own; and on this page, since WebKit ignores it on
/// a redirect.
const STORAGE: HeaderValue = HeaderValue::from_static("\"storage\"");

#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    remember: Option<String>,
    next: Option<String>,
}

#[handler]
pub fn show(site: &Site, visitor: &Visitor, request: &Request) -> Response {
    let next = site.next(field(request, "next").as_deref(), visitor.asker());
    if visitor.session().is_some() {
        return see_other(&next);
    }
    // Nobody is told so while nobody can tell.
    let word = field(request, "logged_out")
        .filter(|_| visitor.require_known().is_ok())
        .map(|_| LoginWord::LoggedOut);
    let page = LoginPage { word, next: next.as_str(), username: "", remember: false };
    let mut answer = site.login_page(StatusCode::OK, &page);
    if word == Some(LoginWord::LoggedOut) && comes_from_here(request.headers()) {
        answer.headers_mut().insert(CLEAR_SITE_DATA, STORAGE);
    }
    answer
}

#[handler]
pub async fn submit(site: &Site, visitor: &Visitor, Form(fields): Form<Fields>) -> Result<Response> {
    let next = site.next(fields.next.as_deref(), visitor.asker());
    let lasting = match fields.remember {
        Some(_) => LastingFor::Days30,
        None => LastingFor::ThisVisit,
    };
    let attempt =
        Attempt { username: &fields.username, password: &fields.password, lasting, visit: visitor.visit() };
    let (status, word) = match log_in(&site.app, attempt).await.map_err(Failure::from)? {
        LoggedIn::Started(started) => {
            let mut answer = see_other(&next);
            answer.set_data(CookieChange::Start(started.token, started.session.lasting));
            return Ok(answer);
        }
        LoggedIn::Refused => (StatusCode::UNPROCESSABLE_ENTITY, LoginWord::Wrong),
        LoggedIn::Throttled(too_many) => {
            (StatusCode::TOO_MANY_REQUESTS, LoginWord::Wait { seconds: too_many.wait.as_secs() })
        }
        LoggedIn::Busy => (StatusCode::SERVICE_UNAVAILABLE, LoginWord::Busy),
    };
    let page = LoginPage {
        word: Some(word),
        next: next.as_str(),
        username: &fields.username,
        remember: fields.remember.is_some(),
    };
    let seconds = match word {
        LoginWord::Wait { seconds } => Some(HeaderValue::from(seconds)),
        LoginWord::Busy => Some(RETRY_AFTER),
        _ => None,
    };
    Ok(retry_after(site.login_page(status, &page), seconds))
}

/// Whether a page of this site led here, and not a link or a picture of another, which would clear what is
/// stored behind the back of somebody who is logged in: their cookie does not come with it. Browsers that do
/// not say it keep what they have.
fn comes_from_here(headers: &HeaderMap) -> bool {
    let says = |name, value| headers.get(name).is_some_and(|found: &HeaderValue| found == value);
    says("sec-fetch-site", "same-origin") && says("sec-fetch-dest", "document")
}

impl Site {
    fn login_page(&self, status: StatusCode, page: &LoginPage<'_>) -> Response {
        self.page(status, "Log in", None, page.main())
    }
}
