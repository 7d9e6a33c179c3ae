//! The whole way in a real Chromium, from one text: with JavaScript, where htmx does the work, and
//! without, where forms do.

use exeunt::clock::SignedDuration;

use crate::support::browser::{Browser, Engine, Key, Scripts};
use crate::support::{NEW_PASSWORD, PASSWORD, Undeletable, World, with_and_without_javascript};

with_and_without_javascript! { Chromium:
    the_printed_link_makes_the_first_account
    a_person_logs_in_wrongly_then_rightly_and_logs_out
    logging_in_leads_back_to_the_page_that_asked_for_it
    a_password_can_be_pasted
    everything_can_be_done_by_keyboard_alone
    a_double_click_logs_in_once
    a_double_click_joins_once
    one_session_is_logged_out_from_the_list
    everywhere_else_is_logged_out_from_the_list
    everywhere_is_logged_out
    a_person_changes_their_password_wrongly_then_rightly
    a_double_click_changes_a_password_once
    back_after_a_logout_shows_nothing_private
    back_after_a_logout_shows_nothing_private_on_https
    back_shows_again_what_may_be_kept
    a_login_in_one_tab_is_a_login_in_the_others
    a_click_in_an_expired_session_leads_to_the_login_page
    a_session_file_deleted_by_hand_is_a_logout
    a_logout_that_cannot_delete_says_so
    every_page_fits_a_narrow_and_a_wide_window_in_light_and_in_dark
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "draws the README's picture anew: cargo test --test spec picture -- --ignored"]
async fn the_picture_in_the_readme() {
    const FIREFOX: &str = "Firefox/146.0 (Windows)";
    let world = World::open().await.with_account("alice").await;
    world.visitor().using("iPhone Safari/604").logs_in("alice").await;
    world.passes(SignedDuration::from_mins(12));
    world.visitor().using(FIREFOX).logs_in("alice").await;
    world.passes(SignedDuration::from_mins(3));
    let browser = Browser::open(Scripts::On).await;
    browser.set_window(800, 720).await;
    browser.goto(&world.url("/login")).await;
    log_in(&browser, "alice").await;
    browser.wait_for_text("Safari on iPhone").await;
    let picture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/account-page.png");
    std::fs::write(picture, browser.screenshot().await).unwrap();
}

async fn the_printed_link_makes_the_first_account(browser: Browser) {
    let world = World::open().await;
    let link = world.first_link().await;
    browser.goto(&world.url(&link)).await;
    browser.fill("#username", "alice").await;
    browser.fill("#new_password", "passwordpassword").await;
    browser.click_button("Save and log in").await;
    browser.wait_for_text("This password is one of those that are tried first").await;
    assert_eq!(browser.focused().await.id.as_deref(), Some("new_password"));

    browser.fill("#new_password", PASSWORD).await;
    browser.click_button("Save and log in").await;
    browser.wait_for_path("/").await;
    browser.wait_for_text("Logged in as alice").await;
    world.only_session_file();
    runs_clean_but_for(&browser, &["422"]).await;
}

pub async fn a_person_logs_in_wrongly_then_rightly_and_logs_out(browser: Browser) {
    let world = World::open().await.with_account("alice").await;
    browser.goto(&world.url("/")).await;
    browser.wait_for_path("/login").await;
    assert_eq!(browser.title().await, "Log in · Exeunt");

    fill_in(&browser, "alice", "wrong horse battery staple").await;
    browser.click_button("Log in").await;
    browser.wait_for_text("The name or the password is wrong.").await;
    assert_eq!(browser.run("return document.querySelector('#username').value").await, "alice");
    assert_eq!(browser.run("return document.querySelector('#password').value").await, "");
    assert_eq!(browser.focused().await.id.as_deref(), Some("password"));
    assert_eq!(heads(&browser).await, 1, "the page is whole, not one within the other");

    browser.fill("#password", PASSWORD).await;
    browser.click_button("Log in").await;
    browser.wait_for_path("/").await;
    browser.wait_for_text("Logged in as alice").await;
    world.only_session_file();
    let cookies = browser.cookies().await;
    assert_eq!(cookies.len(), 1);
    assert_eq!((cookies[0].name(), cookies[0].http_only()), ("exeunt", Some(true)));

    browser.click_button("Log out").await;
    browser.wait_for_path("/login?logged_out").await;
    browser.wait_for_text("You are logged out in this browser.").await;
    assert!(world.session_files().is_empty());
    assert!(browser.cookies().await.is_empty());
    runs_clean_but_for(&browser, &["422"]).await;
}

