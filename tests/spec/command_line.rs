//! The command line: the built program, run as an operator runs it.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use exeunt::accounts::{
    Account, AccountName, AccountStore, Cost, FileAccountStore, Hasher, Logins, Password, Place as InPlace,
    Verdict,
};
use exeunt::files::Folder;
use exeunt::sessions::Session;
use rustix::process::Signal;
use serde_json::Value;

use crate::support::program::{Place, Running, Server};
use crate::support::terminal::Terminal;
use crate::support::{NEW_PASSWORD, PASSWORD, Undeletable, names_in, noon};

// Asking it.

#[test]
fn help_says_what_there_is() {
    let place = Place::new();
    let help = |command: &[&str]| place.runs(&[command, &["--help"]].concat()).done();

    insta::assert_snapshot!("help", help(&[]));
    insta::assert_snapshot!("help_account", help(&["account"]));
    insta::assert_snapshot!("help_account_add", help(&["account", "add"]));
    insta::assert_snapshot!("help_session", help(&["session"]));
    insta::assert_snapshot!("help_session_end", help(&["session", "end"]));
}

#[test]
fn asking_wrongly_is_answered_with_2_and_the_reason() {
    let place = Place::new();
    let id = "0".repeat(32);
    let cases: [(&[&str], &str); 18] = [
        (&["--url", "ftp://x"], "http:// or https://"),
        (&["--url", "https://example.org/path"], "nothing more"),
        (&["--url", "example.org"], "--url"),
        (&["--url", ""], "--url"),
        (&["--listen", "nonsense"], "--listen"),
        (&["--listen", "127.0.0.1"], "--listen"),
        (&["--listen", "127.0.0.1:65536"], "--listen"),
        (&["--nonsense"], "--nonsense"),
        (&["nonsense"], "nonsense"),
        (&["account", "add", "--link"], "<NAME>"),
        (&["account", "add", "a/b", "--link"], "letters, digits and . _ - + @"),
        (&["account", "add", "alice", "--link", "--password-stdin"], "cannot be used with"),
        (&["account", "disable"], "<NAME>"),
        (&["account", "remove", "a/b"], "letters, digits and . _ - + @"),
        (&["session", "end", "nonsense"], "32 hex digits"),
        (&["session", "end"], "--all"),
        (&["session", "end", &id, "--all"], "cannot be used with"),
        (&["session", "end", "--account", "alice", "--all"], "cannot be used with"),
    ];
    for (arguments, how) in cases {
        place.runs(arguments).was_asked_wrongly(how);
    }
    assert_eq!(names_in(place.data()), [""; 0], "and nothing was done");
}

#[test]
fn a_data_folder_that_cannot_be_used_is_named() {
    let place = Place::new();
    fs::write(place.data().join("file"), "").unwrap();
    for folder in ["missing/folder", "file"] {
        let folder = place.data().join(folder);
        let mut command = Command::new(env!("CARGO_BIN_EXE_exeunt"));
        command.args(["account", "list", "--data"]).arg(&folder);
        Running::start(command).ends().was_asked_wrongly(folder.to_str().unwrap());
    }
}

// Accounts.

#[tokio::test]
async fn an_account_can_be_added_with_a_password_from_standard_input() {
    for line_end in ["\n", "\r\n", "", "\nwhat follows is not read\n"] {
        let place = Place::new();
        let input = format!("{PASSWORD}{line_end}");

        let said = place.runs_with(&input, &["account", "add", "Alice", "--password-stdin"]).done();

        assert_eq!(said, "Added alice.\n");
        let account = account(&place, "alice").await.expect("the account is there");
        assert_eq!((account.disabled, &account.link), (false, &None));
        let verdict = Hasher::start(Cost::STANDARD)
            .verify(Password::new(PASSWORD).unwrap(), account.password.clone())
            .unwrap()
            .await;
        assert_eq!(verdict, Ok(Verdict::Right { renewed: None }), "after {line_end:?}");
    }
}

