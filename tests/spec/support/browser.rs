//! A real browser for the integration tests, driven the way a person drives
//! it: mouse, keyboard, and nothing but what the screen and address bar show.
//!
//! It never guesses that a page is done. A click or key that leads to another
//! page often returns while the old one is still there (up to 29 in 100 did), and
//! no driver knows anything of an htmx request. So after an action that
//! changes the page, first call a `wait_*` verb, with something the *old* page
//! did not have; only then read. Verbs panic on failure, and say what they saw.

use std::time::{Duration, Instant};

use fantoccini::{
    Client, ClientBuilder, Locator, cookies::Cookie, elements::Element, error::CmdError, wd::WindowHandle,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::Value;

mod chromium;
mod closed;
mod driver;
mod engine;
mod input;
mod tabs;

use driver::{Driver, Endpoint};

pub use engine::Engine;
pub use fantoccini::key::Key;

/// How long a `wait_for_*` verb keeps looking before it panics.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(25);

/// Whether pages may run JavaScript: the browser's own setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripts {
    On,
    Off,
}

/// A loaded page, remembered to wait for the next: see [`Browser::wait_to_leave`].
pub struct Page(Element);

/// An open tab, to look at again later: see [`Browser::looks_at`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab(WindowHandle);

/// One browser with one window, at first with one tab, and a profile of its
/// own; gone when dropped, also by a panic.
pub struct Browser {
    pub engine: Engine,
    pub scripts: Scripts,
    client: Client,
    driver: Driver,
}

impl Browser {
    /// Starts a fresh Chromium: no cookies, no cache, no history.
    pub async fn open(scripts: Scripts) -> Self {
        Self::open_in(Engine::Chromium, scripts).await
    }

    /// Starts a fresh browser.
    pub async fn open_in(engine: Engine, scripts: Scripts) -> Self {
        let driver = Driver::start(engine);
        let capabilities = engine.capabilities(scripts, driver.scratch.path());
        Self::start(engine, scripts, driver, capabilities).await
    }

    async fn start(engine: Engine, scripts: Scripts, driver: Driver, capabilities: Value) -> Self {
        let Value::Object(mut capabilities) = capabilities else { unreachable!("it is an object") };
        capabilities.insert("acceptInsecureCerts".into(), true.into());
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&driver.url)
            .await
            .unwrap_or_else(|e| panic!("{engine:?} should start: {e}"));
        Self { engine, scripts, client, driver }
    }

    /// Types a URL into the address bar, so to speak, and waits for the page.
    pub async fn goto(&self, url: &str) {
        self.client.goto(url).await.expect("the page should load");
    }

    pub async fn back(&self) {
        self.client.back().await.expect("there should be a page to go back to");
    }

    pub async fn forward(&self) {
        self.client.forward().await.expect("there should be a page to go forward to");
    }

    pub async fn reload(&self) {
        self.client.refresh().await.expect("the page should reload");
    }

    /// The address bar without the origin: path and query.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.expect("the browser should tell its URL");
        url[url::Position::BeforePath..url::Position::AfterQuery].to_owned()
    }

    pub async fn title(&self) -> String {
        self.client.title().await.expect("the page should have a title")
    }

    /// The text a person can see on the page.
    pub async fn text(&self) -> String {
        self.try_text().await.expect("the page should have a text")
    }

    /// The cookies the current page's URL would be sent, `HttpOnly` ones too.
    pub async fn cookies(&self) -> Vec<Cookie<'static>> {
        self.client.get_all_cookies().await.expect("the browser should list its cookies")
    }

    /// A PNG of the viewport, or of the whole page if that is taller.
    pub async fn screenshot(&self) -> Vec<u8> {
        let taller = self.run("return document.documentElement.scrollHeight > innerHeight").await;
        let png = match taller.as_bool() {
            Some(true) => self.find("html").await.screenshot().await,
            _ => self.client.screenshot().await,
        };
        png.expect("the browser should take a screenshot")
    }

    /// Forgets every cookie.
    pub async fn loses_its_cookies(&self) {
        self.client.delete_all_cookies().await.expect("the browser should forget its cookies");
    }

    /// Runs JavaScript with the driver's rights, even if pages may not: only to
    /// look at what no other verb shows, never to act in a person's place.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.expect("the script should run")
    }

    /// Waits until the visible text contains `text`.
    pub async fn wait_for_text(&self, text: &str) {
        let seen = async || self.try_text().await.is_ok_and(|all| all.contains(text));
        self.wait_until(&format!("the text {text:?}"), seen).await;
    }

    /// Waits until the visible text contains one of `texts`.
    pub async fn wait_for_one_of(&self, texts: &[&str]) {
        let seen =
            async || self.try_text().await.is_ok_and(|all| texts.iter().any(|text| all.contains(text)));
        self.wait_until(&format!("one of {texts:?}"), seen).await;
    }

    /// Waits until the address bar shows `path`, query included.
    pub async fn wait_for_path(&self, path: &str) {
        self.wait_until(&format!("the path {path}"), async || self.path().await == path).await;
    }

    /// Waits until the page shows this session.
    pub async fn wait_for_session(&self, id: &str) {
        let shown = format!("return document.querySelector('main')?.dataset.session === '{id}'");
        let seen = async || self.client.execute(&shown, vec![]).await.is_ok_and(|is| is == true);
        self.wait_until(&format!("the session {id}"), seen).await;
    }

    /// Remembers the page shown now, before an action that leads away from it.
    pub async fn page(&self) -> Page {
        Page(self.find("html").await)
    }

    /// Waits until another document is shown, for when neither its path nor its
    /// text would tell it from `page`, as with a form that failed twice.
    pub async fn wait_to_leave(&self, page: Page) {
        let gone = async || page.0.tag_name().await.is_err_and(|e| e.is_stale_element_reference());
        self.wait_until("another page", gone).await;
    }

    async fn wait_until(&self, what: &str, ready: impl AsyncFn() -> bool) {
        let start = Instant::now();
        while !ready().await {
            if start.elapsed() > PATIENCE {
                panic!("waited {PATIENCE:?} in vain for {what}; still on {}", self.whereabouts().await);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn find(&self, css: &str) -> Element {
        match self.client.find(Locator::Css(css)).await {
            Ok(element) => element,
            Err(e) => panic!("no `{css}` on {}\n({e})", self.whereabouts().await),
        }
    }

    async fn try_text(&self) -> Result<String, CmdError> {
        let text = self.client.execute("return document.body?.innerText ?? ''", vec![]).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// For a failed test's message.
    async fn whereabouts(&self) -> String {
        let text = self.try_text().await.unwrap_or_else(|e| e.to_string());
        format!("{}, which reads:\n{text}", self.path().await)
    }

    async fn ask(&self, path: String, body: Option<Value>) -> Value {
        let endpoint = Endpoint { path, body };
        let answer = self.client.issue_cmd(endpoint).await;
        answer.unwrap_or_else(|e| panic!("{:?}'s driver should know the command: {e}", self.engine))
    }
}
