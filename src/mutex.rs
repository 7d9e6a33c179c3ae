//! Locking what several threads share. What is behind our mutexes is whole after every single call, so a panic
//! elsewhere does not spoil it, and nobody asks whether there was one. It never waits for anything but the lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks it, whatever happened to whoever had it before.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
