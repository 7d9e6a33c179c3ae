//! `GET /healthz` and `GET /readyz`, for whoever starts and watches processes: one word each. They never say
//! what is wrong; the log does.

use poem::http::StatusCode;
use poem::{IntoResponse, Response, handler};
use tokio::sync::Mutex;

use super::Site;
use super::answer::retry_after;
use super::failure::RETRY_AFTER;
use crate::actions::check_stores;
use crate::app::App;
use crate::clock::Timestamp;

/// What was found last, and when. Anybody may ask, and each check writes to the disk: there is one a second at
/// most, and whoever asks meanwhile waits for the one under way.
#[derive(Default)]
pub struct Readiness(Mutex<Option<(Timestamp, bool)>>);

impl Readiness {
    async fn is_ready(&self, app: &App) -> bool {
        let mut last = self.0.lock().await;
        let now = app.now();
        if let Some((_, ready)) = last.filter(|&(when, _)| when == now) {
            return ready;
        }
        let checked = check_stores(app).await;
        if let Err(error) = &checked {
            tracing::error!(%error, "not ready");
        }
        *last = Some((now, checked.is_ok()));
        checked.is_ok()
    }
}

#[handler]
pub fn healthz() -> Response {
    word(StatusCode::OK, "alive\n")
}

#[handler]
pub async fn readyz(site: &Site) -> Response {
    if site.readiness.is_ready(&site.app).await {
        return word(StatusCode::OK, "ready\n");
    }
    retry_after(word(StatusCode::SERVICE_UNAVAILABLE, "not ready\n"), Some(RETRY_AFTER))
}

fn word(status: StatusCode, word: &'static str) -> Response {
    word.with_content_type("text/plain; charset=utf-8").with_status(status).into_response()
}
