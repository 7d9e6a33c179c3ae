//! The README, for tests that hold it and the code together.

use std::fs;
use std::path::Path;

/// What stands under the heading `title`, as it is written.
pub fn readme_section(title: &str) -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).expect("the README is there");
    let (_, section) = readme.split_once(&format!("\n## {title}\n")).expect("it has that section");
    section.split("\n## ").next().unwrap_or_default().to_owned()
}

/// The same in one line, wherever its lines end.
pub fn readme_words(title: &str) -> String {
    readme_section(title).split_whitespace().collect::<Vec<_>>().join(" ")
}