async fn logging_in_leads_back_to_the_page_that_asked_for_it(browser: Browser) {
    let world = World::open().await.with_account("alice").await;
    browser.goto(&world.url("/login?next=%2Flogout%3F")).await;
    log_in(&browser, "alice").await;
    browser.wait_for_path("/").await;

    browser.goto(&world.url("/login?next=%2Fnothing%3Fa%3Db")).await;
    browser.wait_for_path("/nothing?a=b").await;
    browser.wait_for_text("There is nothing at this address.").await;
}

/// ASVS 6.2.7.
async fn a_password_can_be_pasted(browser: Browser) {
    let world = World::open().await.with_account("alice").await;
    browser.goto(&world.url("/login")).await;
    browser.type_keys(PASSWORD).await;
    browser.holds_control_and_types("ax").await;
    browser.type_keys("alice").await;
    browser.press(Key::Tab).await;
    browser.holds_control_and_types("v").await;
    assert_eq!(browser.run("return document.querySelector('#password').value").await, PASSWORD);
    browser.click_button("Log in").await;
    browser.wait_for_text("Logged in as alice").await;
}

async fn everything_can_be_done_by_keyboard_alone(browser: Browser) {
    let world = World::open().await.with_account("alice").await;
    browser.goto(&world.url("/login")).await;
    assert_eq!(browser.focused().await.label, "Name", "one can begin to type");
    browser.type_keys("alice").await;
    browser.press(Key::Tab).await;
    assert_eq!(browser.focused().await.label, "Password");
    browser.type_keys(PASSWORD).await;
    browser.press(Key::Tab).await;
    if browser.scripts == Scripts::On {
        assert_eq!(browser.focused().await.label, "Show password");
        browser.press(Key::Tab).await;
    }
    assert_eq!(browser.focused().await.label, "Stay logged in for 30 days");
    browser.type_keys(" ").await;
    browser.press(Key::Tab).await;
    assert_eq!(browser.focused().await.label, "Log in");
    browser.press_with(Key::Shift, Key::Tab).await;
    assert_eq!(browser.focused().await.label, "Stay logged in for 30 days", "and back");
    browser.press(Key::Enter).await;
    browser.wait_for_text("Logged in as alice").await;
    assert!(browser.cookies().await[0].expires().is_some(), "the box was ticked");

    browser.press(Key::Tab).await;
    assert_eq!(browser.focused().await.label, "Exeunt");
    browser.press(Key::Tab).await;
    assert_eq!(browser.focused().await.label, "Log out");
    browser.press(Key::Enter).await;
    browser.wait_for_path("/login?logged_out").await;
    assert!(world.session_files().is_empty());
}

async fn a_double_click_logs_in_once(browser: Browser) {
    // Slow enough that the second click comes while the first is under way.
    let world = World::hashing(15).await.with_account("alice").await;
    browser.goto(&world.url("/login")).await;
    fill_in(&browser, "alice", PASSWORD).await;
    browser.double_click("main button:not([type])").await;
    browser.wait_for_text("Logged in as alice").await;
    if browser.scripts == Scripts::On {
        assert_eq!(world.posts("/login"), 1);
        world.only_session_file();
    } else {
        // Without JavaScript it is the browser's to make one post of two clicks.
        world.until(|| world.session_files().len() == world.posts("/login")).await;
    }
}

