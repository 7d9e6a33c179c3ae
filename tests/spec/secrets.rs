//! Secrets: whatever anybody does, no password, no token and no one-time code is in a log, a page, a header or
//! a file. What is looked for is in `support/canaries.rs`.

use std::io::{Read, Write};
use std::net::TcpStream;

use exeunt::sessions::Token;
use reqwest::Method;

use crate::support::program::{Done, Place, Running, Server};
use crate::support::{Answer, AuditFile, Canaries, Undeletable, Visitor};

#[tokio::test]
async fn nothing_secret_is_seen_whatever_anybody_does_however_much_is_logged() {
    let (place, audit) = (Place::new(), AuditFile::new());
    let mut all = Everything { canaries: Canaries::default(), place, audit };
    let mut server = Server::start(all.program(&["serve", "--listen", "127.0.0.1:0"]));

    let password = all.somebody_makes_the_first_account(&mut server).await;
    let token = all.logs_in_wrongly_and_rightly(&server, &password).await;
    all.shows_a_token_where_none_belongs(&server, &token).await;
    all.sends_what_is_no_http(&mut server, &password, &token);
    all.sends_forms_that_are_none(&server, &password).await;
    let password = all.changes_a_password(&server, &password).await;
    all.logs_out_in_each_way(&server, &password).await;
    all.operates(&server).await;

    let Done { out, err, .. } = server.stops();
    assert!(err.contains(" DEBUG "), "more is logged than usual: {err}");
    all.canaries.saw("standard error", err);
    all.canaries.saw("standard output", without_links(&out));
    let lines = all.audit.lines();
    for event in ["logged_in", "login_failed", "password_changed", "not_logged_out", "next_refused", "joined"]
    {
        let written = format!("\"event\":\"{event}\"");
        assert!(lines.iter().any(|line| line.contains(&written)), "no {event} in {lines:#?}");
    }
    all.canaries.saw("the audit log", lines.join("\n"));
    all.canaries.saw_all_below(all.place.data());
    assert_eq!(all.canaries.found(), [""; 0]);
}

#[test]
fn a_secret_is_found_in_whatever_form_it_was_written() {
    let mut canaries = Canaries::default();
    let password = canaries.password("the-test");
    let token = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    canaries.code("the token", token);
    let bytes = password.as_bytes();
    let encoded: String = url::form_urlencoded::byte_serialize(bytes).collect();
    for text in [
        password.clone(),
        format!("{password:?}"),
        format!("{bytes:?}"),
        encoded,
        bytes.iter().map(|byte| format!("%{byte:02X}")).collect(),
        data_encoding::HEXLOWER.encode(bytes),
        data_encoding::BASE64.encode(bytes),
        data_encoding::BASE64.encode(format!("a:{password}").as_bytes()),
        data_encoding::BASE64URL.encode(format!("al:{password}").as_bytes()),
        format!("exeunt={token}"),
        format!("exeunt={}", &token[..40]),
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f".to_owned(),
    ] {
        assert_eq!(canaries.found(), [""; 0]);
        canaries.saw("a line", format!("INFO something: {text} and more"));
        assert_ne!(canaries.found(), [""; 0], "not found in {text}");
        canaries.forgets_what_it_saw();
    }
}

/// A person, an operator, and all that they come to see.
struct Everything {
    canaries: Canaries,
    place: Place,
    audit: AuditFile,
}

impl Everything {
    /// The program with all that it can log.
    fn program(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.place.program(arguments);
        command.env("EXEUNT_LOG", "trace").env("EXEUNT_AUDIT_LOG", self.audit.path());
        command
    }

    /// Runs a command, and answers what it said.
    fn runs(&mut self, input: &str, arguments: &[&str]) -> String {
        let mut running = Running::start(self.program(arguments));
        running.types(input);
        let Done { out, err, .. } = running.ends();
        self.canaries.saw(&format!("standard error of {arguments:?}"), err);
        self.canaries.saw(&format!("standard output of {arguments:?}"), without_links(&out));
        out
    }

    fn got(&mut self, answer: Answer) -> Answer {
        self.canaries.got(&answer, "");
        answer
    }

    /// The same, of somebody whose token is a new one.
    fn got_in(&mut self, visitor: &Visitor, answer: Answer) {
        self.canaries.code("a token", &visitor.token().reveal());
        assert_eq!(answer.status, 303, "{answer:?}");
        self.got(answer);
    }

