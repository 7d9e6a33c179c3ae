//! The log: one line for each request, for people or for programs, and as much of the rest as is asked for.

use std::process::Command;

use serde_json::Value;

use crate::support::program::{Done, Place, Server};
use crate::support::{Log, PASSWORD, World};

#[tokio::test]
async fn each_request_has_one_line_that_says_its_route_and_never_its_address() {
    let world = World::open().await.with_account("alice").await;
    let link = world.invite("bob").await;
    let log = Log::kept();
    let mut visitor = world.visitor();

    let joined = visitor.opens(&link).await;
    visitor.opens("/nothing/secret?also=secret").await.is(404);
    visitor.tries("alice", PASSWORD).await.leads_to("/");

    let text = log.text();
    let lines: Vec<_> = text.lines().filter(|line| line.contains(" access: ")).collect();
    let [join, nothing, login] = lines[..] else { panic!("three requests: {text}") };
    let id = joined.header("x-request-id");
    for part in [r#"method="GET" route="/join/:code" status=200 ms="#, "address=127.0.0.1", id] {
        assert!(join.contains(part), "{part} is not in {join}");
    }
    assert!(nothing.contains(r#"method="GET" route="none" status=404"#), "{nothing}");
    assert!(login.contains(r#"method="POST" route="/login" status=303"#), "{login}");
    assert!(!text.contains("secret") && !text.contains(&link["/join/".len()..]), "{text}");
}

#[tokio::test]
async fn to_programs_each_line_is_an_object() {
    let place = Place::new();
    let done = visited(&place, &["--log-format", "json"], |_| {}).await;
    let lines: Vec<Value> = done.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let access = lines.iter().find(|line| line["target"] == "access").expect("a line for the request");
    assert_eq!(
        (&access["route"], &access["status"], &access["level"]),
        (&"/login".into(), &200.into(), &"INFO".into())
    );
    assert_eq!(access["address"], "127.0.0.1");
    assert!(
        access["ms"].as_f64().unwrap() > 0.0 && access["request"].as_str().unwrap().len() == 16,
        "{access}"
    );
}

#[tokio::test]
async fn where_no_terminal_is_it_is_for_programs_unless_somebody_wants_to_read_it() {
    let place = Place::new();
    let unsaid = |command: &mut Command| {
        command.env_remove("EXEUNT_LOG_FORMAT");
    };
    let done = visited(&place, &[], unsaid).await;
    assert!(done.err.lines().all(|line| line.starts_with('{')), "{}", done.err);
    let done = visited(&place, &["--log-format", "text"], unsaid).await;
    assert!(done.err.contains(r#" INFO access: method="GET" route="/login" status=200"#), "{}", done.err);
}

#[tokio::test]
async fn how_much_is_logged_is_a_flag_or_in_the_environment() {
    let place = Place::new();
    let is_told = |done: &Done| done.err.contains("/login");
    assert!(is_told(&visited(&place, &[], |_| {}).await));
    assert!(!is_told(&visited(&place, &["--log", "info,access=off"], |_| {}).await));
    let quiet = |command: &mut Command| {
        command.env("EXEUNT_LOG", "error");
    };
    assert!(!is_told(&visited(&place, &[], quiet).await));
    assert!(is_told(&visited(&place, &["--log", "access=info"], quiet).await), "the flag comes first");
}

#[tokio::test]
async fn an_audit_line_in_such_a_log_is_its_message() {
    let place = Place::new();
    let done = visited(&place, &["--log-format", "json"], |_| {}).await;
    let lines: Vec<Value> = done.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let audit = lines.iter().find(|line| line["target"] == "audit").expect("the link for the first account");
    let line: Value = serde_json::from_str(audit["message"].as_str().unwrap()).unwrap();
    assert_eq!(line["event"], "link_made");
}

/// A server that somebody has asked for the login page.
async fn visited(place: &Place, settings: &[&str], change: impl FnOnce(&mut Command)) -> Done {
    let mut program = place.program(&[&["serve", "--listen", "127.0.0.1:0"], settings].concat());
    change(&mut program);
    let server = Server::start(program);
    server.visitor().opens("/login").await.is(200);
    server.stops()
}
