//! `GET /`: who is logged in here, and where else.

use poem::http::{Method, StatusCode};
use poem::{Request, Response, Result, handler};

use super::Site;
use super::failure::Failure;
use super::pages::{AccountPage, AccountWord};
use super::query::field;
use super::return_to::PASSWORD_CHANGED;
use super::visitor::LoggedIn;
use crate::actions::overview;
use crate::clock::SignedDuration;

/// A changed password starts a session. Of one that has lasted longer than this, the address says what is
/// not so: it is an old one, or somebody else's link.
const JUST_STARTED: SignedDuration = SignedDuration::from_mins(1);

#[handler]
pub async fn show(site: &Site, LoggedIn(this): LoggedIn, request: &Request) -> Result<Response> {
    let overview = overview(&site.app, &this.session).await.map_err(Failure::from)?;
    let now = site.app.now();
    let word = field(request, PASSWORD_CHANGED)
        .filter(|_| now.duration_since(this.session.created()) < JUST_STARTED)
        .map(|_| AccountWord::PasswordChanged)
        // HEAD shows nothing.
        .or_else(|| {
            (request.method() == Method::GET).then(|| site.receipts.take(this.session.id, now)).flatten()
        });
    let page = AccountPage { word, this: &this, overview: &overview, now };
    Ok(site.page(StatusCode::OK, "Where you are logged in", Some(&this.session), page.main()))
}
