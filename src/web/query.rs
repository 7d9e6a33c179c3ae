//! What a page's address says after its question mark. It never counts for more than a word on a page.

use std::borrow::Cow;

use poem::Request;
use url::form_urlencoded;

/// The first field of that name.
pub fn field<'a>(request: &'a Request, name: &str) -> Option<Cow<'a, str>> {
    let query = request.uri().query().unwrap_or("");
    form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value)
}
