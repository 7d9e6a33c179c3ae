//! The account page: who is logged in here, where else, and the buttons that end it.

use std::fmt;

use maud::{Markup, html};

use super::super::which::Which;
use super::parts::{LogOutButton, notice};
use super::when::ago;
use crate::actions::Overview;
use crate::clock::Timestamp;
use crate::sessions::{Listing, LiveSession};

/// The account page.
#[derive(Clone, Copy, Debug)]
pub struct AccountPage<'a> {
    /// What it has to say first.
    pub word: Option<AccountWord>,
    /// The session that looks at it.
    pub this: &'a LiveSession,
    /// The account, with all of its sessions, this one among them.
    pub overview: &'a Overview,
    /// What time it is.
    pub now: Timestamp,
}

/// What an account page may have to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountWord {
    /// One has just changed one's password.
    PasswordChanged,
    /// One has just logged out everywhere else: so many sessions.
    OthersEnded(usize),
    /// One has just logged one of one's other sessions out, unless it was over already.
    OneEnded(bool),
}

impl fmt::Display for AccountWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PasswordChanged => f.write_str("Your password is changed. Your other sessions have ended."),
            Self::OthersEnded(0) => f.write_str("There was no other session."),
            Self::OthersEnded(1) | Self::OneEnded(true) => f.write_str("1 other session ended."),
            Self::OthersEnded(ended) => write!(f, "{ended} other sessions ended."),
            Self::OneEnded(false) => f.write_str("That session had ended already."),
        }
    }
}

fn may_be_there(sessions: usize) -> String {
    match sessions {
        1 => "1 more session may be there: the server cannot read it at the moment.".to_owned(),
        _ => format!("{sessions} more sessions may be there: the server cannot read them at the moment."),
    }
}

impl AccountPage<'_> {
    /// Its main part.
    #[must_use]
    pub fn main(&self) -> Markup {
        let Listing { sessions, unread } = &self.overview.sessions;
        let this = self.this.session.id;
        let others: Vec<_> = sessions.iter().filter(|live| live.session.id != this).collect();
        let unread = unread.iter().filter(|&&id| id != this).count();
        html! {
            h1 { "Where you are logged in" }
            @if let Some(word) = self.word { (notice(&word.to_string())) }
            section aria-labelledby="here" {
                h2 #here { "Here" }
                ul.sessions {
                    li.session.this {
                        (self.facts(self.this))
                        (LogOutButton { which: Which::This, label: "Log out", of: None })
                    }
                }
                (self.before())
            }
            section aria-labelledby="elsewhere" {
                h2 #elsewhere { "Elsewhere" }
                @if others.is_empty() && unread == 0 {
                    p.nothing { "Nowhere else." }
                } @else {
                    @if !others.is_empty() {
                        ul.sessions {
                            @for live in &others { (self.other(live)) }
                        }
                    }
                    @if unread > 0 { p.unread { (may_be_there(unread)) } }
                    div.all {
                        (LogOutButton { which: Which::Others, label: "Log out everywhere else", of: None })
                        (LogOutButton { which: Which::All, label: "Log out everywhere", of: None })
                    }
                }
            }
            p { a href="/password" { "Change password" } }
        }
    }

    /// What happened before: whoever did not do it learns of it here.
    fn before(&self) -> Markup {
        let Overview { last_login, failed, is_closed_elsewhere, .. } = self.overview;
        html! {
            @if let Some(login) = last_login {
                p.before {
                    "Last login before: " (ago(login.at(), self.now))
                    @if let Some(address) = login.address { ", from " (address) }
                    "."
                }
            }
            @if *failed > 0 {
                p.before.failed {
                    @if *failed == 1 { "1 try to log in has failed" } @else { (failed) " tries to log in have failed" }
                    @if last_login.is_some() { " since" }
                    "."
                }
            }
            @if *is_closed_elsewhere {
                p.before.failed {
                    "Too many: until you log in or change your password, nobody can log in from where you never have."
                }
            }
        }
    }

    fn other(&self, live: &LiveSession) -> Markup {
        let browser = live.session.browser.to_string();
        html! {
            li.session {
                (self.facts(live))
                (LogOutButton { which: Which::One(live.session.id), label: "Log out", of: Some(&browser) })
            }
        }
    }

    fn facts(&self, live: &LiveSession) -> Markup {
        html! {
            div.facts {
                p.browser { (live.session.browser) }
                p.detail {
                    @if let Some(address) = live.session.address { (address) " · " }
                    "logged in " (ago(live.session.created(), self.now))
                    " · seen " (ago(live.last_seen, self.now))
                }
            }
        }
    }
}
