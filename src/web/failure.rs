//! What went wrong, in two messages: one for the visitor, one for the log. Nothing that the machine says
//! of itself ever reaches a page.

use std::fmt::{self, Display};

use poem::Response;
use poem::error::ResponseError;
use poem::http::{HeaderValue, StatusCode, header};

use super::Site;
use super::pages;
use crate::actions::ActionError;
use crate::audit::{Asker, Event, What};
use crate::sessions::Session;
use crate::store_error::StoreError;

/// Seconds after which it makes sense to try again what the machine could not do now.
pub const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// An answer that is an error page.
#[derive(Clone, Debug)]
pub struct Failure {
    status: StatusCode,
    title: &'static str,
    /// For the visitor.
    message: &'static str,
    /// For the log, where there is more to say.
    detail: Option<String>,
    /// A header that belongs to the status.
    header: Option<(header::HeaderName, HeaderValue)>,
}

impl Failure {
    fn new(status: StatusCode, title: &'static str, message: &'static str) -> Self {
        Self { status, title, message, detail: None, header: None }
    }

    /// The request's body is not what a form of ours sends.
    pub fn bad_request(message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "That was not a form of ours", message)
    }

    /// A post from another site.
    pub fn cross_site() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "Not from here",
            "This order seems to come from another site, and only you can give it. Nothing was done. \
             If it was you, go to the front page of this site and try again from there.",
        )
    }

    /// No such page.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "No such page", "There is nothing at this address.")
    }

    /// What is no session's id.
    pub fn no_such_session() -> Self {
        Self::new(StatusCode::NOT_FOUND, "No such session", "None of your sessions has this id.")
    }

    /// A link that opens nothing.
    pub fn link_over() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "This link is over",
            "It has been used already, is more than a day old, or a newer one took its place. \
             Ask whoever gave it to you for a new one.",
        )
    }

    /// A method that the path does not have.
    pub fn method_not_allowed(allowed: &'static str) -> Self {
        Self {
            header: Some((header::ALLOW, HeaderValue::from_static(allowed))),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "Not possible here",
                "This address does not take that kind of request.",
            )
        }
    }

    /// A body of more than is ever needed.
    pub fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "Too much at once",
            "The form held more than this site ever needs. Nothing was done.",
        )
    }

    /// A body that does not arrive. What is left of it is not waited for.
    pub fn too_slow() -> Self {
        Self {
            header: Some((header::CONNECTION, HeaderValue::from_static("close"))),
            ..Self::new(
                StatusCode::REQUEST_TIMEOUT,
                "Too slow",
                "The form took too long to arrive. Nothing was done. Please try again.",
            )
        }
    }

    /// More event streams than an account's browsers need.
    pub fn too_many_listen() -> Self {
        Self {
            header: Some((header::RETRY_AFTER, RETRY_AFTER)),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "Too many at once",
                "Too many browsers listen for the end of this account's sessions.",
            )
        }
    }

    /// A mistake of ours.
    pub fn internal(detail: &dyn Display) -> Self {
        Self {
            detail: Some(detail.to_string()),
            ..Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong",
                "That is our mistake. It has been noted. Please try again.",
            )
        }
    }

    fn unavailable(title: &'static str, message: &'static str, detail: &dyn Display) -> Self {
        Self {
            detail: Some(detail.to_string()),
            header: Some((header::RETRY_AFTER, RETRY_AFTER)),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, title, message)
        }
    }

    /// The page in full, with its line in the log, and one in the audit trail where a store has failed.
    pub fn answer(self, site: &Site, asker: &Asker, viewer: Option<&Session>) -> Response {
        self.note(site, asker, viewer);
        let page = site.page(self.status, self.title, viewer, pages::error(self.title, self.message));
        self.complete(page)
    }

    /// The same in words alone, where another host may show it, at which none of our style sheets is.
    pub fn in_words(self, site: &Site, asker: &Asker) -> Response {
        self.note(site, asker, None);
        let words = format!("{}. {}\n", self.title, self.message);
        let answer = Response::builder().status(self.status).content_type("text/plain").body(words);
        self.complete(answer)
    }

    fn note(&self, site: &Site, asker: &Asker, viewer: Option<&Session>) {
        if let Some(detail) = &self.detail {
            tracing::error!(status = self.status.as_u16(), "{}: {detail}", self.title);
            if self.status == StatusCode::SERVICE_UNAVAILABLE {
                let account = viewer.map(|session| session.account);
                let failed = What::StoreFailed { error: detail };
                site.app.audit.record(&Event::of(failed, account).by(asker));
            }
        }
    }

    fn complete(self, mut answer: Response) -> Response {
        if let Some((name, value)) = self.header {
            answer.headers_mut().insert(name, value);
        }
        answer
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::unavailable(
            "Not now",
            "The server cannot reach what it needs for this. Please try again in a moment.",
            &error,
        )
    }
}

impl From<ActionError> for Failure {
    fn from(error: ActionError) -> Self {
        match error {
            ActionError::Store(error) => error.into(),
            ActionError::NotEnded(error) => Self::unavailable(
                "Not logged out yet",
                "The server could not delete what it had to. It refuses that login from now on, \
                 and keeps trying to delete it; there is nothing more to be done here. If it \
                 matters to you, tell whoever runs this site.",
                &error,
            ),
            error @ ActionError::NotChanged(_) => Self::unavailable(
                "Your password is not changed",
                "The server could not end all of your sessions, so it left your password as it was. You \
                 are logged out in this browser: please log in again in a moment, and change your \
                 password then.",
                &error,
            ),
            ActionError::MaybeChanged(error) => Self::unavailable(
                "Your password may be changed or not",
                "The server could not say whether it has kept your new password. All of your sessions \
                 have ended: please log in again in a moment, with the new password or, if that is \
                 refused, with the one before.",
                &error,
            ),
            ActionError::DisabledOnly(error) => (*error).into(),
            error @ ActionError::HereOnly(_) => Self::unavailable(
                "Logged out here, but not elsewhere",
                "You are logged out in this browser. The server could not end your other sessions: \
                 please log in again in a moment, and log out everywhere once more.",
                &error,
            ),
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title)
    }
}

impl std::error::Error for Failure {}

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        self.status
    }
}
