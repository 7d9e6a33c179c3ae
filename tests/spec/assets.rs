//! Assets: hashed, compressed at build time, kept by browsers for ever, and nothing from anywhere else.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::support::{Answer, World};

#[tokio::test]
async fn every_asset_that_a_page_names_is_there_and_bears_its_contents_hash() {
    let world = World::open().await;
    for (link, kind) in links(&world).await {
        let answer = world.visitor().opens(&link).await;
        answer.is(200);
        assert_eq!(answer.header("content-type"), kind, "{link}");
        let hash = HEXLOWER.encode(&Sha256::digest(answer.body.as_bytes())[..8]);
        assert!(link.contains(&format!(".{hash}.")), "{link} is named after its content: {hash}");
    }
}

#[tokio::test]
async fn browsers_keep_them_for_ever_and_no_cookie_is_read_or_written() {
    let world = World::open().await;
    for (link, _) in links(&world).await {
        let mut visitor = world.visitor().with_cookie("exeunt=rejected");
        let answer = visitor.opens(&link).await;
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(answer.header("vary"), "Accept-Encoding");
        assert!(answer.cookies_set().is_empty());
    }
}

#[tokio::test]
async fn they_come_compressed_to_whoever_accepts_it() {
    let world = World::open().await;
    for (link, _) in links(&world).await {
        let plain: usize = length(&world, &link, "identity", "").await;
        for (accepted, encoding) in [
            ("br", "br"),
            ("gzip, deflate, br", "br"),
            ("gzip, deflate", "gzip"),
            ("br;q=0, gzip;q=0.5", "gzip"),
            ("BR ; q=1.0", "br"),
            ("*", ""),
            ("zstd", ""),
        ] {
            let length = length(&world, &link, accepted, encoding).await;
            assert!(length < plain || encoding.is_empty(), "{link} in {encoding}: {length} of {plain}");
        }
    }
}

#[tokio::test]
async fn another_hash_is_not_found() {
    let world = World::open().await;
    for (link, _) in links(&world).await {
        let wrong = link.replacen("exeunt.", "exeunt.0", 1);
        world.visitor().opens(&wrong).await.is(404);
    }
    for path in ["/assets/", "/assets/exeunt.css", "/assets/..%2fCargo.toml", "/assets/exeunt..css"] {
        world.visitor().opens(path).await.is(404);
    }
}

#[tokio::test]
async fn htmx_comes_from_npm_at_the_pinned_version_in_one_bundle_with_ours() {
    let world = World::open().await;
    let (link, _) = links(&world).await.into_iter().find(|(link, _)| link.ends_with(".js")).unwrap();
    let script = world.visitor().opens(&link).await.body;
    assert!(script.contains("4.0.1"), "htmx 4.0.1");
    assert!(script.contains("pageshow"), "ours");
}

async fn links(world: &World) -> Vec<(String, &'static str)> {
    let page = world.visitor().opens("/login").await;
    let links: Vec<_> = page
        .body
        .split('"')
        .filter(|part| part.starts_with("/assets/"))
        .map(|link| (link.to_owned(), kind(link)))
        .collect();
    assert_eq!(links.len(), 3, "a style sheet, a script and an icon: {links:?}");
    assert!(!page.body.contains("http://") && !page.body.contains("https://"), "nothing from elsewhere");
    links
}

fn kind(link: &str) -> &'static str {
    match link.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    }
}

async fn length(world: &World, link: &str, accepted: &str, encoding: &str) -> usize {
    let answer: Answer = world.visitor().with("accept-encoding", accepted).opens(link).await;
    answer.is(200);
    assert_eq!(answer.header("content-encoding"), encoding, "{link} for {accepted}");
    answer.header("content-length").parse().expect("a length")
}
