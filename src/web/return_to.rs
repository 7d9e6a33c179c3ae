//! Where somebody is led. A value of this type is a page of this site that GET can show, or one behind the door;
//! nothing that a request says leads anywhere else.

use poem::Request;
use url::{Url, form_urlencoded};

use crate::config::Door;

/// Bytes in a page's address.
const MAX_BYTES: usize = 2048;

/// What the account page's query says after a change of password.
pub const PASSWORD_CHANGED: &str = "password_changed";

/// Path and query of a page of this site, or the address of one behind the door, in ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo(String);

/// The page that a person sees while a script asks for them; noted by `htmx.rs`.
#[derive(Clone, Debug)]
pub struct ShownPage(pub String);

impl ReturnTo {
    /// The account page.
    pub fn home() -> Self {
        Self("/".to_owned())
    }

    /// The page at which one changes one's password.
    pub fn password() -> Self {
        Self("/password".to_owned())
    }

    /// The account page that says that one's password is changed.
    pub fn password_changed() -> Self {
        Self(format!("/?{PASSWORD_CHANGED}"))
    }

    /// The login page that says that one is logged out. Logging in there leads to `next`.
    pub fn logged_out(next: &Self) -> Self {
        Self(format!("/login?logged_out{}", next.as_further_field()))
    }

    /// The login page that leads here afterwards.
    pub fn login_first(&self) -> Self {
        Self(if self.is_home() { "/login".to_owned() } else { format!("/login?{}", self.as_field()) })
    }

    /// What `next` asks for, or the account page where it asks for something that it may not.
    pub fn or_home(next: Option<&str>) -> Self {
        next.and_then(Self::parse).unwrap_or_else(Self::home)
    }

    /// The page that somebody was at when they sent this request.
    pub fn page_of(request: &Request) -> Self {
        match request.data::<ShownPage>() {
            Some(ShownPage(page)) => Self::or_home(Some(page)),
            None => Self::or_home(request.uri().path_and_query().map(|page| page.as_str())),
        }
    }

    /// Takes a path on this site, in the form that browsers would make of it.
    pub fn parse(text: &str) -> Option<Self> {
        let url = on_this_site(text)?;
        // Neither page is one to come back to.
        if matches!(url.path(), "/logout" | "/login") {
            return None;
        }
        // Only a change of password says that there was one.
        if url.path() == "/" && url.query_pairs().any(|(name, _)| name == PASSWORD_CHANGED) {
            return None;
        }
        let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
        Some(Self(format!("{}{query}", url.path()))).filter(|page| page.0.len() <= MAX_BYTES)
    }

    /// Takes the address of a page behind the door.
    pub fn behind(door: &Door, mut url: Url) -> Option<Self> {
        url.set_fragment(None);
        let may_lead = door.leads_to(&url) && url.as_str().len() <= MAX_BYTES;
        may_lead.then(|| Self(url.into()))
    }

    /// Whether it asks for a page of this site.
    pub fn is_here(text: &str) -> bool {
        on_this_site(text).is_some()
    }

    /// The host that it names, if it names one.
    pub fn host_in(text: &str) -> Option<String> {
        let url = here().join(text).ok().filter(|url| url.origin() != here().origin())?;
        url.host_str().map(str::to_owned)
    }

    /// For a `Location`, or a form's field.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the account page.
    pub fn is_home(&self) -> bool {
        self.0 == "/"
    }

    fn as_field(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).append_pair("next", &self.0).finish()
    }

    /// The account page is where one is led anyway.
    fn as_further_field(&self) -> String {
        if self.is_home() { String::new() } else { format!("&{}", self.as_field()) }
    }
}

/// What browsers would make of it, if that is on this site.
fn on_this_site(text: &str) -> Option<Url> {
    if text.len() > MAX_BYTES || !is_local(text) || text.contains(char::is_control) {
        return None;
    }
    let url = here().join(text).ok().filter(|url| url.origin() == here().origin())?;
    // Again, since `/..//x` has become `//x`.
    is_local(url.path()).then_some(url)
}

/// Stands for this site: nobody can name it.
fn here() -> Url {
    Url::parse("http://here.invalid").expect("BUG: this is a URL")
}

/// One leading slash: with a second one, or a backslash, it would name another host.
fn is_local(text: &str) -> bool {
    text.starts_with('/') && !text[1..].starts_with(['/', '\\'])
}
