//! `GET /join/<code>` and `POST /join/<code>`. The code is a secret: it goes into no log, and only into
//! the page that it opened.

use poem::http::StatusCode;
use poem::web::Path;
use poem::{Response, Result, handler};
use serde::Deserialize;

use super::Site;
use super::answer::{retry_after, see_other};
use super::cookies::CookieChange;
use super::failure::{Failure, RETRY_AFTER};
use super::form::Form;
use super::pages::{JoinPage, JoinWord};
use super::return_to::ReturnTo;
use super::visitor::Visitor;
use crate::accounts::Code;
use crate::actions::{Choice, Invitation, Joined, invitation, join};

#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    username: String,
    #[serde(default)]
    new_password: String,
}

#[handler]
pub async fn show(site: &Site, Path(code): Path<String>) -> Result<Response> {
    let code = Code::parse(&code).ok_or_else(Failure::link_over)?;
    site.join_page(StatusCode::OK, &code, "", None).await
}

#[handler]
pub async fn submit(
    site: &Site,
    visitor: &Visitor,
    Path(code): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response> {
    let code = Code::parse(&code).ok_or_else(Failure::link_over)?;
    let choice =
        Choice { username: &fields.username, new_password: &fields.new_password, visit: visitor.visit() };
    let word = match join(&site.app, &code, choice).await.map_err(Failure::from)? {
        Joined::Started(started) => {
            let mut answer = see_other(&ReturnTo::home());
            answer.set_data(CookieChange::Start(started.token, started.session.lasting));
            return Ok(answer);
        }
        Joined::LinkOver => return Err(Failure::link_over().into()),
        Joined::NameRefused(refusal) => JoinWord::Name(refusal.to_string()),
        Joined::PasswordRefused(refusal) => JoinWord::Password(refusal.to_string()),
        Joined::Busy => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let answer = site.join_page(status, &code, &fields.username, Some(JoinWord::Busy)).await?;
            return Ok(retry_after(answer, Some(RETRY_AFTER)));
        }
    };
    site.join_page(StatusCode::UNPROCESSABLE_ENTITY, &code, &fields.username, Some(word)).await
}

impl Site {
    async fn join_page(
        &self,
        status: StatusCode,
        code: &Code,
        username: &str,
        word: Option<JoinWord>,
    ) -> Result<Response> {
        let invited = invitation(&self.app, code).await.map_err(Failure::from)?;
        let account = match invited.ok_or_else(Failure::link_over)? {
            Invitation::First => None,
            Invitation::For(name) => Some(name.to_string()),
        };
        let action = format!("/join/{}", code.reveal());
        let page = JoinPage { action: &action, account: account.as_deref(), username, word };
        Ok(self.page(status, page.title(), None, page.main()))
    }
}
