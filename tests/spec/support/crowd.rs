//! More work than the hashing queue takes, so that whoever comes next finds it full.

use exeunt::accounts::Password;

use super::world::{PASSWORD, World};

/// More who want a hash than can wait, and who take every place that comes free.
pub fn crowd(world: &World) -> tokio::task::JoinSet<()> {
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..50 * std::thread::available_parallelism().unwrap().get() {
        let app = world.shared_app();
        crowd.spawn(async move {
            loop {
                let _ = app.hasher.hash(Password::new(PASSWORD).unwrap()).await;
                tokio::task::yield_now().await;
            }
        });
    }
    crowd
}
