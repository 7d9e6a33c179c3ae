//! What a proxy is answered that asks at the door whether somebody may come in to a site behind it.

use std::sync::atomic::Ordering;

use exeunt::clock::SignedDuration;
use reqwest::Method;

use crate::support::{Answer, NEW_PASSWORD, PASSWORD, Visitor, World};

/// What is behind it.
const HOSTS: [&str; 4] =
    ["app.example.org", "*.apps.example.org", "other.example.org:8443", "login.example.org"];

/// Both ways to ask.
const DOORS: [Door; 2] = [Door::ForwardAuth, Door::AuthRequest];

#[tokio::test]
async fn whoever_is_logged_in_may_pass_and_the_site_learns_who_that_is() {
    let world = world().await.with_account("Ælfgifu").await;
    let mut visitor = world.logged_in("Ælfgifu").await;
    let (account, session) = (visitor.token().account(), visitor.token().session_id());
    for door in DOORS {
        let answer = door.asks(&visitor, "https://app.example.org/reports").await;

        answer.is(200);
        assert_eq!(answer.headers["remote-user"].as_bytes(), "ælfgifu".as_bytes());
        assert_eq!(answer.header("remote-account"), account.to_string());
        assert_eq!(answer.header("remote-session"), session.to_string());
        assert_eq!((answer.body.as_str(), answer.header("location")), ("", ""));
        assert!(answer.cookies_set().is_empty());
    }
    visitor.opens("/auth-request").await.is(200);
}

#[tokio::test]
async fn others_are_led_to_the_login_page_and_from_there_to_what_they_wanted() {
    let world = world().await.with_account("alice").await;
    let wanted = "https://app.example.org/reports?year=2026&a=b";
    let login = "https://login.example.org/login?\
                 next=https%3A%2F%2Fapp.example.org%2Freports%3Fyear%3D2026%26a%3Db";
    let mut alice = browser(&world);

    Door::ForwardAuth.asks(&alice, wanted).await.leads_to(login);
    let answer = Door::AuthRequest.asks(&alice, wanted).await;
    answer.is(401);
    assert_eq!(answer.header("location"), login, "for nginx to lead there");

    let page = alice.opens(login.trim_start_matches("https://login.example.org")).await;
    page.is(200).says("name=\"next\" value=\"https://app.example.org/reports?year=2026&amp;a=b\"");
    let fields = [("username", "alice"), ("password", PASSWORD), ("next", wanted)];
    alice.posts("/login", &fields).await.leads_to(wanted);
    for door in DOORS {
        door.asks(&alice, wanted).await.is(200);
    }
}

#[tokio::test]
async fn once_logged_out_nobody_passes_with_that_token() {
    let world = world().await.with_account("alice").await;
    for way in ["this", "all", "others", "a new password"] {
        let alice = world.logged_in("alice").await;
        for door in DOORS {
            door.asks(&alice, "https://app.example.org/").await.is(200);
        }
        let mut ending = alice.clone();
        match way {
            "others" => {
                ending.logs_in("alice").await;
                ending.logs_out_of("others").await;
            }
            "a new password" => drop(ending.changes_password(PASSWORD, NEW_PASSWORD).await),
            which => drop(ending.logs_out_of(which).await),
        }
        for door in DOORS {
            let answer = door.asks(&alice, "https://app.example.org/").await;
            assert_eq!(answer.status, 401, "{way}");
        }
    }
}

/// What opens is a 2xx, and elsewhere htmx is answered with one where others are led on.
#[tokio::test]
async fn nothing_but_a_live_session_opens() {
    let world = world().await.with_account("alice").await;
    let over = world.logged_in("alice").await;
    over.clone().logs_out().await;
    let unknown = world.visitor().with_cookie(&format!("__Secure-exeunt={}", "A".repeat(43)));
    let live = world.logged_in("alice").await;
    Door::ForwardAuth.asks(&live, "https://app.example.org/").await.is(200);
    let under_another_name = live.cookie().replace("__Secure-", "__Host-");
    let others = world.visitor().with_cookie(&under_another_name);
    let says: [&[(&str, &str)]; 8] = [
        &[],
        &[("accept", "text/html")],
        &[("sec-fetch-mode", "navigate")],
        &[("hx-request", "true")],
        &[("hx-request", "true"), ("accept", "text/html")],
        &[("hx-request", "true"), ("sec-fetch-mode", "navigate")],
        &[("hx-request", "true"), ("hx-current-url", "https://app.example.org/")],
        &[("hx-request", "true"), ("hx-current-url", "https://login.example.org/login")],
    ];
    for visitor in [world.visitor(), over, unknown, others] {
        for headers in says {
            let asking =
                headers.iter().fold(visitor.clone(), |asking, (name, value)| asking.with(name, value));
            for door in DOORS {
                for page in ["https://app.example.org/", "https://login.example.org/", "nonsense", ""] {
                    let answer = door.asks(&asking, page).await;
                    assert!([303, 401].contains(&answer.status), "{} for {headers:?}", answer.status);
                    assert!(answer.cookies_set().is_empty(), "the login page takes it away");
                }
            }
            for path in ["/forward-auth/", "/auth-request/", "/Forward-Auth", "/forward-auth/x"] {
                assert_eq!(asking.clone().opens(path).await.status, 404);
            }
        }
    }
}

