//! What is counted and timed, for Prometheus and for people: all that was done, nothing of who did it, and not for
//! strangers.

use std::fs;

use exeunt::actions::{Pace, sweep};
use exeunt::web::FiguresAt;
use serde_json::Value;

use crate::support::program::{Place, Running};
use crate::support::{PASSWORD, World};

const WRONG: &str = "wrong horse battery staple";

#[tokio::test]
async fn logins_are_counted_by_what_came_of_them_and_logouts_by_kind() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let others = [world.logged_in("alice").await, world.logged_in("alice").await];
    for (name, password) in [("alice", WRONG), ("alice", WRONG), ("nobody", PASSWORD)] {
        world.visitor().tries(name, password).await.is(422);
    }
    alice.logs_out_of(&others[0].token().session_id().to_string()).await.leads_to("/");
    alice.logs_out_of("others").await.leads_to("/");
    alice.logs_out().await.leads_to("/login?logged_out");
    alice.logs_out().await.leads_to("/login?logged_out");

    assert_eq!(figure(&world, r#"exeunt_logins_total{outcome="logged_in"}"#).await, Some(3.0));
    assert_eq!(figure(&world, r#"exeunt_logins_total{outcome="refused"}"#).await, Some(3.0), "whatever for");
    for which in ["one", "others", "this"] {
        let name = format!(r#"exeunt_logouts_total{{which="{which}"}}"#);
        assert_eq!(figure(&world, &name).await, Some(1.0), "{which}");
    }
    assert_eq!(figure(&world, r#"exeunt_logouts_total{which="all"}"#).await, None);
}

#[tokio::test]
async fn requests_are_counted_by_route_and_status_and_never_by_what_stood_in_the_address() {
    let world = World::open().await.with_account("alice").await;
    let link = world.invite("bob").await;
    let mut visitor = world.visitor();
    for _ in 0..2 {
        visitor.opens(&link).await.is(200);
    }
    visitor.opens("/join/nonsense").await.is(404);
    visitor.opens("/nothing?at=all").await.is(404);
    visitor.opens("/login?next=/secret").await.is(200);
    visitor.posts("/healthz", &[]).await.is(405);
    let with_htmx = world.logged_in("alice").await.with_htmx_at("/").logs_out().await;
    assert_eq!(with_htmx.status, 204);

    for (of, count) in [
        (r#"method="GET",route="/join/:code",status="200""#, 2.0),
        (r#"method="GET",route="/join/:code",status="404""#, 1.0),
        (r#"method="GET",route="none",status="404""#, 1.0),
        (r#"method="GET",route="/login",status="200""#, 1.0),
        (r#"method="POST",route="/healthz",status="405""#, 1.0),
        (r#"method="POST",route="/logout",status="204""#, 1.0),
    ] {
        assert_eq!(figure(&world, &format!("exeunt_requests_total{{{of}}}")).await, Some(count), "{of}");
    }
    assert_eq!(figure(&world, r#"exeunt_request_seconds_count{route="/join/:code"}"#).await, Some(3.0));
    let text = figures(&world).await;
    for secret in [&link["/join/".len()..], "nonsense", "nothing", "secret", "alice", "127.0.0.1"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

#[tokio::test]
async fn made_up_methods_are_not_counted_one_by_one() {
    let world = World::open().await;
    for method in ["BREW", "PROPFIND", "DELETE"] {
        world.visitor().sends(method.parse().unwrap(), "/login", None).await.is(405);
    }
    let name = r#"exeunt_requests_total{method="other",route="/login",status="405"}"#;
    assert_eq!(figure(&world, name).await, Some(3.0));
}

#[tokio::test]
async fn browsers_that_listen_are_counted_while_they_do() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let (mut stream, _) = alice.listens().await;
    assert_eq!(figure(&world, "exeunt_event_streams").await, Some(1.0));
    alice.logs_out().await;
    stream.hears_to_the_end().await;
    assert_eq!(figure(&world, "exeunt_event_streams").await, Some(0.0));
}

#[tokio::test]
async fn hashing_and_the_stores_are_timed() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    alice.opens("/password").await.is(200);

    assert_eq!(figure(&world, "exeunt_hashing_seconds_count").await, Some(2.0), "made and checked");
    assert_eq!(figure(&world, "exeunt_hashing_waiting").await, Some(0.0));
    for (of, least) in [
        (r#"operation="create",store="sessions""#, 1.0),
        (r#"operation="read",store="sessions""#, 1.0),
        (r#"operation="create",store="accounts""#, 1.0),
        (r#"operation="change_logins",store="accounts""#, 2.0),
    ] {
        let count = figure(&world, &format!("exeunt_store_seconds_count{{{of}}}")).await;
        assert_eq!(count, Some(least), "{of}");
        let sum = figure(&world, &format!("exeunt_store_seconds_sum{{{of}}}")).await.unwrap();
        assert!(sum > 0.0 && sum < 10.0, "{of}: {sum}");
    }
}

#[tokio::test]
async fn a_sweep_says_how_many_sessions_are_live() {
    let world = World::open().await.with_account("alice").await;
    for _ in 0..3 {
        world.logged_in("alice").await;
    }
    world.passes(exeunt::clock::SignedDuration::from_mins(59));
    world.logged_in("alice").await;
    world.passes(exeunt::clock::SignedDuration::from_mins(3));
    sweep(world.app(), Pace::AtOnce, |_, _| {}).await.unwrap();
    assert_eq!(figure(&world, "exeunt_sessions").await, Some(1.0));
    assert_eq!(figure(&world, "exeunt_sessions_expired_total").await, Some(3.0));
}

#[tokio::test]
async fn strangers_and_whoever_comes_through_a_proxy_are_told_that_there_is_nothing() {
    let world = World::open().await;
    let answer = world.visitor().opens("/metrics").await;
    assert_eq!(answer.is(200).header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-store");
    for header in ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"] {
        world.visitor().with(header, "127.0.0.1").opens("/metrics").await.is(404).says("No such page");
    }
    let world = World::behind(&["127.0.0.0/8"]).await;
    world.visitor().opens("/metrics").await.is(404);
    assert_eq!(FiguresAt::default(), FiguresAt::Site);
}

#[tokio::test]
async fn with_an_address_of_their_own_they_are_there_and_nowhere_else() {
    let place = Place::new();
    let mut server = place.serves_with(&["--metrics-listen", "127.0.0.1:0", "--log-format", "text"]);
    let said = server.process().logs("figures are at /metrics address=");
    let address = said.split("address=").nth(1).unwrap().lines().next().unwrap().to_owned();
    server.visitor().opens("/metrics").await.is(404);

    let mut elsewhere = server.visitor().at_another(&format!("http://{address}"));

    elsewhere.opens("/metrics").await.is(200).says("exeunt_sessions ");
    elsewhere.opens("/login").await.is(404);
    elsewhere.with("x-forwarded-for", "192.0.2.7").opens("/metrics").await.is(200);
}

#[tokio::test]
async fn a_person_asks_a_running_server_how_it_does() {
    let place = Place::new();
    let alice = place.account("alice").await;
    let (token, _) = place.session(&alice).await;
    let server = place.serves();
    let mut visitor = server.visitor_with(&token);
    visitor.opens("/").await.is(200);
    visitor.logs_out().await.leads_to("/login?logged_out");
    let listen = server.address().to_owned();

    let told = place.runs(&["status", "--listen", &listen]).done();
    let json: Value =
        serde_json::from_str(&place.runs(&["status", "--json", "--listen", &listen]).done()).unwrap();

    assert!(told.starts_with(&format!("The server at {listen} is ready.\n")), "{told}");
    let line =
        |what: &str| told.lines().find(|line| line.starts_with(what)).unwrap_or_else(|| panic!("{told}"));
    let logouts: Vec<_> = line("Logouts by what was to end").split_whitespace().rev().take(2).collect();
    assert_eq!(logouts, ["1", "this"]);
    assert!(told.contains("GET / 200 ") && told.contains("POST /logout 303 "), "{told}");
    assert!(line("Time that a store takes").contains(" on average of "), "{told}");
    assert!(!told.contains("never"), "{told}");
    assert_eq!(json["ready"], true);
    let figures = json["figures"].as_array().unwrap();
    let logouts = figures.iter().find(|figure| figure["name"] == "exeunt_logouts_total").unwrap();
    assert_eq!((&logouts["of"]["which"], &logouts["value"]), (&"this".into(), &1.0.into()));
    let sessions = figures.iter().filter(|figure| figure["of"]["store"] == "sessions");
    assert!(sessions.clone().any(|figure| figure["count"] == 1.0), "{json}");
}

#[test]
fn a_server_at_a_socket_in_a_folder_can_be_asked_as_well() {
    let place = Place::new();
    let listen = format!("unix:{}", place.data().join("socket").display());
    let mut server = Running::start(place.program(&["serve", "--listen", &listen]));
    server.says(").\n");
    let told = place.runs(&["status", "--listen", &listen]).done();
    assert!(told.starts_with(&format!("The server at {listen} is ready.\n")), "{told}");
}

#[test]
fn an_address_for_figures_that_is_taken_is_refused_before_anybody_is_told_where_the_site_is() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let _other = std::net::TcpListener::bind(taken).unwrap();
    let settings = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", &taken.to_string()];
    place.runs(&settings).failed(&format!("cannot listen on {taken}: "));
}

#[test]
fn without_a_server_there_is_nobody_to_ask() {
    let place = Place::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    place.runs(&["status", "--listen", &free]).failed(&format!("no server answers at {free}: "));
    assert!(fs::read_dir(place.data()).unwrap().next().is_none(), "it makes nothing");
}

/// The text, as Prometheus reads it.
async fn figures(world: &World) -> String {
    world.visitor().opens("/metrics").await.is(200).body.clone()
}

/// One figure, if it is there.
async fn figure(world: &World, name: &str) -> Option<f64> {
    figures(world).await.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}
