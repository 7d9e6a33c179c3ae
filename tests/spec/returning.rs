//! Where logging in leads: to a page of this site, whatever the request says.

use crate::support::{PASSWORD, World};

#[tokio::test]
async fn logging_in_leads_to_the_next_page() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.visitor();
    let page = alice.opens("/login?next=%2Freports%3Fyear%3D2026%26a%3Db").await;
    page.is(200).says("name=\"next\" value=\"/reports?year=2026&amp;a=b\"");
    let fields = [("username", "alice"), ("password", PASSWORD), ("next", "/reports?year=2026&a=b")];
    alice.posts("/login", &fields).await.leads_to("/reports?year=2026&a=b");
    alice.opens("/login?next=%2Freports").await.leads_to("/reports");
    alice.opens("/login").await.leads_to("/");
}

#[tokio::test]
async fn the_next_page_survives_a_refusal() {
    let world = World::open().await.with_account("alice").await;
    let fields = [("username", "alice"), ("password", "wrong"), ("next", "/reports")];
    let answer = world.visitor().posts("/login", &fields).await;
    answer.is(422).says("name=\"next\" value=\"/reports\"");
}

#[tokio::test]
async fn nothing_leads_to_another_site() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let long = format!("/{}", "x".repeat(2048));
    for next in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/..//evil.example",
        "/.//evil.example",
        "/x/../..//evil.example",
        "/%2e%2e//evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
        "?next=x",
        "/logout",
        "/logout?which=all",
        "/x/../logout",
        "/login",
        "/login?next=/login",
        "/\u{0}",
        "/\u{85}x",
        long.as_str(),
    ] {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        alice.opens(&format!("/login?{query}")).await.leads_to("/");
        let fields = [("username", "alice"), ("password", PASSWORD), ("next", next)];
        world.visitor().posts("/login", &fields).await.leads_to("/");
    }
}

#[tokio::test]
async fn a_page_of_any_script_is_written_as_browsers_write_it() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    for (next, led) in [
        ("/caf%C3%A9", "/caf%C3%A9"),
        ("/café", "/caf%C3%A9"),
        ("/a b\"<>", "/a%20b%22%3C%3E"),
        ("/a#piece", "/a"),
        ("/a//b", "/a//b"),
        ("/a\\b", "/a/b"),
    ] {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        alice.opens(&format!("/login?{query}")).await.leads_to(led);
    }
}
