//! `GET /logout` and `POST /logout`. Whoever comes without a session is logged out already, and is told
//! so; a failure to delete is told as well, and the cookie goes in any case.

use poem::http::StatusCode;
use poem::{Response, Result, handler};
use serde::Deserialize;

use super::answer::see_other;
use super::cookies::CookieChange;
use super::failure::Failure;
use super::form::Form;
use super::pages::AccountWord;
use super::return_to::ReturnTo;
use super::visitor::Visitor;
use super::{Site, pages};
use crate::actions::{self, ActionError};
use crate::sessions::{Session, SessionId};

const THIS: &str = "this";
const OTHERS: &str = "others";
const ALL: &str = "all";

#[derive(Deserialize)]
struct Fields {
    /// `this`, `others`, `all` or a session id.
    which: Option<String>,
    next: Option<String>,
}

#[handler]
pub fn show(site: &Site, visitor: &Visitor) -> Response {
    site.page(StatusCode::OK, "Log out", visitor.viewer(), pages::logout())
}

#[handler]
pub async fn submit(site: &Site, visitor: &Visitor, Form(fields): Form<Fields>) -> Result<Response> {
    let next = site.next(fields.next.as_deref(), visitor.asker());
    let app = &site.app;
    let which = fields.which.as_deref().filter(|which| !which.is_empty()).unwrap_or(THIS);
    match (which, visitor.session().map(|live| &live.session)) {
        (THIS, _) => Ok(leave(site, visitor, &next, actions::log_out_here(app, &visitor.visit()).await)),
        (ALL, Some(this)) => {
            let done = actions::log_out_everywhere(app, this, &visitor.visit()).await;
            Ok(leave(site, visitor, &next, done))
        }
        (ALL, None) => {
            let here = actions::log_out_here(app, &visitor.visit()).await;
            let elsewhere = visitor.require_known().map_err(|error| ActionError::HereOnly(Box::new(error)));
            Ok(leave(site, visitor, &next, elsewhere.and(here)))
        }
        (OTHERS, Some(this)) => {
            let ended = actions::log_out_others(app, this, &visitor.visit()).await.map_err(Failure::from)?;
            Ok(stay(site, this, AccountWord::OthersEnded(ended)))
        }
        (id, Some(this)) => log_out_by_id(site, visitor, this, id, &next).await,
        (_, None) => {
            visitor.require_known().map_err(Failure::from)?;
            Ok(see_other(&ReturnTo::home().login_first()))
        }
    }
}

async fn log_out_by_id(
    site: &Site,
    visitor: &Visitor,
    this: &Session,
    id: &str,
    next: &ReturnTo,
) -> Result<Response> {
    let id = SessionId::parse(id).ok_or_else(Failure::no_such_session)?;
    if id == this.id {
        return Ok(leave(site, visitor, next, actions::log_out_here(&site.app, &visitor.visit()).await));
    }
    let ended = actions::log_out_one(&site.app, this, id, &visitor.visit()).await.map_err(Failure::from)?;
    Ok(stay(site, this, AccountWord::OneEnded(ended)))
}

/// The answer to whoever goes on here: the account page, which says what was done.
fn stay(site: &Site, this: &Session, word: AccountWord) -> Response {
    site.receipts.keep(this.id, word, site.app.now());
    see_other(&ReturnTo::home())
}

/// The answer to whoever is logged out here, whether or not the server could do its part.
fn leave(
    site: &Site,
    visitor: &Visitor,
    next: &ReturnTo,
    done: std::result::Result<(), ActionError>,
) -> Response {
    let mut answer = match done {
        Ok(()) => see_other(&ReturnTo::logged_out(next)),
        Err(error) => Failure::from(error).answer(site, visitor.asker(), None),
    };
    answer.set_data(CookieChange::Expire);
    answer
}