#[tokio::test]
async fn while_nobody_can_tell_nobody_passes() {
    let (world, broken) = World::breakable().await;
    let world = world.with_account("alice").await;
    let alice = world.logged_in("alice").await;
    broken.store(true, Ordering::SeqCst);
    for door in DOORS {
        let answer = door.asks(&alice.clone().with("accept", "text/html"), "http://localhost:8000/").await;
        answer.is(503).says("Not now").does_not_say("<");
        assert_eq!(answer.header("retry-after"), "5");
    }
    broken.store(false, Ordering::SeqCst);
    for door in DOORS {
        door.asks(&alice, "http://localhost:8000/").await.is(200);
    }
}

#[tokio::test]
async fn scripts_pictures_and_programs_are_refused_and_led_nowhere() {
    let world = world().await;
    for (mode, accept) in [
        ("cors", "text/html"),
        ("no-cors", "image/avif,image/webp,*/*"),
        ("same-origin", "*/*"),
        ("websocket", "text/html"),
    ] {
        let visitor = world.visitor().with("sec-fetch-mode", mode).with("accept", accept);
        is_refused(&visitor).await;
    }
    is_refused(&world.visitor().with("accept", "application/json")).await;
    is_refused(&world.visitor()).await;
}

async fn is_refused(visitor: &Visitor) {
    for door in DOORS {
        let answer = door.asks(visitor, "https://app.example.org/data").await;
        answer.is(401).says("Log in first");
        assert_eq!((answer.header("location"), answer.header("hx-redirect")), ("", ""));
        assert_eq!(answer.header("www-authenticate"), "Cookie realm=\"Exeunt\"");
    }
}

#[tokio::test]
async fn htmx_is_led_to_the_login_page_and_back_to_the_page_that_it_is_on() {
    let world = world().await;
    let htmx = world.visitor().with("hx-request", "true").with("sec-fetch-mode", "cors");
    let htmx = htmx.with("referer", "https://app.example.org/list?page=2");
    for door in DOORS {
        let answer = door.asks(&htmx, "https://app.example.org/list/rows").await;
        answer.is(401);
        let login = "https://login.example.org/login?\
                     next=https%3A%2F%2Fapp.example.org%2Flist%3Fpage%3D2";
        assert_eq!((answer.header("hx-redirect"), answer.header("location")), (login, ""));
    }
}

#[tokio::test]
async fn a_form_leads_back_to_the_page_that_it_is_on() {
    let world = world().await;
    let form = "https://app.example.org/orders";
    for (referer, next) in [
        ("https://app.example.org/orders/new?for=bob", "https://app.example.org/orders/new?for=bob"),
        // The front page, where the browser does not say, or where it was sent from nowhere behind the door.
        ("https://app.example.org/", "https://app.example.org/"),
        ("https://evil.example/", "https://app.example.org/"),
        ("nonsense", "https://app.example.org/"),
    ] {
        for door in DOORS {
            let answer = door.asks_for(&browser(&world).with("referer", referer), "POST", form).await;
            assert_eq!(next_in(&answer), next, "{referer}");
        }
    }
    for method in ["GET", "HEAD", "OPTIONS", "get it"] {
        let answer = Door::ForwardAuth.asks_for(&browser(&world), method, form).await;
        assert_eq!(next_in(&answer), form, "{method}");
    }
}

