//! In a real Chromium, with its back/forward cache on: nothing private comes back after a logout, whoever did
//! it, and everything does as long as nobody has.

use exeunt::actions::end_sessions_of;

use crate::support::browser::{Browser, Scripts, Tab};
use crate::support::{PASSWORD, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_comes_back_whole_while_nobody_has_logged_out() {
    let (world, browser, _) = beside_a_tab_that_listens().await;
    let elsewhere = Elsewhere::open().await;
    for away in [&world.url("/password"), &elsewhere.url] {
        browser.opens_tab(&world.url("/")).await;
        browser.wait_for_text("Logged in as alice").await;
        let mark = mark(&browser).await;
        browser.goto(away).await;
        browser.back().await;
        browser.wait_for_text("Logged in as alice").await;
        assert_eq!(
            browser.run("return window.mark").await,
            mark,
            "it is the same document, kept by the browser"
        );
    }

    browser.click_button("Log out").await;
    browser.wait_for_path("/login?logged_out").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_comes_back_goes_on_listening() {
    let (world, browser, listens) = beside_a_tab_that_listens().await;
    let mark = mark(&browser).await;
    let elsewhere = Elsewhere::open().await;
    browser.goto(&elsewhere.url).await;
    browser.back().await;
    browser.wait_for_text("Logged in as alice").await;
    assert_eq!(browser.run("return window.mark").await, mark);
    let back = browser.tab().await;
    browser.looks_at(&listens).await;
    browser.closes_tab().await;

    logged_out_elsewhere(&world).await;
    browser.looks_at(&back).await;
    browser.wait_for_path("/login").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_session_ended_elsewhere_comes_back_hidden_and_then_leaves() {
    let (world, browser) = logged_in().await;
    // Nor does any tab listen, as in an old browser.
    browser.runs_first("delete Navigator.prototype.locks").await;
    browser.runs_first(NOTE_RETURNS).await;
    browser.reload().await;
    browser.wait_for_text("Logged in as alice").await;
    let elsewhere = Elsewhere::open().await;
    browser.goto(&elsewhere.url).await;
    // The browser does not know: it keeps the cookie, and with it the page.
    logged_out_elsewhere(&world).await;

    browser.back().await;

    browser.wait_for_path("/login").await;
    browser.wait_for_text("Stay logged in for 30 days").await;
    assert_eq!(browser.run("return sessionStorage.returned").await, "hidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_in_another_tab_leaves_nothing_to_go_back_to() {
    let (world, browser) = logged_in().await;
    let away = browser.tab().await;
    browser.goto(&world.url("/password")).await;
    let elsewhere = Elsewhere::open().await;
    browser.goto(&elsewhere.url).await;
    browser.opens_tab(&world.url("/")).await;
    browser.click_button("Log out").await;
    browser.wait_for_path("/login?logged_out").await;

    browser.looks_at(&away).await;
    for path in ["/login?next=%2Fpassword", "/login"] {
        browser.back().await;
        browser.wait_for_path(path).await;
        assert!(!browser.text().await.contains("alice"));
    }
    browser.reload().await;
    browser.forward().await;
    browser.wait_for_path("/login?next=%2Fpassword").await;
    assert!(!browser.text().await.contains("alice"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_restores_its_tabs_restores_nothing_private() {
    let (world, browser) = logged_in().await;
    browser.goto(&world.url("/password")).await;
    let browser = browser.closes().await.opens_again(world.base()).await;
    browser.wait_for_text("Current password").await;
    assert!(browser.text().await.contains("Logged in as alice"), "what is live is restored");

    browser.goto(&world.url("/logout")).await;
    browser.click_button("Log out").await;
    browser.wait_for_path("/login?logged_out").await;
    let browser = browser.closes().await.opens_again(world.base()).await;
    browser.wait_for_path("/login?logged_out").await;
    for _ in 0..3 {
        assert!(!browser.text().await.contains("alice"));
        browser.back().await;
    }

    browser.goto(&world.url("/login")).await;
    log_in(&browser).await;
    browser.wait_for_text("Logged in as alice").await;
    let closed = browser.closes().await;
    logged_out_elsewhere(&world).await;
    let browser = closed.opens_again(world.base()).await;
    browser.wait_for_path("/login").await;
    assert!(!browser.text().await.contains("alice"));
}

/// Another site. Cookies are a host's, whatever the port: this one has another name.
struct Elsewhere {
    url: String,
    _world: World,
}

impl Elsewhere {
    async fn open() -> Self {
        let world = World::open().await;
        Self { url: world.url("/login").replace("127.0.0.1", "localhost"), _world: world }
    }
}

/// Notes how a page looks when it comes back from the back/forward cache.
const NOTE_RETURNS: &str = "addEventListener('pageshow', ({ persisted }) => {
    if (persisted) sessionStorage.returned = getComputedStyle(document.documentElement).visibility;
});";

async fn logged_in() -> (World, Browser) {
    let world = World::open().await.with_account("alice").await;
    let browser = Browser::open(Scripts::On).await;
    browser.goto(&world.url("/login")).await;
    log_in(&browser).await;
    browser.wait_for_text("Logged in as alice").await;
    (world, browser)
}

/// Chromium keeps no page that has itself asked for something that no cache may store, as the tab does that
/// listens. This is about the others.
async fn beside_a_tab_that_listens() -> (World, Browser, Tab) {
    let (world, browser) = logged_in().await;
    let listens = browser.tab().await;
    world.until(|| world.looks("/events") > 0).await;
    browser.opens_tab(&world.url("/")).await;
    browser.wait_for_text("Logged in as alice").await;
    (world, browser, listens)
}

async fn log_in(browser: &Browser) {
    browser.fill("#username", "alice").await;
    browser.fill("#password", PASSWORD).await;
    browser.click_button("Log in").await;
}

/// As on another device.
async fn logged_out_elsewhere(world: &World) {
    let alice = world.account("alice").await.name;
    assert!(end_sessions_of(world.app(), &alice).await.unwrap().unwrap() > 0);
}

/// Leaves a mark in the document that is shown.
async fn mark(browser: &Browser) -> serde_json::Value {
    browser.run("return window.mark = Date.now()").await
}