/// ASVS 6.2.4, 6.2.11.
#[test]
fn a_password_that_will_not_do_adds_no_account() {
    let place = Place::new();
    let long = "x".repeat(1025);
    let many_bytes = "🦀".repeat(300);
    for (password, why) in [
        ("too short", "Use at least 15 characters"),
        ("", "Use at least 15 characters"),
        ("passwordpassword", "one of those that are tried first"),
        ("alice alice alice", "made of the name and the site"),
        (&long, "Use at most 1,024 bytes"),
        (&many_bytes, "Use at most 1,024 bytes"),
    ] {
        let done =
            place.runs_with(&format!("{password}\n"), &["account", "add", "alice", "--password-stdin"]);
        done.failed(why);
    }
    assert_eq!(place.runs(&["account", "list"]).done(), "");
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_before_a_password_is_asked_for() {
    let place = Place::new();
    let before = place.account("alice").await;

    for arguments in [&["--password-stdin"][..], &["--link"], &[]] {
        let arguments = [&["account", "add", "ALICE"], arguments].concat();
        // Its input stays open: whoever asks would wait.
        let mut running = Running::start(place.program(&arguments));
        running.logs("\n");
        running.ends().failed("there is an account called alice already");
    }

    assert_eq!(account(&place, "alice").await, Some(before));
}

#[tokio::test]
async fn an_account_can_be_added_with_a_link_at_which_its_owner_chooses_a_password() {
    let place = Place::new();
    let arguments = ["account", "add", "alice", "--link", "--url", "https://login.example.org"];
    let said = place.runs(&arguments).done();
    assert!(said.starts_with("Added alice. This link is good for a day, and for once:\n"), "{said}");
    let (_, code) = said.trim_end().split_once("\n    https://login.example.org/join/").expect(&said);
    assert_eq!(account(&place, "alice").await.unwrap().password, None);

    let server = place.serves();
    let mut alice = server.visitor();
    alice.opens(&format!("/join/{code}")).await.is(200).says("alice");
    alice.posts(&format!("/join/{code}"), &[("new_password", PASSWORD)]).await.leads_to("/");

    assert!(alice.is_logged_in().await);
    server.visitor().opens(&format!("/join/{code}")).await.is(404);
    assert!(account(&place, "alice").await.unwrap().password.is_some());
}

#[test]
fn without_a_terminal_nobody_is_asked_for_a_password() {
    let place = Place::new();
    place.runs_with(PASSWORD, &["account", "add", "alice"]).failed("use --password-stdin or --link");
    assert_eq!(place.runs(&["account", "list"]).done(), "");
}

#[test]
fn a_password_that_is_typed_at_a_terminal_is_not_shown() {
    let place = Place::new();
    let mut terminal = Terminal::runs(&place, "account add alice");
    terminal.is_asked("Password for alice (15 characters or more): ");
    terminal.types_in_the_dark(PASSWORD);
    terminal.is_asked("The same again: ");
    terminal.types_in_the_dark(PASSWORD);

    let shown = terminal.ends_with("code 0");

    assert!(shown.contains("Added alice."), "{shown}");
    assert!(!shown.contains("staple"), "{shown}");
    assert!(!shown.contains('*'), "not even how long it is: {shown}");
    assert!(shown.contains(" echo "), "and the terminal is as it was: {shown}");
    assert!(place.runs(&["account", "list"]).done().contains("alice"));
}

#[test]
fn two_different_passwords_at_a_terminal_add_no_account() {
    let place = Place::new();
    let mut terminal = Terminal::runs(&place, "account add alice");
    terminal.is_asked("Password for alice (15 characters or more): ");
    terminal.types_in_the_dark(PASSWORD);
    terminal.is_asked("The same again: ");
    terminal.types_in_the_dark("correct horse battery stable");

    let shown = terminal.ends_with("code 1");

    assert!(shown.contains("exeunt: the two passwords are different"), "{shown}");
    assert!(!shown.contains("staple") && !shown.contains("stable"), "{shown}");
    assert_eq!(place.runs(&["account", "list"]).done(), "");
}

#[tokio::test]
async fn accounts_are_listed_for_people_and_for_programs() {
    let place = Place::new();
    assert_eq!(place.runs(&["account", "list"]).done(), "");
    assert_eq!(place.runs(&["account", "list", "--json"]).done(), "[]\n");
    place.account("мария").await;
    let alice = place.account("alice").await;
    place.account("bob@example.org").await;

    let table = place.runs(&["account", "list"]).done();
    let json = place.runs(&["account", "list", "--json"]).done();

    insta::with_settings!({ filters => like_each_time() }, {
        insta::assert_snapshot!("account_list", table);
        insta::assert_snapshot!("account_list_json", json);
    });
    assert_eq!(rows(&json)[0]["id"], alice.id.to_string());
}

#[tokio::test]
async fn the_list_of_accounts_says_who_logged_in_and_what_failed_since_and_enabling_opens_what_that_closed() {
    let place = Place::new();
    place.runs_with(PASSWORD, &["account", "add", "alice", "--password-stdin"]).done();
    let alice = account(&place, "alice").await.unwrap().id;
    let store = FileAccountStore::open(Folder::at(place.data().join("accounts"))).unwrap();
    let row = || rows(&place.runs(&["account", "list", "--json"]).done())[0].clone();
    let noon = noon();
    let log_in = Box::new(move |logins: &mut Logins| {
        logins.log_in(noon, None, false);
        true
    });
    store.change_logins(alice, log_in).await.unwrap();
    let failed = async |place: InPlace, times| {
        for _ in 0..times {
            store.change_logins(alice, Box::new(move |logins| logins.count(place))).await.unwrap();
        }
    };

    failed(InPlace::Elsewhere, 69).await;
    assert_eq!((&row()["state"], &row()["failed"]), (&"open".into(), &69.into()));
    failed(InPlace::Elsewhere, 1).await;
    assert_eq!(row()["state"], "closed to new places");
    assert!(place.runs(&["account", "list"]).done().contains("2026-11-23T12:00:00Z  70 "), "in the table");
    failed(InPlace::Known, 30).await;
    assert_eq!((&row()["state"], &row()["failed"]), (&"closed".into(), &100.into()));

    assert_eq!(place.runs(&["account", "enable", "alice"]).done(), "Enabled alice.\n");

    let row = row();
    assert_eq!((&row["state"], &row["failed"]), (&"open".into(), &0.into()));
    assert_eq!(row["last_login"], "2026-11-23T12:00:00Z");
}

#[tokio::test]
async fn closing_an_account_shuts_its_sessions_out_of_a_running_server_at_once() {
    let closings = [("disable", "Disabled"), ("reset", "Reset"), ("remove", "Removed")];
    for (command, said) in closings {
        let place = Place::new();
        let (alice, bob) = (place.account("alice").await, place.account("bob").await);
        let server = place.serves();
        let mut visitors = Vec::new();
        for account in [&alice, &alice, &bob] {
            visitors.push(server.visitor_with(&place.session(account).await.0));
        }
        assert_eq!(who_is_logged_in(&visitors).await, [true, true, true]);

        let out = place.runs(&["account", command, "Alice"]).done();

        assert!(out.starts_with(&format!("{said} alice, and ended 2 sessions.")), "{out}");
        assert_eq!(who_is_logged_in(&visitors).await, [false, false, true]);
        assert_eq!(session_files(&place).len(), 1);
        assert_eq!(account(&place, "alice").await.is_some(), command != "remove");
    }
}

#[tokio::test]
async fn a_disabled_account_stays_so_until_it_is_enabled() {
    let place = Place::new();
    place.account("alice").await;
    for _ in 0..2 {
        let said = place.runs(&["account", "disable", "alice"]).done();
        assert_eq!(said, "Disabled alice, and ended 0 sessions.\n");
        assert!(place.runs(&["account", "list"]).done().contains("disabled"));
    }
    for _ in 0..2 {
        assert_eq!(place.runs(&["account", "enable", "alice"]).done(), "Enabled alice.\n");
        assert!(!place.runs(&["account", "list"]).done().contains("disabled"));
    }
}

#[tokio::test]
async fn a_reset_prints_a_link_at_which_its_owner_chooses_a_new_password() {
    let place = Place::new();
    place.runs_with(PASSWORD, &["account", "add", "alice", "--password-stdin"]).done();
    let reset = || {
        let said = place.runs(&["account", "reset", "alice"]).done();
        let words = "Reset alice, and ended 0 sessions. This link is good for a day, and for once:\n\n    ";
        let link = said.strip_prefix(words).expect(&said).trim_end().to_owned();
        link[link.find("/join/").unwrap()..].to_owned()
    };
    let (older, newer) = (reset(), reset());
    assert_eq!(account(&place, "alice").await.unwrap().password, None);

    let server = place.serves();
    server.visitor().opens(&older).await.is(404);
    server.visitor().posts(&newer, &[("new_password", NEW_PASSWORD)]).await.leads_to("/");

    server.visitor().tries("alice", PASSWORD).await.is(422);
    server.visitor().tries("alice", NEW_PASSWORD).await.leads_to("/");
    place.runs(&["account", "disable", "alice"]).done();
    let said = place.runs(&["account", "reset", "alice"]).done();
    assert!(said.contains("alice is disabled: the link opens nothing before"), "{said}");
}

#[tokio::test]
async fn an_account_whose_sessions_cannot_be_ended_is_not_closed_without_a_word() {
    let place = Place::new();
    let alice = place.account("alice").await;
    let (_, session) = place.session(&alice).await;
    let stuck = Undeletable::folder_of(&file_of(&place, &session));

    for (command, why) in [
        ("reset", "exeunt: alice was not reset: "),
        ("disable", "exeunt: the account is disabled, but not logged out everywhere: "),
        ("remove", "exeunt: the account is disabled, but not logged out everywhere: "),
    ] {
        let done = place.runs(&["account", command, "alice"]);
        assert_eq!((done.code, &*done.out), (Some(1), ""), "{done:?}");
        // Before it comes the audit's line.
        assert!(done.err.lines().last().unwrap().starts_with(why), "{done:?}");
    }

    assert!(account(&place, "alice").await.unwrap().disabled);
    drop(stuck);
    let said = place.runs(&["account", "remove", "alice"]).done();
    assert_eq!(said, "Removed alice, and ended 1 session.\n");
}

#[test]
fn what_no_account_is_called_cannot_be_closed() {
    let place = Place::new();
    place.runs(&["account", "add", "alice", "--link"]).done();
    for command in ["disable", "enable", "reset", "remove"] {
        place.runs(&["account", command, "bob"]).failed("there is no account called bob");
    }
    assert!(place.runs(&["account", "list"]).done().contains("alice"));
}

#[tokio::test]
async fn a_list_of_accounts_fails_where_one_cannot_be_read_and_shows_the_others() {
    let place = Place::new();
    for name in ["alice", "bob", "carol"] {
        place.account(name).await;
    }
    let file = place.data().join("accounts/bob").canonicalize().unwrap();

    let list = place.program_that_cannot_read(&file, &["account", "list", "--json"]);
    let done = Running::start(list).ends();

    let names: Vec<_> = rows(&done.out).iter().map(|row| row["name"].clone()).collect();
    assert_eq!((done.code, names), (Some(1), vec!["alice".into(), "carol".into()]), "{done:?}");
    done.logged("exeunt: could not read 1 account: bob\n");
}

// Sessions.

#[tokio::test]
async fn a_list_of_sessions_fails_where_one_cannot_be_read_and_shows_the_others() {
    let place = Place::new();
    let alice = place.account("alice").await;
    let ((_, unread), (_, read)) = (place.session(&alice).await, place.session(&alice).await);
    let file = place.data().join(format!("sessions/{}/{}", alice.id, unread.id)).canonicalize().unwrap();

    let list = place.program_that_cannot_read(&file, &["session", "list", "--json"]);
    let done = Running::start(list).ends();

    let ids: Vec<_> = rows(&done.out).iter().map(|row| row["id"].clone()).collect();
    assert_eq!((done.code, ids), (Some(1), vec![read.id.to_string().into()]), "{done:?}");
    done.logged(&format!("exeunt: could not read 1 session: {}\n", unread.id));
}

#[tokio::test]
async fn a_list_of_sessions_fails_where_an_account_has_nobody_knows_which_and_shows_the_others() {
    let place = Place::new();
    let (alice, bob) = (place.account("alice").await, place.account("bob").await);
    place.session(&alice).await;
    let (_, bobs) = place.session(&bob).await;
    let folder = place.data().join(format!("sessions/{}", alice.id)).canonicalize().unwrap();

    let list = place.program_that_cannot_list(&folder, &["session", "list", "--json"]);
    let done = Running::start(list).ends();

    let ids: Vec<_> = rows(&done.out).iter().map(|row| row["id"].clone()).collect();
    assert_eq!((done.code, ids), (Some(1), vec![bobs.id.to_string().into()]), "{done:?}");
    done.logged(&format!("exeunt: could not list the sessions of 1 account: {}\n", alice.id));
}

#[tokio::test]
async fn sessions_are_listed_for_people_and_for_programs() {
    let place = Place::new();
    let (bob, alice) = (place.account("bob").await, place.account("alice").await);
    assert_eq!(place.runs(&["session", "list"]).done(), "");
    assert_eq!(place.runs(&["session", "list", "--json"]).done(), "[]\n");
    let (token, bobs) = place.session(&bob).await;
    let (_, alices) = place.session(&alice).await;

    let table = place.runs(&["session", "list"]).done();
    let json = place.runs(&["session", "list", "--json"]).done();

    insta::with_settings!({ filters => like_each_time() }, {
        insta::assert_snapshot!("session_list", table);
        insta::assert_snapshot!("session_list_json", json);
    });
    let ids = |json: &str| rows(json).iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&json), [alices.id.to_string(), bobs.id.to_string()]);
    assert_eq!(ids(&place.runs(&["session", "list", "BOB", "--json"]).done()), [bobs.id.to_string()]);
    place.runs(&["session", "list", "carol"]).failed("there is no account called carol");
    assert!(!table.contains(&token.reveal()) && !json.contains(&token.reveal()));
}

