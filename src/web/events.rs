//! `GET /events`: server-sent events that tell a page when its session ends. `session` comes first and says
//! whose end is waited for, `logout` when it has come; then the stream closes. It never tells anything else.

use std::io;
use std::sync::Arc;

use futures_util::Stream;
use futures_util::stream::unfold;
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::Data;
use poem::web::sse::Event;
use poem::{Body, Response, Result, handler};

use super::Site;
use super::failure::Failure;
use super::serving::{Endless, Stay};
use super::visitor::Visitor;
use crate::actions::{Tidings, Vigil};
use crate::clock::{self, Timestamp};
use crate::metrics::OneMore;
use crate::sessions::SessionId;

/// A line that browsers skip. It keeps proxies from hanging up, and shows whether anybody is still there.
const COMMENT: &str = ":\n\n";

#[handler]
pub async fn show(site: &Site, visitor: &Visitor, Data(stay): Data<&Stay>) -> Result<Response> {
    visitor.require_known().map_err(Failure::from)?;
    let Some(live) = visitor.session() else {
        // The one answer after which no browser tries again.
        return Ok(Response::builder().status(StatusCode::NO_CONTENT).finish());
    };
    let vigil = Vigil::begin(Arc::clone(&site.app), &live.session).await;
    let vigil = vigil.ok_or_else(Failure::too_many_listen)?;
    let telling = Telling {
        session: live.session.id,
        vigil,
        stay: stay.clone(),
        begun: false,
        _counted: site.app.metrics.stream(),
    };
    let mut answer = Response::builder()
        .content_type("text/event-stream")
        // nginx would otherwise wait until it has some kilobytes to pass on.
        .header("X-Accel-Buffering", "no")
        // Not poem's `SSE`: it keeps 4 KiB for each stream, and lets caches store what it says.
        .body(Body::from_bytes_stream(telling.stream()));
    answer.headers_mut().insert(header::DATE, date(site.app.now()));
    answer.set_data(Endless);
    Ok(answer)
}

/// What hyper would write into any other answer (RFC 9110, section 6.6.1).
fn date(now: Timestamp) -> HeaderValue {
    HeaderValue::from_str(&clock::http_date(now)).expect("BUG: a date is ASCII")
}

/// Somebody who is being told.
struct Telling {
    session: SessionId,
    vigil: Vigil,
    stay: Stay,
    begun: bool,
    _counted: OneMore,
}

impl Telling {
    fn stream(self) -> impl Stream<Item = io::Result<String>> + Send + 'static {
        unfold(Some(self), |telling| async { telling?.next().await })
    }

    /// What to say next, and who goes on after that.
    async fn next(mut self) -> Option<(io::Result<String>, Option<Self>)> {
        let tidings = tokio::select! {
            tidings = self.vigil.tidings() => tidings,
            // Browsers connect again, to whoever serves by then.
            () = self.stay.has_to_end() => return None,
        };
        match tidings {
            Tidings::Over => Some((Ok(self.event("logout")), None)),
            Tidings::Live if self.begun => Some((Ok(COMMENT.to_owned()), Some(self))),
            Tidings::Live => {
                self.begun = true;
                Some((Ok(self.event("session")), Some(self)))
            }
        }
    }

    fn event(&self, kind: &str) -> String {
        Event::message(self.session.to_string()).event_type(kind).to_string()
    }
}
