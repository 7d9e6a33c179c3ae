//! Settings: where each comes from, and which are refused before anything is served.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::program::{Place, Running, Server};
use crate::support::{mode, names_in, readme_section};

const ALL: [(&str, &str); 12] = [
    ("--data", "EXEUNT_DATA"),
    ("--url", "EXEUNT_URL"),
    ("--insecure-http", "EXEUNT_INSECURE_HTTP"),
    ("--listen", "EXEUNT_LISTEN"),
    ("--trust-proxy", "EXEUNT_TRUST_PROXY"),
    ("--door-hosts", "EXEUNT_DOOR_HOSTS"),
    ("--cookie-domain", "EXEUNT_COOKIE_DOMAIN"),
    ("--audit-log", "EXEUNT_AUDIT_LOG"),
    ("--metrics-listen", "EXEUNT_METRICS_LISTEN"),
    ("--log", "EXEUNT_LOG"),
    ("--log-format", "EXEUNT_LOG_FORMAT"),
    ("--assets", "EXEUNT_ASSETS"),
];

#[test]
fn every_setting_is_listed_with_where_it_comes_from() {
    let place = Place::new();
    let data = place.data().to_str().unwrap();

    let unset = settings(&place, &[], &[]);
    assert_eq!(unset["EXEUNT_DATA"], [data, "flag"]);
    assert_eq!(unset["EXEUNT_LISTEN"], ["127.0.0.1:8000", "default"]);
    assert_eq!(unset["EXEUNT_URL"], ["http://localhost:8000", "default"]);
    assert_eq!(unset["EXEUNT_INSECURE_HTTP"], ["false", "default"]);
    for setting in ["TRUST_PROXY", "DOOR_HOSTS", "COOKIE_DOMAIN", "AUDIT_LOG", "METRICS_LISTEN", "ASSETS"] {
        assert_eq!(unset[&format!("EXEUNT_{setting}")], ["null", "none"]);
    }
    assert_eq!(unset["EXEUNT_LOG"], ["info", "default"]);
    assert_eq!(unset["EXEUNT_LOG_FORMAT"], ["text", "environment"], "as all tests have it");

    let environment = [
        ("EXEUNT_LISTEN", "127.0.0.1:7000"),
        ("EXEUNT_INSECURE_HTTP", "1"),
        ("EXEUNT_TRUST_PROXY", "10.0.0.0/8, ::1"),
        ("EXEUNT_LOG", "debug"),
    ];
    let set = settings(&place, &environment, &["--trust-proxy", "192.0.2.1", "--audit-log", "-"]);
    assert_eq!(set["EXEUNT_LISTEN"], ["127.0.0.1:7000", "environment"]);
    assert_eq!(set["EXEUNT_URL"], ["http://localhost:7000", "default"]);
    assert_eq!(set["EXEUNT_INSECURE_HTTP"], ["1", "environment"]);
    assert_eq!(set["EXEUNT_TRUST_PROXY"], ["192.0.2.1", "flag"], "flags win");
    assert_eq!(set["EXEUNT_AUDIT_LOG"], ["-", "flag"]);
    assert_eq!(set["EXEUNT_LOG"], ["debug", "environment"]);
    assert_eq!(settings(&place, &[], &["--insecure-http"])["EXEUNT_INSECURE_HTTP"], ["true", "flag"]);

    let names: Vec<_> = set.keys().map(String::as_str).collect();
    let mut all: Vec<_> = ALL.iter().map(|(_, name)| *name).collect();
    all.sort_unstable();
    assert_eq!(names, all);
    assert_eq!(names_in(place.data()), [""; 0], "and nothing was made");
}

#[test]
fn what_is_called_like_a_setting_and_is_none_is_named() {
    let place = Place::new();
    let run = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = place.program(arguments);
        command.envs(environment.iter().copied());
        Running::start(command).ends()
    };
    let misspelt = [
        ("EXEUNT_STORE", "redis://localhost"),
        ("EXEUNT_DOOR_HOST", "a.example.org"),
        ("EXEUNT_PORT", "80"),
        ("EXEUNTS", ""),
    ];
    let told = "in the environment, but no setting: EXEUNT_DOOR_HOST (is it EXEUNT_DOOR_HOSTS?), EXEUNT_PORT, EXEUNT_STORE\n";

    let done = run(&["session", "list"], &misspelt);
    assert_eq!(done.err, format!("exeunt: {told}"));
    done.done();
    let done = run(&["session", "list"], &[("EXEUNT_LISTEN", "127.0.0.1:7000")]);
    assert_eq!(done.err, "", "a setting is one for every command");

    let mut command = place.program(&["serve", "--listen", "127.0.0.1:0"]);
    command.envs(misspelt);
    let mut server = Server::start(command);
    server.process().logs(told.trim_end());
    assert_eq!(server.stops().code, Some(0));
}