/// ASVS 7.4.5.
#[tokio::test]
async fn sessions_that_an_operator_ends_are_refused_by_the_server_at_once() {
    let place = Place::new();
    let (alice, bob) = (place.account("alice").await, place.account("bob").await);
    let server = place.serves();
    let mut visitors = Vec::new();
    let mut ids = Vec::new();
    for account in [&alice, &alice, &alice, &bob, &bob] {
        let (token, session) = place.session(account).await;
        visitors.push(server.visitor_with(&token));
        ids.push(session.id.to_string());
    }
    let ends = |arguments: &[&str]| place.runs(&[&["session", "end"], arguments].concat()).done();

    assert_eq!(who_is_logged_in(&visitors).await, [true, true, true, true, true]);
    assert_eq!(ends(&[&ids[0], &ids[3]]), "Ended 2 sessions.\n");
    assert_eq!(who_is_logged_in(&visitors).await, [false, true, true, false, true]);
    assert_eq!(ends(&["--account", "Alice"]), "Ended 2 sessions.\n");
    assert_eq!(who_is_logged_in(&visitors).await, [false, false, false, false, true]);
    assert_eq!(ends(&["--all"]), "Ended 1 session.\n");
    assert_eq!(who_is_logged_in(&visitors).await, [false; 5]);
    assert_eq!(session_files(&place), [""; 0]);

    assert_eq!(ends(&["--all"]), "Ended 0 sessions.\n", "ending what has ended is success");
    assert_eq!(ends(&["--account", "alice"]), "Ended 0 sessions.\n");
    let again = place.runs(&["session", "end", &ids[0]]);
    assert!(again.err.contains(&format!("There is no session {}", ids[0])), "{again:?}");
    assert_eq!(again.done(), "Ended 0 sessions.\n");
    place.runs(&["session", "end", "--account", "carol"]).failed("there is no account called carol");
}