async fn a_double_click_joins_once(browser: Browser) {
    let world = World::hashing(15).await;
    let link = world.invite("bob").await;
    browser.goto(&world.url(&link)).await;
    browser.fill("#new_password", PASSWORD).await;
    browser.double_click("main button:not([type])").await;
    if browser.scripts == Scripts::On {
        browser.wait_for_text("Logged in as bob").await;
        assert_eq!(world.posts(&link), 1);
    } else {
        // Without JavaScript the second click may win; then the page says what happened to the link.
        browser.wait_for_one_of(&["Logged in as bob", "This link is over"]).await;
    }
    world.until(|| world.session_files().len() == 1).await;
}

pub async fn one_session_is_logged_out_from_the_list(browser: Browser) {
    let world = logged_in_with_a_phone(&browser).await;
    let mark = mark(&browser).await;
    browser.click(".sessions .session:not(.this) button").await;
    browser.wait_for_text("Nowhere else.").await;
    assert_eq!(browser.path().await, "/");
    assert_eq!(world.session_files().len(), 1);
    assert_eq!(heads(&browser).await, 1, "the list is replaced, not the page put into it");
    stayed_in_place(&browser, mark).await;
    runs_clean_but_for(&browser, &[]).await;
}

async fn everywhere_else_is_logged_out_from_the_list(browser: Browser) {
    let world = logged_in_with_a_phone(&browser).await;
    let mark = mark(&browser).await;
    browser.click_button("Log out everywhere else").await;
    browser.wait_for_text("Nowhere else.").await;
    assert_eq!(world.session_files().len(), 1);
    stayed_in_place(&browser, mark).await;
    runs_clean_but_for(&browser, &[]).await;
}

async fn everywhere_is_logged_out(browser: Browser) {
    let world = logged_in_with_a_phone(&browser).await;
    browser.click_button("Log out everywhere").await;
    browser.wait_for_path("/login?logged_out").await;
    assert!(world.session_files().is_empty());
    runs_clean_but_for(&browser, &[]).await;
}

async fn a_person_changes_their_password_wrongly_then_rightly(browser: Browser) {
    let world = logged_in_with_a_phone(&browser).await;
    let before = browser.cookies().await[0].value().to_owned();
    browser.click("main a").await;
    browser.wait_for_path("/password").await;
    assert_eq!(browser.title().await, "Change password · Exeunt");
    assert_eq!(browser.focused().await.label, "Current password", "one can begin to type");

    change_password(&browser, "wrong horse battery staple", NEW_PASSWORD).await;
    browser.wait_for_text("The current password is wrong.").await;
    assert_eq!(browser.run("return document.querySelector('#new_password').value").await, "");
    assert_eq!(browser.focused().await.id.as_deref(), Some("current_password"));
    change_password(&browser, PASSWORD, "passwordpassword").await;
    browser.wait_for_text("This password is one of those that are tried first").await;
    assert_eq!(heads(&browser).await, 1, "the page is whole, not one within the other");
    assert_eq!(world.session_files().len(), 2, "nothing has ended yet");

    change_password(&browser, PASSWORD, NEW_PASSWORD).await;
    browser.wait_for_path("/?password_changed").await;
    browser.wait_for_text("Your password is changed. Your other sessions have ended.").await;
    browser.wait_for_text("Nowhere else.").await;
    world.only_session_file();
    let cookies = browser.cookies().await;
    assert_eq!(cookies.len(), 1);
    assert_ne!(cookies[0].value(), before, "a new token");
    world.visitor().tries("alice", NEW_PASSWORD).await.leads_to("/");
    runs_clean_but_for(&browser, &["422"]).await;
}

async fn a_double_click_changes_a_password_once(browser: Browser) {
    let world = World::hashing(15).await.with_account("alice").await;
    browser.goto(&world.url("/login?next=%2Fpassword")).await;
    log_in(&browser, "alice").await;
    browser.wait_for_path("/password").await;
    browser.fill("#current_password", PASSWORD).await;
    browser.fill("#new_password", NEW_PASSWORD).await;
    browser.double_click("main button:not([type])").await;
    if browser.scripts == Scripts::On {
        browser.wait_for_text("Your password is changed.").await;
        assert_eq!(world.posts("/password"), 1);
    } else {
        // Without JavaScript the second click may win, and lead to where the first one's cookie leads.
        let ends = ["Your password is changed.", "Where you are logged in", "Stay logged in for 30 days"];
        browser.wait_for_one_of(&ends).await;
    }
    world.until(|| world.session_files().len() == 1).await;
    world.visitor().tries("alice", NEW_PASSWORD).await.leads_to("/");
}

