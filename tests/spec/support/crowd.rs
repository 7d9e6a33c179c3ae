//! As much work as the hashing queue takes, so that whoever comes next finds it full.

use std::any::Any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::available_parallelism;

use super::world::World;

/// Those who are served and those who wait, none of whom comes to an end before this is dropped.
pub struct Crowd {
    _release: Sender<()>,
    /// Whoever asked and left would be passed over.
    _waiting: Vec<Box<dyn Any>>,
}

/// Takes every thread and every place in the queue.
pub async fn crowd(world: &World) -> Crowd {
    let threads = available_parallelism().unwrap().get();
    let served = Arc::new(AtomicUsize::new(0));
    let (release, released) = channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let mut waiting: Vec<Box<dyn Any>> = Vec::new();
    loop {
        let takes_no_more = served.load(Ordering::SeqCst) == threads;
        let (served, released) = (Arc::clone(&served), Arc::clone(&released));
        let place = world.app().hasher.run(move || {
            served.fetch_add(1, Ordering::SeqCst);
            // Nothing is sent: it ends with the sender.
            let _ = released.lock().unwrap().recv();
        });
        match place {
            Ok(answer) => waiting.push(Box::new(answer)),
            Err(_) if takes_no_more => return Crowd { _release: release, _waiting: waiting },
            Err(_) => tokio::task::yield_now().await,
        }
    }
}