#[tokio::test]
async fn sessions_that_cannot_be_ended_are_named_and_the_others_end() {
    let place = Place::new();
    let (alice, bob) = (place.account("alice").await, place.account("bob").await);
    let ((_, alices), (_, bobs)) = (place.session(&alice).await, place.session(&bob).await);
    let stuck = Undeletable::folder_of(&file_of(&place, &alices));

    let ids = [&alices, &bobs].map(|session| session.id.to_string());
    let done = place.runs(&["session", "end", &ids[0], &ids[1]]);
    assert_eq!((done.code, &*done.out), (Some(1), "Ended 1 session.\n"), "{done:?}");
    done.logged(&format!("exeunt: could not end 1 session: {}\n", ids[0]));

    place.session(&bob).await;
    let done = place.runs(&["session", "end", "--all"]);
    assert_eq!((done.code, &*done.out), (Some(1), "Ended 1 session.\n"), "{done:?}");
    done.logged(&format!("exeunt: could not end all sessions of 1 account: {}\n", alice.id));

    drop(stuck);
    assert_eq!(place.runs(&["session", "end", "--all"]).done(), "Ended 1 session.\n");
}

#[tokio::test]
async fn deleting_a_session_file_is_a_logout_at_the_next_request() {
    let place = Place::new();
    let alice = place.account("alice").await;
    let (token, session) = place.session(&alice).await;
    let server = place.serves();
    let mut visitor = server.visitor_with(&token);
    assert!(visitor.is_logged_in().await);

    fs::remove_file(file_of(&place, &session)).unwrap();

    assert!(!visitor.is_logged_in().await);
    assert!(!visitor.has_cookie(), "and the cookie is expired");
}

