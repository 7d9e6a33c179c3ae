//! The pieces that pages are made of. Every `hx-` attribute sits on a form that works without it.

use maud::{Markup, PreEscaped, Render, html};

use super::super::which::Which;

/// A form that posts, with its address and what is in it. With htmx, the answer's main part takes the place of this
/// one's, and a second click does nothing while the first is under way.
macro_rules! post_form {
    ($action:tt { $($fields:tt)* }) => {
        maud::html! {
            form method="post" action=$action
                hx-post=$action hx-select="main" hx-target="main" hx-swap="outerHTML"
                // The script's buttons have a type: they send nothing, and go on working.
                hx-sync="this:drop" hx-disable="find button:not([type])" {
                $($fields)*
            }
        }
    };
}
pub(super) use post_form;

/// A button that logs sessions out.
#[derive(Clone, Copy, Debug)]
pub struct LogOutButton<'a> {
    /// What ends.
    pub which: Which,
    /// What is on the button.
    pub label: &'static str,
    /// What it is for, where the page shows that beside it and a screen reader needs it said.
    pub of: Option<&'a str>,
}

impl Render for LogOutButton<'_> {
    fn render(&self) -> Markup {
        post_form!("/logout" {
            input type="hidden" name="which" value=(self.which);
            button class=[self.of.map(|_| ours("quiet"))] {
                (ours(self.label))
                @if let Some(of) = self.of { span.visually-hidden { ": " (of) } }
            }
        })
    }
}

/// Words of ours, in which there is nothing to escape.
pub fn ours(words: &'static str) -> PreEscaped<&'static str> {
    debug_assert!(!words.contains(['&', '<', '>', '"']), "BUG: {words:?} has to be escaped");
    PreEscaped(words)
}

/// When more passwords wait to be hashed than can.
pub const BUSY: &str = "The server has too much to do. Please try again in a moment.";

/// When somebody has tried too often.
pub fn wait(seconds: i64) -> String {
    match seconds {
        1 => "Too many tries. Please wait a second, then try again.".to_owned(),
        2..=90 => format!("Too many tries. Please wait {seconds} seconds, then try again."),
        _ => format!("Too many tries. Please wait {} minutes, then try again.", (seconds + 59) / 60),
    }
}

/// Something went wrong with what was typed. It is read out at once.
pub fn alert(text: &str) -> Markup {
    html! { p.alert #alert role="alert" tabindex="-1" { (text) } }
}

/// Something has been done.
pub fn notice(text: &str) -> Markup {
    html! { p.notice role="status" tabindex="-1" { (text) } }
}
