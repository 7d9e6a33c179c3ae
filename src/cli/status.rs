//! `exeunt status`: how a running server does. It asks that server, as Prometheus would, and never looks into the
//! data folder.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::{Failure, output};
use crate::config::{Config, Listen};

/// A server that takes longer is not well, and whoever asks wants to know that.
const WITHIN: Duration = Duration::from_secs(10);

/// More than there can be to say: each route, method and status is a line.
const MOST_BYTES: usize = 1024 * 1024;

#[derive(Args)]
pub struct Status {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Told {
    ready: bool,
    figures: Vec<Figure>,
}

/// One figure, or how long something took how often.
#[derive(Debug, PartialEq, Serialize)]
struct Figure {
    name: String,
    #[serde(skip)]
    help: String,
    of: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
}

pub async fn run(status: Status, config: &Config) -> Result<(), Failure> {
    let (ready, _) = get(&config.listen, "/readyz").await?;
    let (found, text) = get(config.metrics_listen.as_ref().unwrap_or(&config.listen), "/metrics").await?;
    if found != StatusCode::OK {
        return Err(
            "its figures are not on the site, where --metrics-listen says another place or a proxy of this \
                    machine is trusted: say where they are with --metrics-listen"
                .into(),
        );
    }
    let told = Told { ready: ready == StatusCode::OK, figures: figures(&text) };
    if status.json {
        return output::json(&told);
    }
    println!("The server at {} is {}.\n", config.listen, if told.ready { "ready" } else { "not ready" });
    let rows: Vec<_> = told.figures.iter().filter_map(Figure::row).collect();
    output::table(["WHAT", "OF", "FIGURE"], &rows)
}

async fn get(address: &Listen, path: &str) -> Result<(StatusCode, String), Failure> {
    let asked = timeout(WITHIN, ask(address, path)).await;
    let asked =
        asked.unwrap_or_else(|_| Err(format!("no answer within {} seconds", WITHIN.as_secs()).into()));
    asked.map_err(|error| format!("no server answers at {address}: {error}").into())
}

async fn ask(address: &Listen, path: &str) -> Result<(StatusCode, String), Failure> {
    match address {
        Listen::At(address) => answer(TcpStream::connect(address).await?, path).await,
        Listen::In(socket) => answer(UnixStream::connect(socket).await?, path).await,
    }
}

async fn answer<S>(stream: S, path: &str) -> Result<(StatusCode, String), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::get(path).header(header::HOST, "localhost").body(Empty::<Bytes>::new())?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let bytes = Limited::new(answer.into_body(), MOST_BYTES).collect().await?.to_bytes();
    connection.abort();
    Ok((status, String::from_utf8(bytes.to_vec())?))
}

/// Reads Prometheus' text. Of times there are the count and the sum; how they spread is for Prometheus.
fn figures(text: &str) -> Vec<Figure> {
    let (mut help, mut times) = (BTreeMap::new(), Vec::new());
    let mut figures: Vec<Figure> = Vec::new();
    for line in text.lines() {
        if let Some((name, words)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            help.insert(name, words);
        } else if let Some(name) =
            line.strip_prefix("# TYPE ").and_then(|rest| rest.strip_suffix(" histogram"))
        {
            times.push(name);
        } else if let Some((name, of, value)) = sample(line) {
            let timed = times.iter().find(|timed| name.strip_prefix(*timed).is_some_and(is_suffix));
            let family = timed.unwrap_or(&name);
            let words = (*help.get(family).unwrap_or(&"")).to_owned();
            let mut figure = Figure {
                name: (*family).to_owned(),
                help: words,
                of,
                value: None,
                count: None,
                seconds: None,
            };
            match name.strip_prefix(family) {
                Some("_sum") if timed.is_some() => {
                    figure.seconds = Some(value);
                    figures.push(figure);
                }
                // It comes right after the sum.
                Some("_count") if timed.is_some() => {
                    figures.last_mut().into_iter().for_each(|last| last.count = Some(value));
                }
                Some("_bucket") if timed.is_some() => {}
                _ => {
                    figure.value = Some(value);
                    figures.push(figure);
                }
            }
        }
    }
    figures
}

fn is_suffix(rest: &str) -> bool {
    ["_sum", "_count", "_bucket"].contains(&rest)
}

/// `name{a="b"} 1`.
fn sample(line: &str) -> Option<(&str, BTreeMap<String, String>, f64)> {
    let (head, value) = line.rsplit_once(' ')?;
    let value = value.parse().ok()?;
    let Some((name, labels)) = head.strip_suffix('}').and_then(|head| head.split_once('{')) else {
        return Some((head, BTreeMap::new(), value));
    };
    let labels = labels.split(',').filter_map(|label| {
        let (key, value) = label.split_once('=')?;
        Some((key.to_owned(), value.trim_matches('"').to_owned()))
    });
    Some((name, labels.collect(), value))
}

impl Figure {
    /// `None` for what has never happened.
    fn row(&self) -> Option<[String; 3]> {
        let of = self.of.values().map(String::as_str).collect::<Vec<_>>().join(" ");
        let figure = match (self.value, self.count, self.seconds) {
            (Some(value), _, _) => value.to_string(),
            (None, Some(count), Some(seconds)) if count > 0.0 => {
                format!("{} on average of {count}", time(seconds / count))
            }
            _ => return None,
        };
        Some([self.help.clone(), of, figure])
    }
}

fn time(seconds: f64) -> String {
    match seconds {
        ..0.001 => format!("{:.0} µs", seconds * 1e6),
        ..1.0 => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{seconds:.1} s"),
    }
}
