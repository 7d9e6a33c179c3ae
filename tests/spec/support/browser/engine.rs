//! What engines differ in: how the driver of each is started and found, and what it is asked for.

use std::{
    net::{SocketAddr, TcpStream},
    path::Path,
};

use serde_json::{Value, json};

use super::Scripts;

/// What shows the pages. Each has its own idea of history, of caches and of
/// what a form may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Chromium,
    Firefox,
    WebKit,
}

/// WebKit needs a screen, and Xvfb makes one in memory, at the first free
/// number, which it writes to the pipe. It is asked to end and not killed, since
/// it keeps two files where every X server looks for them.
const WEBKIT: &str = r#"
    mkfifo "$TMPDIR/screen"
    Xvfb -displayfd 3 -nolisten tcp 3>"$TMPDIR/screen" >/dev/null 2>&1 & screen=$!
    trap 'kill $screen; wait $screen; kill -KILL 0' EXIT
    read -r number <"$TMPDIR/screen" || { echo 'Xvfb: made no screen'; exit; }
    DISPLAY=:$number WebKitWebDriver --host="$HOST" --port="$PORT""#;

impl Engine {
    /// What the shell runs to start the driver, which is to listen at `$HOST`
    /// and `$PORT` if it cannot say where it does.
    pub fn driver(self) -> &'static str {
        match self {
            Self::Chromium => "chromedriver --port=0",
            Self::Firefox => "geckodriver --port=0",
            Self::WebKit => WEBKIT,
        }
    }

    /// Where the driver listens, as soon as it does: by what it said so far, or
    /// where it was told to.
    pub fn address(self, said: &str, told: SocketAddr) -> Option<SocketAddr> {
        let after = |words| said.lines().find_map(|line| Some(line.split_once(words)?.1));
        match self {
            Self::Chromium => {
                let port = after("started successfully on port ")?.trim_end_matches('.');
                Some(([127, 0, 0, 1], port.parse().ok()?).into())
            }
            Self::Firefox => after("Listening on ")?.parse().ok(),
            Self::WebKit => TcpStream::connect(told).is_ok().then_some(told),
        }
    }

    /// A fresh browser, by the names that its driver has for that.
    pub fn capabilities(self, scripts: Scripts, scratch: &Path) -> Value {
        let scripts_run = scripts == Scripts::On;
        match self {
            Self::Chromium => json!({
                "goog:loggingPrefs": { "browser": "ALL" },
                "goog:chromeOptions": {
                    "args": [
                        "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                        "--disable-background-networking", "--disable-component-update",
                        "--disable-sync", "--disable-breakpad", "--disable-crash-reporter",
                        "--hide-scrollbars", format!("--user-data-dir={}", scratch.join("profile").display()),
                    ],
                    "prefs": {
                        "profile.default_content_setting_values.javascript": if scripts_run { 1 } else { 2 },
                    },
                },
            }),
            // Its back/forward cache is as people have it: neither geckodriver nor what
            // it talks to in Firefox changes a setting of that, and neither do we.
            Self::Firefox => json!({
                "moz:firefoxOptions": {
                    "args": ["-headless"],
                    "prefs": { "javascript.enabled": scripts_run },
                },
            }),
            // The driver's own choice of a browser, and one switch more.
            Self::WebKit => json!({
                "webkitgtk:browserOptions": {
                    "args": ["--automation", format!("--enable-javascript={scripts_run}")],
                },
            }),
        }
    }
}
