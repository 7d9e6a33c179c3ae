//! The error pages: what happened, and a way on.

use maud::{Markup, html};

/// Their main part.
#[must_use]
pub fn error(title: &str, message: &str) -> Markup {
    html! {
        h1 { (title) }
        p { (message) }
        p { a href="/" { "To the front page" } }
    }
}
