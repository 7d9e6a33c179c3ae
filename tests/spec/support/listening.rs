//! Somebody who listens to the event stream.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, Response};

/// Far longer than anything takes here, on a machine that is busy; and far shorter than until a stream looks
/// again by itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// An event stream, as it comes in.
#[derive(Debug)]
pub struct Listening {
    answer: Response,
    said: String,
}

impl Listening {
    /// To what answers this.
    pub async fn to(request: RequestBuilder) -> Self {
        let answer = tokio::time::timeout(PATIENCE, request.send()).await;
        let answer = answer.expect("the server answers in time").expect("the server answers");
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()),
            (200, "text/event-stream")
        );
        Self { answer, said: String::new() }
    }

    /// What it came with.
    pub fn headers(&self) -> &HeaderMap {
        self.answer.headers()
    }

    /// The next event, as `name data`; `None` when the stream has ended. Comments are passed over.
    pub async fn hears(&mut self) -> Option<String> {
        let heard = tokio::time::timeout(PATIENCE, self.event()).await;
        heard.unwrap_or_else(|_| panic!("nothing within {PATIENCE:?} but {:?}", self.said))
    }

    /// What the stream says whole, from here to its end.
    pub async fn hears_to_the_end(&mut self) -> Vec<String> {
        let mut heard = Vec::new();
        while let Some(event) = self.hears().await {
            heard.push(event);
        }
        heard
    }

    /// Waits until the stream says anything at all, be it a comment.
    pub async fn comes_by(&mut self) {
        let more = tokio::time::timeout(PATIENCE, self.answer.chunk()).await.expect("a comment in time");
        assert_eq!(more.expect("the stream goes on").expect("and has not ended"), ":\n\n");
    }

    async fn event(&mut self) -> Option<String> {
        loop {
            while let Some((event, rest)) = self.said.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.said = rest;
                if event != ":" {
                    let fields = event.strip_prefix("event: ").and_then(|event| event.split_once("\ndata: "));
                    let (name, data) = fields.unwrap_or_else(|| panic!("no event of ours: {event:?}"));
                    return Some(format!("{name} {data}"));
                }
            }
            let more = self.answer.chunk().await.expect("the stream ends as it should")?;
            self.said.push_str(std::str::from_utf8(&more).expect("a stream of text"));
        }
    }
}
