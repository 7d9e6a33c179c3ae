//! What is logged while a test runs. A test and the site that it asks are on one thread, so it sees its own
//! lines alone; those of the threads for the disk are not among them.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Once;

thread_local! {
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// The lines of this thread, kept until this is dropped.
pub struct Log(());

impl Log {
    /// Keeps every line from now on.
    pub fn kept() -> Self {
        // One subscriber for the whole process: with one for each thread, a line that another thread was
        // the first to write is taken for one that nobody wants.
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(|| OfThisThread).finish();
            tracing::subscriber::set_global_default(subscriber).expect("the first in this process");
            tracing::callsite::rebuild_interest_cache();
        });
        LINES.set(Some(Vec::new()));
        Self(())
    }

    /// All of them.
    pub fn text(&self) -> String {
        let Self(()) = self;
        LINES.with_borrow(|lines| String::from_utf8(lines.clone().unwrap_or_default()).expect("text"))
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        LINES.set(None);
    }
}

struct OfThisThread;

impl Write for OfThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.iter_mut().for_each(|lines| lines.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
