//! Reading a form, bounded before it is looked at.

use std::time::Duration;

use poem::error::ReadBodyError;
use poem::{FromRequest, Request, RequestBody, Result};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::failure::Failure;

/// Bytes in a form: a name, a password and an address to return to, with room to spare.
const LIMIT: usize = 16 * 1024;

/// How long a form may take to arrive: about a kibibyte a second for the largest.
const WITHIN: Duration = Duration::from_secs(15);

/// The fields of a posted form.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<'a, T: DeserializeOwned> FromRequest<'a> for Form<T> {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        let kind = request.content_type().unwrap_or("").split(';').next().unwrap_or("").trim();
        let body = body.take()?;
        // Without a body there is no kind either: `curl -X POST /logout` is a form without fields.
        if !body.is_empty() && !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Failure::bad_request("Forms are sent as application/x-www-form-urlencoded.").into());
        }
        let bytes = timeout(WITHIN, body.into_bytes_limit(LIMIT))
            .await
            .map_err(|_| Failure::too_slow())?
            .map_err(|error| match error {
                ReadBodyError::PayloadTooLarge => Failure::too_large(),
                _ => Failure::bad_request("The form did not arrive whole."),
            })?;
        let fields = serde_urlencoded::from_bytes(&bytes)
            .map_err(|_| Failure::bad_request("A field was missing, or there twice."))?;
        Ok(Self(fields))
    }
}