#[test]
fn settings_are_listed_for_people_as_well() {
    let place = Place::new();
    let table = place.runs(&["config", "--url", "https://login.example.org"]).done();
    let line = |name: &str| {
        let line = table.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{table}"));
        line.split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(line("ENVIRONMENT"), ["FLAG", "ENVIRONMENT", "VALUE", "FROM"]);
    assert_eq!(line("EXEUNT_URL"), ["--url", "EXEUNT_URL", "https://login.example.org", "flag"]);
    assert_eq!(line("EXEUNT_AUDIT_LOG"), ["--audit-log", "EXEUNT_AUDIT_LOG", "none", "none"]);
    assert_eq!(line("EXEUNT_LOG "), ["--log", "EXEUNT_LOG", "info", "default"]);
}

#[test]
fn the_readme_names_every_setting() {
    let section = readme_section("Settings");
    let named = section.lines().filter_map(|line| {
        let (flag, rest) = line.strip_prefix("| ")?.split_once("| ")?;
        let name = rest.strip_prefix('`')?.split('`').next()?;
        Some((flag.trim().trim_matches('`').to_owned(), name.to_owned()))
    });
    // This one is for working on the style sheets.
    let all = ALL.iter().filter(|(flag, _)| *flag != "--assets");
    let mut named: Vec<_> = named.collect();
    let mut all: Vec<_> = all.map(|(flag, name)| ((*flag).to_owned(), (*name).to_owned())).collect();
    named.sort_unstable();
    all.sort_unstable();
    assert_eq!(named, all);
}

#[test]
fn a_value_that_cannot_be_meant_is_refused_in_one_line_from_a_flag_and_from_the_environment() {
    let place = Place::new();
    for (flag, value, what_would_do) in [
        ("--listen", "nonsense", "such as 127.0.0.1:8000"),
        ("--listen", "", "such as 127.0.0.1:8000"),
        ("--listen", "localhost:8000", "such as 127.0.0.1:8000"),
        ("--listen", "unix:", "unix:/run/exeunt/socket"),
        ("--url", "login.example.org", "such as https://login.example.org"),
        ("--url", "", "such as https://login.example.org"),
        ("--url", "ftp://login.example.org", "http:// or https://"),
        ("--url", "https://login.example.org/path", "nothing more"),
        ("--trust-proxy", "10.0.0.0/8,proxy", "such as 10.0.0.0/8"),
        ("--trust-proxy", "two\nlines", "such as 10.0.0.0/8"),
        ("--door-hosts", "", "such as app.example.org"),
        ("--door-hosts", "app.example.org,", "such as app.example.org"),
        ("--door-hosts", "https://app.example.org", "such as app.example.org"),
        ("--door-hosts", "app.example.org/", "such as app.example.org"),
        ("--door-hosts", "alice@app.example.org", "such as app.example.org"),
        ("--door-hosts", "app.example.org.", "such as app.example.org"),
        ("--door-hosts", "app.*.example.org", "such as app.example.org"),
        ("--door-hosts", "a.example.org;b.example.org", "such as app.example.org"),
        ("--door-hosts", "%2a.example.org", "such as app.example.org"),
        ("--door-hosts", "app.exa\tmple.org", "such as app.example.org"),
        ("--door-hosts", "the_app.example.org", "such as app.example.org"),
        ("--door-hosts", "192.0.2.7", "such as app.example.org"),
        ("--door-hosts", "app.example.org:port", "such as app.example.org"),
        ("--cookie-domain", "", "such as example.org"),
        ("--cookie-domain", "org", "such as example.org"),
        ("--cookie-domain", ".example.org", "such as example.org"),
        ("--cookie-domain", "*.example.org", "such as example.org"),
        ("--cookie-domain", "example.org:443", "such as example.org"),
        ("--cookie-domain", "example.org:8443", "such as example.org"),
        ("--cookie-domain", "192.0.2.7", "such as example.org"),
        ("--audit-log", "", "not empty"),
        ("--metrics-listen", "here", "such as 127.0.0.1:8000"),
        ("--log", "access=loud", "such as debug"),
        ("--log", "", "such as debug"),
        ("--log-format", "xml", "text or json"),
    ] {
        let (_, environment) = ALL.iter().find(|(name, _)| *name == flag).unwrap();
        let names = format!("{flag} ({environment}) cannot be ");
        // Whatever the command, and wherever the flag stands.
        place.runs(&[&format!("{flag}={value}")]).was_set_wrongly(&names, what_would_do);
        place.runs(&["account", "list", flag, value]).was_set_wrongly(&names, what_would_do);
        let mut command = place.program(&["session", "list"]);
        command.env(environment, value);
        Running::start(command).ends().was_set_wrongly(&names, what_would_do);
    }
    for (setting, value, what_would_do) in
        [("EXEUNT_INSECURE_HTTP", "perhaps", "true or false"), ("EXEUNT_INSECURE_HTTP", "", "true or false")]
    {
        let mut command = place.program(&[]);
        command.env(setting, value);
        Running::start(command).ends().was_set_wrongly(setting, what_would_do);
    }
    assert_eq!(names_in(place.data()), [""; 0], "and nothing was done");
}

#[test]
fn plain_http_beyond_this_machine_is_refused_unless_told() {
    let place = Place::new();
    let serving = |url: &str| ["serve", "--listen", "127.0.0.1:0", "--url", url].map(str::to_owned);
    for url in [
        "http://login.example.org",
        "http://192.0.2.1:8000",
        "http://[2001:db8::1]",
        "http://0.0.0.0:8000",
        "http://localhost.example.org",
        "http://notlocalhost",
    ] {
        let arguments = serving(url);
        let done = place.runs(&arguments.each_ref().map(String::as_str));
        done.was_set_wrongly("--url (EXEUNT_URL)", "--insecure-http");
    }
    assert_eq!(names_in(place.data()), [""; 0], "and nothing was made");
    for url in [
        "http://localhost:8000",
        "http://localhost.:8000",
        "http://login.localhost",
        "http://127.0.0.1:8000",
        "http://127.8.9.1",
        "http://[::1]:8000",
        "https://login.example.org",
    ] {
        let arguments = serving(url);
        assert_eq!(Server::start(place.program(&arguments.each_ref().map(String::as_str))).origin, url);
    }
    let told = serving("http://login.example.org");
    let told = place.program(&[&told.each_ref().map(String::as_str)[..], &["--insecure-http"]].concat());
    assert_eq!(Server::start(told).origin, "http://login.example.org");
}

#[test]
fn hosts_behind_the_door_at_which_nobody_could_be_logged_in_are_refused() {
    let place = Place::new();
    let serving = |settings: &[&str]| {
        let on_https = ["serve", "--listen", "127.0.0.1:0", "--url", "https://login.example.org"];
        place.program(&[&on_https[..], settings].concat())
    };
    let domain = ["--cookie-domain", "example.org"];
    for (wrong, names, what_would_do) in [
        (["--door-hosts", "app.example.org"], "--door-hosts (EXEUNT_DOOR_HOSTS)", "--cookie-domain"),
        (["--door-hosts", "*.login.example.org"], "\"*.login.example.org\"", "--cookie-domain"),
        (["--door-hosts", "app.example.org:8443"], "\"app.example.org:8443\"", "--cookie-domain"),
        (["--cookie-domain", "example.com"], "--cookie-domain (EXEUNT_COOKIE_DOMAIN)", "login.example.org"),
        (["--cookie-domain", "ogin.example.org"], "\"ogin.example.org\"", "login.example.org"),
        (["--cookie-domain", "app.login.example.org"], "\"app.login", "login.example.org"),
    ] {
        Running::start(serving(&wrong)).ends().was_set_wrongly(names, what_would_do);
    }
    for wrong in ["app.example.com", "*.org", "app.example.org,notexample.org"] {
        let wrong = serving(&[&domain[..], &["--door-hosts", wrong]].concat());
        Running::start(wrong).ends().was_set_wrongly("--door-hosts (EXEUNT_DOOR_HOSTS)", "--cookie-domain");
    }
    let on_http =
        place.program(&["serve", "--url", "http://login.example.localhost", domain[0], "example.localhost"]);
    Running::start(on_http).ends().was_set_wrongly("--cookie-domain (EXEUNT_COOKIE_DOMAIN)", "https");
    assert_eq!(names_in(place.data()), [""; 0], "and nothing was made");

    for right in [
        &["--door-hosts", "login.example.org:8443"][..],
        &["--cookie-domain", "login.example.org", "--door-hosts", "*.login.example.org"],
        &["--cookie-domain", "Example.org", "--door-hosts", "APP.example.org, *.example.org, example.org"],
    ] {
        Server::start(serving(right)).stops().logged("set --trust-proxy");
    }
    let hosts =
        ["--cookie-domain", "example.org", "--door-hosts", "bücher.example.org", "--trust-proxy", "::1"];
    let done = Server::start(serving(&hosts)).stops();
    assert!(!done.err.contains("set --trust-proxy"), "{done:?}");
}

#[test]
fn a_folder_that_others_could_reach_is_refused_with_what_to_do() {
    for name in ["sessions", "accounts"] {
        let place = Place::new();
        place.runs(&["account", "add", "alice", "--link"]).done();
        let (folder, elsewhere) = (place.data().join(name), place.data().join("elsewhere"));
        let named = folder.to_str().unwrap();

        // Somebody else's: this process is told that it is one of theirs.
        let told = place.program_told(&["inject=geteuid:retval=12345"], &["account", "list"]);
        Running::start(told).ends().was_set_wrongly("--data", "chown -R");

        // A disk on which nothing can be closed: what is to close it is said to have been done.
        set_mode(&folder, 0o755);
        let told = place.program_told(&["inject=/^f?chmod(at|at2)?$:retval=0"], &["account", "list"]);
        Running::start(told).ends().was_set_wrongly(named, "stays open to others (mode 755)");
        place.runs(&["account", "list"]).done();
        assert_eq!(mode(&folder), 0o700, "where it can be, it is closed");

        fs::rename(&folder, &elsewhere).unwrap();
        symlink(&elsewhere, &folder).unwrap();
        place.runs(&["account", "list"]).was_set_wrongly(named, "a link or no folder");
        fs::remove_file(&folder).unwrap();
        fs::write(&folder, "").unwrap();
        place.runs(&["serve"]).was_set_wrongly(named, "a link or no folder");
    }
}

#[test]
fn a_data_folder_in_which_everybody_may_rename_is_refused() {
    let place = Place::new();
    let data = place.data().join("data");
    fs::create_dir(&data).unwrap();
    let serves = |data: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_exeunt"));
        command.args(["--listen", "127.0.0.1:0", "--data"]).arg(data);
        command
    };
    for open in [0o777, 0o757] {
        set_mode(&data, open);
        Running::start(serves(&data)).ends().was_set_wrongly(data.to_str().unwrap(), "chmod o-w");
        assert_eq!(names_in(&data), [""; 0], "and nothing was made");
    }
    // As a checkout is, a folder that a group shares, and /tmp.
    for closed in [0o755, 0o775, 0o1777] {
        set_mode(&data, closed);
        drop(Server::start(serves(&data)));
        assert_eq!(mode(&data) & 0o777, closed & 0o777, "what is not ours to close is left");
    }
    let link = place.data().join("link");
    symlink(&data, &link).unwrap();
    drop(Server::start(serves(&link)));
    let file = place.data().join("file");
    fs::write(&file, "").unwrap();
    Running::start(serves(&file)).ends().was_set_wrongly("--data", "no folder");
}

/// Each setting's value and source, by the name that it has in the environment.
fn settings(place: &Place, environment: &[(&str, &str)], flags: &[&str]) -> BTreeMap<String, [String; 2]> {
    let mut command = place.program(&[&["config", "--json"], flags].concat());
    command.envs(environment.iter().copied());
    let rows: Vec<Value> = serde_json::from_str(&Running::start(command).ends().done()).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("null").to_owned();
    let row = |row: Value| (text(&row["environment"]), [text(&row["value"]), text(&row["from"])]);
    rows.into_iter().map(row).collect()
}

fn set_mode(folder: &Path, mode: u32) {
    fs::set_permissions(folder, Permissions::from_mode(mode)).unwrap();
}