// Serving.

/// ASVS 6.3.2.
#[tokio::test]
async fn without_an_account_the_server_prints_a_link_that_makes_the_first() {
    let place = Place::new();
    let mut server = place.serves();
    assert_eq!(server.origin, format!("http://localhost:{}", port(&server.address)));
    let link = server.first_link();

    let mut somebody = server.visitor();
    somebody.opens(&link).await.is(200);
    somebody.posts(&link, &[("username", "Alice"), ("new_password", PASSWORD)]).await.leads_to("/");

    assert!(somebody.is_logged_in().await);
    assert!(account(&place, "alice").await.is_some());
    server.visitor().opens(&link).await.is(404);
    let code = link.strip_prefix("/join/").unwrap();
    let token = somebody.cookie().split_once('=').unwrap().1.to_owned();
    for file in files_below(place.data()) {
        let content = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        let is_secret = [code, &token, PASSWORD].iter().any(|secret| content.contains(secret));
        assert!(!is_secret, "{} lets somebody in", file.display());
    }
}

#[tokio::test]
async fn with_an_account_the_server_prints_no_link() {
    let place = Place::new();
    place.account("alice").await;
    let server = place.serves();
    server.visitor().opens("/login").await.is(200);

    let done = server.stops();

    assert_eq!(done.out.lines().count(), 1, "{done:?}");
    assert!(!done.out.contains("/join/"), "{done:?}");
    assert!(!place.data().join("accounts/.first").exists());
}

