//! `GET /assets/exeunt.<hash>.<css|js|svg>`. The hash is the content's, so what a browser has once it may
//! keep for ever. Nothing is compressed while somebody waits.

mod bundle;

use std::borrow::Cow;
use std::path::PathBuf;

use maud::PreEscaped;
use poem::http::{HeaderMap, HeaderValue, header};
use poem::web::Path;
use poem::{Response, Result, handler};

use super::Site;
use super::failure::Failure;
use super::pages::Links;

/// Where the assets come from.
#[derive(Clone, Debug)]
pub struct Assets(Source);

#[derive(Clone, Debug)]
enum Source {
    /// From the binary, as the build made them.
    Embedded(Links),
    /// From a folder, made anew at each request.
    Folder(PathBuf),
}

struct Embedded {
    extension: &'static str,
    hash: &'static str,
    identity: &'static [u8],
    brotli: &'static [u8],
    gzip: &'static [u8],
}

static EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

impl Default for Assets {
    fn default() -> Self {
        Self::embedded()
    }
}

impl Assets {
    /// Those in the binary.
    #[must_use]
    pub fn embedded() -> Self {
        let links = EMBEDDED.iter().map(|asset| (asset.extension, asset.hash));
        Self(Source::Embedded(links_to(links)))
    }

    /// Those in a folder, as they are at each request: for working on them.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self(Source::Folder(folder))
    }

    /// Where a page that is made now finds them.
    pub(super) fn links(&self) -> Cow<'_, Links> {
        match &self.0 {
            Source::Embedded(links) => Cow::Borrowed(links),
            Source::Folder(folder) => {
                let bundles = bundle::bundle(folder).unwrap_or_else(|error| {
                    tracing::error!(%error, folder = %folder.display(), "the assets cannot be read");
                    Vec::new()
                });
                Cow::Owned(links_to(bundles.iter().map(|bundle| (bundle.extension, bundle.hash.as_str()))))
            }
        }
    }
}

/// Every asset's address holds the hash of its content.
fn links_to<'a>(assets: impl Iterator<Item = (&'static str, &'a str)>) -> Links {
    let mut links = Links::default();
    for (extension, hash) in assets {
        let link = PreEscaped(format!("/assets/exeunt.{hash}.{extension}"));
        match extension {
            "css" => links.css = link,
            "js" => links.js = link,
            _ => links.svg = link,
        }
    }
    links
}

#[handler]
pub fn show(site: &Site, Path(file): Path<String>, headers: &HeaderMap) -> Result<Response> {
    let (hash, extension) =
        file.strip_prefix("exeunt.").and_then(|rest| rest.split_once('.')).ok_or_else(Failure::not_found)?;
    let answer = match &site.setup.assets.0 {
        Source::Embedded(_) => embedded(hash, extension, headers),
        Source::Folder(folder) => in_folder(folder, extension),
    };
    Ok(answer.ok_or_else(Failure::not_found)?)
}

fn embedded(hash: &str, extension: &str, headers: &HeaderMap) -> Option<Response> {
    let asset = EMBEDDED.iter().find(|asset| asset.extension == extension && asset.hash == hash)?;
    let (encoding, bytes) = if accepts(headers, "br") {
        (Some("br"), asset.brotli)
    } else if accepts(headers, "gzip") {
        (Some("gzip"), asset.gzip)
    } else {
        (None, asset.identity)
    };
    let mut answer = Response::builder().content_type(content_type(extension)?).body(bytes);
    let headers = answer.headers_mut();
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, forever);
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(answer)
}

/// Whatever the hash: a developer's page may be older than the file.
fn in_folder(folder: &std::path::Path, extension: &str) -> Option<Response> {
    let bundles = bundle::bundle(folder).ok()?;
    let bundle = bundles.into_iter().find(|bundle| bundle.extension == extension)?;
    Some(Response::builder().content_type(content_type(extension)?).body(bundle.bytes))
}

fn content_type(extension: &str) -> Option<&'static str> {
    match extension {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

/// Whether `Accept-Encoding` names the coding, and not with a weight of nothing.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|offer| {
        let (name, weight) = offer.split_once(';').unwrap_or((offer, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(coding) && weight != Some(0.0)
    })
}