pub async fn back_after_a_logout_shows_nothing_private(browser: Browser) {
    goes_back_after_a_logout(World::open().await, browser).await;
}

pub async fn back_after_a_logout_shows_nothing_private_on_https(browser: Browser) {
    goes_back_after_a_logout(World::on_https().await, browser).await;
}

/// Or else the browser keeps nothing for the Back button, and no test of that proves anything.
pub async fn back_shows_again_what_may_be_kept(browser: Browser) {
    let world = World::open().await;
    browser.goto(&world.url("/login")).await;
    let style = browser.run("return document.querySelector('link[rel=stylesheet]').href").await;
    browser.goto(style.as_str().expect("an address")).await;
    let style = browser.path().await;
    // A browser that is short of memory may let go of a page; it keeps none only if it never does.
    for _ in 0..3 {
        let mark = mark(&browser).await;
        browser.goto(&world.url("/login")).await;
        browser.back().await;
        browser.wait_for_path(&style).await;
        if browser.run("return window.mark").await == mark {
            return;
        }
    }
    panic!("it is never the same document");
}

async fn goes_back_after_a_logout(world: World, browser: Browser) {
    let world = logged_in_with_a_phone_at(world, &browser).await;
    browser.goto(&world.url("/logout")).await;
    browser.click_button("Log out").await;
    browser.wait_for_text("You are logged out in this browser.").await;
    // The account page asks for a login.
    for (path, shown) in [("/logout", "Log out?"), ("/login", "Stay logged in for 30 days")] {
        let page = browser.page().await;
        browser.back().await;
        browser.wait_to_leave(page).await;
        let text = browser.text().await;
        assert!(!text.contains("alice") && !text.contains("192.0.2"), "private:\n{text}");
        browser.wait_for_path(path).await;
        browser.wait_for_text(shown).await;
    }
    browser.reload().await;
    assert!(!browser.text().await.contains("alice"));
    browser.forward().await;
    browser.wait_for_path("/logout").await;
    assert!(!browser.text().await.contains("alice"));
}

async fn a_login_in_one_tab_is_a_login_in_the_others(browser: Browser) {
    let world = World::open().await.with_account("alice").await;
    browser.goto(&world.url("/login")).await;
    let first = browser.tab().await;
    let second = browser.opens_tab(&world.url("/login")).await;
    assert_ne!(first, second);
    log_in(&browser, "alice").await;
    browser.wait_for_text("Logged in as alice").await;

    browser.looks_at(&first).await;
    assert_eq!(browser.run("return document.visibilityState").await, "visible");
    assert_eq!(browser.path().await, "/login", "each tab has its own page");
    browser.reload().await;
    browser.wait_for_text("Logged in as alice").await;
    world.only_session_file();
    browser.closes_tab().await;
    browser.looks_at(&second).await;
    browser.click_button("Log out").await;
    browser.wait_for_text("You are logged out in this browser.").await;
    assert!(world.session_files().is_empty());
}

async fn a_click_in_an_expired_session_leads_to_the_login_page(browser: Browser) {
    let world = logged_in_with_a_phone(&browser).await;
    if browser.scripts == Scripts::On {
        // It would leave by itself.
        browser.runs_first("delete Navigator.prototype.locks").await;
        browser.reload().await;
    }
    world.passes(SignedDuration::from_hours(2));
    browser.click_button("Log out everywhere else").await;
    browser.wait_for_path("/login").await;
    browser.wait_for_text("Stay logged in for 30 days").await;
    assert_eq!(heads(&browser).await, 1, "whole, and inside no fragment");
    assert!(!browser.text().await.contains("alice"));
    assert!(browser.cookies().await.is_empty());
    runs_clean_but_for(&browser, &[]).await;
}

