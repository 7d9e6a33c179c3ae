//! Auditing: whatever somebody may have to account for later is one line of JSON, whole, in order and in nobody
//! else's hands.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use exeunt::accounts::{Account, AccountName, Password};
use exeunt::actions::{
    Pace, disable_account, enable_account, finish_endings, log_in, remove_account, reset_account, sweep,
};
use exeunt::audit::Trail;
use exeunt::clock::SignedDuration;
use exeunt::files::{Folder, Lines};
use exeunt::record;
use rustix::process::Signal;
use serde_json::Value;

use crate::support::program::{Done, Place, Running, Server};
use crate::support::{
    Answer, AuditFile, FailingDisk, Log, NEW_PASSWORD, PASSWORD, Trouble, Undeletable, Visitor, World,
    attempt, mode, names_in,
};

// What is written.

#[tokio::test]
async fn a_login_and_a_logout_are_a_line_each() {
    let world = World::open().await.with_account("alice").await;
    world.audited();
    let mut alice = world.visitor();
    let login = alice.logs_in("alice").await;
    let (account, session) = (world.account("alice").await.id, alice.token().session_id());
    let logout = alice.logs_out().await;

    assert_eq!(
        world.audited(),
        [
            line(&login, "logged_in", &[("account", &account), ("session", &session)]),
            line(
                &logout,
                "logged_out",
                &[("which", &"this"), ("ended", &1), ("account", &account), ("session", &session)],
            ),
        ]
    );
    alice.logs_out().await;
    assert_eq!(world.audited(), [""; 0], "and logging out of nothing is none");
}

#[tokio::test]
async fn a_refused_login_says_why_and_never_what_was_typed() {
    let world = World::open().await.with_account("alice").await;
    world.invite("invited").await;
    world.audited();
    let (alice, invited) = (world.account("alice").await.id, world.account("invited").await.id);
    let wrong = "wrong horse battery staple";

    let mut visitor = world.visitor();
    let unknown = visitor.tries("somebody@example.org", PASSWORD).await;
    let no_name = visitor.tries("my \"password\"\n", PASSWORD).await;
    let wrong_password = visitor.tries("alice", wrong).await;
    let closed = visitor.tries("invited", wrong).await;
    assert_eq!(
        world.audited(),
        [
            line(&unknown, "login_failed", &[("why", &"unknown_name")]),
            line(&no_name, "login_failed", &[("why", &"unknown_name")]),
            line(&wrong_password, "login_failed", &[("why", &"wrong_password"), ("account", &alice)]),
            line(&closed, "login_failed", &[("why", &"closed"), ("account", &invited)]),
        ]
    );
    for _ in 0..4 {
        visitor.tries("alice", wrong).await;
    }
    world.audited();
    let throttled = visitor.tries("alice", PASSWORD).await;
    throttled.is(429);
    assert_eq!(world.audited(), [line(&throttled, "login_failed", &[("why", &"throttled")])]);
}

#[tokio::test]
async fn a_login_refused_since_its_account_goes_on_changing_says_which_account() {
    // Dear enough that the account changes while each try is on its way.
    let world = Arc::new(World::hashing(15).await.with_account("alice").await);
    let account = world.account("alice").await.id;
    let (changed, cheaper) = (Arc::clone(&world), world.beside(4).await);
    let changes = tokio::spawn(async move {
        loop {
            let hash = cheaper.hasher.hash(Password::new(PASSWORD).unwrap()).await.unwrap();
            changed.change_account("alice", |account| account.password = Some(hash)).await;
        }
    });

    world.audited();
    log_in(world.app(), attempt("alice", PASSWORD)).await.unwrap();

    changes.abort();
    let local = r#"{"time":"2026-11-23T12:00:00Z","event":"login_failed","why":"changed","account":"#;
    assert_eq!(world.audited(), [format!("{local}\"{account}\"}}")]);
}

