//! In a real Chromium: whoever logs out in one tab has logged out in all of them, and whoever is logged out
//! elsewhere is shown it at once.

use std::time::{Duration, Instant};

use exeunt::actions::end_session;

use crate::support::browser::{Browser, Engine, Scripts, Tab};
use crate::support::{NEW_PASSWORD, PASSWORD, Undeletable, World};

/// A tab looks again by itself after 15 seconds at the earliest.
const AT_ONCE: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn ten_tabs_leave_with_the_one_that_logs_out() {
    let (world, browser) = logged_in().await;
    let tabs = open_tabs(&browser, &world, 10).await;
    browser.looks_at(&tabs[4]).await;
    let (looks, began) = (world.looks("/login"), Instant::now());

    browser.click_button("Log out").await;

    world.until(|| world.looks("/login") == looks + 10).await;
    println!("ten tabs at the login page after {:?}", began.elapsed());
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    all_show(&browser, &tabs, "/login", "Stay logged in for 30 days").await;
    browser.looks_at(&tabs[4]).await;
    assert_eq!(browser.path().await, "/login?logged_out", "and says so where it was clicked");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_tabs_leave_when_their_session_is_ended_elsewhere() {
    let (world, browser) = logged_in().await;
    let tabs = open_tabs(&browser, &world, 10).await;
    let (asked, began) = (world.looks("/events"), Instant::now());

    ended_elsewhere(&world).await;

    world.until(|| world.looks("/login") == 1 + 10).await;
    println!("ten tabs at the login page after {:?}", began.elapsed());
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert!(world.looks("/events") < asked + 5, "told by the one that listens, not one after the other");
    all_show(&browser, &tabs, "/login", "Stay logged in for 30 days").await;
    assert!(browser.cookies().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn in_firefox_three_tabs_leave_when_their_session_is_ended_elsewhere() {
    three_tabs_leave_in(Engine::Firefox).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_webkit_three_tabs_leave_when_their_session_is_ended_elsewhere() {
    three_tabs_leave_in(Engine::WebKit).await;
}

async fn three_tabs_leave_in(engine: Engine) {
    let (world, browser) = logged_in_with(Browser::open_in(engine, Scripts::On).await).await;
    let tabs = open_tabs(&browser, &world, 3).await;
    world.until(|| world.looks("/events") > 0).await;
    let began = Instant::now();

    ended_elsewhere(&world).await;

    world.until(|| world.looks("/login") == 1 + 3).await;
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    all_show(&browser, &tabs, "/login", "Stay logged in for 30 days").await;
    assert!(browser.cookies().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_tabs_share_one_stream() {
    let (world, browser) = logged_in().await;
    let tabs = open_tabs(&browser, &world, 10).await;
    // Each of them asks while all others are open: with a stream each, the seventh would never be answered.
    for tab in &tabs {
        browser.looks_at(tab).await;
        browser.goto(&world.url("/password")).await;
        browser.wait_for_text("Current password").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_tab_that_listens_is_closed_another_one_listens() {
    let (world, browser) = logged_in().await;
    let first = browser.tab().await;
    let tabs = open_tabs(&browser, &world, 3).await;
    world.until(|| world.looks("/events") >= 1).await;
    let looks = world.looks("/events");
    browser.looks_at(&first).await;
    browser.closes_tab().await;
    world.until(|| world.looks("/events") > looks).await;
    let began = Instant::now();

    ended_elsewhere(&world).await;

    all_show(&browser, &tabs[1..], "/login", "Stay logged in for 30 days").await;
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tab_that_shows_another_account_shows_the_one_now_logged_in() {
    let world = World::open().await.with_account("alice").await.with_account("bob").await;
    let browser = Browser::open(Scripts::On).await;
    browser.goto(&world.url("/login")).await;
    let first = browser.tab().await;
    browser.opens_tab(&world.url("/login")).await;
    let second = browser.tab().await;
    browser.looks_at(&first).await;
    log_in(&browser, "alice").await;
    browser.wait_for_text("Logged in as alice").await;

    browser.looks_at(&second).await;
    log_in(&browser, "bob").await;
    browser.wait_for_text("Logged in as bob").await;

    browser.looks_at(&first).await;
    browser.wait_for_text("Logged in as bob").await;
    world.only_session_file();
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_cookie_was_lost_is_not_shown_beside_the_one_now_logged_in() {
    let world = World::open().await.with_account("alice").await.with_account("bob").await;
    let browser = Browser::open(Scripts::On).await;
    browser.goto(&world.url("/login")).await;
    log_in(&browser, "alice").await;
    browser.wait_for_text("Logged in as alice").await;
    let first = browser.tab().await;
    // As by the browser's own settings: the session goes on, and no page hears of it.
    browser.loses_its_cookies().await;
    browser.opens_tab(&world.url("/login")).await;
    log_in(&browser, "bob").await;
    browser.wait_for_text("Logged in as bob").await;

    // It is before somebody looks.
    world.until(|| world.looks("/") == 3).await;
    browser.looks_at(&first).await;
    browser.wait_for_text("Logged in as bob").await;
    assert_eq!(world.session_files().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tab_that_logs_out_says_so_although_it_hears_of_it_too() {
    let (world, browser) = logged_in().await;
    // It hears of it while the page that says so is under way.
    world.answers_late("/login?logged_out", Duration::from_millis(500));
    browser.click_button("Log out").await;
    browser.wait_for_text("You are logged out in this browser.").await;
    assert_eq!(browser.path().await, "/login?logged_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tab_that_is_stopped_on_its_way_out_leaves_after_all() {
    let (world, browser) = logged_in().await;
    world.answers_late("/login?logged_out", Duration::from_secs(60));
    // As the browser's own button does, once the session has ended.
    browser.run("setTimeout(() => stop(), 1500); document.querySelector('main button').click()").await;
    browser.wait_for_path("/login").await;
    browser.wait_for_text("Stay logged in for 30 days").await;
    assert!(world.session_files().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_the_browser_sends_itself_is_not_cut_short_by_what_it_does() {
    let (world, browser) = logged_in().await;
    browser.goto(&world.url("/password")).await;
    browser.wait_for_text("Current password").await;
    world.fails_htmx_at("/password");
    // Its session is over, and every tab hears of it, before the new one is here.
    world.answers_late("/password", Duration::from_secs(1));
    browser.fill("#current_password", PASSWORD).await;
    browser.fill("#new_password", NEW_PASSWORD).await;
    browser.click_button("Change password").await;
    browser.wait_for_text("Your password is changed.").await;
    world.only_session_file();
    assert_eq!(browser.cookies().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_logs_no_tab_of_this_browser_out() {
    let (world, browser) = logged_in().await;
    let tabs = open_tabs(&browser, &world, 4).await;
    // A tab that asked before the new cookie is there would be told afterwards that the old one is over.
    world.answers_late("/password", Duration::from_millis(500));
    world.answers_late("/", Duration::from_millis(1500));
    browser.goto(&world.url("/password")).await;
    browser.fill("#current_password", PASSWORD).await;
    browser.fill("#new_password", NEW_PASSWORD).await;
    browser.click_button("Change password").await;
    browser.wait_for_text("Your password is changed.").await;

    let session = world.only_session_file().file_name().unwrap().to_str().unwrap().to_owned();
    for tab in &tabs {
        browser.looks_at(tab).await;
        browser.wait_for_session(&session).await;
    }
    assert_eq!(browser.cookies().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_server_cannot_delete_the_page_that_says_so_stays() {
    let (world, browser) = logged_in().await;
    let tabs = open_tabs(&browser, &world, 2).await;
    let stuck = Undeletable::folder_of(&world.only_session_file());
    browser.click_button("Log out").await;
    browser.wait_for_text("Not logged out yet").await;

    browser.looks_at(&tabs[0]).await;
    browser.wait_for_path("/login").await;
    browser.looks_at(&tabs[1]).await;
    assert!(browser.text().await.contains("Not logged out yet"));
    drop(stuck);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_without_locks_or_channels_asks_when_a_tab_is_looked_at() {
    for missing in ["delete Navigator.prototype.locks", "delete window.BroadcastChannel"] {
        let (world, browser) = logged_in().await;
        browser.runs_first(missing).await;
        browser.reload().await;
        browser.wait_for_text("Logged in as alice").await;
        let tab = browser.tab().await;
        browser.opens_tab("about:blank").await;
        ended_elsewhere(&world).await;
        browser.looks_at(&tab).await;
        browser.comes_to_the_front().await;
        browser.wait_for_path("/login").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_in_the_browser() {
    let (world, browser) = logged_in().await;
    assert_eq!(browser.run(KEPT).await, 0, "while one is logged in");
    browser.run("localStorage.note = 'private'").await;
    browser.click_button("Log out").await;
    browser.wait_for_path("/login?logged_out").await;
    assert_eq!(browser.run(KEPT).await, 0, "nor what another page of the site kept");
    assert!(world.session_files().is_empty());
}

/// How many things are in each store that a browser has.
const KEPT: &str = "return Promise.all([indexedDB.databases(), caches.keys()]).then((lists) =>
    localStorage.length + sessionStorage.length + lists.flat().length)";

async fn logged_in() -> (World, Browser) {
    logged_in_with(Browser::open(Scripts::On).await).await
}

async fn logged_in_with(browser: Browser) -> (World, Browser) {
    let world = World::open().await.with_account("alice").await;
    browser.goto(&world.url("/login")).await;
    log_in(&browser, "alice").await;
    browser.wait_for_text("Logged in as alice").await;
    (world, browser)
}

async fn log_in(browser: &Browser, name: &str) {
    browser.fill("#username", name).await;
    browser.fill("#password", PASSWORD).await;
    browser.click_button("Log in").await;
}

/// So many tabs at the account page, the one that is open among them.
async fn open_tabs(browser: &Browser, world: &World, count: usize) -> Vec<Tab> {
    let mut tabs = vec![browser.tab().await];
    while tabs.len() < count {
        tabs.push(browser.opens_tab(&world.url("/")).await);
        browser.wait_for_text("Logged in as alice").await;
    }
    tabs
}

/// As by another process on the same folder.
async fn ended_elsewhere(world: &World) {
    let file = world.only_session_file();
    let id = file.file_name().unwrap().to_str().unwrap();
    let id = exeunt::sessions::SessionId::parse(id).unwrap();
    assert!(end_session(&*world.beside(4).await, id).await.unwrap());
}

async fn all_show(browser: &Browser, tabs: &[Tab], path: &str, text: &str) {
    for tab in tabs {
        browser.looks_at(tab).await;
        browser.wait_for_text(text).await;
        assert!(browser.path().await.starts_with(path), "{}", browser.path().await);
        assert!(!browser.text().await.contains("alice"));
    }
}