async fn a_session_file_deleted_by_hand_is_a_logout(browser: Browser) {
    let world = World::open().await.with_account("alice").await;
    browser.goto(&world.url("/login")).await;
    log_in(&browser, "alice").await;
    browser.wait_for_text("Logged in as alice").await;
    std::fs::remove_file(world.only_session_file()).unwrap();
    if browser.scripts == Scripts::Off {
        browser.click(".brand").await;
    }
    browser.wait_for_path("/login").await;
    assert!(browser.cookies().await.is_empty());
    let page = browser.page().await;
    browser.back().await;
    browser.wait_to_leave(page).await;
    assert!(!browser.text().await.contains("alice"), "nor is it in the Back button");
}

async fn a_logout_that_cannot_delete_says_so(browser: Browser) {
    let world = World::open().await.with_account("alice").await;
    browser.goto(&world.url("/login")).await;
    log_in(&browser, "alice").await;
    browser.wait_for_text("Logged in as alice").await;
    let stuck = Undeletable::folder_of(&world.only_session_file());
    browser.click_button("Log out").await;
    browser.wait_for_text("Not logged out yet").await;
    assert_eq!(heads(&browser).await, 1);
    assert!(browser.cookies().await.is_empty());
    drop(stuck);
    runs_clean_but_for(&browser, &["503"]).await;
}

