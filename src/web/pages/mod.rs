//! What people see: values in, markup out. Nothing here reads a request, a file or a clock, and nothing
//! knows whether htmx asked.

mod account;
mod error;
mod join;
mod login;
mod logout;
mod parts;
mod password;
mod when;

use maud::{DOCTYPE, Markup, PreEscaped, Render, html};

pub use account::{AccountPage, AccountWord};
pub use error::error;
pub use join::{JoinPage, JoinWord};
pub use login::{LoginPage, LoginWord};
pub use logout::logout;
pub use password::{PasswordPage, PasswordWord};

use self::parts::ours;
use crate::sessions::Session;

/// Where a page finds its assets. In these addresses is nothing to escape.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// The style sheet.
    pub css: PreEscaped<String>,
    /// The script: htmx and ours.
    pub js: PreEscaped<String>,
    /// The icon.
    pub svg: PreEscaped<String>,
}

/// What is around every page, errors too.
#[derive(Clone, Copy, Debug)]
pub struct Layout<'a> {
    /// For the tab.
    pub title: &'static str,
    /// The session of whoever is logged in.
    pub viewer: Option<&'a Session>,
    /// Where the style sheet, the script and the icon are.
    pub assets: &'a Links,
}

impl Layout<'_> {
    /// The whole page around its main part.
    #[must_use]
    pub fn around(&self, main: Markup) -> Markup {
        // In hex digits is nothing to escape.
        let session = self.viewer.map(|viewer| PreEscaped(viewer.id.to_string()));
        html! {
            (Room(AROUND_MAIN + main.0.len()))
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    // htmx would otherwise fetch a page again to go back, and show it without a visit.
                    meta name="htmx-config" content=r#"{"history":"reload"}"#;
                    title { (ours(self.title)) " · Exeunt" }
                    link rel="icon" type="image/svg+xml" href=(self.assets.svg);
                    link rel="stylesheet" href=(self.assets.css);
                    script src=(self.assets.js) defer {}
                }
                body {
                    header.masthead {
                        a.brand href="/" { "Exeunt" }
                        @if let Some(viewer) = self.viewer {
                            p.viewer { "Logged in as " b { (viewer.account_name) } }
                        }
                    }
                    // The script asks it whose page this is.
                    main tabindex="-1" data-session=[session] { (main) }
                }
            }
        }
    }
}

/// Bytes around a page's main part, and somewhat more, as titles and names are longer or shorter.
const AROUND_MAIN: usize = 800;

/// Nothing to see: room for so many bytes, so that a page is not moved while it grows.
struct Room(usize);

impl Render for Room {
    fn render_to(&self, page: &mut String) {
        page.reserve(self.0);
    }
}