    async fn somebody_makes_the_first_account(&mut self, server: &mut Server) -> String {
        let link = server.first_link();
        self.joins(server, &link, "alice").await
    }

    /// Opens the link, chooses badly, and then well; afterwards it is over.
    async fn joins(&mut self, server: &Server, link: &str, name: &str) -> String {
        self.canaries.code(&format!("the code for {name}"), link.trim_start_matches("/join/"));
        let (refused, password) = (self.canaries.short_password(), self.canaries.password(name));
        let mut visitor = server.visitor().with("referer", format!("{}{link}", server.origin));
        let page = visitor.opens(link).await;
        // The page that a link opened leads back to it.
        self.canaries.got(page.is(200), link);
        let again = visitor.posts(link, &[("username", name), ("new_password", &refused)]).await;
        self.canaries.got(again.is(422), link);
        let mut cross = server.visitor().with("origin", "https://evil.example");
        let refused = cross.posts(link, &[("username", name), ("new_password", &password)]).await;
        self.got(refused).is(403);
        let joined = visitor.posts(link, &[("username", name), ("new_password", &password)]).await;
        self.got_in(&visitor, joined);
        for damaged in
            [link.to_owned(), format!("{link}%20"), format!("{link}/x"), link[..link.len() - 1].to_owned()]
        {
            self.got(server.visitor().opens(&damaged).await).is(404);
        }
        self.got(visitor.logs_out().await);
        password
    }

