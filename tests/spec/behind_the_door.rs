//! A site behind the door, as operators are told to set it up: real proxies ask, and a real browser is led in and out.

use exeunt::sessions::Token;
use reqwest::Method;

use crate::support::browser::Browser;
use crate::support::program::{Place, Server};
use crate::support::proxy::{APPLICATION_HOST, Kind, LOGIN_HOST, Proxy};
use crate::support::{Application, Https, PASSWORD, Visitor, with_and_without_javascript};

with_and_without_javascript! { Chromium:
    a_person_is_led_to_the_login_page_and_back_with_caddy
    a_person_is_led_to_the_login_page_and_back_with_nginx
}

async fn a_person_is_led_to_the_login_page_and_back_with_caddy(browser: Browser) {
    led_in_and_out(Kind::Caddy, browser).await;
}

async fn a_person_is_led_to_the_login_page_and_back_with_nginx(browser: Browser) {
    led_in_and_out(Kind::Nginx, browser).await;
}

async fn led_in_and_out(kind: Kind, browser: Browser) {
    let front = Https::open().await;
    let [login, application] = [LOGIN_HOST, APPLICATION_HOST].map(|host| front.origin_of(host));
    let house = House::open(kind, &login, &application).await;
    house.place.runs_with(PASSWORD, &["account", "add", "alice", "--password-stdin"]).done();
    front.leads_to(&house.proxy.base);

    browser.goto(&format!("{application}/reports?year=2026&a=b")).await;
    browser.fill("#username", "alice").await;
    browser.fill("#password", PASSWORD).await;
    browser.click_button("Log in").await;
    browser.wait_for_text("GET /reports?year=2026&a=b").await;
    let page = browser.text().await;
    assert!(page.contains("remote-user: alice") && !page.contains("exeunt="), "{page}");
    browser.click_button("Order").await;
    browser.wait_for_text("POST /orders").await;

    browser.goto(&login).await;
    browser.click_button("Log out").await;
    browser.wait_for_text("You are logged out in this browser.").await;

    browser.goto(&format!("{application}/reports")).await;
    browser.wait_for_text("Stay logged in for 30 days").await;
    assert_eq!(browser.cookies().await.len(), 0);
    assert!(house.server.stops().done().contains("Exeunt is at https://login.exeunt.localhost"));
}

#[tokio::test]
async fn the_proxies_of_the_examples_let_in_whoever_is_logged_in_and_nobody_else() {
    for kind in [Kind::Caddy, Kind::Nginx] {
        let house = House::open(kind, "https://login.exeunt.localhost", "https://app.exeunt.localhost").await;
        let account = house.place.account("Ælfgifu").await;
        let (token, session) = house.place.session(&account).await;
        let mut stranger = house.visitor().with("sec-fetch-mode", "navigate");
        let mut script = house.visitor().with("sec-fetch-mode", "cors");
        let mut htmx = script.clone().with("hx-request", "true");
        let login = "https://login.exeunt.localhost/login?next=https%3A%2F%2Fapp.exeunt.localhost%2F";
        let wanted = format!("{login}a%3Fb%3Dc%2526d%26e%3Df");

        stranger.opens("/a?b=c%26d&e=f").await.leads_to(&wanted);
        stranger.sends(Method::POST, "/orders", None).await.leads_to(login);
        let answer = script.opens("/data").await;
        answer.is(401).does_not_say("remote-user");
        assert_eq!((answer.header("location"), answer.header("hx-redirect")), ("", ""));
        let answer = htmx.opens("/data").await;
        answer.is(401).does_not_say("remote-user");
        assert_eq!((answer.header("location"), answer.header("hx-redirect")), ("", login));

        lies(stranger.clone()).opens("/").await.leads_to(login);
        lies(script.clone()).opens("/auth-request").await.is(if kind == Kind::Nginx { 404 } else { 401 });
        // As long as an address may be that is led back to, in letters that grow as they are encoded.
        let led = format!("{login}{}", "%25D0%25B6".repeat(330));
        stranger.opens(&format!("/{}", "%D0%B6".repeat(330))).await.leads_to(&led);
        for mut visitor in [stranger.clone(), script.clone()] {
            assert_eq!(visitor.opens("/").await.header("cache-control"), "no-store");
        }
        for cookies in around(&token) {
            let mut visitor = lies(house.visitor()).with_cookie(&cookies);
            let page = visitor.opens("/reports").await;
            page.is(200).says("GET /reports").says("remote-user: ælfgifu\n");
            page.says(&format!("remote-account: {}\n", account.id));
            page.says(&format!("remote-session: {}\n", session.id));
            page.does_not_say("bob").does_not_say(&token.reveal());
            assert!(page.body.contains("a=1") == cookies.contains("a=1"), "{cookies} {}", page.body);
            assert!(page.body.contains("b=2") == cookies.contains("b=2"), "{cookies} {}", page.body);
            visitor.sends(Method::POST, "/orders", None).await.is(200).says("POST /orders");
        }

        for cookies in doubled(&token) {
            let page = house.visitor().with_cookie(&cookies).opens("/reports").await;
            page.is(200).says("remote-user: ælfgifu\n").does_not_say(&token.reveal());
        }

        let mut visitor = house.visitor().with_cookie(&cookie(&token));
        house.place.runs(&["session", "end", &session.id.to_string()]).done();
        visitor.opens("/reports").await.is(401).does_not_say("remote-user");
    }
}

