//! One answer for everyone: what htmx gets is what everybody gets, but for redirects, which fetch would
//! follow by itself.

use crate::support::World;

#[tokio::test]
async fn a_redirect_becomes_hx_redirect() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.visitor().with_htmx_at("/login");
    let answer = alice.tries("alice", crate::support::PASSWORD).await;
    answer.sends_htmx_to("/");
    assert!(alice.has_cookie(), "the cookie is in the same answer");

    let mut alice = alice.with_htmx_at("/");
    let answer = alice.logs_out().await;
    answer.sends_htmx_to("/login?logged_out");
    assert_eq!(answer.cookies_expired(), ["exeunt"]);
    assert!(world.session_files().is_empty());
}

#[tokio::test]
async fn a_redirect_back_to_the_page_in_the_address_bar_stays_one() {
    let world = World::open().await.with_account("alice").await;
    let alice = world.logged_in("alice").await;
    alice.clone().with_htmx_at("/").logs_out_of("others").await.leads_to("/");
    alice.clone().with_htmx_at("/?a=b").logs_out_of("others").await.sends_htmx_to("/");
    alice.clone().with_htmx_at("/logout").logs_out_of("others").await.sends_htmx_to("/");
    alice.clone().with("hx-request", "true").logs_out_of("others").await.sends_htmx_to("/");
}

#[tokio::test]
async fn an_expired_session_leads_htmx_to_the_login_page_and_from_there_back_to_the_page_shown() {
    let world = World::open().await;
    let mut stranger = world.visitor().with_htmx_at("/reports?year=2026");
    stranger.opens("/").await.sends_htmx_to("/login?next=%2Freports%3Fyear%3D2026");
    let mut stranger = world.visitor().with_htmx_at("/logout");
    stranger.opens("/").await.sends_htmx_to("/login");
}

#[tokio::test]
async fn pages_are_the_same_for_htmx_to_the_byte() {
    let world = World::open().await.with_account("alice").await;
    for path in ["/login", "/login?logged_out", "/logout", "/nothing"] {
        let plain = world.visitor().opens(path).await;
        let htmx = world.visitor().with_htmx_at("/").opens(path).await;
        assert_eq!((htmx.status, htmx.body), (plain.status, plain.body), "{path}");
    }
    let refused = world.visitor().tries("alice", "wrong").await;
    let htmx = world.visitor().with_htmx_at("/login").tries("alice", "wrong").await;
    assert_eq!((htmx.status, htmx.body), (422, refused.body));
}

#[tokio::test]
async fn only_what_htmx_says_of_itself_counts() {
    let world = World::open().await;
    world.visitor().with("hx-request", "false").opens("/").await.leads_to("/login");
    world.visitor().with("hx-boosted", "true").opens("/").await.leads_to("/login");
    world.visitor().with("x-requested-with", "XMLHttpRequest").opens("/").await.leads_to("/login");
}

#[tokio::test]
async fn a_nonsense_address_bar_is_no_page_to_go_back_to() {
    let world = World::open().await;
    for url in ["", "nonsense", "javascript:alert(1)", "http://localhost:8000//evil.example/"] {
        let mut stranger = world.visitor().with("hx-request", "true").with("hx-current-url", url);
        stranger.opens("/").await.sends_htmx_to("/login");
    }
}