async fn every_page_fits_a_narrow_and_a_wide_window_in_light_and_in_dark(browser: Browser) {
    let long = "wolfeschlegelsteinhausenbergerdorff-hubert.blaine@example.example";
    let world = World::open().await.with_account(&long[..64]).await;
    let link = world.invite("bob").await;
    world.visitor().using("iPhone Safari/604").logs_in(&long[..64]).await;
    let mut pages = vec![
        ("login", "/login"),
        ("logged-out", "/login?logged_out"),
        ("error", "/nothing"),
        ("join", &link),
    ];
    look_at(&browser, &world, &pages).await;
    browser.goto(&world.url("/login")).await;
    fill_in(&browser, "alice", "wrong").await;
    browser.click_button("Log in").await;
    browser.wait_for_text("wrong.").await;
    shoot(&browser, "refused").await;
    world.failed(&long[..64], 72).await;
    log_in(&browser, &long[..64]).await;
    browser.wait_for_text("Logged in as").await;
    pages = vec![
        ("account", "/"),
        ("password", "/password"),
        ("logout", "/logout"),
        ("error-logged-in", "/nothing"),
    ];
    look_at(&browser, &world, &pages).await;
    browser.goto(&world.url("/")).await;
    browser.click_button("Log out everywhere else").await;
    browser.wait_for_text("1 other session ended.").await;
    shoot(&browser, "account-receipt").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_javascript_a_server_that_is_gone_is_seen_to_be_gone() {
    let world = World::open().await.with_account("alice").await;
    let browser = Browser::open(Scripts::On).await;
    browser.goto(&world.url("/login")).await;
    log_in(&browser, "alice").await;
    browser.wait_for_text("Logged in as alice").await;
    let (_data, server) = world.stop();
    server.await.unwrap().unwrap();

    browser.click_button("Log out").await;
    browser.wait_for_text("ERR_CONNECTION_REFUSED").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_javascript_the_focus_goes_with_the_content_that_is_new() {
    let browser = Browser::open(Scripts::On).await;
    let _world = logged_in_with_a_phone(&browser).await;
    browser.click_button("Log out everywhere else").await;
    browser.wait_for_text("1 other session ended.").await;
    browser.wait_for_text("Nowhere else.").await;
    assert_eq!(browser.run("return document.activeElement.role").await, "status", "it is read out");
    browser.press(Key::Tab).await;
    assert_eq!(browser.focused().await.label, "Log out", "and from there to the first button");
}

async fn fill_in(browser: &Browser, name: &str, password: &str) {
    browser.fill("#username", name).await;
    browser.fill("#password", password).await;
}

pub async fn log_in(browser: &Browser, name: &str) {
    fill_in(browser, name, PASSWORD).await;
    browser.click_button("Log in").await;
}

async fn change_password(browser: &Browser, current: &str, new: &str) {
    browser.fill("#current_password", current).await;
    browser.fill("#new_password", new).await;
    browser.click_button("Change password").await;
}

/// Alice at the account page, and logged in on a phone as well.
async fn logged_in_with_a_phone(browser: &Browser) -> World {
    logged_in_with_a_phone_at(World::open().await, browser).await
}

async fn logged_in_with_a_phone_at(world: World, browser: &Browser) -> World {
    let world = world.with_account("alice").await;
    world.visitor().using("iPhone Safari/604").logs_in("alice").await;
    browser.goto(&world.url("/login")).await;
    log_in(browser, "alice").await;
    browser.wait_for_text("Safari on iPhone").await;
    world
}

/// How many pages are in the page.
async fn heads(browser: &Browser) -> i64 {
    let heads =
        "return document.querySelectorAll('.masthead').length * document.querySelectorAll('h1').length";
    browser.run(heads).await.as_i64().expect("a number")
}

/// Leaves a mark in the document that is shown.
async fn mark(browser: &Browser) -> i64 {
    browser.run("return window.mark = Date.now()").await.as_i64().expect("a number")
}

/// With htmx the document is still the same one; without, it is another.
async fn stayed_in_place(browser: &Browser, mark: i64) {
    let found = browser.run("return window.mark ?? 0").await.as_i64().expect("a number");
    assert_eq!(found == mark, browser.scripts == Scripts::On);
}

/// The console holds no errors but the statuses that the scenario asked for. Only Chromium's can be read.
async fn runs_clean_but_for(browser: &Browser, statuses: &[&str]) {
    if browser.engine != Engine::Chromium {
        return;
    }
    let mut errors = browser.console_errors().await;
    errors.retain(|error| !statuses.iter().any(|status| error.contains(&format!("status of {status}"))));
    assert!(errors.is_empty(), "{errors:?}");
}

async fn look_at(browser: &Browser, world: &World, pages: &[(&str, &str)]) {
    for (name, path) in pages {
        browser.goto(&world.url(path)).await;
        shoot(browser, name).await;
    }
}

/// Keeps a picture of the page in each window, for people to look at, and checks what needs no eye.
pub async fn shoot(browser: &Browser, name: &str) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    for (width, height) in [(320, 1000), (1280, 800)] {
        browser.set_window(width, height).await;
        let overflow = browser.run("return document.documentElement.scrollWidth - innerWidth").await;
        assert_eq!(overflow, 0, "{name} is wider than {width} px");
        for theme in ["light", "dark"] {
            match theme {
                "light" => browser.light().await,
                _ => browser.dark().await,
            }
            let contrast = browser.run(CONTRAST).await.as_f64().expect("a number");
            assert!(contrast >= 4.5, "{name} in {theme}: contrast {contrast}");
            let file = format!("{name}-{width}-{theme}-{:?}.png", browser.scripts);
            std::fs::write(folder.join(file), browser.screenshot().await).unwrap();
        }
    }
}

/// The least contrast between a text and what is behind it (WCAG 2.2, 1.4.3).
const CONTRAST: &str = "
    const colour = (text) => {
        const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
        return { r, g, b, a };
    };
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const background = colour(getComputedStyle(at).backgroundColor);
            if (background.a === 1) return background;
        }
        return { r: 255, g: 255, b: 255 };
    };
    const luminance = ({ r, g, b }) => {
        const [x, y, z] = [r, g, b].map((c) => {
            c /= 255;
            return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const texts = [...document.querySelectorAll('body *')].filter((element) =>
        [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
    return Math.min(...texts.map((element) => {
        const [a, b] = [colour(getComputedStyle(element).color), behind(element)].map(luminance);
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }));
";
