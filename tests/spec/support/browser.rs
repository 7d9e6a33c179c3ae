//! A real Chromium for the integration tests, driven the way a person drives
//! it: mouse, keyboard, and nothing but what the screen and address bar show.
//!
//! It never guesses that a page is done. A click or key that leads to another
//! page often returns while the old one is still there (up to 29 in 100 did), and
//! chromedriver knows nothing of an htmx request. So after an action that
//! changes the page, first call a `wait_*` verb, with something the *old* page
//! did not have; only then read. Verbs panic on failure, and say what they saw.

use std::time::{Duration, Instant};

use fantoccini::{
    Client, ClientBuilder, Locator, cookies::Cookie, elements::Element, error::CmdError, wd::WindowHandle,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

mod chromedriver;
mod input;
mod tabs;

use chromedriver::{Driver, Endpoint};

pub use fantoccini::key::Key;

/// How long a `wait_for_*` verb keeps looking before it panics.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(25);

/// Whether pages may run JavaScript: Chromium's own "JavaScript" site setting.
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

/// One Chromium with one window, at first with one tab, and a profile of its
/// own; gone when dropped, also by a panic.
pub struct Browser {
    pub scripts: Scripts,
    client: Client,
    _driver: Driver,
}

impl Browser {
    /// Starts a fresh browser: no cookies, no cache, no history.
    pub async fn open(scripts: Scripts) -> Self {
        let driver = Driver::start();
        let profile = driver.scratch.path().join("profile");
        let user_data_dir = format!("--user-data-dir={}", profile.display());
        let javascript = if scripts == Scripts::On { 1 } else { 2 };
        let capabilities = json!({
            "acceptInsecureCerts": true,
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": {
                "args": [
                    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                    "--disable-background-networking", "--disable-component-update",
                    "--disable-sync", "--disable-breakpad", "--disable-crash-reporter",
                    "--hide-scrollbars", user_data_dir,
                ],
                "prefs": { "profile.default_content_setting_values.javascript": javascript },
            },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!("it is an object") };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&driver.url)
            .await
            .expect("Chromium should start");
        Self { scripts, client, _driver: driver }
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

    /// Makes the viewport exactly this many CSS pixels, however narrow, from
    /// here on. (A window of that size would lose some of it to its frame.)
    pub async fn set_window(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    pub async fn dark(&self) {
        self.prefer("prefers-color-scheme", "dark").await;
    }

    pub async fn light(&self) {
        self.prefer("prefers-color-scheme", "light").await;
    }

    async fn prefer(&self, name: &str, value: &str) {
        let media = json!({ "features": [{ "name": name, "value": value }] });
        self.cdp("Emulation.setEmulatedMedia", media).await;
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

    /// Runs JavaScript with the driver's rights, even if pages may not: only to
    /// look at what no other verb shows, never to act in a person's place.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.expect("the script should run")
    }

    /// Severe console messages since the last call: script errors, violations
    /// of the Content-Security-Policy, and every 4xx or 5xx response.
    pub async fn console_errors(&self) -> Vec<String> {
        let log = self.ask("se/log".into(), Some(json!({ "type": "browser" }))).await;
        let entries = log.as_array().expect("the browser log should be a list");
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
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

    /// Runs JavaScript in every page of this tab from now on, before the page's own: to take away what some
    /// browsers do not have.
    pub async fn runs_first(&self, script: &str) {
        self.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    }

    /// Shows the tab looked at to the person, and hides the others.
    pub async fn comes_to_the_front(&self) {
        self.cdp("Page.bringToFront", json!({})).await;
    }

    /// Sends Chromium a command of the Chrome DevTools Protocol.
    async fn cdp(&self, command: &str, params: Value) {
        let body = json!({ "cmd": command, "params": params });
        self.ask("goog/cdp/execute".into(), Some(body)).await;
    }

    async fn ask(&self, path: String, body: Option<Value>) -> Value {
        let endpoint = Endpoint { path, body };
        let answer = self.client.issue_cmd(endpoint).await;
        answer.expect("chromedriver should know the command")
    }
}
