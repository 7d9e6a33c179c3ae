//! What only Chromium's driver can do.

use serde_json::{Value, json};

use super::Browser;

impl Browser {
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

    /// Severe console messages since the last call: script errors, violations
    /// of the Content-Security-Policy, and every 4xx or 5xx response.
    pub async fn console_errors(&self) -> Vec<String> {
        let log = self.ask("se/log".into(), Some(json!({ "type": "browser" }))).await;
        let entries = log.as_array().expect("the browser log should be a list");
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
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

    async fn prefer(&self, name: &str, value: &str) {
        let media = json!({ "features": [{ "name": name, "value": value }] });
        self.cdp("Emulation.setEmulatedMedia", media).await;
    }

    /// Sends a command of the Chrome DevTools Protocol.
    async fn cdp(&self, command: &str, params: Value) {
        let body = json!({ "cmd": command, "params": params });
        self.ask("goog/cdp/execute".into(), Some(body)).await;
    }
}
