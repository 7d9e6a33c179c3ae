//! `GET /`: who is logged in here, and where else.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::web::Data;
use poem::{Response, Result, handler};

use super::failure::Failure;
use super::visitor::LoggedIn;
use super::{Site, pages};
use crate::actions::list_sessions;

#[handler]
pub async fn show(Data(site): Data<&Arc<Site>>, LoggedIn(this): LoggedIn) -> Result<Response> {
    let sessions = list_sessions(&site.app, this.session.account).await.map_err(Failure::from)?;
    let name = this.session.account_name.clone();
    let page = pages::AccountPage { this: &this, sessions: &sessions, now: site.app.now() };
    Ok(site.page(StatusCode::OK, "Where you are logged in", Some(&name), page.main()))
}
