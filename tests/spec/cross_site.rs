//! Nobody else can make a person do anything: posts from other sites are refused, before anything is read.

use reqwest::Method;

use crate::support::{PASSWORD, World};

#[tokio::test]
async fn a_post_from_another_site_is_refused_and_does_nothing() {
    let world = World::open().await.with_account("alice").await;
    let alice = world.logged_in("alice").await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "nonsense"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost:8001"),
        ("origin", "https://localhost:8000"),
    ] {
        for path in ["/logout", "/login", "/password", "/join/x", "/nothing", "/"] {
            let answer = alice.clone().with(name, value).posts(path, &[]).await;
            answer.is(403).says("Nothing was done.");
            assert!(answer.cookies_set().is_empty());
            assert_eq!(answer.header("cache-control"), "no-store");
        }
    }
    assert!(alice.clone().is_logged_in().await);
}

#[tokio::test]
async fn what_the_browser_says_itself_counts_before_the_origin() {
    let world = World::open().await.with_account("alice").await;
    for (site, origin, allowed) in [
        ("same-origin", "http://127.0.0.1:9999", true),
        ("none", "null", true),
        ("cross-site", "http://localhost:8000", false),
    ] {
        let visitor = world.visitor().with("sec-fetch-site", site).with("origin", origin);
        let status = visitor.clone().tries("alice", PASSWORD).await.status;
        assert_eq!(status, if allowed { 303 } else { 403 }, "{site} {origin}");
    }
}

#[tokio::test]
async fn htmx_is_no_excuse() {
    let world = World::open().await.with_account("alice").await;
    let alice = world.logged_in("alice").await;
    let answer = alice.with_htmx_at("/").with("sec-fetch-site", "cross-site").logs_out().await;
    answer.is(403);
    world.only_session_file();
}

#[tokio::test]
async fn it_is_decided_before_the_body_is_read() {
    let world = World::open().await;
    let huge = vec![b'x'; 1024 * 1024];
    let mut visitor = world.visitor().with("sec-fetch-site", "cross-site");
    visitor.sends(Method::POST, "/login", Some(("text/plain", huge))).await.is(403);
}

#[tokio::test]
async fn looking_from_another_site_is_no_post() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await.with("sec-fetch-site", "cross-site");
    alice.opens("/").await.is(200);
    alice.opens("/logout").await.is(200);
}

#[tokio::test]
async fn a_program_that_is_no_browser_may_post() {
    let world = World::open().await.with_account("alice").await;
    let alice = world.logged_in("alice").await;
    let answer = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
        .post(format!("{}/logout", world.base()))
        .header("cookie", alice.cookie())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 303);
    assert!(world.session_files().is_empty());
}