#[tokio::test]
async fn a_logout_says_which_sessions_were_meant_and_how_many_ended() {
    let world = World::open().await.with_account("alice").await;
    let account = world.account("alice").await.id;
    let mut alice = world.logged_in("alice").await;
    let (one, _two, _three) =
        (world.logged_in("alice").await, world.logged_in("alice").await, world.logged_in("alice").await);
    let one = one.token().session_id();
    world.audited();

    let out_of_one = alice.logs_out_of(&one.to_string()).await;
    let others = alice.logs_out_of("others").await;
    let before = alice.token().session_id();
    let again = alice.logs_in("alice").await;
    let session = alice.token().session_id();
    world.logged_in("alice").await;
    let all = alice.logs_out_of("all").await;

    let lines = world.audited();
    let ended = |answer: &Answer, which: &str, ended: i32, session: Option<&dyn Display>| {
        let mut fields: Vec<(&str, &dyn Display)> =
            vec![("which", &which), ("ended", &ended), ("account", &account)];
        fields.extend(session.map(|session| ("session", session)));
        line(answer, "logged_out", &fields)
    };
    assert_eq!(lines[0], ended(&out_of_one, "one", 1, Some(&one)));
    assert_eq!(lines[1], ended(&others, "others", 2, None));
    assert_eq!(lines[2], ended(&again, "replaced", 1, Some(&before)));
    assert_eq!(lines[3], line(&again, "logged_in", &[("account", &account), ("session", &session)]));
    assert_eq!(lines[5], ended(&all, "this", 1, Some(&session)));
    assert!(lines[6].contains(r#""which":"all","ended":1"#), "{lines:?}");
    assert_eq!(lines.len(), 7);
}

#[tokio::test]
async fn joining_and_changing_a_password_are_audited() {
    let world = World::open().await;
    let link = world.invite("alice").await;
    let account = world.account("alice").await.id;
    let local =
        |event: &str| format!(r#"{{"time":"{}","event":"{event}","account":"{account}"}}"#, world.now());
    assert_eq!(world.audited(), [local("account_added"), local("link_made")]);

    let mut alice = world.visitor();
    let joined = alice.posts(&link, &[("new_password", PASSWORD)]).await;
    let session = alice.token().session_id();
    assert_eq!(
        world.audited(),
        [
            line(&joined, "joined", &[("account", &account)]),
            line(&joined, "logged_in", &[("account", &account), ("session", &session)]),
        ]
    );

    let refused = alice.changes_password("wrong horse battery staple", NEW_PASSWORD).await;
    let changed = alice.changes_password(PASSWORD, NEW_PASSWORD).await;
    let new = alice.token().session_id();
    let of_this: [(&str, &dyn Display); 2] = [("account", &account), ("session", &session)];
    assert_eq!(
        world.audited(),
        [
            line(
                &refused,
                "password_not_changed",
                &[&[("why", &"wrong_password" as &dyn Display)], &of_this[..]].concat()
            ),
            line(
                &changed,
                "logged_out",
                &[&[("which", &"this" as &dyn Display), ("ended", &1)], &of_this[..]].concat()
            ),
            line(&changed, "password_changed", &of_this),
            line(&changed, "logged_in", &[("account", &account), ("session", &new)]),
        ]
    );
}

#[tokio::test]
async fn the_first_account_and_a_renewed_hash_are_audited() {
    let world = World::open().await;
    let link = world.first_link().await;
    assert_eq!(world.audited(), [r#"{"time":"2026-11-23T12:00:00Z","event":"link_made"}"#]);
    let fields = [("username", "alice"), ("new_password", PASSWORD)];
    let joined = world.visitor().posts(&link, &fields).await;
    let account = world.account("alice").await.id;
    let added = line(&joined, "account_added", &[("account", &account)]);
    assert_eq!(world.audited()[0], added);

    let hash = world.beside(3).await.hasher.hash(Password::new(PASSWORD).unwrap()).await.unwrap();
    world.change_account("alice", |account| account.password = Some(hash)).await;
    let login = world.visitor().logs_in("alice").await;
    assert_eq!(world.audited()[0], line(&login, "hash_renewed", &[("account", &account)]));
}

#[tokio::test]
async fn what_an_operator_does_is_audited_without_an_address() {
    let world = World::open().await.with_account("alice").await;
    let (alice, account) = (AccountName::parse("alice").unwrap(), world.account("alice").await.id);
    world.logged_in("alice").await;
    world.audited();

    disable_account(world.app(), &alice).await.unwrap();
    enable_account(world.app(), &alice).await.unwrap();
    reset_account(world.app(), &alice).await.unwrap();
    remove_account(world.app(), &alice).await.unwrap();

    let lines = world.audited();
    let events: Vec<_> =
        lines.iter().map(|line| parsed(line)["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        events,
        [
            "account_disabled",
            "logged_out",
            "account_enabled",
            "password_taken",
            "link_made",
            "account_disabled",
            "account_removed"
        ]
    );
    for line in &lines {
        assert_eq!(parsed(line)["account"], account.to_string());
        assert!(parsed(line).get("address").is_none() && parsed(line).get("request").is_none(), "{line}");
    }
}

#[tokio::test]
async fn a_session_that_is_over_by_a_clock_is_audited_once_when_it_is_swept() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let (account, session) = (world.account("alice").await.id, alice.token().session_id());
    world.passes(SignedDuration::from_hours(2));
    world.audited();

    assert!(!alice.is_logged_in().await);
    for _ in 0..2 {
        sweep(world.app(), Pace::AtOnce, |_, _| {}).await.unwrap().unwrap();
    }

    let expired = r#"{"time":"2026-11-23T14:00:00Z","event":"expired""#;
    assert_eq!(world.audited(), [format!(r#"{expired},"account":"{account}","session":"{session}"}}"#)]);
}

#[tokio::test]
async fn a_refused_post_says_where_it_came_from() {
    let world = World::open().await;
    let evil = world.visitor().with("origin", "https://evil.example").logs_out().await;
    let null = world.visitor().with("origin", "null").logs_out().await;
    let odd = world.visitor().with("origin", "https://evil.example/?\"secret\"\u{9b}").logs_out().await;
    let none = world.visitor().with("sec-fetch-site", "cross-site").logs_out().await;

    let refused = |answer: &Answer, origin: &str| {
        line(answer, "cross_site_refused", &[("origin", &origin), ("site", &"http://localhost:8000")])
    };
    assert_eq!(
        world.audited(),
        [
            refused(&evil, "https://evil.example"),
            refused(&null, "null"),
            refused(&odd, "unknown"),
            refused(&none, "unknown"),
        ]
    );
}

#[tokio::test]
async fn a_next_that_leads_elsewhere_is_audited_with_its_host_alone() {
    let world = World::open().await.with_account("alice").await;
    let account = world.account("alice").await.id;
    world.audited();
    for (next, host) in [
        ("https%3A%2F%2Fevil.example%2Fa%3Ftoken%3Dsecret", Some("evil.example")),
        ("//evil.example", Some("evil.example")),
        ("/%5Cevil.example", Some("evil.example")),
        ("javascript:alert(1)", None),
        ("%0D%0Ax", None),
    ] {
        let answer = world.visitor().opens(&format!("/login?next={next}")).await;
        let host: Vec<(&str, &dyn Display)> =
            host.iter().map(|host| ("host", host as &dyn Display)).collect();
        assert_eq!(world.audited(), [line(&answer, "next_refused", &host)], "{next}");
    }
    let mut alice = world.visitor();
    let fields = [("username", "alice"), ("password", PASSWORD), ("next", "//evil.example")];
    let login = alice.posts("/login", &fields).await;
    let session = alice.token().session_id();
    assert_eq!(
        world.audited(),
        [
            line(&login, "next_refused", &[("host", &"evil.example")]),
            line(&login, "logged_in", &[("account", &account), ("session", &session)]),
        ]
    );
    for harmless in ["", "/", "/password", "/logout", "/login", "/?password_changed"] {
        world.visitor().opens(&format!("/login?next={harmless}")).await;
    }
    assert_eq!(world.audited(), [""; 0]);
}

#[tokio::test]
async fn a_store_that_fails_is_audited_where_a_visitor_is_told() {
    let (world, broken) = World::breakable().await;
    let world = world.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    world.audited();

    broken.store(true, Ordering::SeqCst);
    let answer = alice.opens("/").await;

    answer.is(503);
    let error = "recognising a visitor: reading: broken on purpose";
    assert_eq!(world.audited(), [line(&answer, "store_failed", &[("error", &error)])]);
}

#[tokio::test]
async fn a_logout_that_fails_is_audited_when_it_fails_and_when_it_is_done() {
    let world = World::open().await.with_account("alice").await;
    let mut alice = world.logged_in("alice").await;
    let (account, session) = (world.account("alice").await.id, alice.token().session_id());
    world.audited();
    let stuck = Undeletable::folder_of(&world.session_of(&alice));

    let answer = alice.logs_out().await;
    answer.is(503);
    let lines = world.audited();
    let not_yet = parsed(&lines[0]);
    assert_eq!(
        (&not_yet["event"], &not_yet["which"], &not_yet["left"]),
        (&"not_logged_out".into(), &"this".into(), &1.into())
    );
    assert_eq!(
        (&not_yet["account"], &not_yet["session"]),
        (&account.to_string().into(), &session.to_string().into())
    );
    assert_eq!(not_yet["request"], answer.header("x-request-id"));

    drop(stuck);
    finish_endings(world.app()).await;
    assert_eq!(world.audited(), [r#"{"time":"2026-11-23T12:00:00Z","event":"endings_done"}"#]);
}

#[test]
fn the_readme_shows_a_line_of_every_kind() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```json\n").unwrap();
    let shown: BTreeSet<_> =
        rest.split("```").next().unwrap().lines().map(|line| parsed(line)["event"].to_string()).collect();

    let source = fs::read_to_string(root.join("src/audit/event.rs")).unwrap();
    let (_, kinds) = source.split_once("pub enum What").unwrap();
    let kinds = kinds.split("\n}").next().unwrap().lines().filter_map(|line| line.strip_prefix("    "));
    let kinds: BTreeSet<_> = kinds
        .filter(|line| line.starts_with(char::is_uppercase))
        .map(|line| format!("{:?}", in_snake_case(line.split([',', ' ']).next().unwrap())))
        .collect();
    assert_eq!(shown, kinds);
}

// Which request.

#[tokio::test]
async fn every_request_has_an_id_of_its_own_and_its_answer_says_it() {
    let world = World::open().await;
    let mut visitor = world.visitor().with("x-request-id", "mine");
    let ids: Vec<_> = [visitor.opens("/login").await, visitor.opens("/nothing").await]
        .iter()
        .map(|answer| answer.header("x-request-id").to_owned())
        .collect();
    assert!(
        ids.iter().all(|id| id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit())),
        "{ids:?}"
    );
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_trusted_proxy_may_have_given_the_request_an_id() {
    let world = World::behind(&["127.0.0.1/32"]).await;
    let longest = "x".repeat(64);
    for (given, is_taken) in [
        ("80c5e386-873d-7e6d-d142-ac9ada9069b7", true),
        (&longest, true),
        (&"x".repeat(65), false),
        ("", false),
        ("a b", false),
        ("\"}", false),
        ("é", false),
    ] {
        let mut visitor = world.visitor().with("x-request-id", given).with("x-forwarded-for", "192.0.2.7");
        let answer = visitor.tries("nobody", PASSWORD).await;
        let id = answer.header("x-request-id");
        assert_eq!(id == given, is_taken, "{given:?} became {id}");
        let audited = world.audited();
        assert!(audited[0].ends_with(&format!(r#""address":"192.0.2.7","request":"{id}"}}"#)), "{audited:?}");
    }
}

// Where it is written.

#[tokio::test]
async fn lines_go_to_the_log_unless_a_file_is_set() {
    let place = Place::new();
    let mut command = place.program(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("EXEUNT_LOG", "off");
    let server = Server::start(command);
    refused_post(&server).await;
    let done = server.stops();
    let (_, line) = done.err.lines().last().unwrap().split_once(" WARN audit: ").expect(&done.err);
    assert_eq!(parsed(line)["event"], "cross_site_refused");
}

#[tokio::test]
async fn a_file_is_the_programs_own_under_any_umask_and_only_grows() {
    let (place, file) = (Place::new(), AuditFile::new());
    fs::write(file.path(), "what was there\n").unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    for _ in 0..2 {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--audit-log", &path];
        let server = Server::start(place.program_after("umask 000", &arguments));
        refused_post(&server).await;
        let done = server.stops();
        assert!(!done.err.contains("cross_site"), "and not to the log: {}", done.err);
        assert_eq!(mode(&file.path()), 0o600);
    }
    let lines = file.lines();
    assert_eq!(lines[0], "what was there");
    assert_eq!(events(&lines[1..]), ["link_made", "cross_site_refused", "link_made", "cross_site_refused"]);

    fs::remove_file(file.path()).unwrap();
    let arguments = ["account", "add", "alice", "--link", "--audit-log", &path];
    Running::start(place.program_after("umask 000", &arguments)).ends().done();
    assert_eq!(mode(&file.path()), 0o600, "a new one too");
}

#[tokio::test]
async fn a_dash_is_standard_output() {
    let server = Place::new().serves_with(&["--audit-log", "-"]);
    refused_post(&server).await;
    let Done { out, err, .. } = server.stops();
    assert_eq!(parsed(out.lines().last().unwrap())["event"], "cross_site_refused");
    assert!(!err.contains("cross_site"), "{err}");
}

#[test]
fn a_file_that_cannot_be_written_to_is_refused_in_one_line() {
    let (place, file) = (Place::new(), AuditFile::new());
    let at = |name: &str| file.folder().join(name).to_str().unwrap().to_owned();
    fs::write(at("elsewhere"), "").unwrap();
    symlink(at("elsewhere"), at("link")).unwrap();
    symlink(at("nowhere"), at("dangling")).unwrap();
    let before = mode("/dev/null".as_ref());
    for wrong in [&at("missing/file"), &at("link"), &at("dangling"), &at(""), &at(".."), "/dev/null", ""] {
        let done = place.runs(&["serve", "--listen", "127.0.0.1:0", "--audit-log", wrong]);
        done.logged("--audit-log");
        done.was_asked_wrongly(wrong);
    }
    assert_eq!(names_in(file.folder()), ["dangling", "elsewhere", "link"]);
    assert_eq!(fs::read_to_string(at("elsewhere")).unwrap(), "");
    assert_eq!(mode("/dev/null".as_ref()), before);
}

#[tokio::test]
async fn commands_write_to_the_same_file_as_the_server_at_the_same_time() {
    let (place, file) = (Place::new(), AuditFile::new());
    let path = file.path();
    let server = place.serves_with(&["--audit-log", path.to_str().unwrap()]);
    let runs = |arguments: &[&str]| {
        let mut command = place.program(arguments);
        command.env("EXEUNT_AUDIT_LOG", &path);
        Running::start(command).ends()
    };
    let posts = tokio::spawn(posts(server.visitor(), 200));
    runs(&["account", "add", "alice", "--link"]).done();
    let account = alice_at(&place);
    let (_, one) = place.session(&account).await;
    place.session(&account).await;
    runs(&["session", "end", &one.id.to_string()]).done();
    runs(&["session", "end", "--account", "alice"]).done();
    for command in ["disable", "enable", "reset", "remove"] {
        runs(&["account", command, "alice"]).done();
    }
    posts.await.unwrap();
    server.stops();

    let events = events(&file.lines());
    let operator: Vec<_> = events.iter().filter(|event| *event != "cross_site_refused").collect();
    assert_eq!(
        operator,
        [
            "link_made",
            "account_added",
            "link_made",
            "logged_out",
            "logged_out",
            "account_disabled",
            "account_enabled",
            "password_taken",
            "link_made",
            "account_disabled",
            "account_removed"
        ]
    );
    assert_eq!(events.len() - operator.len(), 200, "no line is lost, and none is inside another");
}

// Rotation, a stop, and a disk that fails.

#[tokio::test]
async fn whoever_rotates_the_file_renames_it_and_sends_a_hangup() {
    let (place, file) = (Place::new(), AuditFile::new());
    let path = file.path();
    let mut server = place.serves_with(&["--audit-log", path.to_str().unwrap()]);
    let posts = tokio::spawn(posts(server.visitor(), 300));
    let (mut old, mut posted) = (Vec::new(), 300);
    for number in 1..=3 {
        let renamed = file.folder().join(format!("audit.{number}"));
        fs::rename(&path, &renamed).unwrap();
        server.process().is_sent(Signal::HUP);
        // Until new lines are in the new file.
        while !path.exists() || file.lines().is_empty() {
            refused_post(&server).await;
            posted += 1;
        }
        assert_eq!(mode(&path), 0o600);
        old.push(renamed);
    }
    posts.await.unwrap();
    let before: usize = old.iter().map(|old| fs::read_to_string(old).unwrap().lines().count()).sum();
    server.stops();

    let all: Vec<String> = old.iter().map(|old| fs::read_to_string(old).unwrap()).collect();
    let lines: Vec<String> =
        all.iter().flat_map(|text| text.lines()).map(str::to_owned).chain(file.lines()).collect();
    assert_eq!(
        before,
        all.iter().map(|text| text.lines().count()).sum::<usize>(),
        "nothing more in the old ones"
    );
    let posts = events(&lines).iter().filter(|event| *event == "cross_site_refused").count();
    assert_eq!(posts, posted, "no line is lost");
}

#[tokio::test]
async fn a_hangup_that_finds_no_new_file_goes_on_in_the_old_one() {
    let (place, file) = (Place::new(), AuditFile::new());
    let mut server = place.serves_with(&["--audit-log", file.path().to_str().unwrap()]);
    let old = file.folder().join("old");
    fs::rename(file.path(), &old).unwrap();
    symlink("/dev/null", file.path()).unwrap();

    server.process().is_sent(Signal::HUP);
    server.process().logs("the audit log stays the old one");
    refused_post(&server).await;

    assert!(fs::read_to_string(&old).unwrap().contains("cross_site_refused"));
    server.stops();
}

#[tokio::test]
async fn an_answer_that_somebody_has_is_in_the_file_whether_the_program_is_stopped_or_killed() {
    for kills in [false, true] {
        let (place, file) = (Place::new(), AuditFile::new());
        let server = place.serves_with(&["--audit-log", file.path().to_str().unwrap()]);
        for answered in 1..=20 {
            refused_post(&server).await;
            assert_eq!(file.lines().len(), 1 + answered, "before anybody reads the answer");
        }
        match kills {
            true => server.dies(),
            false => drop(server.stops().done()),
        }
        assert_eq!(file.lines().len(), 21);
    }
}

#[tokio::test]
async fn a_line_that_cannot_be_written_goes_to_the_log_and_nobody_is_kept_out() {
    let (file, disk) = (AuditFile::new(), FailingDisk::default());
    let lines = Lines::in_folder(Folder::on(Arc::new(disk.clone()), file.folder()), "audit.jsonl").unwrap();
    let world = World::writing_to(Trail::File(lines)).await.with_account("alice").await;
    for trouble in [Trouble::Full, Trouble::FullHalfWay, Trouble::ReadOnly] {
        let log = Log::kept();
        disk.gets(trouble, 0);
        let mut alice = world.logged_in("alice").await;
        alice.logs_out().await.leads_to("/login?logged_out");
        disk.mends();

        let text = log.text();
        for event in ["logged_in", "logged_out"] {
            assert!(text.contains(&format!("\",\"event\":\"{event}\",")), "{trouble:?}: {text}");
        }
        assert!(text.contains("ERROR audit: this line could not be written: {"), "{text}");

        world.logged_in("alice").await;
        let last = file.lines().pop().unwrap();
        assert_eq!(parsed(&last)["event"], "logged_in", "what comes after half a line is whole: {last}");
    }
}

/// What an answer's line is.
fn line(answer: &Answer, event: &str, fields: &[(&str, &dyn Display)]) -> String {
    let mut line = format!(r#"{{"time":"2026-11-23T12:00:00Z","event":"{event}""#);
    for (name, value) in fields {
        line += &match *name {
            "ended" => format!(r#","{name}":{value}"#),
            _ => format!(r#","{name}":"{value}""#),
        };
    }
    line + &format!(r#","address":"127.0.0.1","request":"{}"}}"#, answer.header("x-request-id"))
}

fn in_snake_case(name: &str) -> String {
    let words = name.char_indices().flat_map(|(at, letter)| {
        let between = (at > 0 && letter.is_uppercase()).then_some('_');
        between.into_iter().chain(letter.to_lowercase())
    });
    words.collect()
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?}"))
}

fn events(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| parsed(line)["event"].as_str().unwrap().to_owned()).collect()
}

/// The cheapest thing that is audited.
async fn refused_post(server: &Server) {
    posts(server.visitor(), 1).await;
}

async fn posts(visitor: Visitor, how_many: usize) {
    let mut visitor = visitor.with("sec-fetch-site", "cross-site");
    for _ in 0..how_many {
        visitor.logs_out().await.is(403);
    }
}

fn alice_at(place: &Place) -> Account {
    let file = place.data().join("accounts/alice");
    record::decode(&fs::read(file).unwrap()).unwrap()
}