#[tokio::test]
async fn a_newer_start_ends_the_older_link() {
    let place = Place::new();
    let mut older = place.serves();
    let older_link = older.first_link();
    older.visitor().opens(&older_link).await.is(200);

    let mut newer = place.serves();
    let newer_link = newer.first_link();

    for server in [&older, &newer] {
        server.visitor().opens(&older_link).await.is(404);
        server.visitor().opens(&newer_link).await.is(200);
    }
}

#[tokio::test]
async fn a_server_that_cannot_listen_says_so_and_changes_nothing() {
    let place = Place::new();
    let mut first = place.serves();
    let link = first.first_link();

    let done = place.runs(&["serve", "--listen", &first.address]);

    done.failed(&format!("cannot listen on {}: Address already in use", first.address));
    first.visitor().opens(&link).await.is(200);
}

#[tokio::test]
async fn settings_come_from_the_environment_and_flags_win() {
    let (place, other) = (Place::new(), Place::new());
    place.account("alice").await;
    other.account("bob").await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_exeunt"));
    command.env("EXEUNT_DATA", place.data()).env_remove("EXEUNT_LISTEN").env_remove("EXEUNT_URL");

    command.args(["account", "list"]);
    assert!(said_by(&command).contains("alice"));
    command.arg("--data").arg(other.data());
    assert!(said_by(&command).contains("bob"));

    let settings = [("EXEUNT_LISTEN", "127.0.0.1:0"), ("EXEUNT_URL", "https://login.example.org")];
    let mut command = place.program(&[]);
    let server = Server::start({
        command.envs(settings);
        command
    });
    assert_eq!(server.origin, "https://login.example.org");
    assert!(server.address.starts_with("127.0.0.1:"));

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = place.program(&["--listen", "127.0.0.1:0", "--url", "http://localhost:8000"]);
    command.env("EXEUNT_LISTEN", taken.local_addr().unwrap().to_string());
    command.env("EXEUNT_URL", "https://login.example.org");
    assert_eq!(Server::start(command).origin, "http://localhost:8000");
}

#[tokio::test]
async fn sessions_survive_the_end_of_the_process_however_it_ends() {
    let place = Place::new();
    let alice = place.account("alice").await;
    let (token, session) = place.session(&alice).await;

    let server = place.serves();
    assert!(server.visitor_with(&token).is_logged_in().await);
    server.stops().done();
    let server = place.serves();
    assert!(server.visitor_with(&token).is_logged_in().await);
    server.dies();
    let server = place.serves();
    let mut visitor = server.visitor_with(&token);
    assert!(visitor.is_logged_in().await);

    visitor.logs_out().await.leads_to("/login?logged_out");
    server.dies();
    assert!(!place.serves().visitor_with(&token).is_logged_in().await, "and so do endings");
    assert!(!file_of(&place, &session).exists());
}

