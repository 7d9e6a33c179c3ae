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
use super::which::Which;
use super::{Site, pages};
use crate::actions::{self, ActionError};
use crate::sessions::{Session, SessionId};

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
    match (Which::parse(fields.which.as_deref()), visitor.session().map(|live| &live.session)) {
        (Some(Which::This), _) => {
            Ok(leave(site, visitor, &next, actions::log_out_here(app, &visitor.visit()).await))
        }
        (Some(Which::All), Some(this)) => {
            let done = actions::log_out_everywhere(app, this, &visitor.visit()).await;
            Ok(leave(site, visitor, &next, done))
        }
        (Some(Which::All), None) => {
            let here = actions::log_out_here(app, &visitor.visit()).await;
            let elsewhere = visitor.require_known().map_err(|error| ActionError::HereOnly(Box::new(error)));
            Ok(leave(site, visitor, &next, elsewhere.and(here)))
        }
        (Some(Which::Others), Some(this)) => {
            let ended = actions::log_out_others(app, this, &visitor.visit()).await.map_err(Failure::from)?;
            Ok(stay(site, this, AccountWord::OthersEnded(ended)))
        }
        (Some(Which::One(id)), Some(this)) => log_out_by_id(site, visitor, this, id, &next).await,
        (None, Some(_)) => Err(Failure::no_such_session().into()),
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
    id: SessionId,
    next: &ReturnTo,
) -> Result<Response> {
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
