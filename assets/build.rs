//! Makes what the pages need ready to be sent: bundles, hashed and compressed once, here. It takes
//! htmx and the list of common passwords from npm, as the lock file pins them, and nothing from
//! anywhere else.

#[path = "../src/web/assets/bundle.rs"]
mod bundle;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Shorter passwords are refused anyway, and so are these with so little around them that they stay shorter.
const SHORTEST_PASSWORD: usize = 15;

/// What may be around a common password without making it another one (`common_passwords.rs`).
const MOST_AROUND: usize = 8;

/// How many of the list's shorter passwords are worth their bytes: those that somebody who guesses would vary.
/// The program grows by 0.4 MB; with all of the million it would grow by 2.9.
const COMMONEST: usize = 100_000;

fn main() {
    let assets = Path::new("assets");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    for watched in ["build.rs", "css", "js", "icon.svg", "package-lock.json"] {
        println!("cargo::rerun-if-changed=assets/{watched}");
    }
    // Where they are missing, cargo runs this again.
    for needed in [bundle::HTMX, bundle::COMMON_PASSWORDS] {
        println!("cargo::rerun-if-changed=assets/{needed}");
    }
    if !is_installed(assets)
        && let Err(why) = install(assets)
    {
        // cargo shows this one line and stops.
        println!("cargo::error={why}");
        return;
    }
    write_assets(assets, &out);
    write_common_passwords(assets, &out);
}

/// Whether the packages are there, at the very contents that the lock file names.
fn is_installed(assets: &Path) -> bool {
    let packages = |file: &str| {
        let lock: serde_json::Value = serde_json::from_slice(&fs::read(assets.join(file)).ok()?).ok()?;
        lock["packages"].as_object().cloned()
    };
    let wanted = packages("package-lock.json").expect("the lock file is one");
    let installed = packages("node_modules/.package-lock.json").unwrap_or_default();
    let is_there = [bundle::HTMX, bundle::COMMON_PASSWORDS].iter().all(|file| assets.join(file).exists());
    // The one without a name is ourselves.
    let mut others = wanted.iter().filter(|(path, _)| !path.is_empty());
    is_there
        && others.all(|(path, package)| {
            installed.get(path).is_some_and(|found| found["integrity"] == package["integrity"])
        })
}

fn install(assets: &Path) -> Result<(), String> {
    let installed = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(assets)
        .output()
        .map_err(|_| "npm is needed once, to fetch htmx: install Node.js 18 or later, then build again")?;
    if installed.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&installed.stderr).trim().replace('\n', " | ");
    Err(format!("npm ci failed in assets/: {said}"))
}

fn write_assets(assets: &Path, out: &Path) {
    let mut table = String::from("&[\n");
    for asset in bundle::bundle(assets).expect("the sources of the assets can be read") {
        let file = |ending: &str| out.join(format!("{}.{ending}", asset.extension));
        fs::write(file("identity"), &asset.bytes).expect("OUT_DIR can be written");
        fs::write(file("br"), brotli(&asset.bytes)).expect("OUT_DIR can be written");
        fs::write(file("gzip"), gzip(&asset.bytes)).expect("OUT_DIR can be written");
        writeln!(
            table,
            "    Embedded {{ extension: {:?}, hash: {:?}, identity: include_bytes!({:?}), \
             brotli: include_bytes!({:?}), gzip: include_bytes!({:?}) }},",
            asset.extension,
            asset.hash,
            file("identity"),
            file("br"),
            file("gzip"),
        )
        .expect("a String can be written");
    }
    table.push(']');
    fs::write(out.join("assets.rs"), table).expect("OUT_DIR can be written");
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters).expect("memory can be written");
    compressed
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

/// One a line: all that are long enough to be chosen, and of the commonest those that would be with something
/// around them.
fn write_common_passwords(assets: &Path, out: &Path) {
    let list = fs::read(assets.join(bundle::COMMON_PASSWORDS)).expect("the package holds its list");
    let list = String::from_utf8_lossy(&list).to_lowercase();
    let kept: BTreeSet<&str> = list
        .lines()
        .enumerate()
        .filter(|&(rank, password)| {
            let length = password.chars().count();
            let is_varied = rank < COMMONEST
                && length >= SHORTEST_PASSWORD - MOST_AROUND
                && password.starts_with(char::is_alphabetic)
                && password.ends_with(char::is_alphabetic);
            length >= SHORTEST_PASSWORD || is_varied
        })
        .map(|(_, password)| password)
        .collect();
    assert!(kept.len() > 10_000, "it is the list that it was, and not only {}", kept.len());
    let lines: Vec<_> = kept.into_iter().collect();
    fs::write(out.join("common_passwords.txt"), lines.join("\n")).expect("OUT_DIR can be written");
}
