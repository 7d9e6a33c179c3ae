//! How the house is built: rooms below, doors above, and imports that point down. This test reads `src`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{readme_words, rust_files};

/// From the ground to the doors. A module may use those of lower storeys, and of its own folder.
const STOREYS: [&[&str]; 6] = [
    &["account_id", "clock", "metrics", "mutex", "network", "record", "store_error"],
    &["files"],
    &["accounts", "sessions", "throttle", "audit", "config"],
    &["app"],
    &["actions"],
    &["web", "cli"],
];

/// The one door that opens the other.
const MAY_NAME_WEB: &str = "cli/serve.rs";

/// Who alone may know a library. Paths are prefixes.
const KEPT_TO: [(&str, &[&str]); 14] = [
    ("poem::", &["web/"]),
    ("hyper", &["cli/status.rs", "web/serving/"]),
    ("maud::", &["web/"]),
    ("clap::", &["cli/", "config/"]),
    ("bincode::", &["record.rs"]),
    ("fs2::", &["files/os_disk.rs"]),
    ("inotify::", &["files/changes/", "files/watching.rs"]),
    ("prometheus::", &["metrics.rs"]),
    ("listenfd::", &["cli/service_manager.rs"]),
    ("sd_notify::", &["cli/service_manager.rs"]),
    ("scrypt::", &["accounts/password.rs"]),
    (
        "std::fs",
        &[
            "files/os_disk.rs",
            "files/changes/",
            "files/at_once.rs",
            "files/socket.rs",
            "web/assets/bundle.rs",
        ],
    ),
    ("rustix::fs", &["files/os_disk.rs", "files/at_once.rs", "files/changes/"]),
    ("Timestamp::now", &["clock.rs"]),
];

#[test]
fn imports_point_down() {
    for source in sources() {
        let here = storey(&source.room);
        for used in source.uses() {
            if used == source.room || (source.path == MAY_NAME_WEB && used == "web") {
                continue;
            }
            assert!(
                storey(&used) < here,
                "{} uses crate::{used}, which is not below {}",
                source.path,
                source.room
            );
        }
    }
}

#[test]
fn every_module_has_a_storey() {
    let lib = fs::read_to_string(src().join("lib.rs")).unwrap();
    let declared: BTreeSet<_> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let placed: BTreeSet<_> = STOREYS.iter().flat_map(|storey| storey.iter().copied()).collect();
    assert_eq!(declared, placed);
}

#[test]
fn each_library_is_known_to_its_own_files_only() {
    let sources = sources();
    for (library, homes) in KEPT_TO {
        let mut known = false;
        for source in &sources {
            let at_home = homes.iter().any(|home| source.path.starts_with(home));
            let uses = source.code.contains(library);
            known |= uses;
            assert!(!uses || at_home, "{} knows {library}", source.path);
        }
        assert!(known, "nothing knows {library} any more: take it off the list");
    }
}

#[test]
fn pages_know_neither_requests_nor_htmx_and_one_file_knows_htmx() {
    for source in sources() {
        if source.path.starts_with("web/pages/") {
            for word in ["poem", "Request", "Clock", "hx-request", "HX_"] {
                assert!(!source.code.contains(word), "{} knows {word}", source.path);
            }
        } else if !["web/htmx.rs", "web/headers.rs"].contains(&&*source.path) {
            // `headers.rs` names them once, in `Vary`.
            assert!(!source.code.to_lowercase().contains("hx-"), "{} knows htmx", source.path);
        }
    }
}

#[test]
fn doors_reach_the_rooms_through_actions_alone() {
    for source in sources().iter().filter(|source| ["web", "cli"].contains(&&*source.room)) {
        for room in ["app.accounts", "app.sessions", "app.hasher", "app.throttle"] {
            assert!(!source.code.contains(room), "{} reaches for {room}", source.path);
        }
    }
}

