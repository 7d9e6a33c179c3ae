//! Error pages: whole, in words, with every header, and silent about the machine.

use std::sync::atomic::Ordering;

use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Log, PANICS, World};

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn what_does_not_exist_is_a_whole_page() {
    let world = World::open().await.with_account("alice").await;
    for path in ["/nothing", "/assets/nothing", "/join/", "/login/x", "//", "/join/%ff", "/favicon.ico"] {
        let answer = world.visitor().opens(path).await;
        answer.is(404).says("<!DOCTYPE html>").says("There is nothing at this address.");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
    }
    let mut alice = world.logged_in("alice").await;
    alice.opens("/nothing").await.is(404).says("Logged in as <b>alice</b>");
}

#[tokio::test]
async fn an_address_that_is_none_is_answered_alike_however_it_is_written() {
    let world = World::open().await;
    for asked in [
        "GET /nothing",
        "GET //",
        "GET /login/",
        "HEAD /login/",
        "GET /events/",
        "GET /assets/",
        "GET /assets/a/b",
        "GET /%ff",
        "GET /%2flogin",
        "GET /:code?x=/login",
        "POST /nothing",
        "PUT /login/",
        "OPTIONS /nothing",
        "GET http://localhost:8000/nothing",
    ] {
        let answer = asks(&world, asked).await;
        assert!(answer.contains("\r\nset-cookie: exeunt=; "), "{asked}: {answer}");
    }
    // What is no path belongs to no page: nobody looks who asks.
    for asked in ["OPTIONS *", "CONNECT example.com:443"] {
        let answer = asks(&world, asked).await;
        assert!(!answer.contains("set-cookie"), "{asked}: {answer}");
    }
}

/// Asks for what is not there, with a cookie that opens nothing, in words that no client would choose.
async fn asks(world: &World, asked: &str) -> String {
    let log = Log::kept();
    let mut wire = TcpStream::connect(world.base().trim_start_matches("http://")).await.unwrap();
    let head = format!("{asked} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: exeunt=x\r\n\r\n");
    wire.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    wire.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 ") && answer.contains("content-security-policy"), "{answer}");
    let has_page = answer.ends_with("</html>") && answer.contains("There is nothing at this address.");
    assert_eq!(has_page, !asked.starts_with("HEAD "), "{asked}: {answer}");
    assert!(log.text().contains(r#" route="none" status=404 "#), "{asked}: {}", log.text());
    answer
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_names_those_that_it_has() {
    let world = World::open().await;
    for (path, allowed) in [
        ("/", "GET, HEAD"),
        ("/login", "GET, HEAD, POST"),
        ("/logout", "GET, HEAD, POST"),
        ("/join/x", "GET, HEAD, POST"),
        ("/assets/x", "GET, HEAD"),
    ] {
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            let answer = world.visitor().sends(method.clone(), path, None).await;
            answer.is(405).says("<!DOCTYPE html>");
            assert_eq!(answer.header("allow"), allowed, "{method} {path}");
        }
    }
    let answer = world.visitor().posts("/", &[]).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD"));
}

#[tokio::test]
async fn head_is_answered_like_get_without_its_body() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    for path in ["/", "/login", "/logout", "/nothing"] {
        let get = alice.opens(path).await;
        let head = alice.sends(Method::HEAD, path, None).await;
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        for name in ["content-type", "location", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{name} of {path}");
        }
        if !get.body.is_empty() {
            assert_eq!(head.header("content-length"), get.body.len().to_string(), "{path}");
        }
    }
}

#[tokio::test]
async fn a_body_that_is_no_form_of_ours_is_refused() {
    let world = World::open().await;
    for (kind, body) in [
        ("application/json", "{}"),
        ("text/plain", "username=alice"),
        ("multipart/form-data; boundary=x", "--x--"),
        (FORM, "username=a&username=b"),
    ] {
        let answer =
            world.visitor().sends(Method::POST, "/login", Some((kind, body.as_bytes().to_vec()))).await;
        answer.is(400).says("That was not a form of ours");
    }
}

#[tokio::test]
async fn more_than_sixteen_kibibytes_are_refused() {
    let world = World::open().await;
    let fits = format!("username={}", "x".repeat(16 * 1024 - 9));
    let over = format!("{fits}x");
    world.visitor().sends(Method::POST, "/login", Some((FORM, fits.into_bytes()))).await.is(422);
    let answer = world.visitor().sends(Method::POST, "/login", Some((FORM, over.into_bytes()))).await;
    answer.is(413).says("Too much at once");
}

#[tokio::test]
async fn a_store_that_cannot_be_read_lets_nobody_in_and_keeps_the_cookie() {
    let (world, broken) = World::breakable().await;
    let world = world.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let held = alice.cookie().to_owned();
    broken.store(true, Ordering::SeqCst);

    let answer = alice.opens("/").await;
    answer.is(503).says("Not now").does_not_say("broken on purpose");
    assert_eq!(answer.header("retry-after"), "5");
    assert!(answer.cookies_set().is_empty(), "the session may well be alive");
    alice.opens("/login").await.is(200);
    alice.opens("/nothing").await.is(404);
    alice.logs_out_of("others").await.is(503);

    broken.store(false, Ordering::SeqCst);
    assert_eq!(alice.cookie(), held);
    assert!(alice.is_logged_in().await);
}

#[tokio::test]
async fn logging_out_everywhere_says_so_when_nobody_can_tell_who_asks() {
    let (world, broken) = World::breakable().await;
    let world = world.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    broken.store(true, Ordering::SeqCst);

    let answer = alice.logs_out_of("all").await;

    answer.is(503).says("Logged out here, but not elsewhere");
    assert_eq!(answer.cookies_expired(), ["exeunt"]);
    assert!(world.session_files().is_empty(), "deleting needs no reading");
    alice.opens("/login?logged_out").await.is(200).says("You are logged out");
    let unknown = format!("exeunt={}", "B".repeat(42) + "A");
    let answer = world.visitor().with_cookie(&unknown).opens("/login?logged_out").await;
    answer.is(200).does_not_say("You are logged out");
}

#[tokio::test]
async fn a_panic_is_a_page_like_any_other_and_the_next_request_is_answered() {
    let (world, _) = World::breakable().await;
    let log = Log::kept();
    for path in ["/", "/events"] {
        let answer = world.visitor().with_cookie(PANICS).opens(path).await;
        answer.is(500).says("That is our mistake.").does_not_say("panicked");
        for header in ["content-security-policy", "x-frame-options", "cache-control", "x-request-id"] {
            assert!(answer.headers.contains_key(header), "{header}");
        }
        let id = answer.header("x-request-id");
        assert!(log.text().contains(id), "{id} is in the log: {}", log.text());
    }
    let answer = world.visitor().with_cookie(PANICS).logs_out_of("others").await;
    answer.is(500).says("That is our mistake.");
    assert_eq!(log.text().matches("Something went wrong").count(), 3, "{}", log.text());
    world.visitor().opens("/login").await.is(200);
}
