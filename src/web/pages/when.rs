//! Times as people say them, with the exact one beside it for programs.

use maud::{Markup, html};

use crate::clock::Timestamp;

/// How long ago it was.
pub fn ago(then: Timestamp, now: Timestamp) -> Markup {
    html! { time datetime=(then) title=(then) { (in_words(now.duration_since(then).as_secs())) } }
}

fn in_words(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..60 => return "just now".to_owned(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}
