//! The page behind a one-time link: choose a password, and for the first account a name.

use maud::{Markup, html};

use super::parts::{BUSY, alert, post_form};

/// The page behind a one-time link.
#[derive(Clone, Debug)]
pub struct JoinPage<'a> {
    /// Where its form goes: the link itself.
    pub action: &'a str,
    /// Whose link it is; `None` for the first account's.
    pub account: Option<&'a str>,
    /// As typed before.
    pub username: &'a str,
    /// What was wrong before.
    pub word: Option<JoinWord>,
}

/// What may be wrong with a choice, in words that say what would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinWord {
    /// About the name.
    Name(String),
    /// About the password.
    Password(String),
    /// Nothing: the server has too much to do.
    Busy,
}

impl JoinPage<'_> {
    /// For the tab.
    #[must_use]
    pub fn title(&self) -> &'static str {
        if self.account.is_some() { "Choose a password" } else { "Make the first account" }
    }

    /// Its main part.
    #[must_use]
    pub fn main(&self) -> Markup {
        let (name_wrong, password_wrong) = match self.word {
            Some(JoinWord::Name(_)) => (Some("true"), None),
            Some(JoinWord::Password(_)) => (None, Some("true")),
            _ => (None, None),
        };
        let named = self.account.is_some() || matches!(self.word, Some(JoinWord::Password(_)));
        html! {
            h1 { (self.title()) }
            @match &self.word {
                Some(JoinWord::Name(text) | JoinWord::Password(text)) => (alert(text)),
                Some(JoinWord::Busy) => (alert(BUSY)),
                None => {}
            }
            (post_form!((self.action) {
                label for="username" { "Name" }
                @if let Some(account) = self.account {
                    // Not to be changed, but there: password managers read it.
                    input #username name="username" value=(account) readonly autocomplete="username";
                } @else {
                    input #username name="username" value=(self.username) required maxlength="64"
                        autocomplete="username" autocapitalize="none" spellcheck="false" autofocus[!named]
                        aria-invalid=[name_wrong] aria-describedby=[name_wrong.map(|_| "alert")];
                }
                label for="new_password" { "New password" }
                div.secret {
                    input #new_password name="new_password" type="password" required minlength="15"
                        autocomplete="new-password" autofocus[named] aria-invalid=[password_wrong]
                        aria-describedby=(if password_wrong.is_some() { "alert rule" } else { "rule" });
                }
                p.hint #rule { "At least 15 characters. Four or five words do well." }
                button { "Save and log in" }
            }))
        }
    }
}