#[tokio::test]
async fn nobody_is_led_to_a_host_that_is_not_behind_the_door() {
    let world = world().await.with_account("alice").await;
    for (page, next) in [
        ("https://app.example.org/", "https://app.example.org/"),
        ("https://APP.example.org/x#piece", "https://app.example.org/x"),
        ("https://app.example.org:443/", "https://app.example.org/"),
        ("https://a.apps.example.org/", "https://a.apps.example.org/"),
        ("https://a.b.apps.example.org/", "https://a.b.apps.example.org/"),
        ("https://other.example.org:8443/", "https://other.example.org:8443/"),
        ("https://app.example.org/../a b", "https://app.example.org/a%20b"),
        ("https://app.example.org/a\\b", "https://app.example.org/a/b"),
        // This site is behind its own door.
        ("https://login.example.org/password?x=y", "/password?x=y"),
    ] {
        world.visitor().logs_in_at(page).await.leads_to(next);
    }
    let long = format!("https://app.example.org/{}", "x".repeat(2048));
    for page in [
        "http://app.example.org/",
        "http://app.example.org:443/",
        "https://app.example.org:8443/",
        "https://app.example.org./",
        "https://apps.example.org/",
        "https://x.apps.example.org.evil.example/",
        "https://notapps.example.org/",
        "https://other.example.org/",
        "https://example.org/",
        "https://login.example.org/logout",
        "https://login.example.org/login?next=/x",
        "https://login.example.org/?password_changed",
        "https://login.example.org:8443/password",
        "https://app.example.org.evil.example/",
        "https://app.example.org@evil.example/",
        "https://alice@app.example.org/",
        "https://alice:x@app.example.org/",
        "https://evil.example/?https://app.example.org/",
        "https://evil.example\\@app.example.org/",
        "ftp://app.example.org/",
        "javascript://app.example.org/%0aalert(1)",
        "//app.example.org/",
        "https:///",
        "https://app.example.org/\u{85}",
        long.as_str(),
    ] {
        world.visitor().logs_in_at(page).await.leads_to("/");
    }
}

#[tokio::test]
async fn what_a_proxy_asks_for_leads_through_the_door_or_nowhere() {
    let world = world().await;
    let stranger = browser(&world);
    for (host, path, next) in [
        ("app.example.org", "/x?a=b", "https://app.example.org/x?a=b"),
        ("login.example.org", "/private?a=b", "/private?a=b"),
        ("login.example.org", "/", ""),
        ("login.example.org", "/logout", ""),
        ("login.example.org:8443", "/private", ""),
        ("evil.example", "/", ""),
        ("app.example.org", ".evil.example/", ""),
        ("app.example.org", "@evil.example/", ""),
        ("evil.example/", "/app.example.org", ""),
        ("evil.example#", "@app.example.org/", ""),
        ("", "/", ""),
        ("", "/app.example.org/secret", ""),
        ("app.example.org", "", "https://app.example.org/"),
    ] {
        let asking = stranger.clone().with("x-forwarded-host", host).with("x-forwarded-uri", path);
        let answer = asking.clone().opens("/forward-auth").await;
        answer.is(303);
        assert_eq!(next_in(&answer), next, "{host} {path}");
        let asking = stranger.clone().with("x-original-url", format!("http://{host}{path}"));
        let answer = asking.clone().opens("/auth-request").await;
        answer.is(401);
        assert_eq!(next_in(&answer), next, "{host} {path}");
    }
    let audited = world.audited();
    let refused = r#""event":"next_refused","host":"evil.example","#;
    assert!(audited.iter().any(|line| line.contains(refused)), "{audited:?}");
    assert!(!audited.iter().any(|line| line.contains("secret")), "no piece of a path: {audited:?}");
}

#[tokio::test]
async fn what_a_proxy_says_that_nobody_trusts_leads_nowhere() {
    let world = World::at("https://login.example.org").await.with_account("alice").await;
    for door in DOORS {
        let answer = door.asks(&browser(&world), "https://login.example.org/private").await;
        assert_eq!(answer.header("location"), "https://login.example.org/login");
        let alice = world.logged_in("alice").await;
        door.asks(&alice, "https://login.example.org/private").await.is(200);
    }
}

#[tokio::test]
async fn what_a_page_fetches_on_its_own_does_not_count_as_being_seen() {
    let world = world().await.with_account("alice").await;
    for (mode, method, is_seen) in [
        ("navigate", "GET", true),
        ("navigate", "POST", true),
        ("cors", "POST", true),
        ("cors", "GET", false),
        ("no-cors", "GET", false),
        ("same-origin", "HEAD", false),
    ] {
        for door in DOORS {
            let mut alice = world.logged_in("alice").await;
            let asking = alice.clone().with("sec-fetch-mode", mode);
            world.passes(SignedDuration::from_mins(50));
            door.asks_for(&asking, method, "https://app.example.org/").await.is(200);
            world.passes(SignedDuration::from_mins(50));
            assert_eq!(alice.is_logged_in().await, is_seen, "{mode} {method}");
        }
    }
}

