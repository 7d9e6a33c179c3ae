//! What the small pieces cost of which a request is made, each beside what it cannot do without, as criterion prints
//! it: times, and how sure they are. `cargo bench --bench pieces -- token` measures those whose name has that in it.
//!
//! `EXEUNT_BENCH_SECONDS` is how long each is measured.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has to stop")]
#![allow(dead_code, reason = "what the benchmarks share is more than each of them needs")]

mod measure;
mod populated;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use data_encoding::BASE64URL_NOPAD;
use exeunt::account_id::AccountId;
use exeunt::actions::Overview;
use exeunt::clock::Timestamp;
use exeunt::record;
use exeunt::sessions::{KeptSession, Listing, LiveSession, Session, Token};
use exeunt::web::pages::{AccountPage, Layout, Links, LoginPage};
use exeunt::web::{Setup, site};
use maud::PreEscaped;
use measure::setting;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, Request};
use populated::{Populated, session};
use sha2::{Digest, Sha256};

/// Sessions on the account page: people have a few.
const SESSIONS: usize = 3;

/// Cookies of the site behind the door, in one header with no token of ours.
const NEIGHBOURS: usize = 20;

fn main() {
    let time = Duration::from_secs(setting("EXEUNT_BENCH_SECONDS", 3) as u64);
    let mut criterion = Criterion::default().without_plots().warm_up_time(time / 3).measurement_time(time);
    criterion = criterion.configure_from_args();
    tokens(&mut criterion);
    records(&mut criterion);
    pages(&mut criterion);
    cookies(&mut criterion);
    criterion.final_summary();
}

/// What a cookie holds is read, and is the name of a file then.
fn tokens(criterion: &mut Criterion) {
    let text = Token::generate(AccountId::generate()).reveal();
    let mut group = criterion.benchmark_group("token");
    group.bench_function("bare base64url and SHA-256", |bencher| {
        bencher.iter(|| Sha256::digest(BASE64URL_NOPAD.decode(black_box(text.as_bytes())).unwrap()));
    });
    group.bench_function("parse, and the session's id", |bencher| {
        bencher.iter(|| Token::parse(black_box(text.as_bytes())).unwrap().session_id());
    });
}

/// A session's file, but for the disk.
fn records(criterion: &mut Criterion) {
    let session = session(&Token::generate(AccountId::generate()), now());
    let bytes = record::encode(&session);
    let mut group = criterion.benchmark_group("record of a session");
    group.bench_function("bare SHA-256 of its bytes", |bencher| {
        bencher.iter(|| Sha256::digest(black_box(&bytes)));
    });
    group.bench_function("encode", |bencher| bencher.iter(|| record::encode(black_box(&session))));
    group.bench_function("decode", |bencher| {
        bencher.iter(|| record::decode::<Session>(black_box(&bytes)).unwrap());
    });
}

/// Markup, from values to the text that is sent.
fn pages(criterion: &mut Criterion) {
    let links = Links { css: link("/assets/exeunt.css"), js: link("/assets/exeunt.js"), ..Links::default() };
    let login = || {
        let page = LoginPage { word: None, next: "/", username: "", remember: false };
        Layout { title: "Log in", viewer: None, assets: &links }.around(page.main()).into_string()
    };
    let sessions: Vec<_> = (0..SESSIONS).map(|_| live()).collect();
    let this = sessions[0].clone();
    let overview = Overview {
        sessions: Listing::whole(sessions),
        last_login: None,
        failed: 0,
        is_closed_elsewhere: false,
    };
    let account = || {
        let page = AccountPage { word: None, this: &this, overview: &overview, now: now() };
        let layout = Layout { title: "Your account", viewer: Some(&this.session), assets: &links };
        layout.around(page.main()).into_string()
    };
    measure_page(criterion, "login page", login);
    measure_page(criterion, "account page", account);
}

fn measure_page(criterion: &mut Criterion, name: &str, render: impl Fn() -> String) {
    let page = render();
    assert!(page.contains("</main>"), "the page is whole");
    let mut group = criterion.benchmark_group(name);
    group.bench_function("copy of its bytes", |bencher| bencher.iter(|| black_box(&page).clone()));
    group.bench_function("render", |bencher| bencher.iter(&render));
}

/// The header is read behind the site's door alone: what it costs is what the second page costs more.
fn cookies(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = Populated::with(0, 1);
    let site = site(Arc::clone(&world.app), Setup::default());
    let many: Vec<_> =
        (0..NEIGHBOURS).map(|number| format!("neighbour-{number}=a-value-of-theirs")).collect();
    let cookies = HeaderValue::from_str(&many.join("; ")).unwrap();
    let ask = |cookies: Option<&HeaderValue>| {
        let mut request = Request::builder().uri_str("/login").finish();
        if let Some(cookies) = cookies {
            request.headers_mut().insert(header::COOKIE, cookies.clone());
        }
        let answer = runtime.block_on(site.get_response(request));
        assert_eq!(answer.status(), StatusCode::OK);
    };
    let mut group = criterion.benchmark_group("login page of the whole site");
    group.bench_function("without cookies", |bencher| bencher.iter(|| ask(None)));
    group.bench_function("with twenty cookies of others", |bencher| bencher.iter(|| ask(Some(&cookies))));
}

fn live() -> LiveSession {
    let session = Arc::new(session(&Token::generate(AccountId::generate()), now()));
    KeptSession { session, last_seen: now() }.live(now()).unwrap()
}

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn link(to: &str) -> PreEscaped<String> {
    PreEscaped(to.to_owned())
}
