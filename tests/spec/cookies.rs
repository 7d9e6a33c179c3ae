//! The cookie: its names and attributes, and how it is found among whatever else a browser sends.

use crate::support::{NEW_PASSWORD, PASSWORD, Visitor, World};

#[tokio::test]
async fn on_https_the_cookie_is_host_only_and_secure() {
    let world = World::at("https://door.example").await.with_account("alice").await;
    let mut alice = world.visitor();
    let answer = alice.logs_in("alice").await;
    let [set] = answer.cookies_set()[..] else { panic!("one cookie: {answer:?}") };
    assert!(set.starts_with("__Host-exeunt="), "{set}");
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{set}");

    let answer = alice.logs_out().await;
    let over = "__Host-exeunt=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0; \
                Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    let empty = "__Host-exeunt=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=1";
    assert_eq!(answer.cookies_set(), [over, empty, over]);
}

/// ASVS 6.3.4.
#[tokio::test]
async fn only_logging_in_joining_and_changing_a_password_set_it() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let pages = ["/", "/?password_changed", "/login", "/logout", "/password", "/nothing", "/join/x"];
    for path in pages {
        assert!(alice.opens(path).await.cookies_set().is_empty(), "{path}");
        assert!(world.visitor().opens(path).await.cookies_set().is_empty(), "{path} for a stranger");
    }
    alice.logs_out_of("others").await;
    for (current, new) in [("wrong", NEW_PASSWORD), (PASSWORD, "too short"), (PASSWORD, PASSWORD)] {
        assert!(alice.changes_password(current, new).await.cookies_set().is_empty(), "{current} {new}");
    }

    let link = world.invite("bob").await;
    let joined = world.visitor().posts(&link, &[("new_password", PASSWORD)]).await;
    for answer in [joined, alice.changes_password(PASSWORD, NEW_PASSWORD).await] {
        let [cookie] = answer.cookies_set()[..] else { panic!("one cookie: {answer:?}") };
        assert!(cookie.starts_with("exeunt=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"));
    }
}

#[tokio::test]
async fn a_rejected_cookie_is_expired_under_each_of_our_names_that_came_in() {
    let world = World::open().await;
    let unknown = "A".repeat(43);
    for (sent, expired) in [
        (format!("exeunt={unknown}"), vec!["exeunt"]),
        (format!("other=1; exeunt=; __Host-exeunt={unknown}"), vec!["exeunt", "__Host-exeunt"]),
        ("__Secure-exeunt=x".to_owned(), vec!["__Secure-exeunt"]),
        ("other=1; exeuntx=2; xexeunt=3; Exeunt=4".to_owned(), vec![]),
    ] {
        for path in ["/", "/login", "/nothing"] {
            let answer = world.visitor().with_cookie(&sent).opens(path).await;
            assert_eq!(answer.cookies_expired(), expired, "{sent} at {path}");
        }
    }
}

#[tokio::test]
async fn a_prefixed_name_is_expired_as_browsers_demand() {
    let world = World::open().await;
    let answer = world.visitor().with_cookie("__Host-exeunt=x").opens("/").await;
    let [set] = answer.cookies_set()[..] else { panic!("one cookie: {answer:?}") };
    assert!(set.starts_with("__Host-exeunt=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"), "{set}");
}

#[tokio::test]
async fn it_is_found_among_odd_neighbours() {
    let world = World::open().await.with_account("alice").await;
    let cookie = world.logged_in("alice").await.cookie().to_owned();
    let around = [
        format!("a=1; {cookie}"),
        format!("{cookie};a=1"),
        format!("a=1;;; \t{cookie} ; =x; y"),
        format!("bad name=\"quo;te\"; {cookie}"),
        format!("exeunt=wrong; {cookie}"),
        format!("{cookie}; exeunt={}", "A".repeat(43)),
        format!("exeunt=; exeunt=\"x\"; {cookie}; exeunt=wrong"),
    ];
    for sent in around {
        let mut visitor = world.visitor().with_cookie(&sent);
        let answer = visitor.opens("/").await;
        answer.is(200);
        assert!(answer.cookies_set().is_empty(), "a neighbour of the right one is left alone: {sent}");
    }
}

#[tokio::test]
async fn one_odd_byte_beside_it_does_not_hide_it() {
    let world = World::open().await.with_account("alice").await;
    let cookie = world.logged_in("alice").await.cookie().to_owned();
    let bytes = [b"neighbour=\xff\xfe; ".as_slice(), cookie.as_bytes()].concat();
    world.visitor().with("cookie", bytes).opens("/").await.is(200);
}

#[tokio::test]
async fn names_are_compared_as_they_are() {
    let world = World::at("https://door.example").await.with_account("alice").await;
    let cookie = world.logged_in("alice").await.cookie().to_owned();
    let token = cookie.trim_start_matches("__Host-exeunt=");
    for name in ["exeunt", "__Secure-exeunt", "__%48ost-exeunt", "__host-exeunt", "\"__Host-exeunt\""] {
        let mut visitor: Visitor = world.visitor().with_cookie(&format!("{name}={token}"));
        assert!(!visitor.is_logged_in().await, "{name}");
    }
    assert!(world.visitor().with_cookie(&cookie).is_logged_in().await);
}

#[tokio::test]
async fn what_is_no_token_never_reaches_the_disk() {
    let world = World::open().await.with_account("alice").await;
    let cookie = world.logged_in("alice").await.cookie().to_owned();
    let token = cookie.trim_start_matches("exeunt=").to_owned();
    let file = world.only_session_file();
    for value in [
        String::new(),
        token[..42].to_owned(),
        format!("{token}A"),
        format!("{token}="),
        token.replacen(&token[..1], "+", 1),
        format!("../{}", &token[3..]),
        format!("\"{token}\""),
        format!("%{}", &token[1..]),
    ] {
        let mut visitor = world.visitor().with_cookie(&format!("exeunt={value}"));
        assert!(!visitor.is_logged_in().await, "{value}");
        visitor.logs_out().await.leads_to("/login?logged_out");
    }
    assert!(file.exists());
}