    async fn logs_in_wrongly_and_rightly(&mut self, server: &Server, password: &str) -> Token {
        let wrong = self.canaries.password("a wrong guess");
        let mut alice = server.visitor();
        self.got(alice.tries("alice", &wrong).await).is(422);
        self.got(alice.tries("nobody", &wrong).await).is(422);
        let typed = self.canaries.password("the name's field");
        let page = alice.tries(&typed, &wrong).await;
        // Shown to whoever typed it, as any name is, in its own field; and nowhere else.
        let field =
            format!("value=\"{}\"", typed.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;"));
        page.is(422).says(&field);
        self.canaries.got(&page, &field);
        let elsewhere = format!("//evil.example/?{password}");
        let fields =
            [("username", "alice"), ("password", password), ("next", &elsewhere), ("remember", "yes")];
        let login = alice.posts("/login", &fields).await;
        self.got_in(&alice, login);
        self.got(alice.opens("/").await).is(200);
        alice.token()
    }

    async fn shows_a_token_where_none_belongs(&mut self, server: &Server, token: &Token) {
        let text = token.reveal();
        let alice = server.visitor_with(token);
        for mut visitor in [
            alice.clone().with("referer", format!("{}/?token={text}", server.origin)),
            alice.clone().with("authorization", format!("Bearer {text}")),
            alice.clone().with("x-request-id", &text),
            alice.with_htmx_at(&format!("/?token={text}")),
            server.visitor().with("user-agent", &text),
            server.visitor().with_cookie(&format!("exeunt={}", &text[..42])),
            server.visitor().with_cookie(&format!("exeunt=\"{text}\"")),
            server.visitor().with_cookie(&format!("exeunt={text}%20")),
            server.visitor().with_cookie(&format!("other={text}; exeunt={text}x")),
        ] {
            for path in ["/login", "/logout", "/events/", "/password", "/nothing", "/join/x"] {
                let asked = format!("{path}?token={text}");
                let answer = visitor.opens(&asked).await;
                // Whoever is led to the login page is led back to what they asked for.
                let encoded: String = url::form_urlencoded::byte_serialize(asked.as_bytes()).collect();
                self.canaries.got(&answer, &encoded);
            }
            let crossing = visitor.clone().with("sec-fetch-site", "cross-site").with("origin", &text);
            self.got(crossing.clone().logs_out().await).is(403);
            let away = format!("/login?next=https://evil.example/{text}");
            self.got(visitor.opens(&away).await);
        }
    }

    fn sends_what_is_no_http(&mut self, server: &mut Server, password: &str, token: &Token) {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        write!(stream, "POST /login {password}\r\nCookie exeunt={}\r\n\r\n", token.reveal()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        self.canaries.saw("an answer to no HTTP", answer);
        server.process().logs("connection ended");
    }

    async fn sends_forms_that_are_none(&mut self, server: &Server, password: &str) {
        let mut visitor = server.visitor();
        let twice = [("username", "alice"), ("password", password), ("password", password)];
        self.got(visitor.posts("/login", &twice).await).is(400);
        let text = format!("username=alice&password={password}").into_bytes();
        for (kind, body) in [
            ("text/plain", text.clone()),
            ("application/json", text.clone()),
            ("application/x-www-form-urlencoded", text.repeat(400)),
        ] {
            let answer = visitor.sends(Method::POST, "/login", Some((kind, body))).await;
            assert!([400, 413].contains(&answer.status), "{answer:?}");
            self.got(answer);
        }
        let query: String = url::form_urlencoded::byte_serialize(password.as_bytes()).collect();
        self.got(visitor.opens(&format!("/login?username=alice&password={query}")).await).is(200);
        self.got(visitor.sends(Method::PUT, &format!("/login?password={query}"), None).await).is(405);
    }

    async fn changes_a_password(&mut self, server: &Server, current: &str) -> String {
        let (wrong, new) =
            (self.canaries.password("a wrong current one"), self.canaries.password("a change"));
        let short = self.canaries.short_password();
        let mut alice = server.visitor();
        let login = alice.tries("alice", current).await;
        self.got_in(&alice, login);
        let (mut stream, session) = alice.listens().await;
        self.got(alice.opens("/password").await).is(200);
        self.got(alice.changes_password(&wrong, &new).await).is(422);
        self.got(alice.changes_password(current, &short).await).is(422);
        self.got(alice.changes_password(current, current).await).is(422);
        let changed = alice.changes_password(current, &new).await;
        self.got_in(&alice, changed);
        let heard = stream.hears_to_the_end().await;
        assert_eq!(heard, [format!("logout {session}")]);
        self.canaries.saw("the event stream", heard.concat());
        self.got(alice.opens("/?password_changed").await).is(200);
        new
    }

    async fn logs_out_in_each_way(&mut self, server: &Server, password: &str) {
        let mut browsers = Vec::new();
        for _ in 0..3 {
            let mut visitor = server.visitor();
            let login = visitor.tries("alice", password).await;
            self.got_in(&visitor, login);
            browsers.push(visitor);
        }
        let one = browsers[1].token().session_id().to_string();
        let alice = &mut browsers[0];
        self.got(alice.opens("/logout").await).is(200);
        for which in [&*one, "others", &alice.token().reveal()] {
            self.got(alice.logs_out_of(which).await);
        }
        let token = alice.token();
        let file = format!("sessions/{}/{}", token.account(), token.session_id());
        let stuck = Undeletable::folder_of(&self.place.data().join(file));
        self.got(alice.clone().logs_out_of("all").await).is(503);
        drop(stuck);
        self.got(alice.logs_out_of("all").await);
        self.got(alice.opens("/login?logged_out").await).is(200);
    }

    async fn operates(&mut self, server: &Server) {
        let (short, password) = (self.canaries.short_password(), self.canaries.password("an operator"));
        let add = ["account", "add", "bob", "--password-stdin"];
        self.runs(&format!("{short}\n"), &add);
        assert_eq!(self.runs(&format!("{password}\n"), &add), "Added bob.\n");
        let mut bob = server.visitor();
        let login = bob.tries("bob", &password).await;
        self.got_in(&bob, login);
        let said = self.runs("", &["account", "add", "carol", "--link"]);
        self.joins(server, &link_in(&said), "carol").await;
        let said = self.runs("", &["account", "reset", "carol"]);
        self.joins(server, &link_in(&said), "carol").await;
        for command in [
            &["session", "list"][..],
            &["session", "list", "bob", "--json"],
            &["account", "list", "--json"],
            &["session", "end", &bob.token().session_id().to_string()],
            &["session", "end", "--account", "carol"],
            &["session", "end", "--all"],
            &["session", "sweep"],
            &["account", "disable", "bob"],
            &["account", "enable", "bob"],
            &["account", "remove", "carol"],
        ] {
            self.runs("", command);
        }
        self.runs("", &["status", "--json", "--listen", server.address()]);
        self.got(bob.opens("/").await).leads_to("/login");
    }
}

fn link_in(said: &str) -> String {
    said[said.find("/join/").expect(said)..].trim_end().to_owned()
}

/// Links are printed on purpose, each once, on a line of its own.
fn without_links(out: &str) -> String {
    out.lines().filter(|line| !(line.starts_with("    http") && line.contains("/join/"))).collect()
}