#[tokio::test]
async fn without_the_server_nobody_comes_in() {
    for (kind, status) in [(Kind::Caddy, 502), (Kind::Nginx, 500)] {
        let house = House::open(kind, "https://login.exeunt.localhost", "https://app.exeunt.localhost").await;
        let account = house.place.account("alice").await;
        let (token, _) = house.place.session(&account).await;
        let mut visitor = house.visitor().with_cookie(&cookie(&token));
        visitor.opens("/").await.is(200);
        house.server.stops().done();
        visitor.opens("/").await.is(status).does_not_say("remote-user");
    }
}

/// The program, a site behind its door, and the proxy before both.
struct House {
    place: Place,
    server: Server,
    proxy: Proxy,
    _application: Application,
}

impl House {
    async fn open(kind: Kind, login: &str, application: &str) -> Self {
        let place = Place::new();
        let hosts = application.trim_start_matches("https://");
        let settings = ["--url", login, "--door-hosts", hosts, "--cookie-domain", "exeunt.localhost"];
        let server = place.serves_with(&[&settings[..], &["--trust-proxy", "127.0.0.1"]].concat());
        let site = format!("http://{}", server.address);
        let application = Application::open().await;
        let proxy = Proxy::at_the_door(&site, &application.base, kind).await;
        Self { place, server, proxy, _application: application }
    }

    /// Somebody at the site behind the door.
    fn visitor(&self) -> Visitor {
        let visitor = Visitor::at(&self.proxy.base, "https://app.exeunt.localhost");
        visitor.with("host", APPLICATION_HOST)
    }
}

/// Says of themself what only the proxy may say, which is not to reach the site.
fn lies(visitor: Visitor) -> Visitor {
    let names = ["remote-user", "remote-account", "remote-session", "remote_user", "remote-groups"];
    let visitor = names.into_iter().fold(visitor, |visitor, name| visitor.with(name, "bob"));
    let visitor = visitor.with("connection", "remote-user, remote-account, remote-session");
    let visitor = visitor.with("x-forwarded-method", "POST").with("x-forwarded-host", "evil.example");
    visitor.with("x-forwarded-uri", "/bob").with("x-original-url", "https://evil.example/bob")
}

fn cookie(token: &Token) -> String {
    format!("__Secure-exeunt={}", token.reveal())
}

/// The cookie among others.
fn around(token: &Token) -> [String; 4] {
    let ours = cookie(token);
    [ours.clone(), format!("a=1; {ours}"), format!("{ours}; b=2"), format!("a=1; {ours}; b=2")]
}

/// The same, where the site has put one of the same name beside it.
fn doubled(token: &Token) -> [String; 4] {
    let ours = cookie(token);
    let [secure, host] = ["__Secure-exeunt=x", "__Host-exeunt=x"];
    [
        format!("{ours}; {secure}"),
        format!("{secure}; a=1; {ours}; b=2"),
        format!("a=1; {ours}; {host}"),
        format!("{ours}; {}; {host}", ours.replace("__Secure", "__Host")),
    ]
}