#[tokio::test]
async fn what_is_fetched_lest_somebody_should_open_it_does_not_count_either() {
    let world = world().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let prefetch = alice.clone().with("sec-fetch-mode", "navigate").with("sec-purpose", "prefetch");
    world.passes(SignedDuration::from_mins(50));
    Door::ForwardAuth.asks(&prefetch, "https://app.example.org/").await.is(200);
    world.passes(SignedDuration::from_mins(50));
    assert!(!alice.is_logged_in().await);
}

/// Proxies pass such an answer on as that of the host behind the door.
#[tokio::test]
async fn no_answer_at_the_door_is_stored_or_speaks_for_more_than_this_site() {
    let world = world().await.with_account("alice").await;
    for visitor in [world.visitor(), browser(&world), world.logged_in("alice").await] {
        for door in DOORS {
            let answer = door.asks(&visitor, "https://app.example.org/").await;
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("strict-transport-security"), "");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
        }
    }
    assert_ne!(world.visitor().opens("/login").await.header("strict-transport-security"), "");
}

#[tokio::test]
async fn the_cookie_is_the_domains() {
    let world = world().await.with_account("alice").await;
    let mut alice = world.visitor();
    let answer = alice.logs_in("alice").await;
    let [set] = answer.cookies_set()[..] else { panic!("one cookie: {answer:?}") };
    assert!(set.starts_with("__Secure-exeunt="), "{set}");
    assert!(set.ends_with("; Path=/; Domain=example.org; HttpOnly; SameSite=Lax; Secure"), "{set}");

    let answer = alice.logs_out().await;
    let attributes = "; Path=/; Domain=example.org; HttpOnly; SameSite=Lax; Secure";
    let over = format!("__Secure-exeunt={attributes}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    let empty = format!("__Secure-exeunt={attributes}; Max-Age=1");
    assert_eq!(answer.cookies_set(), [&over, &empty, &over]);

    // That of a site that had no such setting yet: it is this host's alone.
    let answer = world.visitor().with_cookie("__Host-exeunt=x").opens("/").await;
    let [set] = answer.cookies_set()[..] else { panic!("one cookie: {answer:?}") };
    assert!(set.starts_with("__Host-exeunt=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"), "{set}");
}

#[tokio::test]
async fn forms_may_lead_through_the_door() {
    let world = world().await;
    let answer = world.visitor().opens("/login").await;
    let csp = answer.header("content-security-policy");
    let may = "form-action 'self' https://app.example.org https://*.apps.example.org \
               https://other.example.org:8443 https://login.example.org";
    assert!(csp.ends_with(may), "{csp}");
}

#[tokio::test]
async fn a_door_takes_no_other_method() {
    let world = world().await;
    for path in ["/forward-auth", "/auth-request"] {
        let answer = world.visitor().sends(Method::POST, path, None).await;
        answer.is(405);
        assert_eq!(answer.header("allow"), "GET, HEAD");
        let answer = world.visitor().sends(Method::HEAD, path, None).await;
        answer.is(401);
    }
}

/// A way to ask.
#[derive(Clone, Copy, Debug)]
enum Door {
    ForwardAuth,
    AuthRequest,
}

impl Door {
    /// As a proxy does that lets somebody's browser look at a page.
    async fn asks(self, visitor: &Visitor, page: &str) -> Answer {
        self.asks_for(visitor, "GET", page).await
    }

    async fn asks_for(self, visitor: &Visitor, method: &str, page: &str) -> Answer {
        let (_, rest) = page.split_once("://").unwrap_or(("", page));
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        match self {
            Self::ForwardAuth => {
                let asking = visitor.clone().with("x-forwarded-method", method);
                let asking = asking.with("x-forwarded-proto", "https");
                asking
                    .with("x-forwarded-host", host)
                    .with("x-forwarded-uri", path)
                    .opens("/forward-auth")
                    .await
            }
            Self::AuthRequest => {
                let asking = visitor.clone().with("x-original-method", method);
                asking.with("x-original-url", page).opens("/auth-request").await
            }
        }
    }
}

async fn world() -> World {
    World::with_behind_its_door(&HOSTS).await
}

/// Somebody new, whose browser opens a page.
fn browser(world: &World) -> Visitor {
    world.visitor().with("sec-fetch-mode", "navigate").with("accept", "text/html,*/*;q=0.8")
}

/// Where logging in leads, as the answer has it.
fn next_in(answer: &Answer) -> String {
    let login = url::Url::parse(answer.header("location")).expect("an address");
    assert!(login.as_str().starts_with("https://login.example.org/login"), "{login}");
    login
        .query_pairs()
        .find(|(name, _)| name == "next")
        .map(|(_, next)| next.into_owned())
        .unwrap_or_default()
}
