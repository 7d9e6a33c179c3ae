//! The browser's tabs: one is looked at, and every other verb is about that one.

use super::{Browser, Tab};

impl Browser {
    /// The tab looked at now.
    pub async fn tab(&self) -> Tab {
        Tab(self.client.window().await.expect("a tab should be looked at"))
    }

    /// Opens a page in a new tab, which is looked at from here on.
    pub async fn opens_tab(&self, url: &str) -> Tab {
        let opened = self.client.new_window(true).await.expect("a new tab should open");
        let tab = Tab(opened.handle);
        self.looks_at(&tab).await;
        self.goto(url).await;
        tab
    }

    /// Brings a tab to the front.
    pub async fn looks_at(&self, tab: &Tab) {
        let Tab(handle) = tab;
        self.client.switch_to_window(handle.clone()).await.expect("the tab should be open");
    }

    /// Waits until a tab shows a page of the site at `origin`, and looks at it.
    pub async fn looks_at_one_of(&self, origin: &str) {
        let found = async || {
            for handle in self.client.windows().await.expect("the browser should list its tabs") {
                self.looks_at(&Tab(handle)).await;
                let url = self.client.current_url().await.expect("the browser should tell its URL");
                if url.as_str().starts_with(origin) {
                    return true;
                }
            }
            false
        };
        self.wait_until(&format!("a tab of {origin}"), found).await;
    }

    /// Closes the tab looked at; before any other verb, look at another.
    pub async fn closes_tab(&self) {
        self.client.close_window().await.expect("the tab should close");
    }
}
