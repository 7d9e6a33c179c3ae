//! Who is asking. Every visitor is recognised once, here, and here alone cookies are written; no handler
//! reads or writes one.

use poem::http::{HeaderValue, header};
use poem::{FromRequest, Request, RequestBody, Response, Result};

use super::Site;
use super::answer::see_other;
use super::cookies::{CookieChange, Presented};
use super::entered::Entered;
use super::failure::Failure;
use super::return_to::ReturnTo;
use crate::actions::{ActionError, Resumed, Visit, resume};
use crate::audit::Asker;
use crate::sessions::{Browser, LiveSession, Presence, Session};
use crate::store_error::StoreError;

/// Whoever sent the request.
#[derive(Debug)]
pub(crate) struct Visitor {
    who: Resumed,
    presented: Presented,
    /// What the browser calls itself. Few requests need to know it in words.
    user_agent: Option<HeaderValue>,
    asker: Asker,
    presence: Presence,
}

impl Visitor {
    /// Whoever sent the request.
    pub async fn recognise(site: &Site, request: &Request, presence: Presence) -> Self {
        let presented = site.cookies.read(request.headers());
        Self {
            who: resume(&site.app, &presented.tokens, presence).await,
            presented,
            user_agent: request.headers().get(header::USER_AGENT).cloned(),
            asker: Entered::of(request).asker.clone(),
            presence,
        }
    }

    /// Writes what becomes of their cookie into an answer.
    pub fn write_cookies(&self, site: &Site, answer: &mut Response) {
        let change = answer.extensions_mut().remove::<CookieChange>();
        for cookie in site.cookies.write(change.as_ref(), &self.presented.names, &self.rejected(site)) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }

    /// The session, if they are logged in.
    pub fn session(&self) -> Option<&LiveSession> {
        match &self.who {
            Resumed::LoggedIn(live) => Some(live),
            _ => None,
        }
    }

    /// Goes on only where it is certain who they are.
    ///
    /// # Errors
    /// What kept the store from saying.
    pub fn require_known(&self) -> std::result::Result<(), ActionError> {
        match &self.who {
            Resumed::Unknown(error) => {
                Err(StoreError::new("recognising a visitor", error.to_string()).into())
            }
            _ => Ok(()),
        }
    }

    /// What a page says of whose it is, if they are logged in.
    pub fn viewer(&self) -> Option<&Session> {
        self.session().map(|live| &*live.session)
    }

    /// Where they are.
    pub fn asker(&self) -> &Asker {
        &self.asker
    }

    /// The same, with every token that they sent, live or not.
    pub fn visit(&self) -> Visit {
        let user_agent = self.user_agent.as_ref().and_then(|text| text.to_str().ok());
        Visit {
            browser: Browser::from_user_agent(user_agent.unwrap_or("")),
            asker: self.asker.clone(),
            tokens: self.presented.tokens.to_vec(),
        }
    }

    /// The names that came in and open nothing. While nobody can tell, none is.
    fn rejected(&self, site: &Site) -> Vec<&'static str> {
        // A page may ask on its own at the very moment when a login elsewhere in the browser has set a new cookie,
        // and the answer about the old one would take the new one away.
        if self.presence == Presence::Passive {
            return Vec::new();
        }
        let names = self.presented.names.iter().copied();
        match self.who {
            Resumed::LoggedIn(_) => names.filter(|&name| name != site.cookies.name()).collect(),
            Resumed::Stranger => names.collect(),
            Resumed::Unknown(_) => Vec::new(),
        }
    }
}

/// A visitor who is logged in. As a handler's parameter it is the guard: others are led to the login page.
#[derive(Debug)]
pub struct LoggedIn(pub LiveSession);

impl<'a> FromRequest<'a> for LoggedIn {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let visitor = Entered::of(request).visitor();
        visitor.require_known().map_err(Failure::from)?;
        match visitor.session() {
            Some(live) => Ok(Self(live.clone())),
            None => {
                let login = ReturnTo::page_of(request).login_first();
                Err(poem::Error::from_response(see_other(&login)))
            }
        }
    }
}
