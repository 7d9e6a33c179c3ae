//! The page with one button, for links and bookmarks.

use maud::{Markup, html};

use super::super::which::Which;
use super::parts::LogOutButton;

/// Its main part.
#[must_use]
pub fn logout() -> Markup {
    html! {
        h1 { "Log out?" }
        p { "You will have to log in again in this browser. Nothing else is lost." }
        (LogOutButton { which: Which::This, label: "Log out", of: None })
        p { a href="/" { "Stay" } }
    }
}
