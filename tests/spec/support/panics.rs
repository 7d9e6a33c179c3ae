//! Panics on threads of their own, those for the disk and for hashing: with nobody waiting for them, they
//! fail no test by themselves. A test's own thread is where its site runs as well; what panics there is
//! answered with 500, or ends the test.

use std::panic;
use std::sync::{Mutex, Once, PoisonError};
use std::thread;

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notices every such panic of this process from now on.
pub fn notice_panics() {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            // Tests run on threads that have their names, or, one by one, on the first.
            let thread = thread::current();
            let on_purpose = panic.to_string().contains("on purpose");
            if !on_purpose && !thread.name().is_some_and(|name| name.contains("::") || name == "main") {
                SEEN.lock().unwrap_or_else(PoisonError::into_inner).push(panic.to_string());
            }
            before(panic);
        }));
    });
}

/// What was noticed. Tests run side by side, so it may be another one's.
pub fn panics_noticed() -> Vec<String> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
