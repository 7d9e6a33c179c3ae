//! `GET /password` and `POST /password`, and the address at which password managers look for them. No
//! password that was typed is ever shown again.

use poem::http::{HeaderValue, StatusCode};
use poem::{Response, Result, handler};
use serde::Deserialize;

use super::Site;
use super::answer::{retry_after, see_other};
use super::cookies::CookieChange;
use super::failure::{Failure, RETRY_AFTER};
use super::form::Form;
use super::pages::{PasswordPage, PasswordWord};
use super::return_to::ReturnTo;
use super::visitor::{LoggedIn, Visitor};
use crate::actions::{ActionError, Change, PasswordChange, change_password};
use crate::sessions::LiveSession;

#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    current_password: String,
    #[serde(default)]
    new_password: String,
}

#[handler]
pub fn show(site: &Site, LoggedIn(this): LoggedIn) -> Response {
    site.password_page(StatusCode::OK, &this, None)
}

#[handler]
pub fn well_known() -> Response {
    see_other(&ReturnTo::password())
}

#[handler]
pub async fn submit(
    site: &Site,
    visitor: &Visitor,
    LoggedIn(this): LoggedIn,
    Form(fields): Form<Fields>,
) -> Result<Response> {
    let change = Change {
        this: &this.session,
        current_password: &fields.current_password,
        new_password: &fields.new_password,
        visit: visitor.visit(),
    };
    let word = match change_password(&site.app, change).await {
        Ok(PasswordChange::Done(started)) => {
            let mut answer = see_other(&ReturnTo::password_changed());
            if let Some(started) = started {
                answer.set_data(CookieChange::Start(started.token, started.session.lasting));
            }
            return Ok(answer);
        }
        // The cookie stays: it may be a new one by now, set by the first of two clicks.
        Ok(PasswordChange::TooLate) => return Ok(see_other(&ReturnTo::home().login_first())),
        Ok(PasswordChange::WrongPassword) => PasswordWord::Wrong,
        Ok(PasswordChange::TooManyFailures) => PasswordWord::TooManyFailures,
        Ok(PasswordChange::SamePassword) => PasswordWord::Same,
        Ok(PasswordChange::PasswordRefused(refusal)) => PasswordWord::Refused(refusal.to_string()),
        Ok(PasswordChange::Throttled(too_many)) => PasswordWord::Wait { seconds: too_many.wait.as_secs() },
        Ok(PasswordChange::Busy) => PasswordWord::Busy,
        Err(error @ (ActionError::NotChanged(_) | ActionError::MaybeChanged(_))) => {
            let mut answer = Failure::from(error).answer(site, visitor.asker(), None);
            answer.set_data(CookieChange::Expire);
            return Ok(answer);
        }
        Err(error) => return Err(Failure::from(error).into()),
    };
    let (status, seconds) = match word {
        PasswordWord::Wait { seconds } => (StatusCode::TOO_MANY_REQUESTS, Some(HeaderValue::from(seconds))),
        PasswordWord::Busy => (StatusCode::SERVICE_UNAVAILABLE, Some(RETRY_AFTER)),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, None),
    };
    Ok(retry_after(site.password_page(status, &this, Some(word)), seconds))
}

impl Site {
    fn password_page(&self, status: StatusCode, this: &LiveSession, word: Option<PasswordWord>) -> Response {
        let account = &this.session.account_name;
        let page = PasswordPage { account, word };
        self.page(status, "Change password", Some(&this.session), page.main())
    }
}
