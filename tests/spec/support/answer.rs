//! What came back.

use reqwest::header::HeaderMap;

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// Reads it.
    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.expect("the answer is whole");
        Self { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    /// A header's value; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header in ASCII"))
    }

    /// Every `Set-Cookie`.
    pub fn cookies_set(&self) -> Vec<&str> {
        let all = self.headers.get_all("set-cookie").iter();
        all.map(|value| value.to_str().expect("a cookie in ASCII")).collect()
    }

    /// The names of the cookies that it expires; what it sets last counts.
    pub fn cookies_expired(&self) -> Vec<&str> {
        let mut expired = Vec::new();
        for set in self.cookies_set() {
            let name = set.split('=').next().unwrap_or_default();
            expired.retain(|other| *other != name);
            if set.contains("; Max-Age=0;") {
                expired.push(name);
            }
        }
        expired
    }

    /// It is a 303 to `path`.
    #[track_caller]
    pub fn leads_to(&self, path: &str) -> &Self {
        assert_eq!((self.status, self.header("location")), (303, path), "{}", self.body);
        self
    }

    /// It tells htmx to load `path`.
    #[track_caller]
    pub fn sends_htmx_to(&self, path: &str) -> &Self {
        assert_eq!((self.status, self.header("hx-redirect")), (204, path), "{}", self.body);
        assert_eq!(self.header("location"), "", "no Location beside HX-Redirect");
        self
    }

    /// It has this status.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// Its page says `text`.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "no {text:?} in\n{}", self.body);
        self
    }

    /// Its page does not say `text`.
    #[track_caller]
    pub fn does_not_say(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "{text:?} in\n{}", self.body);
        self
    }
}
