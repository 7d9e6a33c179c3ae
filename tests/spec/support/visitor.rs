//! Somebody with a browser: a cookie jar of one cookie, and verbs. It follows no redirect by itself.

use exeunt::sessions::Token;
use reqwest::header::{COOKIE, HeaderMap, HeaderName, HeaderValue, ORIGIN, USER_AGENT};
use reqwest::{Client, Method, RequestBuilder};

use super::answer::Answer;
use super::listening::Listening;
use super::world::PASSWORD;

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:146.0) Gecko/20100101 Firefox/146.0";

/// Somebody with a browser.
#[derive(Clone)]
pub struct Visitor {
    client: Client,
    base: String,
    origin: String,
    cookie: Option<String>,
    headers: HeaderMap,
}

impl Visitor {
    /// Somebody new, at the server `base` of the site that is found at `origin`.
    pub fn at(base: &str, origin: &str) -> Self {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(FIREFOX));
        Self {
            client: client.expect("a client"),
            base: base.to_owned(),
            origin: origin.to_owned(),
            cookie: None,
            headers,
        }
    }

    /// The same browser, at another server of the same site.
    pub fn at_another(mut self, base: &str) -> Self {
        base.clone_into(&mut self.base);
        self
    }

    /// The same browser, by a proxy that speaks HTTP/2 to the server.
    pub fn over_http2(mut self) -> Self {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).http2_prior_knowledge();
        self.client = client.build().expect("a client");
        self
    }

    /// With a header on every request.
    pub fn with(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a header's value");
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    /// With one more header of that name on every request.
    pub fn and_with(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header's value");
        self.headers.append(HeaderName::from_static(name), value);
        self
    }

    /// In another browser.
    pub fn using(self, user_agent: &str) -> Self {
        self.with("user-agent", user_agent)
    }

    /// As htmx asks, from the page at `path`.
    pub fn with_htmx_at(self, path: &str) -> Self {
        let url = format!("{}{path}", self.origin);
        self.with("hx-request", "true").with("hx-current-url", url)
    }

    /// With this cookie, whoever's it is: `name=value`.
    pub fn with_cookie(mut self, cookie: &str) -> Self {
        self.cookie = Some(cookie.to_owned());
        self
    }

    /// The cookie that the browser holds: `name=value`.
    pub fn cookie(&self) -> &str {
        self.cookie.as_deref().expect("the visitor has a cookie")
    }

    /// The token in it.
    pub fn token(&self) -> Token {
        let (_, value) = self.cookie().split_once('=').expect("a cookie is a pair");
        Token::parse(value.as_bytes()).expect("the cookie holds a token")
    }

    /// Whether the browser holds one.
    pub fn has_cookie(&self) -> bool {
        self.cookie.is_some()
    }

    /// Looks at a page.
    pub async fn opens(&mut self, path: &str) -> Answer {
        self.sends(Method::GET, path, None).await
    }

    /// Sends a form.
    pub async fn posts(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.sends(Method::POST, path, Some(("application/x-www-form-urlencoded", body.into_bytes()))).await
    }

    /// Opens the event stream, and answers the session that it says it is of.
    pub async fn listens(&self) -> (Listening, String) {
        let mut listening = Listening::to(self.request(Method::GET, "/events")).await;
        let first = listening.hears().await.expect("a first event");
        let session = first.strip_prefix("session ").unwrap_or_else(|| panic!("no session: {first}"));
        let session = session.to_owned();
        (listening, session)
    }

    /// Sends whatever it is.
    pub async fn sends(&mut self, method: Method, path: &str, body: Option<(&str, Vec<u8>)>) -> Answer {
        let mut request = self.request(method.clone(), path);
        if method == Method::POST && !self.headers.contains_key("sec-fetch-site") {
            let origin = self.headers.get(ORIGIN).cloned();
            let ours = HeaderValue::from_str(&self.origin).expect("an origin");
            request = request.header(ORIGIN, origin.unwrap_or(ours));
        }
        if let Some((kind, body)) = body {
            request = request.header("content-type", kind).body(body);
        }
        let answer = Answer::read(request.send().await.expect("the server answers")).await;
        self.keep_cookie(&answer);
        answer
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request =
            self.client.request(method, format!("{}{path}", self.base)).headers(self.headers.clone());
        match &self.cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        }
    }

    /// As browsers do: the last `Set-Cookie` of a name wins, and one that is over is deleted.
    fn keep_cookie(&mut self, answer: &Answer) {
        for set in answer.cookies_set() {
            let pair = set.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie is a pair");
            if !value.is_empty() {
                self.cookie = Some(pair.to_owned());
            } else if self.cookie.as_deref().is_some_and(|held| held.starts_with(&format!("{name}="))) {
                self.cookie = None;
            }
        }
    }

    /// Logs in, rightly.
    pub async fn logs_in(&mut self, name: &str) -> Answer {
        let answer = self.tries(name, PASSWORD).await;
        answer.leads_to("/");
        assert!(self.has_cookie(), "logging in sets a cookie");
        answer
    }

    /// Logs in as alice where logging in leads to `next`.
    pub async fn logs_in_at(&mut self, next: &str) -> Answer {
        self.posts("/login", &[("username", "alice"), ("password", PASSWORD), ("next", next)]).await
    }

    /// Logs in, rightly, and asks to be remembered.
    pub async fn logs_in_for_long(&mut self, name: &str) -> Answer {
        let fields = [("username", name), ("password", PASSWORD), ("remember", "yes")];
        let answer = self.posts("/login", &fields).await;
        answer.leads_to("/");
        answer
    }

    /// Tries a name and a password.
    pub async fn tries(&mut self, name: &str, password: &str) -> Answer {
        self.posts("/login", &[("username", name), ("password", password)]).await
    }

    /// Changes their password, or tries to.
    pub async fn changes_password(&mut self, current: &str, new: &str) -> Answer {
        self.posts("/password", &[("current_password", current), ("new_password", new)]).await
    }

    /// Clicks "Log out".
    pub async fn logs_out(&mut self) -> Answer {
        self.posts("/logout", &[]).await
    }

    /// Clicks a log-out button that says `which`.
    pub async fn logs_out_of(&mut self, which: &str) -> Answer {
        self.posts("/logout", &[("which", which)]).await
    }

    /// Whether the account page is shown to them.
    pub async fn is_logged_in(&mut self) -> bool {
        let answer = self.opens("/").await;
        match answer.status {
            200 => true,
            303 => false,
            status => panic!("neither in nor out: {status}\n{}", answer.body),
        }
    }
}
