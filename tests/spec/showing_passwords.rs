//! Showing what one types as a password: beside every such field, where JavaScript runs, and never in what
//! is sent.

use std::time::Duration;

use crate::in_a_browser::{log_in, shoot};
use crate::support::browser::{Browser, Key, Scripts};
use crate::support::{PASSWORD, World, with_and_without_javascript};

with_and_without_javascript! { Chromium:
    every_password_can_be_shown_and_hidden_again_where_javascript_runs
}

async fn every_password_can_be_shown_and_hidden_again_where_javascript_runs(browser: Browser) {
    let world = World::open().await.with_account("alice").await;
    let link = world.invite("bob").await;
    browser.goto(&world.url("/login?next=%2Fpassword")).await;
    shows_and_hides(&browser, "login", &[("password", "password")]).await;
    log_in(&browser, "alice").await;
    browser.wait_for_path("/password").await;
    let fields = [("current_password", "current password"), ("new_password", "new password")];
    shows_and_hides(&browser, "password", &fields).await;
    browser.goto(&world.url(&link)).await;
    shows_and_hides(&browser, "join", &fields[1..]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_keyboard_it_takes_a_tab_and_a_space_and_sends_nothing() {
    let world = World::open().await.with_account("alice").await;
    let browser = Browser::open(Scripts::On).await;
    browser.goto(&world.url("/login")).await;
    browser.fill("#password", PASSWORD).await;
    browser.press(Key::Tab).await;
    for (key, then, label) in [
        (" ", "text", "Hide password"),
        ("\u{e007}", "password", "Show password"),
        (" ", "text", "Hide password"),
    ] {
        browser.type_keys(key).await;
        assert_eq!(typed(&browser, "password").await, (then.to_owned(), PASSWORD.to_owned()));
        assert_eq!(browser.focused().await.label, label, "a screen reader says the button's new name");
    }
    assert_eq!(world.posts("/login"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_hidden_again_when_the_form_is_sent() {
    let world = World::open().await.with_account("alice").await;
    let browser = Browser::open(Scripts::On).await;
    browser.goto(&world.url("/login")).await;
    // The page stays as it was sent for longer than the test looks at it.
    world.answers_late("/login", Duration::from_secs(600));
    browser.fill("#username", "alice").await;
    browser.fill("#password", PASSWORD).await;
    browser.click("[aria-controls=password]").await;
    browser.click_button("Log in").await;
    assert_eq!(typed(&browser, "password").await, ("password".to_owned(), PASSWORD.to_owned()));
    assert_eq!(name(&browser, "[aria-controls=password]").await, "Show password");

    browser.click("[aria-controls=password]").await;
    // What a browser does first where a script sends a form, as ours does when htmx gets no answer.
    browser.run("new FormData(document.querySelector('form'))").await;
    assert_eq!(typed(&browser, "password").await.0, "password");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_form_brings_back_has_it_too() {
    let world = World::open().await.with_account("alice").await;
    let browser = Browser::open(Scripts::On).await;
    browser.goto(&world.url("/login")).await;
    browser.fill("#username", "alice").await;
    browser.fill("#password", "wrong horse battery staple").await;
    browser.click("[aria-controls=password]").await;
    browser.click_button("Log in").await;
    browser.wait_for_text("The name or the password is wrong.").await;
    shows_and_hides(&browser, "refused", &[("password", "password")]).await;
    browser.click_button("Log in").await;
    browser.wait_for_text("Logged in as alice").await;
}

/// On the page that is open, each field by its id and its label.
async fn shows_and_hides(browser: &Browser, page: &str, fields: &[(&str, &str)]) {
    let buttons = browser.run("return document.querySelectorAll('button[type=button]').length").await;
    if browser.scripts == Scripts::Off {
        assert_eq!(buttons, 0, "one that does nothing on {page}");
        return;
    }
    assert_eq!(buttons, fields.len(), "{page}");
    for (id, label) in fields {
        let button = format!("[aria-controls={id}]");
        assert_eq!(name(browser, &button).await, format!("Show {label}"));
        browser.fill(&format!("#{id}"), PASSWORD).await;
        browser.click(&button).await;
        assert_eq!(typed(browser, id).await, ("text".to_owned(), PASSWORD.to_owned()));
        assert_eq!(name(browser, &button).await, format!("Hide {label}"));
        let height = format!("return document.querySelector('{button}').getBoundingClientRect().height");
        assert!(browser.run(&height).await.as_f64().unwrap() >= 44.0, "a finger finds it (WCAG 2.2, 2.5.5)");
    }
    shoot(browser, &format!("{page}-shown")).await;
    for (id, _) in fields {
        browser.click(&format!("[aria-controls={id}]")).await;
        assert_eq!(typed(browser, id).await, ("password".to_owned(), PASSWORD.to_owned()));
    }
}

/// What kind of field it is, and what is in it.
async fn typed(browser: &Browser, id: &str) -> (String, String) {
    let script = format!("const field = document.querySelector('#{id}'); return [field.type, field.value]");
    serde_json::from_value(browser.run(&script).await).unwrap()
}

async fn name(browser: &Browser, css: &str) -> String {
    let text = browser.run(&format!("return document.querySelector('{css}').textContent")).await;
    text.as_str().unwrap().to_owned()
}
