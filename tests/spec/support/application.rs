//! A site behind the door: it knows no login, and shows each visitor what it was told about them.

use std::collections::BTreeSet;

use exeunt::web::{Limits, Proxies, serve};
use poem::endpoint::make_sync;
use poem::{Request, Response};
use tokio::net::TcpListener;

/// Such a site, as long as the test runs.
pub struct Application {
    pub base: String,
}

impl Application {
    /// At a free port.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("a bound listener"));
        let limits = Limits::behind(&Proxies::default());
        tokio::spawn(serve(listener, make_sync(show), limits, std::future::pending()));
        Self { base }
    }
}

/// A page with a form and a link on it.
fn show(request: Request) -> Response {
    let names: BTreeSet<_> = request.headers().keys().map(|name| name.as_str()).collect();
    let told = names.into_iter().filter(|name| name.starts_with("remote") || *name == "cookie");
    let told: String = told.map(|name| format!("{name}: {}\n", values(&request, name))).collect();
    let page = format!(
        "<!doctype html><title>Application</title><p>{} {}</p><pre>{}</pre>\
         <form method=post action=/orders><button>Order</button></form><a href=/next>Next</a>",
        request.method(),
        request.uri(),
        told
    );
    Response::builder().content_type("text/html; charset=utf-8").body(page)
}

/// All values of a header.
fn values(request: &Request, name: &str) -> String {
    let values = request.headers().get_all(name).iter();
    let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    values.join(" | ")
}
