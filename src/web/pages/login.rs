//! The login page.

use maud::{Markup, html};

use super::parts::{BUSY, alert, notice, post_form, wait};

/// The login page in one of its states.
#[derive(Clone, Copy, Debug)]
pub struct LoginPage<'a> {
    /// What it has to say first.
    pub word: Option<LoginWord>,
    /// Where logging in leads.
    pub next: &'a str,
    /// As typed before.
    pub username: &'a str,
    /// As chosen before.
    pub remember: bool,
}

/// What a login page may have to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginWord {
    /// One has just logged out.
    LoggedOut,
    /// Name or password are wrong; nobody learns which.
    Wrong,
    /// The server has too much to do.
    Busy,
    /// Too many tries.
    Wait {
        /// For how long.
        seconds: i64,
    },
}

impl LoginPage<'_> {
    /// Its main part.
    #[must_use]
    pub fn main(&self) -> Markup {
        let again = !self.username.is_empty();
        let is_wrong = matches!(self.word, Some(LoginWord::Wrong));
        let (wrong, invalid) = (is_wrong.then_some("alert"), is_wrong.then_some("true"));
        html! {
            h1 { "Log in" }
            @match self.word {
                Some(LoginWord::LoggedOut) => (notice("You are logged out in this browser.")),
                Some(LoginWord::Wrong) => {
                    (alert("The name or the password is wrong."))
                    p.hint { (NO_WAY_IN) }
                }
                Some(LoginWord::Busy) => (alert(BUSY)),
                Some(LoginWord::Wait { seconds }) => (alert(&wait(seconds))),
                None => {}
            }
            (post_form!("/login" {
                @if self.next != "/" { input type="hidden" name="next" value=(self.next); }
                label for="username" { "Name" }
                input #username name="username" value=(self.username) required maxlength="64"
                    autocomplete="username" autocapitalize="none" spellcheck="false"
                    aria-describedby=[wrong] aria-invalid=[invalid] autofocus[!again];
                label for="password" { "Password" }
                div.secret {
                    input #password name="password" type="password" required autocomplete="current-password"
                        aria-describedby=[wrong] aria-invalid=[invalid] autofocus[again];
                }
                label.choice {
                    input type="checkbox" name="remember" value="yes" checked[self.remember];
                    "Stay logged in for 30 days"
                }
                button { "Log in" }
            }))
        }
    }
}

/// Said whatever was wrong: it may have been that too many passwords were, or that the account is closed.
const NO_WAY_IN: &str = "If you cannot get in with what you know is right, ask whoever runs this site: \
     they can give you a link at which you choose a new password.";
