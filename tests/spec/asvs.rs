//! Held beside the OWASP Application Security Verification Standard 5.0.0, chapters 6 (Authentication) and 7
//! (Session Management). A test that shows that a requirement is met names it right above itself, and the README
//! names every other one with the reason. What a requirement asks is never said here: the standard says it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::support::{readme_section, rust_files};

/// How many requirements each section of the two chapters has, as released: 6.1.1 to 6.1.3, and so on.
const REQUIREMENTS: [(&str, usize); 14] = [
    ("6.1", 3),
    ("6.2", 12),
    ("6.3", 8),
    ("6.4", 6),
    ("6.5", 8),
    ("6.6", 4),
    ("6.7", 2),
    ("6.8", 4),
    ("7.1", 3),
    ("7.2", 4),
    ("7.3", 2),
    ("7.4", 5),
    ("7.5", 3),
    ("7.6", 2),
];

/// How a test names what it shows: this, then one or more with commas between, then a full stop.
const NAMES: &str = "/// ASVS ";

#[test]
fn every_requirement_is_shown_by_a_test_or_is_in_the_readme_with_the_reason() {
    let (shown, not_shown) = (shown(), not_shown());
    let all = requirements();
    assert_eq!(all.len(), 66);
    let missing: Vec<_> =
        all.iter().filter(|&id| !shown.contains_key(id) && !not_shown.contains(id)).collect();
    assert!(missing.is_empty(), "neither a test nor the README names {missing:?}");
}

#[test]
fn what_a_test_shows_the_readme_does_not_deny() {
    let not_shown = not_shown();
    for (id, tests) in shown() {
        assert!(!not_shown.contains(&id), "{tests:?} show {id}, which the README says is not met in full");
    }
}

#[test]
fn nothing_is_named_that_the_standard_does_not_have() {
    let all = requirements();
    for (id, tests) in shown() {
        assert!(all.contains(&id), "{tests:?} name {id}, which there is not");
    }
    for id in not_shown() {
        assert!(all.contains(&id), "the README names {id}, which there is not");
    }
}

fn requirements() -> BTreeSet<String> {
    let ids = |(section, count)| (1..=count).map(move |number| format!("{section}.{number}"));
    REQUIREMENTS.into_iter().flat_map(ids).collect()
}

/// The requirements that tests name, with those tests.
fn shown() -> BTreeMap<String, Vec<String>> {
    let paths = rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec"));
    let mut shown: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for path in paths.iter().filter(|path| !path.ends_with(file!())) {
        let text = fs::read_to_string(path).unwrap();
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        for (place, line) in lines.iter().enumerate().filter(|(_, line)| line.contains("ASVS")) {
            let place_named = || format!("{}:{}: {line}", path.display(), place + 1);
            let ids = line.strip_prefix(NAMES).and_then(|names| names.strip_suffix('.'));
            let ids = ids.unwrap_or_else(|| panic!("not `{NAMES}6.2.3, 7.5.1.`: {}", place_named()));
            let test = test_below(&lines[place + 1..]);
            let test = test.unwrap_or_else(|| panic!("right above no test that is run: {}", place_named()));
            for id in ids.split(", ") {
                shown.entry(id.to_owned()).or_default().push(test.to_owned());
            }
        }
    }
    shown
}

/// The name of the test whose attributes, or the rest of whose comment, come next.
fn test_below<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let head = lines.iter().position(|line| !line.starts_with("///") && !line.starts_with("#["))?;
    let (_, function) = lines[head].split_once("fn ")?;
    let (name, parameters) = function.split_once('(')?;
    // A scenario is run with each kind of browser.
    let is_scenario = parameters.starts_with("browser: Browser)");
    let is_test = lines[..head].iter().any(|line| line.starts_with("#[test]") || line.contains("::test"));
    let is_run = !lines[..head].iter().any(|line| line.starts_with("#[ignore"));
    ((is_test || is_scenario) && is_run).then_some(name)
}

/// The requirements in the README's table.
fn not_shown() -> BTreeSet<String> {
    let section = readme_section("Held beside ASVS 5.0");
    let mut not_shown = BTreeSet::new();
    // The first row is the table's head.
    for row in section.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let [_, ids, state, reason, _] = row.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("it has three columns: {row}")
        };
        assert!(["not met", "in part", "absent"].contains(&state), "what is so? {row}");
        assert!(!reason.is_empty(), "why? {row}");
        for id in ids.split(", ") {
            assert!(not_shown.insert(id.to_owned()), "the README names {id} twice");
        }
    }
    not_shown
}