#[tokio::test]
async fn servers_on_one_folder_agree_at_once() {
    let place = Place::new();
    let alice = place.account("alice").await;
    let (token, _) = place.session(&alice).await;
    let (here, there) = (place.serves(), place.serves());
    let (mut at_one, mut at_the_other) = (here.visitor_with(&token), there.visitor_with(&token));
    assert!(at_one.is_logged_in().await);
    assert!(at_the_other.is_logged_in().await);

    at_one.logs_out().await.leads_to("/login?logged_out");

    assert!(!at_the_other.is_logged_in().await);
}

#[test]
fn a_request_in_flight_is_answered_before_the_server_stops() {
    for signal in [Signal::TERM, Signal::INT] {
        let place = Place::new();
        let mut server = place.serves();
        let mut stream = TcpStream::connect(&server.address).unwrap();
        let head = "POST /logout HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\
                    Content-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        // This is said when the form is being read: the request is in flight.
        let mut go_on = [0; 25];
        stream.read_exact(&mut go_on).unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");

        server.process().is_sent(signal);
        server.process().logs("stopping");
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(&server.address).is_ok() {
            assert!(Instant::now() < deadline, "it goes on listening");
        }
        // Longer than it would take a server to end that does not wait for the form.
        place.runs(&["session", "list"]).done();
        stream.write_all(b"which=this").unwrap();

        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
        assert!(answer.contains("location: /login?logged_out\r\n"), "{answer}");
        server.stops_by_itself().done();
    }
}

#[tokio::test]
async fn folders_and_files_are_closed_to_others_under_any_umask() {
    for umask in ["0000", "0777"] {
        let place = Place::new();
        let first = format!("umask {umask}");
        let add = place.program_after(&first, &["account", "add", "alice", "--link"]);
        let said = Running::start(add).ends().done();
        let link = &said[said.find("/join/").unwrap()..].trim_end();
        let server = Server::start(place.program_after(&first, &["serve", "--listen", "127.0.0.1:0"]));
        server.visitor().posts(link, &[("new_password", PASSWORD)]).await.leads_to("/");

        assert_eq!(session_files(&place).len(), 1);
        for path in everything_below(place.data()) {
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, expected, "{mode:o} {} under umask {umask}", path.display());
        }
    }
}

async fn account(place: &Place, name: &str) -> Option<Account> {
    let folder = Folder::at(place.data().join("accounts"));
    let store = FileAccountStore::open(folder).unwrap();
    store.read(&AccountName::parse(name).unwrap()).await.unwrap()
}

async fn who_is_logged_in(visitors: &[crate::support::Visitor]) -> Vec<bool> {
    let mut logged_in = Vec::new();
    for visitor in visitors {
        logged_in.push(visitor.clone().is_logged_in().await);
    }
    logged_in
}

/// What differs from run to run, in words as wide as what they stand for.
fn like_each_time() -> Vec<(&'static str, &'static str)> {
    vec![
        (r"\b[0-9a-f]{32}\b", "0123456789abcdef0123456789abcdef"),
        (r"\b[0-9a-f]{16}\b", "0123456789abcdef"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-11-23T12:00:00Z"),
    ]
}

fn rows(json: &str) -> Vec<Value> {
    serde_json::from_str(json).unwrap()
}

fn said_by(command: &Command) -> String {
    let mut again = Command::new(command.get_program());
    again.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => again.env(name, value),
            None => again.env_remove(name),
        };
    }
    Running::start(again).ends().done()
}

fn port(address: &str) -> &str {
    address.rsplit_once(':').unwrap().1
}

fn file_of(place: &Place, session: &Session) -> PathBuf {
    place.data().join(format!("sessions/{}/{}", session.account, session.id))
}

/// Without the file that sweepers lock.
fn session_files(place: &Place) -> Vec<String> {
    let files = files_below(&place.data().join("sessions"));
    let names = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap().to_owned());
    names.filter(|name| name != ".sweeping").collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    everything_below(folder).into_iter().filter(|path| path.is_file()).collect()
}

fn everything_below(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for name in names_in(folder) {
        let path = folder.join(name);
        if path.is_dir() {
            all.extend(everything_below(&path));
        }
        all.push(path);
    }
    all
}