/// ASVS 6.1.3, 6.3.4.
#[test]
fn sessions_start_in_the_ways_that_the_readme_names_and_in_no_other() {
    let ways = [
        ("actions/change_password.rs", "`POST /password`"),
        ("actions/join.rs", "`POST /join/"),
        ("actions/log_in.rs", "`POST /login`"),
    ];
    // The last step of each, the room itself, and a session of nobody's, which is ended again at once.
    let further = ["actions/start_session.rs", "sessions/mod.rs", "actions/check_stores.rs"];
    let limits = readme_words("Limits");
    for (_, way) in ways {
        assert!(limits.contains(way), "{way} is not in {limits}");
    }
    let sources = sources();
    let starts = |source: &&Source| {
        let starts = ["start_session(", "sessions.start(", "Token::generate("];
        starts.iter().any(|start| source.code.contains(start))
    };
    let starting: BTreeSet<_> = sources.iter().filter(starts).map(|source| &*source.path).collect();
    assert_eq!(starting, ways.iter().map(|(path, _)| *path).chain(further).collect());
}

/// ASVS 6.4.1, 7.2.3.
#[test]
fn what_nobody_may_guess_is_made_of_the_operating_systems_random_bytes() {
    let sources = sources();
    for path in ["sessions/token.rs", "accounts/code.rs"] {
        let source = sources.iter().find(|source| source.path == path).unwrap();
        assert!(source.code.contains("getrandom::fill(&mut secret)"), "{path} has other ones");
    }
    let manifest = fs::read_to_string(src().join("../Cargo.toml")).unwrap();
    let (_, dependencies) = manifest.split_once("\n[dependencies]\n").unwrap();
    let random: Vec<_> = dependencies
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name))
        .filter(|name| name.contains("rand"))
        .collect();
    assert_eq!(random, ["getrandom"], "nothing else makes random bytes");
}

/// What is built for the machine that builds, such as macros, is not in the program.
#[test]
fn the_readme_says_of_how_many_crates_the_program_is_made() {
    let mut tree = Command::new(env!("CARGO"));
    tree.current_dir(env!("CARGO_MANIFEST_DIR")).args(["tree", "--locked", "--prefix=none", "--format={p}"]);
    let tree =
        tree.args(["--edges=normal,no-proc-macro", "--target=x86_64-unknown-linux-gnu"]).output().unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    let crates: BTreeSet<_> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    let others = crates.len() - 1;

    let made_of = readme_words("Running it for real");
    assert!(made_of.contains(&format!("built from {others} crates besides itself")), "{others} crates");
}

#[test]
fn nothing_is_unfinished_or_unwrapped() {
    for source in sources() {
        for word in ["todo!", "unimplemented!", ".unwrap()", "dbg!", "TODO", "FIXME", "thread::sleep"] {
            assert!(!source.code.contains(word), "{word} in {}", source.path);
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for source in sources() {
        assert!(source.text.starts_with("//! "), "{} opens with //!", source.path);
        let lines = source.text.lines().count();
        assert!(lines <= 250, "{} has {lines} lines: which noun is hiding in it?", source.path);
    }
}

struct Source {
    /// Below `src`.
    path: String,
    /// The module of the crate that it belongs to.
    room: String,
    text: String,
    /// The text without comments.
    code: String,
}

impl Source {
    /// The crate's modules that it uses.
    fn uses(&self) -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        for part in self.code.split("crate::").skip(1) {
            // `crate::{a, b::c}` as well as `crate::a`.
            let list = part.strip_prefix('{').map(|list| list.split('}').next().unwrap_or(""));
            for item in list.unwrap_or(part).split(',').take(if list.is_some() { usize::MAX } else { 1 }) {
                let name: String =
                    item.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                used.insert(name);
            }
        }
        used
    }
}

/// `main.rs` and `lib.rs` stand above the house, and see all of it.
fn sources() -> Vec<Source> {
    let sources: Vec<_> = rust_files(&src()).iter().map(|path| source(path)).collect();
    assert!(sources.len() > 40, "all of src is read");
    sources.into_iter().filter(|source| !["main.rs", "lib.rs"].contains(&&*source.path)).collect()
}

fn source(path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let path = path.strip_prefix(src()).unwrap().to_str().unwrap().to_owned();
    let room = path.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
    let code = text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
    Source { path, room, text, code }
}

fn storey(room: &str) -> usize {
    STOREYS
        .iter()
        .position(|storey| storey.contains(&room))
        .unwrap_or_else(|| panic!("which storey is {room} on?"))
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}
