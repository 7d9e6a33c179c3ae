//! The cookie, read from the header's bytes and written by hand: the usual parsers decode names, so that
//! `__%48ost-exeunt` would pass for `__Host-exeunt`, and drop all cookies for one odd byte in a neighbour's.

use std::iter::once;

use memchr::{memchr, memchr_iter};
use poem::http::{HeaderMap, HeaderValue, header};
use smallvec::SmallVec;

use crate::config::{Door, PublicUrl};
use crate::sessions::{LastingFor, Token};

/// For this host alone, which takes TLS; on plain http Safari would refuse such a cookie.
const HOST: &str = "__Host-exeunt";

/// For a domain, with TLS.
const SECURE: &str = "__Secure-exeunt";

/// For plain http.
const PLAIN: &str = "exeunt";

/// Every name that the cookie has under some setting.
const OURS: [&str; 3] = [HOST, SECURE, PLAIN];

/// How the cookie is called and kept at this site.
#[derive(Clone, Debug)]
pub struct Cookies {
    name: &'static str,
    /// Of [`SECURE`]: browsers remove a cookie only where it was put.
    domain: String,
    is_https: bool,
}

/// What a browser sent.
#[derive(Clone, Debug, Default)]
pub struct Presented {
    /// Every value of the cookie that may be a token: there can be several, from other paths or domains.
    pub tokens: SmallVec<[Token; 1]>,
    /// Our names that came in, whatever their values.
    pub names: SmallVec<[&'static str; OURS.len()]>,
}

/// What an answer does to the cookie; kept in the answer until [`Cookies`] writes it.
#[derive(Clone, Debug)]
pub enum CookieChange {
    /// A session has started.
    Start(Token, LastingFor),
    /// This browser is logged out.
    Expire,
}

impl Cookies {
    /// As the public URL and the door ask for.
    pub fn of(url: &PublicUrl, door: &Door) -> Self {
        let name = match door.cookie_domain() {
            Some(_) => SECURE,
            None if url.is_https() => HOST,
            None => PLAIN,
        };
        let domain = door.cookie_domain().map_or_else(String::new, |domain| format!("; Domain={domain}"));
        Self { name, domain, is_https: url.is_https() }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Reads the `Cookie` headers.
    pub fn read(&self, headers: &HeaderMap) -> Presented {
        let mut presented = Presented::default();
        for header in headers.get_all(header::COOKIE) {
            for pair in pairs(header.as_bytes()) {
                let Some(at) = memchr(b'=', pair) else { continue };
                let (name, value) = (trim(&pair[..at]), trim(&pair[at + 1..]));
                let Some(&name) = OURS.iter().find(|ours| ours.as_bytes() == name) else { continue };
                if !presented.names.contains(&name) {
                    presented.names.push(name);
                }
                if name == self.name {
                    let token = Token::parse(value).filter(|token| !presented.tokens.contains(token));
                    presented.tokens.extend(token);
                }
            }
        }
        presented
    }

    /// The `Set-Cookie` headers of an answer. `presented` are our names that came in, `rejected` those of
    /// them that opened nothing.
    pub fn write(
        &self,
        change: Option<&CookieChange>,
        presented: &[&'static str],
        rejected: &[&'static str],
    ) -> Vec<HeaderValue> {
        let mut written = Vec::new();
        let mut expired: Vec<_> = rejected.to_vec();
        match change {
            Some(CookieChange::Start(token, lasting)) => {
                expired.retain(|&name| name != self.name);
                written.push(self.start(token, *lasting));
            }
            Some(CookieChange::Expire) if !expired.contains(&self.name) => expired.push(self.name),
            _ => {}
        }
        for name in expired {
            written.push(self.expire(name));
            if name == self.name && presented.contains(&name) {
                // Chromium drops private pages from its back/forward cache when an HttpOnly cookie has
                // changed since, but takes one change off for a page to which a redirect with a
                // `Set-Cookie` led, as after a login without JavaScript. One removal would leave that
                // page to the Back button; removed, put there empty and removed again, it is gone.
                written.push(self.empty(name));
                written.push(self.expire(name));
            }
        }
        written
    }

    fn start(&self, token: &Token, lasting: LastingFor) -> HeaderValue {
        let max_age = match lasting {
            LastingFor::ThisVisit => String::new(),
            LastingFor::Days30 => format!("; Max-Age={}", lasting.absolute().as_secs()),
        };
        let (name, attributes) = (self.name, self.attributes(self.name));
        let value = format!("{name}={}{attributes}{max_age}", token.reveal());
        let mut value = HeaderValue::from_str(&value).expect("BUG: a token is base64url");
        value.set_sensitive(true);
        value
    }

    /// With the same attributes, or the browser would keep it; with both ways of saying when, for all
    /// browsers.
    fn expire(&self, name: &str) -> HeaderValue {
        let attributes = self.attributes(name);
        let value = format!("{name}={attributes}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
        HeaderValue::from_str(&value).expect("BUG: our names and attributes are ASCII")
    }

    /// No token, for a second at most.
    fn empty(&self, name: &str) -> HeaderValue {
        let value = format!("{name}={}; Max-Age=1", self.attributes(name));
        HeaderValue::from_str(&value).expect("BUG: our names and attributes are ASCII")
    }

    fn attributes(&self, name: &str) -> String {
        let domain = if name == SECURE { &self.domain } else { "" };
        let secure = if self.is_https || name != PLAIN { "; Secure" } else { "" };
        format!("; Path=/{domain}; HttpOnly; SameSite=Lax{secure}")
    }
}

/// What stands between semicolons.
fn pairs(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    memchr_iter(b';', header).chain(once(header.len())).map(move |end| {
        let pair = &header[start..end];
        start = end + 1;
        pair
    })
}

/// Spaces and tabs, which is all that may stand around a name or a value.
fn trim(bytes: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = bytes.iter().position(|byte| !is_blank(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}
