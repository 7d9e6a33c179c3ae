//! A Chromium that was closed with all its tabs, and may be opened again with them.

use serde_json::json;

use super::driver::Driver;
use super::{Browser, Engine};

/// A browser that is not running. Its profile is kept, cookies and all.
pub struct Closed {
    browser: (Engine, super::Scripts),
    driver: Driver,
}

impl Browser {
    /// Closes it, as a person does who shuts the machine down.
    pub async fn closes(self) -> Closed {
        self.client.close().await.expect("the browser should close");
        Closed { browser: (self.engine, self.scripts), driver: self.driver }
    }
}

impl Closed {
    /// Opens it again, and the tabs that were open, and looks at the one whose page is at `origin`.
    pub async fn opens_again(self, origin: &str) -> Browser {
        let (engine, scripts) = self.browser;
        let mut capabilities = engine.capabilities(scripts, self.driver.scratch.path());
        let arguments = capabilities["goog:chromeOptions"]["args"].as_array_mut();
        arguments.expect("only Chromium restores its tabs here").push(json!("--restore-last-session"));
        let browser = Browser::start(engine, scripts, self.driver, capabilities).await;
        browser.looks_at_one_of(origin).await;
        browser
    }
}
