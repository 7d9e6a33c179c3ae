//! What every store of tries promises, held against each one that there is.

use std::any::Any;
use std::sync::Arc;

use exeunt::clock::SignedDuration;
use exeunt::files::Folder;
use exeunt::throttle::{FileThrottleStore, Key, ThrottleStore, Tried};
use tempfile::TempDir;

use crate::support::{names_in, noon, promises};

promises! {
    what_was_written_is_read_back_by_every_process,
    what_was_never_written_is_not_there,
    names_networks_and_places_are_kept_apart,
    what_was_removed_is_not_there_and_removing_it_again_is_success,
    a_sweep_leaves_what_still_counts,
    a_sweep_of_nothing_is_success,
}

async fn what_was_written_is_read_back_by_every_process(home: Home) {
    for tried in [failed(5), failed(6), logged_in(), Tried::default()] {
        home.store().write(alice(), &tried).await.unwrap();
        assert_eq!(home.store().read(alice()).await.unwrap(), Some(tried));
    }
}

async fn what_was_never_written_is_not_there(home: Home) {
    assert_eq!(home.store().read(alice()).await.unwrap(), None);
    home.store().write(alice(), &failed(5)).await.unwrap();
    assert_eq!(home.store().read(Key::name("bob")).await.unwrap(), None);
}

async fn names_networks_and_places_are_kept_apart(home: Home) {
    let address = "192.0.2.7".parse().unwrap();
    let keys = [Key::name("192.0.2.7"), Key::network(address).unwrap(), Key::place("", address)];
    let store = home.store();
    for (failures, key) in (5..).zip(keys) {
        store.write(key, &failed(failures)).await.unwrap();
    }
    for (failures, key) in (5..).zip(keys) {
        assert_eq!(store.read(key).await.unwrap(), Some(failed(failures)));
    }
}

async fn what_was_removed_is_not_there_and_removing_it_again_is_success(home: Home) {
    home.store().write(alice(), &failed(5)).await.unwrap();
    for _ in 0..2 {
        home.store().remove(alice()).await.unwrap();
        assert_eq!(home.store().read(alice()).await.unwrap(), None);
    }
}

async fn a_sweep_leaves_what_still_counts(home: Home) {
    let store = home.store();
    let place = Key::place("alice", "192.0.2.7".parse().unwrap());
    store.write(alice(), &failed(5)).await.unwrap();
    store.write(Key::name("bob"), &failed(4)).await.unwrap();
    store.write(place, &logged_in()).await.unwrap();

    assert_eq!(store.sweep(noon()).await.unwrap(), 1, "bob, who has no wait");
    assert_eq!(store.sweep(noon() + SignedDuration::from_hours(1)).await.unwrap(), 1, "alice");

    assert_eq!(home.store().read(place).await.unwrap(), Some(logged_in()));
    assert_eq!(home.store().read(alice()).await.unwrap(), None);
}

async fn a_sweep_of_nothing_is_success(home: Home) {
    assert_eq!(home.store().sweep(noon()).await.unwrap(), 0);
}

// What files add to it.

#[tokio::test]
async fn damaged_files_are_forgotten_and_foreign_ones_left_alone() {
    let home = in_a_folder();
    let store = home.store();
    store.write(alice(), &failed(5)).await.unwrap();
    let folder = home.folder();
    let file = folder.join(&names_in(&folder)[0]);
    std::fs::write(&file, b"damaged").unwrap();
    std::fs::write(folder.join("name-notes"), b"foreign").unwrap();

    assert_eq!(store.read(alice()).await.unwrap(), None);

    assert_eq!(store.sweep(noon()).await.unwrap(), 1);
    assert_eq!(names_in(&folder), ["name-notes"]);
}

#[tokio::test]
async fn of_more_than_are_kept_a_sweep_takes_those_that_were_changed_longest_ago() {
    let data = TempDir::new().unwrap();
    let store = FileThrottleStore::keeping(3, Folder::at(data.path()));
    for (minutes, name) in (0..).zip(["alice", "bob", "carol", "dave", "erin"]) {
        let mut tried = Tried::default();
        (0..5).for_each(|_| tried.fail(noon() + SignedDuration::from_mins(minutes)));
        store.write(Key::name(name), &tried).await.unwrap();
    }

    assert_eq!(store.sweep(noon()).await.unwrap(), 2);

    for (name, is_kept) in [("alice", false), ("bob", false), ("carol", true), ("dave", true), ("erin", true)]
    {
        assert_eq!(store.read(Key::name(name)).await.unwrap().is_some(), is_kept, "{name}");
    }
}

/// Where one store keeps its tries. Each [`Home::store`] is what another process would open.
struct Home {
    open: Box<dyn Fn() -> Arc<dyn ThrottleStore> + Send + Sync>,
    folder: std::path::PathBuf,
    _keep: Box<dyn Any + Send + Sync>,
}

fn in_a_folder() -> Home {
    let data = TempDir::new().unwrap();
    let folder = data.path().join("throttle");
    let at = Folder::at(&folder);
    let open =
        Box::new(move || -> Arc<dyn ThrottleStore> { Arc::new(FileThrottleStore::in_folder(at.clone())) });
    Home { open, folder, _keep: Box::new(data) }
}

impl Home {
    fn store(&self) -> Arc<dyn ThrottleStore> {
        (self.open)()
    }

    fn folder(&self) -> std::path::PathBuf {
        self.folder.clone()
    }
}

fn alice() -> Key {
    Key::name("alice")
}

/// So many failures, the last at noon.
fn failed(times: u32) -> Tried {
    let mut tried = Tried::default();
    (0..times).for_each(|_| tried.fail(noon()));
    tried
}

/// A place where somebody logged in at noon.
fn logged_in() -> Tried {
    let mut tried = Tried::default();
    tried.log_in(noon());
    tried
}
