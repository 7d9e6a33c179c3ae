//! The headers that every answer of the site carries, whatever its status. It never overrides what an
//! answer says of its own caching. (What is no HTTP gets hyper's bare 400, and an endless head its 431.)

use std::mem;

use poem::Response;
use poem::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::asker::X_REQUEST_ID;
use crate::config::{Door, PublicUrl};

/// Everything from here, and nothing inline. Where forms lead comes after it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// A login page needs none of these.
const PERMISSIONS_POLICY: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), \
     gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

const ALWAYS: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: it would make our own forms send `Origin: null`.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS_POLICY),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// Two years. For this host alone: what else the domain serves is not ours to say.
const STRICT_TRANSPORT_SECURITY: &str = "max-age=63072000";

/// What a page depends on besides its address.
const VARY: &str = "Cookie, HX-Request, HX-Current-URL";

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Room for what an answer has of its own: its kind, its cookies and the request's id among others.
const OF_ITS_OWN: usize = 6;

/// The headers of this site, put together once.
pub struct Headers {
    /// Of every answer.
    every: HeaderMap,
    /// The same, and those of an answer that does not say itself how it may be stored.
    unstored: HeaderMap,
    /// The same again, of an answer that speaks for another host.
    elsewhere: HeaderMap,
    /// Of a page.
    page: HeaderMap,
}

/// Marks an answer that a proxy passes on as one of another host.
#[derive(Clone, Copy)]
pub struct ForAnotherHost;

impl Headers {
    /// As the public URL and the door ask for.
    pub fn of(url: &PublicUrl, door: &Door) -> Self {
        let mut every = HeaderMap::with_capacity(ALWAYS.len() + 4 + OF_ITS_OWN);
        every.insert(header::CONTENT_SECURITY_POLICY, content_security_policy(door));
        every.extend(ALWAYS.map(|(name, value)| (name, HeaderValue::from_static(value))));
        if url.is_https() {
            let value = HeaderValue::from_static(STRICT_TRANSPORT_SECURITY);
            every.insert(header::STRICT_TRANSPORT_SECURITY, value);
        }
        let mut unstored = every.clone();
        unstored.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        unstored.insert(header::VARY, HeaderValue::from_static(VARY));
        let mut elsewhere = unstored.clone();
        elsewhere.remove(header::STRICT_TRANSPORT_SECURITY);
        let mut page = unstored.clone();
        page.insert(header::CONTENT_TYPE, HTML);
        // A place for the request's own: all others would have to be moved to make room for it.
        page.insert(X_REQUEST_ID, HeaderValue::from_static("none"));
        Self { every, unstored, elsewhere, page }
    }

    /// Those that a page begins with.
    pub fn of_a_page(&self) -> HeaderMap {
        self.page.clone()
    }

    /// Completes whatever answer comes from inside.
    pub fn complete(&self, answer: &mut Response) {
        if answer.headers().contains_key(header::CONTENT_SECURITY_POLICY) {
            // It began with them.
            return;
        }
        let ours = if answer.headers().contains_key(header::CACHE_CONTROL) {
            &self.every
        } else if answer.data::<ForAnotherHost>().is_some() {
            &self.elsewhere
        } else {
            &self.unstored
        };
        let headers = answer.headers_mut();
        let own = mem::replace(headers, ours.clone());
        headers.extend(own);
    }
}

/// Browsers follow a form's redirect only to where forms may lead, and logging in leads through the door.
fn content_security_policy(door: &Door) -> HeaderValue {
    let hosts: String = door.hosts().iter().map(|host| format!(" https://{host}")).collect();
    let policy = format!("{CONTENT_SECURITY_POLICY}{hosts}");
    HeaderValue::from_str(&policy).expect("BUG: a host is ASCII")
}
