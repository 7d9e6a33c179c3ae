//! Which sessions a logout is to end, in the word that its form has for them. It never looks whether there are any.

use std::fmt::Write;

use maud::Render;

use crate::sessions::SessionId;

const THIS: &str = "this";
const OTHERS: &str = "others";
const ALL: &str = "all";

/// Which of an account's sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// That of the browser which asks.
    This,
    /// All but that one.
    Others,
    /// All.
    All,
    /// The one of this id.
    One(SessionId),
}

impl Which {
    /// Reads a form's field: `this`, which is also meant by nothing, `others`, `all` or a session id. `None` for anything else.
    #[must_use]
    pub fn parse(field: Option<&str>) -> Option<Self> {
        match field.unwrap_or_default() {
            "" | THIS => Some(Self::This),
            OTHERS => Some(Self::Others),
            ALL => Some(Self::All),
            id => SessionId::parse(id).map(Self::One),
        }
    }
}

/// In words of ours and hex digits is nothing to escape.
impl Render for Which {
    fn render_to(&self, page: &mut String) {
        match self {
            Self::This => page.push_str(THIS),
            Self::Others => page.push_str(OTHERS),
            Self::All => page.push_str(ALL),
            // A string takes whatever is written.
            Self::One(id) => drop(write!(page, "{id}")),
        }
    }
}
