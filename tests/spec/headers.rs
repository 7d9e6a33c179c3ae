//! The headers that every answer carries, whatever its status.

use reqwest::Method;

use crate::support::{Answer, PASSWORD, World};

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let world = World::open().await.with_account("alice").await;
    for (what, answer) in answers(&world).await {
        let csp = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(csp.split("; ").any(|found| found == part), "{part} of {what}: {csp}");
        }
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-frame-options", "DENY"),
            ("server", ""),
            ("strict-transport-security", ""),
        ] {
            assert_eq!(answer.header(name), value, "{name} of {what}");
        }
        assert!(answer.header("permissions-policy").contains("camera=()"), "{what}");
    }
}

#[tokio::test]
async fn no_answer_but_an_asset_may_be_stored() {
    let world = World::open().await.with_account("alice").await;
    for (what, answer) in answers(&world).await {
        assert_eq!(answer.header("cache-control"), "no-store", "{what}");
        assert_eq!(answer.header("vary"), "Cookie, HX-Request, HX-Current-URL", "{what}");
    }
}

#[tokio::test]
async fn on_https_browsers_are_told_to_stay_there() {
    let world = World::at("https://door.example").await;
    for path in ["/", "/login", "/nothing"] {
        let answer = world.visitor().opens(path).await;
        assert!(answer.header("strict-transport-security").starts_with("max-age=63072000"), "{path}");
    }
}

/// One answer of every kind.
async fn answers(world: &World) -> Vec<(String, Answer)> {
    let mut all = Vec::new();
    for path in ["/", "/login", "/login?logged_out", "/logout", "/nothing", "/join/x", "/assets/x"] {
        all.push((format!("GET {path} of a stranger"), world.visitor().opens(path).await));
        let mut alice = world.logged_in("alice").await;
        all.push((format!("GET {path} of alice"), alice.opens(path).await));
        all.push((format!("htmx at {path}"), alice.clone().with_htmx_at("/").opens(path).await));
    }
    let mut visitor = world.visitor();
    all.push(("a refused login".to_owned(), visitor.tries("alice", "wrong").await));
    all.push(("a login".to_owned(), visitor.tries("alice", PASSWORD).await));
    all.push(("a logout".to_owned(), visitor.logs_out().await));
    all.push(("a 405".to_owned(), visitor.sends(Method::PUT, "/", None).await));
    let huge = Some(("application/x-www-form-urlencoded", vec![b'x'; 20_000]));
    all.push(("a 413".to_owned(), visitor.sends(Method::POST, "/login", huge).await));
    all.push(("a 403".to_owned(), visitor.with("sec-fetch-site", "cross-site").logs_out().await));
    all
}
