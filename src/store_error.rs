//! What a store says when the machine failed. It is never the word for "there is none": absence is a
//! value.

use std::io;

/// A store could not do its work. The text is for the log, never for a visitor.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {source}")]
pub struct StoreError {
    /// What was being done, such as `reading a session`.
    doing: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl StoreError {
    /// `source` happened while `doing`.
    pub fn new(doing: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { doing, source: source.into() }
    }
}

/// Names what was being done when the machine failed.
pub trait While<T> {
    /// Turns the failure into a [`StoreError`] that says so.
    ///
    /// # Errors
    /// The same failure, named.
    fn doing(self, what: &'static str) -> Result<T, StoreError>;
}

impl<T> While<T> for io::Result<T> {
    fn doing(self, what: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::new(what, source))
    }
}
