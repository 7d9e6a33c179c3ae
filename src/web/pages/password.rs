//! The page at which one changes one's password.

use maud::{Markup, html};

use super::super::which::Which;
use super::parts::{BUSY, LogOutButton, alert, ours, post_form, wait};

/// The page at which one changes one's password.
#[derive(Clone, Debug)]
pub struct PasswordPage<'a> {
    /// Whose password it is.
    pub account: &'a str,
    /// What was wrong before.
    pub word: Option<PasswordWord>,
}

/// What may keep a password from being changed, in words that say what would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordWord {
    /// The current password is another one.
    Wrong,
    /// Too many were: none is taken any more.
    TooManyFailures,
    /// The new one is what was typed as the current one.
    Same,
    /// The new one will not do.
    Refused(String),
    /// The server has too much to do.
    Busy,
    /// Too many tries.
    Wait {
        /// For how long.
        seconds: i64,
    },
}

impl PasswordPage<'_> {
    /// Its main part.
    #[must_use]
    pub fn main(&self) -> Markup {
        let (current_wrong, new_wrong) = match self.word {
            Some(PasswordWord::Wrong) => (Some("true"), None),
            Some(PasswordWord::Same | PasswordWord::Refused(_)) => (None, Some("true")),
            _ => (None, None),
        };
        html! {
            h1 { "Change password" }
            @match &self.word {
                Some(PasswordWord::Wrong) => (alert("The current password is wrong.")),
                Some(PasswordWord::TooManyFailures) => (alert(TOO_MANY_FAILURES)),
                Some(PasswordWord::Same) => (alert(SAME)),
                Some(PasswordWord::Refused(text)) => (alert(text)),
                Some(PasswordWord::Busy) => (alert(BUSY)),
                Some(PasswordWord::Wait { seconds }) => (alert(&wait(*seconds))),
                None => {}
            }
            p { "You stay logged in here. Everywhere else you will have to log in again." }
            (post_form!("/password" {
                label for="username" { "Name" }
                // Not to be changed, but there: password managers read it.
                input #username name="username" value=(self.account) readonly autocomplete="username";
                label for="current_password" { "Current password" }
                div.secret {
                    input #current_password name="current_password" type="password" required
                        autocomplete="current-password" autofocus
                        aria-invalid=[current_wrong] aria-describedby=[current_wrong.map(|_| "alert")];
                }
                label for="new_password" { "New password" }
                div.secret {
                    input #new_password name="new_password" type="password" required minlength="15"
                        autocomplete="new-password" aria-invalid=[new_wrong]
                        aria-describedby=(ours(if new_wrong.is_some() { "alert rule" } else { "rule" }));
                }
                p.hint #rule { "At least 15 characters. Four or five words do well." }
                button { "Change password" }
            }))
            p { a href="/" { "Leave it as it is" } }
            (LogOutButton { which: Which::This, label: "Log out", of: Some("this browser") })
        }
    }
}

/// Said without knowing whether the current one is right.
const SAME: &str = "The new password is what you have typed as the current one. Choose another one.";

const TOO_MANY_FAILURES: &str = "Too many wrong passwords in a row: the current one is not taken any more, \
     even if it is right. Whoever runs this site can open your account again.";
